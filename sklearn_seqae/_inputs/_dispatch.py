"""The one place that tells containers apart."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from sklearn_seqae._inputs._arrays import ragged_from_array
from sklearn_seqae._inputs._arrow import (
    is_arrow,
    is_awkward,
    ragged_from_arrow,
    ragged_from_awkward,
)
from sklearn_seqae._inputs._checks import ACCEPTED, describe
from sklearn_seqae._inputs._container import Container
from sklearn_seqae._inputs._lists import ragged_from_object_array, ragged_from_sequence
from sklearn_seqae._inputs._long import ragged_from_long, series_of_long
from sklearn_seqae._inputs._nested import (
    holds_sequences,
    is_nested_array,
    ragged_from_nested,
    ragged_from_nested_array,
)
from sklearn_seqae._inputs._pandas import ragged_from_dataframe
from sklearn_seqae._inputs._polars import is_polars, ragged_from_polars
from sklearn_seqae._inputs._tensors import is_ragged_tensor, ragged_from_tensor
from sklearn_seqae._ragged import RaggedArray

# Recognised by the name of their class: the libraries may be absent.
OPTIONAL = (
    (is_polars, ragged_from_polars),
    (is_arrow, ragged_from_arrow),
    (is_awkward, ragged_from_awkward),
    (is_ragged_tensor, ragged_from_tensor),
)


def to_ragged(X: Any) -> tuple[RaggedArray, Container]:
    """Turn any container of sequences into one ragged array.

    Parameters
    ----------
    X : list, tuple, array-like or DataFrame
        - A list, a tuple or a 1-D object array of sequences, each of shape
          (n_timesteps, n_features) or, if univariate, (n_timesteps,). NaN is a
          missing value.
        - A 3-D array of shape (n_sequences, max_timesteps, n_features). Trailing time
          steps in which every feature is NaN are padding; any other NaN is missing.
        - A 2-D array or a DataFrame of numbers, whose rows are univariate sequences.
          Trailing NaN is padding; any other NaN is missing.
        - A DataFrame of numbers with an index of two levels, series and time: a long
          table, whose columns are channels.
        - A DataFrame, Series or 2-D object array with a sequence in each cell; of
          several columns, each is one channel.
        - polars: a Series of List or Array, a DataFrame of such columns, one channel
          each, or of numbers. The same of pyarrow. A `tf.RaggedTensor` or an
          `awkward.Array`.

        Never changed; float32 and float64 are not copied where that can be avoided.

    Returns
    -------
    ragged : RaggedArray
        The sequences.
    container : Container
        What `X` was, for the way back.

    Raises
    ------
    InvalidSequenceError
        If a sequence is empty, all NaN, infinite or of another width than the first.
    ValueError
        If the shape or the numbers (complex) are not those above.
    TypeError
        If `X` is no such container or doesn't hold numbers.

    Examples
    --------
    >>> from sklearn_seqae._inputs import to_ragged
    >>> ragged, container = to_ragged([[1, 2, 3], [4, 5]])
    >>> ragged.lengths
    array([3, 2])
    >>> container.kind, container.univariate
    ('list', True)
    """
    if isinstance(X, pd.DataFrame | pd.Series):
        return _from_pandas(X)
    if isinstance(X, list | tuple):
        return ragged_from_sequence(X, kind="tuple" if isinstance(X, tuple) else "list")
    for is_kind, adapter in OPTIONAL:
        if is_kind(X):
            return adapter(X)
    if hasattr(X, "__array__") or sparse.issparse(X):
        return _from_array_like(X)
    if isinstance(X, Sequence) and not isinstance(X, str | bytes | bytearray):
        return ragged_from_sequence(X, kind="list")
    raise TypeError(f"X is {describe(X)}; expected {ACCEPTED}.")


def ids_of_sequences(X: Any) -> pd.Index | None:
    """Return the label of every sequence, where the container has labels.

    Parameters
    ----------
    X : object
        That `to_ragged` takes.

    Returns
    -------
    pandas.Index of shape (n_sequences,) or None
        The series of a long table, the index of any other frame or Series of pandas.
    """
    if not isinstance(X, pd.DataFrame | pd.Series):
        return None
    return series_of_long(X) if is_long(X) else X.index


def is_long(X: Any) -> bool:
    """Tell whether `X` has a row for each time step, by an index of series and time.

    Parameters
    ----------
    X : object
        Anything.

    Returns
    -------
    bool
    """
    if not isinstance(X, pd.DataFrame | pd.Series):
        return False
    return X.index.nlevels > 1 and not holds_sequences(X)


def _from_pandas(X: pd.DataFrame | pd.Series) -> tuple[RaggedArray, Container]:
    if holds_sequences(X):
        return ragged_from_nested(X)
    if is_long(X):
        return ragged_from_long(X)
    if isinstance(X, pd.DataFrame):
        return ragged_from_dataframe(X)
    return _from_array_like(X)


def _from_array_like(X: Any) -> tuple[RaggedArray, Container]:
    if not sparse.issparse(X):
        array = np.asarray(X)
        if array.ndim == 1 and array.dtype == object and not _holds_scalars(array):
            return ragged_from_object_array(array)
        if is_nested_array(array):
            return ragged_from_nested_array(array)
    return ragged_from_array(X)


def _holds_scalars(array: NDArray[np.object_]) -> bool:
    return array.size > 0 and np.isscalar(array[0])
