"""Sequences with channels as the first axis, as in aeon."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._containers.readers.checks import describe
from sklearn_seqae.exceptions import InvalidSequenceError


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
