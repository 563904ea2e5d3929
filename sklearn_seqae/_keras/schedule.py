"""How the learning rate goes over the updates of a fit."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

WARM_UP = 0.05  # share of the updates
LAST = 0.01  # of the highest rate


def warm_cosine(update: NDArray[Any], n_updates: int) -> NDArray[np.float64]:
    """Factor of the learning rate: a linear rise, then half a cosine down.

    Parameters
    ----------
    update : ndarray of int
        Numbers of updates, from 0.
    n_updates : int
        Updates of the whole fit.

    Returns
    -------
    ndarray of float64
        In (0, 1].
    """
    n_warm = max(1, round(WARM_UP * n_updates))
    rise = (update + 1) / n_warm
    done = np.clip((update + 1 - n_warm) / max(1, n_updates - n_warm), 0, 1)
    fall = LAST + (1 - LAST) * (1 + np.cos(np.pi * done)) / 2
    return np.minimum(np.minimum(rise, 1), fall)
