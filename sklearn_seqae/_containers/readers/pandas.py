"""Frames and Series of pandas: wide, long or nested; moments of their time steps."""

from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sklearn_seqae._containers.kinds import Container, Layout, Levels, TimeAxis
from sklearn_seqae._containers.ragged import (
    Floats,
    Ints,
    RaggedArray,
    Show,
    by_position,
    float_dtype,
    locate,
    offsets_from_lengths,
)
from sklearn_seqae._containers.readers import arrays, checks, nested
from sklearn_seqae._containers.readers.levels import (
    Feature,
    feature_from_pandas,
    stacked,
)
from sklearn_seqae._containers.readers.misread import refuse_text
from sklearn_seqae.exceptions import InvalidSequenceError

READING = "each column is one feature"


class Moments(NamedTuple):
    """The moment of every time step."""

    # (n_timesteps,), int64, uint64 or float64: in the unit of the dtype, in UTC;
    # sequence after sequence
    ticks: NDArray[Any]
    times: TimeAxis  # what they were


def ragged_from_pandas(X: pd.DataFrame | pd.Series) -> checks.Read:
    if nested.holds_sequences(X):
        return nested.ragged_from_nested(X)
    if X.index.nlevels > 1:
        return ragged_from_long(X)
    if isinstance(X, pd.Series):
        return arrays.ragged_from_numpy(X)  # which refuses it
    refuse_text(X)
    values = checks.to_numpy(X, "each row is one univariate sequence")
    ragged, container = arrays.ragged_from_table(values)
    return ragged, replace(
        container,
        kind="dataframe",
        columns=tuple(X.columns.tolist()),
        column_names=tuple(X.columns.names),
    )


def ids_of_sequences(X: Any) -> pd.Index | None:
    """Return the label of every sequence, None if the container has no labels.

    Series of a long table are in the order in which they first appear.
    """
    if not isinstance(X, pd.DataFrame | pd.Series):
        return None
    if X.index.nlevels == 1 or nested.holds_sequences(X):
        return X.index
    _, labels = pd.factorize(_codes(X.index, 0))
    return X.index.levels[0].take(labels).rename(X.index.names[0])


def ragged_from_long(X: pd.DataFrame | pd.Series) -> checks.Read:
    """Read a long table. Series come in the order in which they first appear.

    The rows of a series are in the order of time; others may stand between them. Two
    may have one time only where there are categories: events may happen at once.
    """
    is_series = isinstance(X, pd.Series)
    frame: pd.DataFrame = X.to_frame() if is_series else X
    _check_shape(frame)
    index = frame.index
    series, labels, order = _series_in_order(index)

    def show(i: int) -> str:
        return f"series {index.levels[0][labels[[i]]].tolist()[0]!r}"

    values, levels = _values(frame)
    may_stand = bool(levels) or not frame.shape[1]  # events may happen at once
    _check_times(index, order, series, show, may_stand)
    offsets = offsets_from_lengths(np.bincount(series))
    ragged = RaggedArray(values[order], offsets)
    checks.check_values(ragged, show)
    columns = (X.name,) if is_series else tuple(frame.columns.tolist())
    return ragged, Container(
        "long_series" if is_series else "long_dataframe",
        ragged.dtype.name,
        univariate=is_series,
        n_columns=None if is_series else frame.shape[1],
        columns=columns,
        column_names=tuple(frame.columns.names),
        index_names=tuple(index.names),
        layouts=tuple(_floating(dtype) for dtype in frame.dtypes),
        feature_names=checks.as_names(columns),
        levels=levels,
    )


def _values(frame: pd.DataFrame) -> tuple[Floats, tuple[Levels | None, ...]]:
    """Return the features side by side, and the levels of those with categories."""
    columns = [frame.iloc[:, j] for j in range(frame.shape[1])]
    read = [feature_from_pandas(c, f"column {c.name!r}") for c in columns]
    if not columns:
        return np.empty(frame.shape), ()
    if not any(read):
        return checks.as_float(checks.to_numpy(frame, READING)), ()
    return stacked(
        [
            found or Feature(checks.column_to_numpy(column, READING))
            for column, found in zip(columns, read, strict=True)
        ]
    )


def _series_in_order(index: pd.MultiIndex) -> tuple[Ints, Ints, Ints | slice]:
    """Return the series of each row, their labels, and the order of the rows.

    Series are numbered as they appear. The order is a slice if rows are together.
    """
    series, labels = pd.factorize(_codes(index, 0))
    if not np.any(series[1:] < series[:-1]):
        return series, labels, slice(None)
    order = np.argsort(series, kind="stable")
    return series[order], labels, order


