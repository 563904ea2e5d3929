"""Arrays of numbers: 3-D and ragged ones, and 2-D with a univariate sequence a row."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.utils import check_array

from sklearn_seqae._containers.kinds import Container
from sklearn_seqae._containers.ragged import Floats, RaggedArray, offsets_from_lengths
from sklearn_seqae._containers.readers.checks import (
    ACCEPTED,
    Read,
    as_float,
    as_plain,
    as_real,
    check_not_empty,
    check_values,
    describe,
)
from sklearn_seqae._containers.readers.columns import (
    check_lengths,
    column_from_lists,
    common_width,
    joined_columns,
)


def ragged_from_array(X: Any) -> Read:
    """Read a 3-D or 2-D array without the NaN that pads each sequence at its end."""
    if sparse.issparse(X) or isinstance(X, np.matrix):
        check_array(X)  # raises, with scikit-learn's message
    array = np.asarray(as_plain(X))
    if array.ndim == 0:
        raise TypeError(f"X is {describe(X)}; expected {ACCEPTED}.")
    if array.ndim > 3:
        raise ValueError(
            f"X has {array.ndim} dimensions, shape {array.shape}; expected {ACCEPTED}."
        )
    array = as_real(array, "X")
    if array.ndim == 1:
        try:
            check_array(array, dtype=None, ensure_all_finite=False, input_name="X")
        except ValueError as error:
            remedy = "If X is one univariate sequence, put it in a list: [X]."
            raise ValueError(f"{error}\n{remedy}") from error
    return _ragged_from_3d(array) if array.ndim == 3 else ragged_from_table(array)


def ragged_from_table(array: NDArray[Any]) -> Read:
    """Read a 2-D array whose rows are univariate sequences, padded with NaN."""
    # check_array has the messages for other shapes and empty arrays.
    array = check_array(array, dtype=None, ensure_all_finite=False, input_name="X")
    ragged = _strip_padding(as_float(array)[:, :, np.newaxis])
    return ragged, Container(
        "array_2d", ragged.dtype.name, univariate=True, n_columns=array.shape[1]
    )


def ragged_from_table_columns(
    names: Sequence[str], columns: Sequence[NDArray[Any]], *, kind: str
) -> Read:
    """Read the columns of a table of such rows, into a container of `kind`."""
    real = [
        as_real(column, f"column {name!r}")
        for name, column in zip(names, columns, strict=True)
    ]
    table = np.column_stack(real) if real else np.empty((0, 0))
    ragged, container = ragged_from_table(table)
    return ragged, replace(container, kind=kind, columns=tuple(names))


def ragged_from_tensor(X: Any) -> Read:
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
    check_lengths(lengths)
    width = None
    if further:
        width = common_width(further[0], lengths)
    elif numbers.ndim == 2:
        width = numbers.shape[1]
    return joined_columns(
        [column_from_lists("ragged_tensor", None, (), lengths, width, numbers)]
    )


def _ragged_from_3d(array: NDArray[Any]) -> Read:
    check_not_empty(array.shape, ("sequence(s)", "time step(s)", "feature(s)"))
    ragged = _strip_padding(as_float(array))
    return ragged, Container("array_3d", ragged.dtype.name)


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
    check_values(ragged)
    return ragged
