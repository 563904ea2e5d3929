"""How unusual time steps are, by the windows around them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._containers.kinds import TimeAxis
from sklearn_seqae._containers.ragged import RaggedArray
from sklearn_seqae._outlier.crossfit import N_FOLDS, CrossFittedDistance
from sklearn_seqae._outlier.explanation import Attribution
from sklearn_seqae._outlier.recordings import Recordings, dominant_period
from sklearn_seqae._outlier.windows import (
    Windows,
    as_points,
    check_stride,
    judged_by_time,
    mean_by_time,
)
from sklearn_seqae._utils.plain import Positive

Floats = NDArray[np.float64]

NO_PERIOD = 100  # time steps of a window where nothing repeats
FEW_WINDOWS = 8  # one after the other, in the longest recording, at least
STRIDES = 8  # of a window
FINER = 4  # times shorter
SHORTEST = 4  # time steps
WIDEST = 512  # values of a short window, if it has more time steps than that
TAIL = 0.8  # quantile where it begins
N_SHORT = 10_000  # short windows that tell what is usual


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

    def windows(self, of: Recordings) -> Windows:
        """Return the windows in which anything is observed."""
        parts = of.parts(self.axis, self.usual_step)
        placed = Windows.place(parts, self.window, self.stride)
        return placed.whole(of.sequences, self.window)

    def _short_windows(self, of: Recordings, numbers: RaggedArray) -> Windows:
        """Return short windows; what is missing would look like a fault in these."""
        parts = of.parts(self.axis, self.usual_step)
        return Windows.place(parts, self.short, 1).whole(numbers, self.short, True)

    def learn_short(
        self, of: Recordings, numbers: RaggedArray, is_new: NDArray[np.bool_]
    ) -> Self:
        """Learn what is usual of short windows, which end before new time steps."""
        windows = self._short_windows(of, numbers).without(is_new)
        if not numbers.n_features or len(windows.starts) < N_FOLDS:
            return self
        points = as_points(windows.evenly(N_SHORT).of(numbers))
        return replace(self, fine=CrossFittedDistance.fit(points, None))

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
        judged[0] = judged_by_time(self.windows(of), scaled, excess)
        if fine is not None:
            judged[1] = judged_by_time(
                self._short_windows(of, scaled.numbers),
                scaled.numbers,
                lambda windows: fine.standardized(as_points(windows)),
            )
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
            rows, offsets = chunk.rows(chunk.lengths)
            found = attribute(chunk.of(scaled))
            np.add.at(total, rows, found.expected.numbers.values)
            np.add.at(count, rows, 1.0)
            expected[rows, k:] = found.expected.codes  # those of the last window
            each = np.hstack([found.contributions, *found.measures.values()])
            of_windows.append(np.add.reduceat(each, offsets[:-1]))
            names = list(found.measures)
        np.divide(total, count, expected[:, :k], where=count > 0, casting="unsafe")
        known = np.concatenate(of_windows) if of_windows else np.zeros((0, width))
        by_time = mean_by_time(windows, known, n).reshape(n, -1, width).swapaxes(0, 1)
        short, fine = np.full((n, width), np.nan), self.fine  # of categories, it stays
        if fine is not None:
            short.T[:k] = judged_by_time(
                self._short_windows(of, scaled.numbers),
                scaled.numbers,
                lambda w: fine.split(as_points(w)).reshape(len(w), -1, k).sum(axis=1),
            ).T
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
