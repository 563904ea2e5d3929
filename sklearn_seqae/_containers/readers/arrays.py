"""Lists, tuples and arrays of sequences, and what turns into a NumPy array."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse
from sklearn.utils import check_array

from sklearn_seqae._containers.chunks import naming
from sklearn_seqae._containers.kinds import Container
from sklearn_seqae._containers.ragged import (
    Floats,
    RaggedArray,
    Show,
    by_position,
    offsets_from_lengths,
)
from sklearn_seqae._containers.readers import checks, columns, mixed
from sklearn_seqae.exceptions import InvalidSequenceError


def ragged_from_sequence(X: Sequence[Any], kind: str = "list") -> checks.Read:
    """Stack a list of sequences, all of them 1-D or all of them 2-D."""
    kind = "tuple" if isinstance(X, tuple) else kind
    if len(X) == 0:
        raise ValueError(
            f"X is an empty {kind.replace('_', ' ')}: found 0 sequences, while a "
            f"minimum of 1 is required; expected {checks.ACCEPTED}."
        )
    ragged, container = stack_any(X, kind)
    checks.check_values(ragged)
    return ragged, container


def stack_any(X: Sequence[Any], kind: str, show: Show = by_position) -> checks.Read:
    """Stack sequences of numbers, or of more, missing and infinite values included."""
    forms = list(map(mixed.form_of, X))
    if any(forms):
        return mixed.stack_mixed(X, forms, kind, show)
    arrays = [_as_array(sequence, i, show) for i, sequence in enumerate(X)]
    for i, array in enumerate(arrays):
        if array.ndim != arrays[0].ndim:
            raise InvalidSequenceError(
                f"{show(i)} is {array.ndim}-D, but {show(0)} is {arrays[0].ndim}-D; "
                "pass all of them as (n_timesteps, n_features), or all of them as "
                "(n_timesteps,)."
            )
    univariate = arrays[0].ndim == 1
    if univariate:
        arrays = [array[:, np.newaxis] for array in arrays]
    ragged = RaggedArray.from_list(arrays, show)
    frames, names = mixed.frames_of(X)
    return ragged, Container(
        kind, ragged.dtype.name, univariate, feature_names=names, frames=frames
    )


def falling_times(X: Any) -> str:
    """Look for frames and Series in a list or cells whose own times aren't sorted."""
    is_cells = isinstance(X, pd.Series) and pd.api.types.is_object_dtype(X.dtype)
    for i, x in enumerate(X if is_cells or isinstance(X, list | tuple) else ()):
        if not isinstance(x, pd.DataFrame | pd.Series):
            return ""
        if checks.is_time(x.index) and not x.index.is_monotonic_increasing:
            return (
                f"sequence {i} has an index of times that is not sorted, but is read "
                "row by row; pass [x.sort_index() for x in X]."
            )
    return ""


def is_sequence(cell: Any) -> bool:
    """Return whether a cell of a table holds a sequence, not a number or a string."""
    if isinstance(cell, list | tuple):
        return True
    return hasattr(cell, "__array__") and np.ndim(cell) > 0


def any_sequence(cells: NDArray[np.object_]) -> bool:
    return any(map(is_sequence, cells))


def read_cells(
    cells: NDArray[np.object_], kind: str, name: Any, show: Show = by_position
) -> checks.Read:
    """Read the cells of a column, for a container of `kind`."""
    with naming(columns.column_named(name)):
        ragged, container = stack_any(cells.tolist(), kind, show)
    cell = "series" if isinstance(cells[0], pd.Series) else "array"
    if container.levels or container.frames == "records":
        cell = container.frames or cell
    return ragged, replace(container, frames="", layouts=((cell, container.dtype),))


def ragged_from_numpy(X: Any) -> checks.Read:
    """Read an array of sequences, of cells with sequences, or of numbers.

    The NaN that pad sequences of numbers at their ends are left out.
    """
    if sparse.issparse(X) or isinstance(X, np.matrix):
        check_array(X)  # raises, with scikit-learn's message
    checks.check_dimensions(X, axis=1)
    array = np.asarray(X)
    is_objects = array.dtype == object
    if is_objects and array.ndim == 1 and not any(map(np.isscalar, array[:1])):
        return ragged_from_sequence(array.tolist(), "object_array")
    if is_objects and array.ndim == 2 and any_sequence(array.ravel()):
        numbers = range(array.shape[1])  # such as NumPy makes of a nested frame
        columns.check_all_nested(numbers, list(map(any_sequence, array.T)))
        cells = [read_cells(c, "nested_array", j) for j, c in enumerate(array.T)]
        return columns.joined_columns(cells, numbers, len(numbers))
    array = np.asarray(checks.as_plain(X))
    if array.ndim == 0:
        raise TypeError(f"X is {checks.describe(X)}; expected {checks.ACCEPTED}.")
    if array.ndim > 3:
        raise ValueError(
            f"X has {array.ndim} dimensions, shape {array.shape}; expected "
            f"{checks.ACCEPTED}."
        )
    array = checks.as_real(array, "X")
    if array.ndim == 1:
        try:
            check_array(array, dtype=None, ensure_all_finite=False, input_name="X")
        except ValueError as error:
            remedy = "If X is one univariate sequence, put it in a list: [X]."
            raise ValueError(f"{error}\n{remedy}") from error
    if array.ndim < 3:
        return ragged_from_table(array)
    checks.check_not_empty(array.shape, ("sequence(s)", "time step(s)", "feature(s)"))
    ragged = _strip_padding(checks.as_float(array))
    return ragged, Container("array_3d", ragged.dtype.name)


