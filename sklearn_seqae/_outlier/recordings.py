"""Recordings as they come, their gaps and their period."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse
from scipy.signal import detrend, find_peaks
from sklearn.utils import check_array

from sklearn_seqae._containers.kinds import Container, TimeAxis
from sklearn_seqae._containers.ragged import Ints, RaggedArray
from sklearn_seqae._containers.readers import checks, ids_of_sequences, to_ragged
from sklearn_seqae._containers.readers.nested import holds_sequences
from sklearn_seqae._containers.readers.pandas import (
    Moments,
    in_unit_of,
    moments_of_sequences,
)
from sklearn_seqae._sequences.missing import fill_missing

GAP = 5  # usual steps; a longer one is a gap
USUAL = 0.9  # share of the steps that are not longer than the usual one
LONGEST_PERIOD = 1000
ENOUGH = 2**17  # time steps of a recording that tell its period
CORRELATED = 0.2  # autocorrelation of what repeats
NEXT_TO = 0.9  # of the highest peak; the first as high is the period


class Recordings(NamedTuple):
    """Recordings as they were read."""

    sequences: RaggedArray
    container: Container
    table: Any  # (n_timesteps, n_features): all time steps, a frame if they have names
    ids: pd.Index
    moments: Moments | None  # None where there are no times
    give: Callable[[NDArray[Any]], Any]  # a value for each time step, as `X` came

    @property
    def axis(self) -> TimeAxis | None:
        return None if self.moments is None else self.moments.times

    def steps(self, axis: TimeAxis | None) -> NDArray[Any]:
        """Return times from one time step to the next; 0 where there are no times.

        And 0 from one recording to the next.
        """
        offsets = self.sequences.offsets
        if axis is None or self.moments is None:
            return np.zeros(self.sequences.n_timesteps - 1)
        steps = np.diff(in_unit_of(self.moments, offsets, axis))
        steps[offsets[1:-1] - 1] = 0
        return steps

    def usual_step(self) -> float:
        """Return the time of a step, which nine in ten don't exceed."""
        steps = self.steps(self.axis)
        steps = steps[steps > 0]
        return float(np.quantile(steps, USUAL, method="lower")) if len(steps) else 0.0

    def days(self, usual_step: float) -> float | None:
        """Return how long recordings are without gaps; None where times are numbers."""
        if self.axis is None or np.dtype(self.axis.dtype).kind not in "mM":
            return None
        steps = self.steps(self.axis)
        unit: Any = np.datetime_data(np.dtype(self.axis.dtype))
        day = np.timedelta64(1, "D") / np.timedelta64(unit[1], unit[0])
        return float(steps[steps <= GAP * usual_step].sum() / day)

    def parts(self, axis: TimeAxis | None, usual_step: float) -> Ints:
        """Return the offsets of parts without a gap.

        Where time goes on, but nothing is observed, a run of missing time steps is one.
        """
        gaps = np.flatnonzero(self.steps(axis) > GAP * usual_step) + 1
        missing = np.isnan(self.sequences.values).all(axis=1)
        changes = np.flatnonzero(np.diff(missing, prepend=False, append=False))
        runs = changes.reshape(-1, 2)  # from, to
        gaps = np.append(gaps, runs[runs[:, 1] - runs[:, 0] > GAP])
        return np.union1d(self.sequences.offsets, gaps)


def read_recordings(X: Any) -> Recordings:
    """Read one recording, or several."""
    if isinstance(X, np.ndarray) and X.dtype == object and X.ndim == 1:
        X = X.tolist()
    if isinstance(X, list | tuple) and X and all(map(_is_flat, X)):
        to_ragged(X)  # which refuses frames of other columns
        X = pd.concat(dict(enumerate(X)))
    if _is_flat(X):
        index = pd.MultiIndex.from_arrays([["X"] * len(X), X.index])
        of = _read_long(X.set_axis(index))
        return of._replace(ids=pd.RangeIndex(1), give=lambda v: pd.Series(v, X.index))
    is_pandas = isinstance(X, pd.DataFrame | pd.Series)
    if is_pandas and not holds_sequences(X):
        return _read_long(X)
    several = isinstance(X, list | tuple) and any(
        hasattr(x, "__array__") and np.ndim(x) > 0 for x in X
    )
    if several or is_pandas or getattr(X, "ndim", 0) == 3:
        of = _read(X)
        levels = [of.ids.repeat(of.sequences.lengths), of.sequences.positions]
        index = pd.MultiIndex.from_arrays(levels, names=["recording", "step"])
        return of._replace(give=lambda values: pd.Series(values, index))
    of_numpy = hasattr(X, "__array__") or sparse.issparse(X)  # which it refuses
    if not (of_numpy or isinstance(X, list | tuple)):
        raise TypeError(
            f"X is {checks.describe(X)}; expected an array of shape (n_timesteps, "
            "n_features), a frame of pandas indexed by time, or by series and time, or "
            "a list of recordings."
        )
    checks.check_dimensions(X, axis=0)
    loose = {"dtype": None, "ensure_2d": False, "ensure_all_finite": False}
    return _read([check_array(checks.as_plain(X), **loose, input_name="X")])


def _is_flat(X: Any) -> bool:
    """Return whether it is one recording of pandas."""
    is_pandas = isinstance(X, pd.DataFrame | pd.Series)
    return is_pandas and X.index.nlevels == 1 and not holds_sequences(X)


def _read(X: Any) -> Recordings:
    sequences, container = to_ragged(X)
    ids = ids_of_sequences(X)
    return Recordings(
        sequences,
        container,
        X if isinstance(X, pd.DataFrame) else sequences.values,
        pd.RangeIndex(len(sequences)) if ids is None else ids,
        moments_of_sequences(X),
        lambda values: values,
    )


def _read_long(X: Any) -> Recordings:
    """Read a long table, whose rows may stand in any order of series."""
    of = _read(X)
    place = np.argsort(np.argsort(pd.factorize(X.index.codes[0])[0], kind="stable"))
    return of._replace(give=lambda values: pd.Series(values[place], X.index))


def dominant_period(sequences: RaggedArray) -> int | None:
    """Return the period of recordings in time steps, None where nothing repeats.

    The first high peak of the autocorrelation beyond its first zero, averaged over
    features. The autocorrelation tells a period from its multiples better than the
    spectrum does (Vlachos, Yu and Castelli, 2005, SIAM Data Mining).
    """
    total, weight = np.zeros((2, LONGEST_PERIOD + 2))
    for values in fill_missing(sequences.numbers):
        if values.size < 2:
            continue
        values = detrend(values[:ENOUGH].astype(np.float64), axis=0)
        n = len(values)
        lags = np.arange(min(n // 3 + 1, len(total)))
        spectrum = np.fft.rfft(values, 2 * n, axis=0)
        found = np.fft.irfft(np.abs(spectrum) ** 2, axis=0)[lags]
        varies = found[0] > np.finfo(np.float64).eps * n
        pairs = n - lags[:, np.newaxis]
        total[lags] += n * (found / pairs)[:, varies].sum(axis=1)
        weight[lags] += n * (found[0] / n)[varies].sum()
    known = int((weight > 0).sum())
    correlation = total[:known] / weight[:known]
    first = int((correlation < 0).argmax()) if known else 0
    peaks, _ = find_peaks(correlation[first:], height=CORRELATED)
    if not first or not len(peaks):
        return None
    peaks += first
    high = correlation[peaks] >= NEXT_TO * correlation[peaks].max()
    return int(peaks[high][0])
