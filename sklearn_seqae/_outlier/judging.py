"""How unusual time steps are, by the windows around them, and which are outliers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.stats import genpareto

from sklearn_seqae._containers.kinds import TimeAxis
from sklearn_seqae._containers.ragged import RaggedArray, ranges
from sklearn_seqae._outlier.crossfit import N_FOLDS, CrossFittedDistance, Floats
from sklearn_seqae._outlier.explanation import Attribution
from sklearn_seqae._outlier.recordings import Recordings, dominant_period
from sklearn_seqae._outlier.windows import Windows, check_stride
from sklearn_seqae._utils.plain import Positive

NO_PERIOD = 100  # time steps of a window where nothing repeats
FEW_WINDOWS = 8  # one after the other, in the longest recording, at least
STRIDES = 8  # of a window
FINER = 4  # times shorter
SHORTEST = 4  # time steps
WIDEST = 512  # values of a short window, if it has more time steps than that
TAIL = 0.8  # quantile where it begins
N_SHORT = 10_000  # short windows that tell what is usual
LEVELS = (0.98, 0.95, 0.9, 0.8, 0.5)  # quantiles; peaks above the first will do
FEWEST = 10  # peaks that tell the tail


@dataclass(frozen=True)
class Judge:
    """Windows, and what is usual of short ones."""

    window: int  # time steps
    stride: int
    short: int  # time steps of a short window, one after the other
    # As in `fit`
    axis: TimeAxis | None
    usual_step: float
    # Of the values of short windows; None if there were too few without missing ones
    fine: CrossFittedDistance | None = None
    # Where the tails in `fit` begin, of windows and of short ones, and how far they go
    levels: tuple[float, ...] = (0.0, 0.0)
    scales: tuple[Positive, ...] = (1.0, 1.0)

    def __post_init__(self) -> None:
        lengths = self.window, self.stride, self.short
        two = len(self.levels) == len(self.scales) == 2
        if min(lengths) < 1 or max(lengths) > self.window or not two:
            raise ValueError(f"windows, strides and short windows have {lengths} steps")

    @classmethod
    def choose(cls, of: Recordings, window: int | str, stride: int | str) -> Self:
        """Choose windows for recordings, where they are "auto"."""
        longest = int(of.sequences.lengths.max())
        if isinstance(window, str):
            period = dominant_period(of.sequences) or NO_PERIOD
            window = max(2, min(period, longest // FEW_WINDOWS))
        if window > longest:
            raise ValueError(
                f"window is {window}, but the longest recording has n_samples="
                f"{longest} time steps; expected at most that."
            )
        if isinstance(stride, str):
            stride = max(1, window // STRIDES)
        check_stride(window, stride)
        short = max(SHORTEST, min(window // FINER, WIDEST // of.sequences.n_features))
        short, step = min(short, int(window)), of.usual_step()
        return cls(int(window), int(stride), short, of.axis, step)

    def windows(self, of: Recordings, numbers: RaggedArray | None = None) -> Windows:
        """Return the windows in which anything is observed.

        Or short ones of numbers; what is missing would look like a fault in these.
        """
        parts = of.parts(self.axis, self.usual_step)
        if numbers is not None:
            missing = np.any(np.isnan(numbers.values), axis=1)
            return Windows.place(parts, self.short, 1).whole(self.short, missing, 0)
        missing = np.all(np.isnan(of.sequences.values), axis=1)
        placed = Windows.place(parts, self.window, self.stride)
        return placed.whole(self.window, missing, self.window - 1)

    def learn_short(
        self, of: Recordings, numbers: RaggedArray, is_new: NDArray[np.bool_]
    ) -> Self:
        """Learn what is usual of short windows, which end before new time steps."""
        windows = self.windows(of, numbers).without(is_new)
        if not numbers.n_features or len(windows.starts) < N_FOLDS:
            return self
        points = as_points(windows.evenly(N_SHORT).of(numbers))
        return replace(self, fine=CrossFittedDistance.fit(points, None))

    def _short(
        self, of: Recordings, numbers: RaggedArray, judge: Callable[[Floats], Floats]
    ) -> Floats:
        """Return the mean of what is judged of short windows, as points."""
        windows = self.windows(of, numbers)
        return windows.judged_by_time(numbers, lambda w: judge(as_points(w)))

    def judged(
        self,
        of: Recordings,
        scaled: RaggedArray,
        excess: Callable[[RaggedArray], Floats],
    ) -> Floats:
        """Return how unusual time steps are by windows and by short ones.

        Of shape (2, n_timesteps), NaN where either does not tell.
        """
        judged, fine = np.full((2, scaled.n_timesteps), np.nan), self.fine
        judged[0] = self.windows(of).judged_by_time(scaled, excess)
        if fine is not None:
            judged[1] = self._short(of, scaled.numbers, fine.standardized)
        return judged

    def explained(
        self,
        of: Recordings,
        scaled: RaggedArray,
        attribute: Callable[[RaggedArray], Attribution],
    ) -> Attribution:
        """Split scores by feature, and what they are made of.

        A feature contributes to windows by all their time steps, and so to each time
        step in them; what the scale has as zero is everybody's. 0 where nothing tells.
        """
        windows, (n, width), k = self.windows(of), scaled.values.shape, scaled.n_numbers
        expected, of_windows, names = scaled.values.copy(), [], list[str]()
        total, count = np.zeros((n, k)), np.zeros((n, 1))
        for some in windows.chunks(width):
            chunk = windows.take(some)
            sequences, rows = chunk.of(scaled), ranges(chunk.starts, chunk.lengths)
            found = attribute(sequences)
            np.add.at(total, rows, found.expected.numbers.values)
            np.add.at(count, rows, 1.0)
            expected[rows, k:] = found.expected.codes  # those of the last window
            each = np.hstack([found.contributions, *found.measures.values()])
            of_windows.append(np.add.reduceat(each, sequences.offsets[:-1]))
            names = list(found.measures)
        np.divide(total, count, expected[:, :k], where=count > 0, casting="unsafe")
        known = np.concatenate(of_windows) if of_windows else np.zeros((0, width))
        by_time = windows.mean_by_time(known, n).reshape(n, -1, width).swapaxes(0, 1)
        short, fine = np.full((n, width), np.nan), self.fine  # of categories, it stays
        if fine is not None:
            split = partial(fine.split, n=k)
            short[:, :k] = self._short(of, scaled.numbers, split).reshape(n, -1)
        (level, of_short), (scale, scale_of_short) = self.levels, self.scales
        contributions = np.nan_to_num((by_time[0] - level / width) / scale)
        above = np.nan_to_num((short - of_short / max(k, 1)) / scale_of_short)
        contributions += above * (above.sum(axis=1, keepdims=True) > 0)
        each = np.nan_to_num([*by_time[1:], short])
        largest = np.maximum.reduceat(each.sum(axis=2), scaled.offsets[:-1], axis=1)
        measures = dict(zip([*names, "short windows"], each, strict=True))
        deviations = dict(zip(measures, largest, strict=True))
        usual = scaled.with_values(expected)
        return Attribution(deviations, contributions, measures, usual)

    def learn_tails(self, judged: Floats) -> Self:
        """Learn how high it goes in `fit`: a quantile, and the mean above it."""
        levels, scales = [0.0, 0.0], [1.0, 1.0]
        for j, row in enumerate(judged):
            known = row[~np.isnan(row)]
            if len(known):
                levels[j] = float(np.quantile(known, TAIL))
                above = known[known > levels[j]] - levels[j]
                scales[j] = float(above.mean()) if len(above) else 1.0
        return replace(self, levels=tuple(levels), scales=tuple(scales))

    def scores(self, judged: Floats) -> Floats:
        """Return scores; what a window says counts from where the tail begins."""
        shift, scale = np.reshape((*self.levels, *self.scales), (2, 2, 1))
        coarse, fine = np.nan_to_num((judged - shift) / scale)
        none = np.isnan(judged).all(axis=0)
        return np.where(none, np.nan, -coarse - np.maximum(fine, 0))


def as_points(windows: RaggedArray) -> Floats:
    """Return windows of one length as points, (n_windows, window * n_features)."""
    return windows.values.reshape(len(windows), -1).astype(np.float64)


def threshold_of_alarms(
    scores: Floats, is_new: NDArray[np.bool_], apart: int, n_alarms: float
) -> float:
    """Return the score below which usual time steps are expected to fall so often.

    Of new ones, or of all where these are too few. The least there is, if all are.
    """
    of_new = _threshold(scores[is_new], apart, n_alarms * float(is_new.mean()))
    found = _threshold(scores, apart, n_alarms) if of_new is None else of_new
    return float(np.nanmin(scores)) if found is None else found


def _threshold(scores: Floats, apart: int, n_alarms: float) -> float | None:
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