def ragged_from_table(array: NDArray[Any]) -> checks.Read:
    """Read a 2-D array whose rows are univariate sequences, padded with NaN."""
    # check_array has the messages for other shapes and empty arrays.
    array = check_array(array, dtype=None, ensure_all_finite=False, input_name="X")
    ragged = _strip_padding(checks.as_float(array)[:, :, np.newaxis])
    return ragged, Container(
        "array_2d", ragged.dtype.name, univariate=True, n_columns=array.shape[1]
    )


def ragged_from_tensor(X: Any) -> checks.Read:
    """Read a tf.RaggedTensor, of shape (n, None) or (n, None, n_features).

    The features may be a ragged dimension of constant size, as ``tf.ragged.constant``
    makes one.
    """
    lengths, *further = (np.diff(s.numpy()) for s in X.nested_row_splits)
    numbers = X.flat_values.numpy()
    if numbers.ndim + len(further) not in (1, 2):
        raise ValueError(
            f"X is a RaggedTensor of shape {tuple(X.shape)}; expected (n_sequences, "
            "None), or (n_sequences, None, n_features)."
        )
    columns.check_lengths(lengths)
    width = None
    if further:
        width = columns.common_width(further[0], lengths)
    elif numbers.ndim == 2:
        width = numbers.shape[1]
    read = columns.column_from_lists("ragged_tensor", None, (), lengths, width, numbers)
    return columns.joined_columns([read])


def from_channels_first(X: Any) -> list[NDArray[Any]]:
    """Put time first in sequences that have channels first, as in aeon.

    Shapes don't tell the two orders apart. So the package swaps axes in this function
    only. ``x.T`` swaps them back. A channel is a feature.

    Parameters
    ----------
    X : array-like of shape (n_samples, n_channels, n_timesteps), or list of arrays
        A 3-D array, or a list of arrays of shape (n_channels, n_timesteps_i).

    Returns
    -------
    list of ndarray of shape (n_timesteps_i, n_channels)
        Views of the arrays in `X`. In a list, NaN is a missing value, at the end of a
        sequence too.

    Raises
    ------
    InvalidSequenceError
        If a sequence is not 2-D.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_seqae import from_channels_first
    >>> X = [np.zeros((2, 7)), np.zeros((2, 5))]
    >>> [x.shape for x in from_channels_first(X)]
    [(7, 2), (5, 2)]
    """
    arrays = [np.asarray(x) for x in X]
    for i, array in enumerate(arrays):
        if array.ndim != 2:
            raise InvalidSequenceError(
                f"sequence {i} is {checks.describe(array)}; expected (n_channels, "
                "n_timesteps)."
            )
    return [array.T for array in arrays]


def _as_array(sequence: Any, i: int, show: Show) -> NDArray[Any]:
    """Return sequence i as a 1-D or 2-D array of real numbers, not empty."""
    array = sequence if type(sequence) is np.ndarray else _convert(sequence, show(i))
    if array.dtype == object and array.ndim == 1 and any(map(is_sequence, array[:1])):
        array = _convert(array.tolist(), show(i))  # nested lists of Parquet, by pandas
    if array.ndim not in (1, 2):
        raise InvalidSequenceError(
            f"{show(i)} is {checks.describe(sequence)}; expected shape (n_timesteps, "
            "n_features), or (n_timesteps,) if univariate; "
            + (
                "where nothing was observed, leave the sequence out."
                if pd.api.types.is_scalar(sequence) and pd.isna(sequence)
                else "to pass one sequence alone, put it in a list."
            )
        )
    if array.size == 0:
        raise InvalidSequenceError(
            f"{show(i)} is empty, of shape {array.shape}; a sequence needs at least "
            "one time step and one feature: leave it out."
        )
    return checks.as_real(array, show(i))


def _convert(sequence: Any, name: str) -> NDArray[Any]:
    checks.check_dimensions(sequence, axis=0)
    try:
        if (numbers := mixed.numbers_of_columns(sequence, name)) is not None:
            return numbers
        return np.asarray(checks.as_plain(sequence))
    except ValueError as error:  # lists of unequal length inside
        pair = isinstance(sequence, tuple) and len(sequence) == 2
        remedy = " Of pairs such as (id, sequence), pass the sequences." if pair else ""
        raise InvalidSequenceError(
            f"{name} is not rectangular: every time step needs the same number "
            f"of features.{remedy} NumPy says: {error}"
        ) from error


def _strip_padding(array: Floats) -> RaggedArray:
    """Cut every sequence of a 3-D array after its last time step that has a value."""
    n_sequences, n_timesteps, n_features = array.shape
    if np.isnan(array[:, -1]).all(axis=1).any():
        observed = np.logical_not(np.isnan(array).all(axis=2))
        lengths = n_timesteps - observed[:, ::-1].argmax(axis=1)  # of none, it is whole
        values = array[np.arange(n_timesteps) < lengths[:, np.newaxis]]
    else:
        lengths = np.full(n_sequences, n_timesteps)
        values = array.reshape(-1, n_features)
    ragged = RaggedArray(values, offsets_from_lengths(lengths))
    checks.check_values(ragged)
    return ragged
