"""The one place that tells containers apart."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from sklearn_seqae._inputs._arrays import ragged_from_array
from sklearn_seqae._inputs._checks import ACCEPTED, describe
from sklearn_seqae._inputs._container import Container
from sklearn_seqae._inputs._lists import ragged_from_object_array, ragged_from_sequence
from sklearn_seqae._inputs._pandas import ragged_from_dataframe
from sklearn_seqae._ragged import RaggedArray


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
    if isinstance(X, pd.DataFrame):
        return ragged_from_dataframe(X)
    if isinstance(X, list | tuple):
        return ragged_from_sequence(X, kind="tuple" if isinstance(X, tuple) else "list")
    if hasattr(X, "__array__") or sparse.issparse(X):
        return _from_array_like(X)
    if isinstance(X, Sequence) and not isinstance(X, str | bytes | bytearray):
        return ragged_from_sequence(X, kind="list")
    raise TypeError(f"X is {describe(X)}; expected {ACCEPTED}.")


def _from_array_like(X: Any) -> tuple[RaggedArray, Container]:
    if not sparse.issparse(X):
        array = np.asarray(X)
        if array.ndim == 1 and array.dtype == object and not _holds_scalars(array):
            return ragged_from_object_array(array)
    return ragged_from_array(X)


def _holds_scalars(array: NDArray[np.object_]) -> bool:
    return array.size > 0 and np.isscalar(array[0])
