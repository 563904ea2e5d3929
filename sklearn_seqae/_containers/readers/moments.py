"""Moments of the time steps of a container, where it has them."""

from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sklearn_seqae._containers.kinds import TimeAxis
from sklearn_seqae._containers.ragged import locate, offsets_from_lengths
from sklearn_seqae._containers.readers.checks import by_label, by_position
from sklearn_seqae._containers.readers.nested import (
    holds_sequences,
    time_field,
    times_of_cells,
)
from sklearn_seqae._containers.readers.pandas import times_of_long
from sklearn_seqae.exceptions import InvalidSequenceError


class Moments(NamedTuple):
    """The moment of every time step."""

    # (n_timesteps,), int64, uint64 or float64: in the unit of the dtype, in UTC;
    # sequence after sequence
    ticks: NDArray[Any]
    times: TimeAxis  # what they were


def moments_of_sequences(X: Any) -> Moments | None:
    """Return the moments of all time steps, None where there are none.

    A long table of pandas has moments in its index, if these are numbers, dates or
    durations. Sequences of `to_sequences` have a field of them, whose times may neither
    be missing nor fall.
    """
    if not isinstance(X, pd.DataFrame | pd.Series):
        return None
    if holds_sequences(X):
        return _moments_of_cells(X)
    if X.index.nlevels != 2:
        return None
    times, zone = times_of_long(X), None
    if isinstance(times.dtype, pd.DatetimeTZDtype):
        zone, times = str(times.dtype.tz), times.tz_convert(None)
    dtype = getattr(times.dtype, "numpy_dtype", times.dtype)
    if not isinstance(dtype, np.dtype) or dtype.kind not in "iufmM":
        return None
    return _moments(times.to_numpy(dtype=dtype), X.index.names[1], zone)


def _moments_of_cells(X: pd.DataFrame | pd.Series) -> Moments | None:
    found = times_of_cells(X)
    if found is None:
        return None
    times, zone = found
    column = X if isinstance(X, pd.Series) else X.iloc[:, 0]
    offsets = offsets_from_lengths(column.map(len).to_numpy(np.int64))
    show, missing = by_label(X.index), pd.isna(times)
    if missing.any():
        i, t = locate(offsets, int(missing.argmax()))
        raise InvalidSequenceError(
            f"{show(i)} has a null time at time step {t}; give it one, or drop the "
            "time step."
        )
    falls = times[1:] < times[:-1]
    falls[offsets[1:-1] - 1] = False
    if falls.any():
        i, t = locate(offsets, int(falls.argmax()))
        earlier, later = times[offsets[i] + t : offsets[i] + t + 2]
        raise InvalidSequenceError(
            f"{show(i)} is not sorted by time: {later} comes after {earlier}; let "
            "to_sequences sort the rows."
        )
    return _moments(times, X.attrs.get("order", time_field(X)), zone)


def _moments(times: NDArray[Any], name: Any, zone: str | None) -> Moments:
    dtype = times.dtype
    ticks = times.view(np.int64) if dtype.kind in "mM" else times
    if dtype != np.uint64:
        ticks = ticks.astype(np.result_type(ticks, np.int64), copy=False)
    return Moments(ticks, TimeAxis(name, str(dtype), zone))


def joined_times(ours: TimeAxis | None, theirs: TimeAxis | None) -> TimeAxis | None:
    """Return the times of several parts: those of the first, with room for all."""
    if ours is None or theirs is None or np.dtype(theirs.dtype).kind in "mM":
        return ours or theirs
    return replace(ours, dtype=str(np.result_type(ours.dtype, theirs.dtype)))


def in_unit_of(
    moments: Moments,
    offsets: NDArray[np.int64],
    times: TimeAxis,
    others: str = "those in fit",
) -> NDArray[Any]:
    """Return ticks in the unit of other times, which `others` names in messages.

    They are float64 where `moments` are finer, or have fractions. Raise if a moment is
    out of the range of a finer unit, or if these are another kind: dates and numbers,
    or with a time zone and without.
    """
    own, other = np.dtype(moments.times.dtype), np.dtype(times.dtype)
    kinds = [_kind(np.dtype(t.dtype), t.zone) for t in (moments.times, times)]
    if kinds[0] != kinds[1]:
        raise TypeError(
            f"the times of X are {kinds[0]}, but {others} were {kinds[1]}; convert "
            "them."
        )
    ticks = moments.ticks
    if own.kind not in "mM" or own == other:
        return ticks
    units: list[Any] = [np.datetime_data(dtype) for dtype in (own, other)]
    tick, tick_of_others = (np.timedelta64(n, unit) for unit, n in units)
    ratio = float(tick / tick_of_others)
    if not ratio.is_integer():
        return ticks * ratio
    beyond = np.abs(ticks) > times.limits[1] // int(ratio)
    if beyond.any():
        row = int(beyond.argmax())
        i, t = locate(offsets, row)
        moment = times.out_of_range(int(ticks[row]) * int(ratio))
        raise InvalidSequenceError(
            f"{by_position(i)} has at time step {t} the moment {moment}. Mend it, or "
            "fit on times of the coarser unit."
        )
    return ticks * int(ratio)


def _kind(dtype: np.dtype[Any], zone: str | None) -> str:
    if dtype.kind == "M":
        return "dates without a time zone" if zone is None else "dates in a time zone"
    return "durations" if dtype.kind == "m" else "numbers"
