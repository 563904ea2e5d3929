"""Recordings cut into windows; what is known of windows brought back to time steps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from numbers import Integral
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.utils._param_validation import Interval, validate_params

from sklearn_seqae._containers.ragged import (
    Ints,
    RaggedArray,
    offsets_from_lengths,
    ranges,
)
from sklearn_seqae._containers.writers import from_ragged
from sklearn_seqae._outlier.crossfit import Floats
from sklearn_seqae._outlier.recordings import Recordings, read_recordings

CHUNK = 2**20  # values of windows that are judged at a time

POSITIVE = [Interval(Integral, 1, None, closed="left")]
CUT = {"window": POSITIVE, "stride": POSITIVE}


class Windows(NamedTuple):
    """Places of windows among the time steps of recordings."""

    starts: Ints  # rows
    lengths: Ints
    # Time steps, from the start, that a window tells of. The first window of a part
    # tells of those that no other has
    counts: Ints

    @classmethod
    def place(cls, offsets: Ints, window: int, stride: int) -> Windows:
        """Place windows so that every time step is in one.

        The last one ends with its part, the next ones `stride` before, and the first
        begins with it. So the last time steps are in the same windows, however many
        come before. A part that is shorter is a window.
        """
        places = []
        for start, stop in pairwise(offsets.tolist()):
            length = min(window, stop - start)
            starts = np.arange(stop - length, start - 1, -stride)[::-1]
            counts = np.full(len(starts), length)
            if starts[0] > start:
                counts = np.append(starts[0] - start, counts)
                starts = np.append(start, starts)
            places.append((starts, np.full(len(starts), length), counts))
        return cls(*map(np.concatenate, zip(*places, strict=True)))

    def take(self, chosen: Any) -> Windows:
        """Return some of them."""
        return Windows(*(each[chosen] for each in self))

    def without(self, rows: NDArray[np.bool_]) -> Windows:
        """Return those that end before marked rows."""
        return self.take(~rows[self.starts + self.lengths - 1])

    def evenly(self, most: int) -> Windows:
        """Return some at even distances, if there are more than so many."""
        n = len(self.starts)
        return self.take(np.linspace(0, n - 1, min(n, most)).round().astype(np.int64))

    def of(self, sequences: RaggedArray) -> RaggedArray:
        """Return the windows as sequences."""
        rows = ranges(self.starts, self.lengths)
        offsets = offsets_from_lengths(self.lengths)
        return RaggedArray(sequences.values[rows], offsets, sequences.n_codes)

    def chunks(self, n_features: int) -> list[slice]:
        """Return slices of as many windows at a time as memory should hold."""
        n = max(1, CHUNK // (int(self.lengths.max(initial=1)) * n_features))
        return [slice(i, i + n) for i in range(0, len(self.starts), n)]

    def named(self, of: Recordings) -> pd.Series:
        """Return the windows in a Series, indexed by recording and position."""
        recording = np.searchsorted(of.sequences.offsets, self.starts, "right") - 1
        starts = self.starts - of.sequences.offsets[recording]
        names = ["recording", "start"]
        index = pd.MultiIndex.from_arrays([of.ids[recording], starts], names=names)
        known = of.container
        form = "records" if any(known.levels) else "array"
        container = replace(
            known, kind="nested_series", columns=None, layouts=((form, known.dtype),)
        )
        windows = from_ragged(self.of(of.sequences), container, index)
        if known.feature_names:
            windows.attrs["columns"] = list(known.feature_names)
        return windows

    def whole(self, window: int, missing: NDArray[np.bool_], most: int) -> Windows:
        """Return those of full length, in which at most so many rows are missing."""
        until = np.append(0, np.cumsum(missing))
        n_missing = until[self.starts + self.lengths] - until[self.starts]
        return self.take((self.lengths == window) & (n_missing <= most))

    def mean_by_time(self, values: Floats, n_timesteps: int) -> Floats:
        """Average what is known of windows over those that tell of a time step, or NaN.

        One number of each window, or several, (n_windows, n).
        """
        total, count = np.zeros((n_timesteps, *values.shape[1:])), np.zeros(n_timesteps)
        for some in self.chunks(int(np.prod(values.shape[1:]))):
            chunk = self.take(some)
            rows = ranges(chunk.starts, chunk.counts)
            # One after the other: so a sum is the same in any company
            np.add.at(total, rows, np.repeat(values[some], chunk.counts, axis=0))
            np.add.at(count, rows, 1.0)
        with np.errstate(invalid="ignore"):
            return (total.T / count).T

    def judged_by_time(
        self, sequences: RaggedArray, judge: Callable[[RaggedArray], Floats]
    ) -> Floats:
        """Return the mean of what is judged of the windows around each time step.

        NaN where there is no window. Judges as many at a time as memory should hold.
        """
        chunks = self.chunks(sequences.n_features)
        judged = [judge(self.take(chunk).of(sequences)) for chunk in chunks]
        values = np.concatenate(judged) if judged else np.zeros(0)
        return self.mean_by_time(values, sequences.n_timesteps)


@validate_params(CUT, prefer_skip_nested_validation=True)
def to_windows(X: Any, window: int, *, stride: int = 1) -> pd.Series:
    """Cut recordings into overlapping windows.

    `LSTMAutoencoderTransformer` takes them, so there is an embedding for each.

    Parameters
    ----------
    X : array, DataFrame, Series or list of them
        Recordings, as `WindowOutlierDetector` takes them. Windows span no gap in time.
    window : int
        Time steps of a window.
    stride : int, default=1
        Time steps from one window to the next, at most `window`.

    Returns
    -------
    windows : pandas.Series of ndarrays of shape (window, n_features)
        Or of shape (window,), if recordings are 1-D. The index has the number of the
        recording, or its id, and the position where the window starts. The last window
        ends with the recording, and the first one begins with it, even where that is
        less than a stride before the next. A shorter recording is one window.

    Raises
    ------
    ValueError, TypeError
        If recordings can't be read, or `stride` would leave out time steps.

    See Also
    --------
    from_windows : The way back.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_seqae import to_windows
    >>> windows = to_windows(np.arange(7.0), 4, stride=2)
    >>> windows.index.get_level_values("start").tolist()
    [0, 1, 3]
    >>> windows.iloc[-1]
    array([3., 4., 5., 6.])
    """
    of, windows = _read_windows(X, window, stride)
    return windows.named(of)


@validate_params(CUT, prefer_skip_nested_validation=True)
def from_windows(values: Any, X: Any, window: int, *, stride: int = 1) -> Any:
    """Average over the windows that a time step is in: the way back from `to_windows`.

    Parameters
    ----------
    values : array-like of shape (n_windows,)
        A number for each window, such as a score.
    X : array, DataFrame, Series or list of them
        The recordings that were cut.
    window, stride : int
        As in `to_windows`.

    Returns
    -------
    by_time : ndarray, Series or list of ndarray
        A number for each time step, as `WindowOutlierDetector.score_samples` returns
        them. The first window of a recording counts where there is no other.

    Raises
    ------
    ValueError
        If there are more or fewer values than windows.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_seqae import from_windows
    >>> from_windows([8.0, 1.0, 5.0], np.arange(7.0), 4, stride=2)
    array([8., 1., 1., 3., 3., 5., 5.])
    """
    of, windows = _read_windows(X, window, stride)
    column = np.asarray(values, np.float64)
    if column.shape != windows.starts.shape:
        raise ValueError(
            f"values has shape {column.shape}; expected ({len(windows.starts)},): one "
            "number for each window of to_windows."
        )
    return of.give(windows.mean_by_time(column, of.sequences.n_timesteps))


def _read_windows(X: Any, window: int, stride: int) -> tuple[Recordings, Windows]:
    check_stride(window, stride)
    of = read_recordings(X)
    return of, Windows.place(of.parts(of.axis, of.usual_step()), window, stride)


def check_stride(window: int, stride: int) -> None:
    """Check that windows leave no time step out."""
    if stride > window:
        raise ValueError(
            f"stride is {stride}, but windows have {window} time steps: some would be "
            f"in no window; expected at most {window}."
        )
