"""Moments of events: when the first one was, and how long after each the next came.

The time since the event before is a feature: its logarithm, as waiting times range over
orders of magnitude. The moment of the first event is a component of the embedding. So
decoded times begin where they did, and rise.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._ragged import RaggedArray

WIDEST = 60.0  # of a logarithm that is decoded: beyond, float64 would overflow
REGULAR = 1e-6  # difference of steps, relative to their size, that is rounding


def fit_clock(
    moments: NDArray[np.float64],
    offsets: NDArray[np.int64],
    sample_weight: NDArray[np.float64],
) -> Clock | None:
    """Fit a clock to moments; None if events are equally far apart.

    Parameters
    ----------
    moments : ndarray of shape (n_timesteps,)
    offsets : ndarray of shape (n_sequences + 1,)
    sample_weight : ndarray of shape (n_sequences,)
    """
    if is_regular(moments, offsets):
        return None
    return Clock.fit(moments, offsets, sample_weight)


@dataclass(frozen=True)
class Clock:
    """Moments of sequences as a feature and a component, and back.

    Attributes
    ----------
    unit : float
        Ticks of the times of `X`: the median time between two events, without zeros.
    mean, scale : float
        Mean and standard deviation of the first moments, in ticks.
    """

    unit: float
    mean: float
    scale: float

    @classmethod
    def fit(
        cls,
        moments: NDArray[np.float64],
        offsets: NDArray[np.int64],
        sample_weight: NDArray[np.float64],
    ) -> Clock:
        """Fit to the moments of sequences, one sequence after the other.

        Parameters
        ----------
        moments : ndarray of shape (n_timesteps,)
        offsets : ndarray of shape (n_sequences + 1,)
        sample_weight : ndarray of shape (n_sequences,)
            Only which are positive counts for the unit.
        """
        own = np.repeat(sample_weight > 0, np.diff(offsets))
        passed = since_before(moments, offsets)[own]
        passed = passed[passed > 0]
        starts = moments[offsets[:-1]]
        mean = float(np.average(starts, weights=sample_weight))
        variance = np.average((starts - mean) ** 2, weights=sample_weight)
        return cls(
            float(np.median(passed)) if len(passed) else 1.0,
            mean,
            float(np.sqrt(variance)) or 1.0,
        )

    def with_time(
        self, ragged: RaggedArray, moments: NDArray[np.float64]
    ) -> RaggedArray:
        """Add a feature: the log of the time since the event before, first NaN."""
        passed = np.log1p(since_before(moments, ragged.offsets) / self.unit)
        values = np.column_stack([ragged.values, passed]).astype(ragged.dtype)
        return ragged.with_values(values)

    def without_time(
        self, ragged: RaggedArray, starts: NDArray[np.float64], ahead: bool = False
    ) -> tuple[RaggedArray, NDArray[np.float64]]:
        """Take the feature off, and return the moments that it means; they rise.

        Parameters
        ----------
        ragged : RaggedArray
        starts : ndarray of shape (n_sequences,)
            First moments; with ``ahead``, the last ones before.
        ahead : bool, default=False
        """
        last = ragged.values[:, -1].astype(np.float64)
        passed = self.unit * np.expm1(np.clip(last, 0, WIDEST))
        first = ragged.offsets[:-1]
        if not ahead:
            passed[first] = 0
        total = np.cumsum(passed)
        base = starts - (total[first] - passed[first])
        moments = total + np.repeat(base, ragged.lengths)
        return ragged.with_values(ragged.values[:, :-1]), moments

    def encode(self, starts: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the component of each first moment."""
        return (starts - self.mean) / self.scale

    def decode(self, component: NDArray[np.floating]) -> NDArray[np.float64]:
        """Undo `encode`."""
        return component.astype(np.float64) * self.scale + self.mean


def since_before(
    moments: NDArray[np.float64], offsets: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return the time since the event before; NaN at the first."""
    passed = np.diff(moments, prepend=moments[:1])
    passed[offsets[:-1]] = np.nan
    return passed


def is_regular(moments: NDArray[np.float64], offsets: NDArray[np.int64]) -> bool:
    """Return whether events of all sequences are equally far apart."""
    passed = since_before(moments, offsets)
    passed = passed[~np.isnan(passed)]
    if not len(passed):
        return True
    return bool(np.ptp(passed) <= REGULAR * np.abs(passed).max())