def _check_shape(frame: pd.DataFrame) -> None:
    n_levels = frame.index.nlevels
    if n_levels != 2:
        raise ValueError(
            f"X has an index of {n_levels} levels {list(frame.index.names)}; a long "
            "table has two, series and time. Merge the levels that identify a series."
        )
    if not len(frame):  # without columns, times are all there is
        checks.check_not_empty(frame.shape, ("rows", "columns"))


def _codes(index: pd.MultiIndex, level: int) -> Ints:
    """Return the position of each row's label in the level; raise for null."""
    codes = np.asarray(index.codes[level])
    null = codes < 0
    if null.any():
        noun = ("series", "time")[level]
        raise ValueError(
            f"row {int(null.argmax())} of X has a null {noun} (level "
            f"{index.names[level]!r} of its index); give it one, or drop the row."
        )
    return codes


def _check_times(
    index: pd.MultiIndex, order: Ints | slice, series: Ints, show: Show, may_stand: bool
) -> None:
    """Raise if time does not rise from one row of a series to the next."""
    rank = _rank(index)[_codes(index, 1)][order]
    same_series = series[1:] == series[:-1]
    falls = same_series & (rank[1:] < rank[:-1])
    stands = same_series & (rank[1:] == rank[:-1]) & (not may_stand)
    if not (falls.any() or stands.any()):
        return
    row = int((falls if falls.any() else stands).argmax())
    times = index.get_level_values(1)[order]
    earlier, later = map(str, times[row : row + 2])
    if falls.any():
        raise InvalidSequenceError(
            f"{show(int(series[row]))} is not sorted by time: {later} comes after "
            f"{earlier}. Sort the rows with X.sort_index(), which sorts series, too; "
            "or let to_sequences sort them, which returns a column of sequences."
        )
    raise InvalidSequenceError(
        f"{show(int(series[row]))} has more than one row at time {later}; keep one "
        "for each time, for instance with X[~X.index.duplicated()]."
    )


def _rank(index: pd.MultiIndex) -> Ints:
    """Return the rank of each time among the labels of its level."""
    times = index.levels[1]
    name = index.names[1]
    if times.dtype == object:
        zones = {str(t.tzinfo): t for t in times if isinstance(t, datetime)}
        if len(zones) > 1:
            raise TypeError(
                f"the times of X (level {name!r} of its index) have several time "
                f"zones ({', '.join(sorted(zones))}); convert them to one first, for "
                "instance with pandas.to_datetime(times, utc=True)."
            )
    if times.is_monotonic_increasing:
        return np.arange(len(times))
    try:
        order = times.argsort()
    except TypeError as error:
        raise TypeError(
            f"the times of X (level {name!r} of its index) can't be compared: {error}; "
            "make them all numbers, or all dates."
        ) from error
    return np.argsort(order)


def _floating(dtype: Any) -> Layout:
    """Return the floating dtype of the same library, to give values back in."""
    name = float_dtype(dtype).name
    if hasattr(dtype, "pyarrow_dtype"):
        return ({"float32": "float[pyarrow]", "float64": "double[pyarrow]"}[name],)
    if hasattr(dtype, "numpy_dtype"):  # pandas' own: Int64, Float32, boolean
        return (name.capitalize(),)
    return (name,)


def moments_of_sequences(X: Any) -> Moments | None:
    """Return the moments of all time steps, None where there are none.

    Of a long table, its index; of sequences of `to_sequences`, a field, whose times may
    neither be missing nor fall.
    """
    if not isinstance(X, pd.DataFrame | pd.Series):
        return None
    if nested.holds_sequences(X):
        return _moments_of_cells(X)
    if X.index.nlevels != 2:
        return None
    _, _, order = _series_in_order(X.index)
    times, zone = X.index.get_level_values(1)[order], None
    if isinstance(times.dtype, pd.DatetimeTZDtype):
        zone, times = str(times.dtype.tz), times.tz_convert(None)
    dtype = getattr(times.dtype, "numpy_dtype", times.dtype)
    if not isinstance(dtype, np.dtype) or dtype.kind not in "iufmM":
        return None
    return _moments(times.to_numpy(dtype=dtype), X.index.names[1], zone)


def _moments_of_cells(X: pd.DataFrame | pd.Series) -> Moments | None:
    found = nested.times_of_cells(X)
    if found is None:
        return None
    times, zone = found
    column = X if isinstance(X, pd.Series) else X.iloc[:, 0]
    offsets = offsets_from_lengths(column.map(len).to_numpy(np.int64))
    show, missing = checks.by_label(X.index), pd.isna(times)
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
    return _moments(times, X.attrs.get("order", nested.time_field(X)), zone)


def _moments(times: NDArray[Any], name: Any, zone: str | None) -> Moments:
    if (wrong := times[~np.isfinite(times)]).size:
        raise InvalidSequenceError(f"X has {wrong[0]} as its time, {name!r}; mend it.")
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
    moments: Moments, offsets: Ints, times: TimeAxis, others: str = "those in fit"
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
