"""Sequences whose first axis is the channels, as in aeon."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._inputs._checks import describe
from sklearn_seqae.exceptions import InvalidSequenceError


def from_channels_first(X: Any) -> list[NDArray[Any]]:
    """Turn sequences with channels first, as aeon has them, into those with time first.

    The two can't be told apart by their shapes, so nothing but this function turns
    axes. A sequence comes back by ``x.T``.

    Parameters
    ----------
    X : array-like of shape (n_samples, n_channels, n_timesteps), or list of arrays
        A 3-D array, or a list of arrays of shape (n_channels, n_timesteps_i).

    Returns
    -------
    list of ndarray of shape (n_timesteps_i, n_channels)
        Views of the arrays in `X`. NaN is a missing value there, also at the end of a
        sequence.

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
