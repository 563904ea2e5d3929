"""Moments of events: when the first one was, and how long after each the next came."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._containers.kinds import TimeAxis
from sklearn_seqae._containers.ragged import RaggedArray, cut
from sklearn_seqae._utils.plain import Positive

LARGEST = 1e300  # of ticks that are decoded: an integer of them is finite
WIDEST = 60.0  # of a logarithm that is decoded: beyond, float64 would overflow
REGULAR = 1e-6  # difference of steps, relative to their size, that is rounding
MOST = 2**20  # waiting times that are told apart


class ClockInChunks:
    """Fits a clock to the moments of one chunk of sequences after the other."""

    def __init__(self) -> None:
        self._starts: list[NDArray[Any]] = []
        self._weights: list[NDArray[np.float64]] = []
        self._passed = WaitingTimes()
        self._least, self._most = np.inf, -np.inf

    def update(
        self,
        moments: NDArray[Any],
        offsets: NDArray[np.int64],
        sample_weight: NDArray[np.float64],
    ) -> None:
        """Fit to further sequences; for the unit, weights count as positive or not."""
        self._starts.append(moments[offsets[:-1]])
        self._weights.append(sample_weight)
        passed = since_before(moments, offsets)
        self._least = float(np.fmin.reduce(passed, initial=self._least))  # NaN aside
        self._most = float(np.fmax.reduce(passed, initial=self._most))
        counts = np.repeat(sample_weight > 0, np.diff(offsets)) & (passed > 0)
        self._passed.add(passed[counts])

    def merge(self, other: ClockInChunks) -> None:
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
        origin = None
        if starts.dtype.kind != "f":
            least = int(starts.min())
            after = np.average(since(starts, least), weights=weight)
            origin = least + round(float(after))
            starts = since(starts, origin)
        mean = float(np.average(starts, weights=weight))
        variance = np.average((starts - mean) ** 2, weights=weight)
        scale = float(np.sqrt(variance)) or 1.0
        return Clock(self._passed.median(), mean, scale, origin)


class WaitingTimes:
    """Positive numbers, of which each is kept once, with its count, for their median.

    The median is exact while at most `MOST` of them differ. Then last bits are dropped;
    which ones depends on all numbers together, and not on their order.
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
            pending = np.concatenate(self._pending)
            numbers, counts = np.unique(pending, return_counts=True)
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
    """Moments of sequences as a feature and a component, and back."""

    # Ticks of the times of `X`: the median time between two events, without zeros
    unit: Positive
    # Mean and standard deviation of the first moments, in ticks since the origin
    mean: float
    scale: Positive
    # Near the mean, if moments are whole; a float64 is a whole number of nanoseconds
    # for months, but not since 1970; None is 0, where moments have fractions
    origin: int | None = None

    def with_time(self, ragged: RaggedArray, moments: NDArray[Any]) -> RaggedArray:
        """Add a feature: the log of the time since the event before, first NaN."""
        passed = np.log1p(since_before(moments, ragged.offsets) / self.unit)
        values = np.column_stack([ragged.values, passed]).astype(ragged.dtype)
        return ragged.with_values(values)

    def without_time(
        self, ragged: RaggedArray, ahead: bool = False
    ) -> tuple[RaggedArray, NDArray[np.float64]]:
        """Take the feature off, and return the time that has passed: it rises.

        Since the first event or, with ``ahead``, the last one before.
        """
        last = ragged.values[:, -1].astype(np.float64)
        passed = self.unit * np.expm1(np.clip(last, 0, WIDEST))
        if not ahead:
            passed[ragged.offsets[:-1]] = 0
        for own in cut(passed, ragged.offsets):
            own.cumsum(out=own)
        return ragged.with_values(ragged.values[:, :-1]), passed

    def encode(self, starts: NDArray[Any]) -> NDArray[np.float64]:
        """Return the component of each first moment."""
        return (since(starts, self.origin or 0) - self.mean) / self.scale

    def decode(
        self, component: NDArray[np.floating], limits: tuple[Any, Any]
    ) -> NDArray[Any]:
        """Undo `encode`; whole moments are integers of Python, which don't overflow.

        What is beyond the ``limits`` of moments by no more than the component is
        rounded becomes the limit.
        """
        with np.errstate(over="ignore"):  # infinite moments are refused
            ticks = component.astype(np.float64) * self.scale + self.mean
        if self.origin is None:
            return ticks
        ticks = np.clip(np.rint(ticks), -LARGEST, LARGEST)
        slack = np.abs(ticks) * np.finfo(component.dtype).eps
        whole = np.array([self.origin + int(n) for n in ticks], object)
        near = np.clip(whole, *limits)
        return np.where(np.abs(whole - near) <= slack, near, whole)


def since(moments: NDArray[Any], origin: Any) -> NDArray[np.float64]:
    """Return the time since other moments, or one; of integers, rounded once."""
    if moments.dtype.kind == "f":
        return moments - origin
    is_later = moments >= origin
    with np.errstate(over="ignore"):  # words are subtracted modulo 2**64
        words, other = moments.view(np.uint64), as_words(origin)
        passed = np.where(is_later, words - other, other - words).astype(np.float64)
    return np.where(is_later, passed, -passed)


def as_words(numbers: Any) -> NDArray[np.uint64]:
    """Return integers modulo 2**64."""
    if isinstance(numbers, np.ndarray) and numbers.dtype != object:
        return numbers.view(np.uint64)
    return np.array(numbers % 2**64, np.uint64)


def since_before(
    moments: NDArray[Any], offsets: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return the time since the event before; NaN at the first."""
    passed = np.zeros(len(moments))
    passed[1:] = since(moments[1:], moments[:-1])
    passed[offsets[:-1]] = np.nan
    return passed


def moments_after(
    starts: NDArray[Any],
    passed: NDArray[np.float64],
    offsets: NDArray[np.int64],
    times: TimeAxis,
    show: Callable[[int], str],
) -> NDArray[Any]:
    """Return the moments of events, in the dtype of the times in `fit`.

    They are ``passed`` after ``starts``, numbers of each sequence: of integers,
    Python's as well. ``show`` names the sequence at a position, for messages.
    """
    dtype, (least, most) = np.dtype(times.dtype), times.limits
    first, last = starts.tolist(), passed[offsets[1:] - 1].tolist()
    if dtype.kind != "f":
        passed = np.rint(passed)
        first, last = ([round(n) for n in each] for each in (first, last))
    for i, (start, length) in enumerate(zip(first, last, strict=True)):
        if not (least <= start and start + length <= most):
            moment, remedy = start + length, "Decode fewer time steps"
            if not (least <= start <= most):
                moment = start
                remedy = "Pass an embedding whose last component is like in transform"
            raise ValueError(
                f"{show(i)} has an event at {times.out_of_range(moment)}. {remedy}, or "
                "fit on times of a wider dtype, such as int64 or datetime64[us]."
            )
    lengths = np.diff(offsets)
    if dtype.kind == "f":
        return (np.repeat(np.array(first), lengths) + passed).astype(dtype)
    base = as_words(np.array(first, object))
    ticks = np.repeat(base, lengths) + passed.astype(np.uint64)
    return ticks.view(dtype) if dtype.kind in "mM" else ticks.astype(dtype)
