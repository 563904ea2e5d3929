"""Moments of events: when the first one was, and how long after each the next came.

The time since the event before is a feature: its logarithm, as waiting times range over
orders of magnitude. The moment of the first event is a component of the embedding. So
decoded times begin where they did, and rise.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._plain import Positive
from sklearn_seqae._ragged import RaggedArray

WIDEST = 60.0  # of a logarithm that is decoded: beyond, float64 would overflow
REGULAR = 1e-6  # difference of steps, relative to their size, that is rounding
MOST = 2**20  # waiting times that are told apart


class ClockInChunks:
    """Fits a clock to the moments of one chunk of sequences after the other.

    It holds the first moment of each sequence, and the different waiting times. So a
    clock does not depend on how sequences were cut into chunks.
    """

    def __init__(self) -> None:
        self._starts: list[NDArray[np.float64]] = []
        self._weights: list[NDArray[np.float64]] = []
        self._passed = WaitingTimes()
        self._least, self._most = np.inf, -np.inf

    def update(
        self,
        moments: NDArray[np.float64],
        offsets: NDArray[np.int64],
        sample_weight: NDArray[np.float64],
    ) -> None:
        """Fit to further sequences.

        Parameters
        ----------
        moments : ndarray of shape (n_timesteps,)
        offsets : ndarray of shape (n_sequences + 1,)
        sample_weight : ndarray of shape (n_sequences,)
            Only which are positive counts for the unit.
        """
        self._starts.append(moments[offsets[:-1]])
        self._weights.append(sample_weight)
        passed = since_before(moments, offsets)
        is_known = ~np.isnan(passed)
        if not is_known.any():
            return
        self._least = min(self._least, float(passed[is_known].min()))
        self._most = max(self._most, float(passed[is_known].max()))
        counts = np.repeat(sample_weight > 0, np.diff(offsets)) & (passed > 0)
        self._passed.add(passed[counts])

    def merge(self, other: ClockInChunks) -> None:
        """Fit to the sequences of another one."""
        self._starts += other._starts
        self._weights += other._weights
        self._passed.merge(other._passed)
        self._least = min(self._least, other._least)
        self._most = max(self._most, other._most)

    def fitted(self) -> Clock | None:
        """Return the clock; None if events of all sequences are equally far apart."""
        apart, size = self._most - self._least, max(abs(self._most), abs(self._least))
        if apart <= REGULAR * size:  # also if no sequence has two events
            return None
        starts, weight = map(np.concatenate, (self._starts, self._weights))
        mean = float(np.average(starts, weights=weight))
        variance = np.average((starts - mean) ** 2, weights=weight)
        return Clock(self._passed.median(), mean, float(np.sqrt(variance)) or 1.0)


class WaitingTimes:
    """Positive numbers, of which each is kept once, with its count, for their median.

    The median is exact while at most `MOST` of them differ. From there on they are
    rounded: their last bits are dropped, as few as it takes. Which are dropped depends
    on all numbers together, and not on their order.
    """

    def __init__(self) -> None:
        self._bits = np.empty(0, np.int64)  # they rise as the numbers do
        self._counts = np.empty(0, np.int64)
        self._n_dropped = 0
        self._pending: list[NDArray[np.float64]] = []
        self._n_pending = 0

    def add(self, numbers: NDArray[np.float64]) -> None:
        self._pending.append(numbers)
        self._n_pending += len(numbers)
        if self._n_pending > MOST:
            self._settle()

    def merge(self, other: WaitingTimes) -> None:
        if len(other._bits):
            self._include(other._bits, other._counts, other._n_dropped)
        for numbers in other._pending:
            self.add(numbers)

    def median(self) -> float:
        """Return the median, or 1 if there is none."""
        self._settle()
        if not len(self._counts):
            return 1.0
        n_up_to = np.cumsum(self._counts)
        n = n_up_to[-1]
        middle = np.searchsorted(n_up_to, [(n - 1) // 2, n // 2], side="right")
        bits = self._bits[middle] << self._n_dropped
        bits += (1 << self._n_dropped) // 2
        return float(bits.view(np.float64).mean())

    def _settle(self) -> None:
        if self._pending:
            numbers, counts = np.unique(
                np.concatenate(self._pending), return_counts=True
            )
            self._pending, self._n_pending = [], 0
            self._include(numbers.view(np.int64), counts, 0)

    def _include(
        self, bits: NDArray[np.int64], counts: NDArray[np.int64], n_dropped: int
    ) -> None:
        n = max(self._n_dropped, n_dropped)
        both = np.append(self._bits >> (n - self._n_dropped), bits >> (n - n_dropped))
        order = np.argsort(both, kind="stable")
        both, counts = both[order], np.append(self._counts, counts)[order]
        # neighbours are told apart until the highest bit that differs is dropped
        highest = np.frexp((both[1:] ^ both[:-1]).astype(np.float64))[1]
        n_apart = np.cumsum(np.bincount(highest, minlength=64)[::-1])[::-1]
        further = int(np.argmax(n_apart[1:] < MOST))
        both >>= further
        first = np.flatnonzero(np.diff(both, prepend=-1))
        self._bits, self._n_dropped = both[first], n + further
        self._counts = np.add.reduceat(counts, first) if len(first) else counts


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

    unit: Positive
    mean: float
    scale: Positive

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
