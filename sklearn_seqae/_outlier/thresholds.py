"""Scores that usual recordings hardly ever fall below."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import genpareto

LEVELS = (0.98, 0.95, 0.9, 0.8, 0.5)  # quantiles; peaks above the first will do
FEWEST = 10  # peaks that tell the tail


def threshold_of_alarms(
    scores: NDArray[np.float64],
    is_new: NDArray[np.bool_],
    apart: int,
    n_alarms: float,
) -> float:
    """Return the score below which usual time steps are expected to fall so often.

    Of new ones, or of all where these are too few. The least there is, if all are.
    """
    of_new = _threshold(scores[is_new], apart, n_alarms * float(is_new.mean()))
    found = _threshold(scores, apart, n_alarms) if of_new is None else of_new
    return float(np.nanmin(scores)) if found is None else found


def _threshold(
    scores: NDArray[np.float64], apart: int, n_alarms: float
) -> float | None:
    """Return such a score, None if there are too few peaks to tell.

    Peaks over threshold, as in SPOT (Siffer et al., 2017, KDD): excesses over a high
    quantile have a generalized Pareto distribution, which tells of alarms that are
    rarer than the scores are many. As one fault makes many scores high, peaks less
    than `apart` time steps from each other count once, as is usual with extreme values
    that depend on each other (Coles, 2001, chapter 5). The distribution is fitted by
    probability-weighted moments (Hosking and Wallis, 1987), which need few peaks.
    """
    heights = -scores[~np.isnan(scores)]
    level, peaks = np.inf, heights[:0]
    for lower in np.quantile(heights, LEVELS) if len(heights) else []:
        rows = np.flatnonzero(heights > lower)
        first = np.flatnonzero(np.diff(rows, prepend=-apart - 1) >= apart)
        if len(first) > len(peaks):  # further down, peaks become one again
            level = float(lower)
            peaks = np.sort(np.maximum.reduceat(heights[rows], first))
        if len(peaks) >= max(FEWEST, 2 * n_alarms):
            break
    n = len(peaks)
    if n < FEWEST or peaks[0] == peaks[-1]:
        return None
    if n_alarms >= n:
        return -level
    mean = float(np.mean(peaks - level))
    weighted = float(np.mean((peaks - level) * np.arange(n)[::-1] / (n - 1)))
    shape = 2 - mean / (mean - 2 * weighted)
    scale = 2 * mean * weighted / (mean - 2 * weighted)
    return -(level + float(genpareto.isf(n_alarms / n, shape, scale=scale)))
