"""NumPy arrays, of numbers or of sequences, and whatever turns into one."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from sklearn_seqae._containers.readers.arrays import ragged_from_array
from sklearn_seqae._containers.readers.checks import Read, check_dimensions, describe
from sklearn_seqae._containers.readers.columns import check_all_nested, joined_columns
from sklearn_seqae._containers.readers.lists import read_list
from sklearn_seqae._containers.readers.nested import any_sequence, read_cells
from sklearn_seqae.exceptions import InvalidSequenceError


def ragged_from_numpy(X: Any) -> Read:
    """Read an array of sequences, of cells with sequences, or of numbers."""
    if not sparse.issparse(X):
        check_dimensions(X, axis=1)
        array = np.asarray(X)
        is_objects = array.ndim == 1 and array.dtype == object
        if is_objects and not any(map(np.isscalar, array[:1])):
            return read_list(array.tolist(), "object_array")
        if array.ndim == 2 and array.dtype == object and any_sequence(array.ravel()):
            numbers = range(array.shape[1])  # such as NumPy makes of a nested frame
            check_all_nested(numbers, [any_sequence(column) for column in array.T])
            cells = [read_cells(c, "nested_array", j) for j, c in enumerate(array.T)]
            return joined_columns(cells, numbers, len(numbers))
    return ragged_from_array(X)


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
                f"sequence {i} is {describe(array)}; expected (n_channels, "
                "n_timesteps)."
            )
    return [array.T for array in arrays]
