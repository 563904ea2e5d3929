"""Arrays of numbers: 3-D, padded with NaN, and 2-D with a univariate sequence a row."""

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
    as_float,
    as_plain,
    as_real,
    by_position,
    check_values,
    describe,
    raise_unobserved,
)
from sklearn_seqae.exceptions import InvalidSequenceError


def ragged_from_array(X: Any) -> tuple[RaggedArray, Container]:
    """Read a 3-D or 2-D array without the NaN that pads each sequence at its end.

    Parameters
    ----------
    X : array-like of shape (n_sequences, max_timesteps, n_features) or \
            (n_sequences, max_timesteps)
        Real numbers of any dtype.

    Returns
    -------
    ragged : RaggedArray
        The sequences.
    container : Container
        Of kind "array_3d" or "array_2d".
    """
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
        _refuse_1d(array)
    return _ragged_from_3d(array) if array.ndim == 3 else ragged_from_table(array)


def ragged_from_table(array: NDArray[Any]) -> tuple[RaggedArray, Container]:
    """Read a 2-D array whose rows are univariate sequences, padded with NaN.

    Parameters
    ----------
    array : ndarray of shape (n_sequences, max_timesteps)
        Boolean, integer or floating.

    Returns
    -------
    ragged : RaggedArray of 1 feature
        The sequences.
    container : Container
        Of kind "array_2d".
    """
    # check_array has the messages for other shapes and empty arrays.
    array = check_array(array, dtype=None, ensure_all_finite=False, input_name="X")
    ragged = _strip_padding(as_float(array)[:, :, np.newaxis])
    return ragged, Container(
        "array_2d", ragged.dtype.name, univariate=True, n_columns=array.shape[1]
    )


def ragged_from_table_columns(
    names: Sequence[str], columns: Sequence[NDArray[Any]], *, kind: str
) -> tuple[RaggedArray, Container]:
    """Read the columns of a table whose rows are univariate sequences.

    Parameters
    ----------
    names : sequence of str
        Labels of the columns.

    columns : sequence of ndarray of shape (n_sequences,)
        Real numbers of any dtype.

    kind : str
        Kind of the container.

    Returns
    -------
    ragged : RaggedArray of 1 feature
        The sequences.
    container : Container
        Of kind `kind`.

    Raises
    ------
    TypeError
        Names the first column that is not numeric.
    """
    real = [
        as_real(column, f"column {name!r}")
        for name, column in zip(names, columns, strict=True)
    ]
    table = np.column_stack(real) if real else np.empty((0, 0))
    ragged, container = ragged_from_table(table)
    return ragged, replace(container, kind=kind, columns=tuple(names))


def _refuse_1d(array: NDArray[Any]) -> None:
    try:
        check_array(array, dtype=None, ensure_all_finite=False, input_name="X")
    except ValueError as error:
        message = f"{error}\nIf X is one univariate sequence, put it in a list: [X]."
        raise ValueError(message) from error


def _ragged_from_3d(array: NDArray[Any]) -> tuple[RaggedArray, Container]:
    for size, noun in zip(
        array.shape, ("sequence", "time step", "feature"), strict=True
    ):
        if size == 0:
            raise InvalidSequenceError(
                f"found array with 0 {noun}(s) (shape={array.shape}) while a minimum "
                "of 1 is required."
            )
    ragged = _strip_padding(as_float(array))
    return ragged, Container("array_3d", ragged.dtype.name)


def _strip_padding(array: Floats) -> RaggedArray:
    """Cut every sequence of a 3-D array after its last time step that has a value."""
    n_sequences, n_timesteps, n_features = array.shape
    if np.isnan(array[:, -1]).all(axis=1).any():
        observed = np.logical_not(np.isnan(array).all(axis=2))
        lengths = n_timesteps - observed[:, ::-1].argmax(axis=1)
        empty = ~observed.any(axis=1)
        if empty.any():
            raise_unobserved(by_position(int(empty.argmax())))
        values = array[np.arange(n_timesteps) < lengths[:, np.newaxis]]
    else:
        lengths = np.full(n_sequences, n_timesteps)
        values = array.reshape(-1, n_features)
    ragged = RaggedArray(values, offsets_from_lengths(lengths))
    check_values(ragged)
    return ragged
