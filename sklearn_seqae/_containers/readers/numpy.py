"""NumPy arrays, and whatever turns into one."""

from typing import Any

import numpy as np
from scipy import sparse

from sklearn_seqae._containers.kinds import Container
from sklearn_seqae._containers.ragged import RaggedArray
from sklearn_seqae._containers.readers.arrays import ragged_from_array
from sklearn_seqae._containers.readers.lists import ragged_from_object_array
from sklearn_seqae._containers.readers.nested import (
    is_nested_array,
    ragged_from_nested_array,
)


def ragged_from_numpy(X: Any) -> tuple[RaggedArray, Container]:
    """Read an array of sequences, of cells or of numbers.

    Parameters
    ----------
    X : array-like
        A 1-D object array of sequences, a 2-D object array with a sequence in each
        cell, or a 2-D or 3-D array of numbers.

    Returns
    -------
    ragged : RaggedArray
        The sequences.
    container : Container
        Of kind "object_array", "nested_array", "array_2d" or "array_3d".
    """
    if not sparse.issparse(X):
        array = np.asarray(X)
        is_objects = array.ndim == 1 and array.dtype == object
        if is_objects and not any(map(np.isscalar, array[:1])):
            return ragged_from_object_array(array)
        if is_nested_array(array):
            return ragged_from_nested_array(array)
    return ragged_from_array(X)
