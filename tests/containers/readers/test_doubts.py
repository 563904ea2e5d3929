"""What can be read otherwise than it was meant: never in silence, and no false alarm.

Each line of `MISUSES` is an `X` and what the warning or the error says; each of
`HEALTHY` passes in silence. Where the message says what to type, `MENDED` has what
that makes of `X`.
"""

import re
import warnings
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from sklearn_seqae import (
    LSTMAutoencoderTransformer,
    from_channels_first,
    to_sequences,
)
from sklearn_seqae._containers.gate import validate_sequences

nan = np.nan
RNG = np.random.default_rng(0)
LENGTHS = RNG.integers(10, 30, size=40)
T = LENGTHS.max()
S = [RNG.normal(size=n) for n in LENGTHS]  # univariate
M = [RNG.normal(size=(n, 2)) for n in LENGTHS]  # two features
RISING = [
    [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9],
    [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8],
    [0.2, 0.4, 0.6, 0.8],
    [0.3, 0.6, 0.9, 1.2],
]
RISING = [np.array(x) for x in RISING]
LONG = pd.concat(
    pd.DataFrame({"id": f"p{i:02}", "t": np.arange(len(x)), "a": x[:, 0], "b": x[:, 1]})
    for i, x in enumerate(M)
).reset_index(drop=True)
NUMBERED = LONG.assign(id=LONG["id"].str[1:].astype(int))
DATED = LONG.assign(t=pd.Timestamp("2024-01-01") + pd.to_timedelta(LONG["t"], "D"))
WIDE = LONG.pivot(index="id", columns="t", values=["a", "b"])


def padded(sequences, value=0.0, front=False, width=None):
    """Pad as Keras's pad_sequences does, without it."""
    width = width or max(map(len, sequences))
    table = np.full((len(sequences), width, *sequences[0].shape[1:]), value, float)
    for row, x in zip(table, sequences, strict=True):
        row[len(row) - len(x) :] = x if front else row[len(row) - len(x) :]
        if not front:
            row[: len(x)] = x
    return table


def columns(sequences):
    return pd.concat([pd.Series(x) for x in sequences], axis=1)


def flat(frame, join="_"):
    return frame.set_axis([f"{a}{join}{t}" for a, t in frame.columns], axis=1)


def groups(frame, **kwargs):
    return [group for _, group in frame.groupby("id", **kwargs)]


def panel(frame, names=("t", "id")):
    return frame.set_index(["t", "id"]).sort_index().rename_axis(names)


def data_array(values, *dims):
    """Return what looks like an xarray.DataArray."""
    cls = type("DataArray", (SimpleNamespace,), {"__module__": "xarray.core.dataarray"})
    cls.__array__ = lambda self, dtype=None, copy=None: self.values
    return cls(values=values, dims=dims)


def arrow(frame):
    return pytest.importorskip("pyarrow").Table.from_pandas(
        frame.rename(columns=str), preserve_index=False
    )


def polars(frame):
    return pytest.importorskip("polars").from_arrow(arrow(frame))


def labelled(rows):
    return np.column_stack([np.arange(len(rows)) % 3, rows])


def in_order(columns):
    return pd.DataFrame(np.random.default_rng(0).normal(size=(40, 12)), columns=columns)


def read(X):
    """Read X as a fit does; return the sequences and what was said."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        ragged, _ = validate_sequences(X, None, "LSTMAutoencoderTransformer")
    assert len(caught) <= 1
    return list(ragged), "".join(str(each.message) for each in caught)


HOURLY = pd.date_range("2024-01-01", periods=300, freq="h")
NORMAL = RNG.normal(size=(300, 3))
WAVES = np.sin(np.arange(300)[:, np.newaxis] / 10 + [0, 1, 2])
POST, PRE = padded(M), padded(M, front=True)
STAIRS = np.sort(LENGTHS)[::-1]  # longest first
SORTED = [RNG.normal(size=n) for n in STAIRS]
IN_COLUMNS = r"ends of its columns.*pass X\.T"
TIME_FIRST = r"ends of its second axis.*swapaxes\(X, 0, 1\)"
CHANNELS = r"end of the features.*swapaxes\(X, 1, 2\)"
ONE = r"looks like a table with a row for each time step.*\[X\]"
SWAPPED = r"level of the series must come first.*X\.swaplevel\(\)\.sort_index\(\)"
IDS = r"'id' is the same within each.*'t' rises within each.*by='id', order='t'"
ID = r"'id' is the same within each"
PADDING = r"most of them end in runs of 0\.0 .*\[x\[:len\(x\)"
IN_FRONT = r"most of them begin in runs of 0\.0 .*argmax\(\):\]"
BLOCKS = r"29 of each of \['a', 'b'\].*numpy\.stack"
CLASS = r"begins with a whole number, \d diff.*asarray\(X\)\[:, 1:\] as X"
FIRST = r"If features come before time, pass from_channels_first\(X\)"
RECORDING = r"each row is close to the one before.*pass \[X\]"
STEPS = r"their names tell another order.*X\[sorted\(X\.columns, key="
FALLING = r"sequence 0 has an index of times that is not sorted.*x\.sort_index\(\)"
CODE = r"-999, far from all its other values: a code for missing"
ORDER = r"dimensions.*pass X\.transpose\('case', 'time', 'channel'\)"

MISUSES = {
    # one column per sequence
    "columns": (columns(S), IN_COLUMNS),
    "columns of three": (columns(sorted(S, key=len)[::15]), IN_COLUMNS),
    "columns, array": (columns(S).to_numpy(), IN_COLUMNS),
    "columns, float32": (columns(S).astype(np.float32), IN_COLUMNS),
    "columns, nullable": (columns(S).convert_dtypes(), IN_COLUMNS),
    "columns, named": (columns(S).add_prefix("patient "), IN_COLUMNS),
    "columns, from a dict": (
        pd.DataFrame({f"p{i}": pd.Series(x) for i, x in enumerate(S)}),
        IN_COLUMNS,
    ),
    "columns with gaps": (
        columns([np.where(RNG.random(len(x)) < 0.01, nan, x) for x in S]),
        IN_COLUMNS,
    ),
    "columns, filled with zero": (columns(S).fillna(0), IN_COLUMNS),
    "columns, filled, array": (columns(S).fillna(0).to_numpy(), IN_COLUMNS),
    "columns, filled with -1": (columns(S).fillna(-1), IN_COLUMNS),
    "columns, polars": (lambda: polars(columns(S)), r"asarray\(X\)\.T"),
    "columns, pyarrow": (lambda: arrow(columns(S)), r"asarray\(X\)\.T"),
    "columns of counts": (
        columns([RNG.poisson(9, size=len(x)) for x in S]),
        IN_COLUMNS,
    ),
    "tutorial": (columns(RISING), r"each column is one sequence, pass X\.T"),
    "tutorial, array": (columns(RISING).to_numpy(), IN_COLUMNS),
    "time first": (padded(M, nan).swapaxes(0, 1), TIME_FIRST),
    "time first, as of torch": (POST.swapaxes(0, 1), TIME_FIRST),
    "channels first": (padded(M, nan).swapaxes(1, 2), CHANNELS),
    "channels first, zeros": (POST.swapaxes(1, 2), CHANNELS),
    # panels
    "panel": (panel(LONG), SWAPPED),
    "panel of one": (panel(LONG)["a"], SWAPPED),
    "panel of dates": (panel(DATED), SWAPPED),
    "panel of dates, no names": (panel(DATED, [None, None]), SWAPPED),
    "panel of periods": (
        panel(DATED.assign(t=DATED["t"].dt.to_period("D"))),
        SWAPPED,
    ),
    "panel of numbers": (panel(NUMBERED), SWAPPED),
    "panel, no names": (panel(NUMBERED, [None, None]), SWAPPED),
    "panel, dates and numbers": (
        panel(NUMBERED.assign(t=DATED["t"]), ["date", "store"]),
        SWAPPED,
    ),
    "panel of events": (panel(LONG.assign(b="x")), SWAPPED),
    # one recording
    "one recording": (pd.DataFrame(NORMAL, HOURLY, list("abc")), ONE),
    "one recording, no names": (pd.DataFrame(NORMAL, HOURLY), ONE),
    "one recording, numbered": (
        pd.DataFrame(NORMAL, HOURLY, ["x1", "x2", "x3"]),
        ONE,
    ),
    "one recording, in a zone": (
        pd.DataFrame(NORMAL, HOURLY.tz_localize("UTC"), list("abc")),
        ONE,
    ),
    "one recording, irregular": (
        pd.DataFrame(NORMAL, np.sort(RNG.permutation(HOURLY)), list("abc")),
        ONE,
    ),
    "one recording, durations": (
        pd.DataFrame(NORMAL, HOURLY - HOURLY[0], list("abc")),
        ONE,
    ),
    "one recording, periods": (
        pd.DataFrame(NORMAL, HOURLY.to_period("h"), list("abc")),
        ONE,
    ),
    "one recording, seconds": (
        pd.DataFrame(NORMAL, pd.Index(np.arange(300) / 50, name="time"), list("abc")),
        ONE,
    ),
    # ids and times as features
    "groups": (groups(LONG), IDS),
    "groups, tuple": (tuple(groups(LONG)), IDS),
    "groups, numbers": (groups(NUMBERED), IDS),
    "groups, not sorted": (
        groups(NUMBERED.sample(frac=1, random_state=0), sort=False),
        ID,
    ),
    "groups, no time": (groups(LONG.drop(columns="t")), ID),
    "groups, no id": (
        groups(LONG)[:0] or [g.drop(columns="id") for g in groups(LONG)],
        r"'t' rises within each, as a time does",
    ),
    "groups, events": (groups(LONG.assign(b="x")), IDS),
    "groups, categories": (groups(LONG.astype({"id": "category"}), observed=True), IDS),
    "groups of arrays": (
        [g.to_numpy() for g in groups(NUMBERED)],
        r"'0' is the same.*x\[:, \[1, 2, 3\]\]",
    ),
    "groups in cells": (
        pd.Series([g.to_numpy() for g in groups(NUMBERED)]),
        r"'0' is the same",
    ),
    "groups, polars": (
        lambda: [polars(g) for g in groups(LONG)],
        r"x\.drop\(\['id', 't'\]\)",
    ),
    "groups, pyarrow": (
        lambda: [arrow(g) for g in groups(LONG)],
        r"x\.drop_columns\(\['id', 't'\]\)",
    ),
    "groups, dicts": ([g.to_dict("records") for g in groups(LONG)], ID),
    "groups, pairs": (list(LONG.groupby("id")), "rectangular|sequence 0"),
    "the groupby": (LONG.groupby("id"), r"pass list\(X\)"),
    # padding
    "zeros behind": (POST, PADDING),
    "zeros behind, float32": (POST.astype(np.float32), PADDING),
    "zeros behind, a list": (list(POST), PADDING),
    "zeros behind, lists": (POST.tolist(), PADDING),
    "zeros behind, objects": (pd.Series(list(POST)), PADDING),
    "zeros behind, rows": (padded(S), PADDING),
    "zeros behind, a frame": (pd.DataFrame(padded(S)), PADDING),
    "zeros behind, polars": (lambda: polars(pd.DataFrame(padded(S))), PADDING),
    "zeros behind, more": (padded(M, width=50), PADDING),
    "zeros behind, counts": (
        padded([RNG.poisson(3, size=n) for n in LENGTHS]),
        PADDING,
    ),
    "zeros behind, one-hot": (
        padded([np.eye(4)[RNG.integers(4, size=n)] for n in LENGTHS]),
        PADDING,
    ),
    "zeros behind, longest first": (padded(SORTED), PADDING),
    "zeros behind, scaled": (
        (POST - POST.mean(axis=(0, 1))) / POST.std(axis=(0, 1)),
        r"end in runs of \[.*list\(X\)\[\d+\]\)\[-1\]",
    ),
    "zeros behind, long": (
        pd.DataFrame(
            POST.reshape(-1, 2),
            pd.MultiIndex.from_product([range(40), range(T)], names=["id", "t"]),
        ),
        PADDING,
    ),
    "zeros behind, columns of cells": (
        pd.DataFrame({"a": list(POST[:, :, 0]), "b": list(POST[:, :, 1])}),
        r"end in runs of 0\.0 .*Pass sequences without it or NaN",
    ),
    "zeros in front": (PRE, IN_FRONT),
    "zeros in front, rows": (padded(S, front=True), IN_FRONT),
    "zeros in front, a frame": (pd.DataFrame(padded(S, front=True)), IN_FRONT),
    "NaN in front": (padded(M, nan, front=True), r"begin in runs of nan"),
    "NaN in front, a frame": (
        pd.DataFrame(padded(S, nan, front=True)),
        r"begin in runs of nan",
    ),
    "-1 behind": (padded(M, -1), r"end in runs of -1\.0"),
    "-999 in front": (padded(M, -999, front=True), r"begin in runs of -999\.0"),
    "tutorial, behind": (padded(RISING)[:, :, np.newaxis], PADDING),
    "tutorial, in front": (padded(RISING, front=True)[:, :, np.newaxis], IN_FRONT),
    # several features side by side
    "pivot": (WIDE, BLOCKS),
    "pivot, flat": (flat(WIDE), BLOCKS),
    "pivot, flat, points": (flat(WIDE, "."), BLOCKS),
    "pivot, flat, nothing": (flat(WIDE, ""), BLOCKS),
    "pivot, interleaved": (flat(WIDE.sort_index(axis=1, level=1)), BLOCKS),
    "unstacked": (LONG.set_index(["id", "t"]).unstack(), BLOCKS),
    "pivot, polars": (lambda: polars(flat(WIDE)), BLOCKS),
    # rows and columns
    "class first": (labelled(NORMAL.reshape(-1, 20)), CLASS),
    "class first, a frame": (
        pd.DataFrame(labelled(NORMAL.reshape(-1, 20))),
        CLASS,
    ),
    "class first, lists": (
        [np.r_[i % 3, x] for i, x in enumerate(S)],
        r"pass \[x\[1:\] for x in X\] as X",
    ),
    "class first, ragged": (
        pd.DataFrame(labelled(padded(S, nan))),
        CLASS,
    ),
    "one channel of aeon": (RNG.normal(size=(40, 1, 30)), FIRST),
    "three channels of aeon": (RNG.normal(size=(40, 3, 30)).cumsum(axis=2), FIRST),
    "recording, an array": (WAVES, RECORDING),
    "recording, a column": (WAVES[:, :1], RECORDING),
    "recording, a frame": (pd.DataFrame(WAVES), RECORDING),
    "columns as text": (in_order(sorted(map(str, range(12)))), STEPS),
    "columns as text, named": (in_order(sorted(f"t{i}" for i in range(12))), STEPS),
    "columns, last first": (in_order(range(12)[::-1]), STEPS),
    "columns, last date first": (
        in_order(HOURLY[:12][::-1]),
        r"Pass X\[sorted\(X\.columns\)\]",
    ),
    "columns as text, polars": (
        lambda: polars(in_order(sorted(f"t{i}" for i in range(12)))),
        STEPS,
    ),
    "frames, last date first": (
        [pd.DataFrame(x, HOURLY[: len(x)][::-1]) for x in M],
        FALLING,
    ),
    "Series, last date first": (
        [pd.Series(x, HOURLY[: len(x)][::-1]) for x in S],
        FALLING,
    ),
    "cells, last date first": (
        pd.Series([pd.Series(x, HOURLY[: len(x)][::-1]) for x in S]),
        FALLING,
    ),
    "columns of lists, a time": (
        LONG.groupby("id")[["t", "a", "b"]].agg(list),
        r"'t' rises within each.*X\.drop\(columns=\['t'\]\)",
    ),
    # missing values
    "-999": ([np.where(RNG.random(x.shape) < 0.1, -999, x) for x in M], CODE),
    "-999, long": (
        NUMBERED.assign(a=LONG["a"].where(LONG.index % 9 > 0, -999)).set_index(
            ["id", "t"]
        ),
        CODE,
    ),
    "1e20": (
        [np.where(np.arange(len(x)) == 3, 1e20, x).astype(np.float32) for x in S],
        r"1e\+20.*a code for missing",
    ),
    # dimensions
    "xarray": (
        data_array(padded(M, nan).swapaxes(1, 2), "case", "channel", "time"),
        ORDER,
    ),
    "xarray, time first": (
        data_array(padded(M, nan).swapaxes(0, 1), "time", "case", "channel"),
        ORDER,
    ),
    "xarray, one recording": (
        data_array(NORMAL, "time", "channel"),
        r"or \[X\.values\] if it is one sequence",
    ),
    "xarray, a list": (
        [data_array(x.T, "channel", "time") for x in M],
        r"pass x\.transpose\('time', 'channel'\)",
    ),
}


def of(X):
    return X() if callable(X) and not isinstance(X, pd.DataFrame) else X


@pytest.mark.parametrize("name", MISUSES)
def test_nothing_is_misread_in_silence(name):
    X, message = MISUSES[name]
    try:
        _, said = read(of(X))
    except (TypeError, ValueError) as error:
        said = str(error)
    assert re.search(message, said, re.DOTALL), said or "nothing was said"


DAYS = pd.DataFrame(RNG.normal(size=(60, 24)), pd.date_range("2024", periods=60))
DEAD = np.where(np.arange(40)[:, np.newaxis, np.newaxis] < 12, 0.0, POST[:1])
CONSTANT = RNG.normal(size=(40, 20, 2))
COUNTS = RNG.poisson(0.5, size=(40, 20))
STEPS = RNG.normal(size=(40, 20, 2)).cumsum(axis=1)
GAPS = np.where(RNG.random((40, 20)) < 0.05, nan, RNG.normal(size=(40, 20)))
ENDS = RNG.normal(size=(40, 20, 2))
for _i in range(6):  # a few switched off before the end
    ENDS[_i, 12 + _i :] = 0
LATE = RNG.normal(size=(40, 20, 2))
LATE[:10, :4] = nan  # a few that begin late
DECAY = np.maximum(np.linspace(9, -3, 20) + RNG.normal(size=(40, 1)), 0)

HEALTHY = {
    "lists": M,
    "univariate": S,
    "equal length": CONSTANT,
    "equal length, a list": list(CONSTANT),
    "walks": STEPS,
    "walks from zero": np.concatenate([np.zeros((40, 1, 2)), STEPS], axis=1),
    "two sequences": POST[:2],
    "one sequence": POST[:1],
    "one time step": RNG.normal(size=(40, 1)),
    "NaN behind": padded(M, nan),
    "NaN behind, rows": padded(S, nan),
    "NaN behind, a frame": pd.DataFrame(padded(S, nan)),
    "longest first": pd.DataFrame(padded(SORTED, nan)),
    "longest last": padded(SORTED[::-1], nan),
    "longest first, gaps": pd.DataFrame(
        np.where(RNG.random((40, T)) < 0.05, nan, padded(SORTED, nan))
    ).dropna(how="all"),
    "gaps": GAPS,
    "gaps, a frame": pd.DataFrame(GAPS),
    "gaps in the last": np.concatenate([CONSTANT[:39, :, 0], GAPS[:1]]),
    "two that lack a part": np.concatenate(
        [
            CONSTANT[:38, :, 0],
            np.where(np.arange(20) // 3 == 2, nan, CONSTANT[:2, :, 0]),
        ]
    ),
    "few end in zeros": ENDS,
    "few begin late": LATE,
    "dead sensors": DEAD,
    "a constant sensor": np.concatenate([CONSTANT, np.full((40, 20, 1), 3.0)], axis=2),
    "a sensor of zeros": np.concatenate([CONSTANT, np.zeros((40, 20, 1))], axis=2),
    "all constant": np.ones((40, 20, 2)),
    "constant levels": np.broadcast_to(RNG.normal(size=(40, 1, 2)), (40, 20, 2)),
    "all end in two zeros": np.concatenate([CONSTANT, np.zeros((40, 2, 2))], axis=1),
    "few counts": COUNTS,
    "few counts, a frame": pd.DataFrame(COUNTS),
    "counts in total": COUNTS.cumsum(axis=1),
    "rare events": (RNG.random((40, 50)) < 0.05).astype(float),
    "pulses": np.exp(-((np.arange(40) - RNG.normal(20, 2, (30, 1))) ** 2)).round(3),
    "decay to zero": DECAY,
    "growth to a limit": np.minimum(1 - DECAY, 1),
    "on and off": (RNG.random((40, 1)) * 50 > np.arange(50)).astype(float),
    "flags": RNG.random((40, 20)) < 0.5,
    "one-hot": np.eye(4)[RNG.integers(4, size=(40, 20))],
    "images": np.pad(RNG.random((40, 6, 8)), ((0, 0), (2, 2), (0, 0))),
    "days": DAYS,
    "days, hours named": DAYS.rename_axis(columns="hour"),
    "days, numbered": DAYS.add_prefix("h"),
    "weeks": DAYS.iloc[:, :7].set_axis(
        ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"], axis=1
    ),
    "quarters": DAYS.iloc[:, :4].rename_axis(columns="quarter"),
    "years and months": flat(
        DAYS.set_axis(pd.MultiIndex.from_product([[2023, 2024], range(12)]), axis=1)
    ),
    "days and hours in columns": DAYS.set_axis(
        [f"{day}_{hour}" for day in ("mon", "tue") for hour in range(12)], axis=1
    ),
    "long": LONG.set_index(["id", "t"]),
    "long, numbers": NUMBERED.set_index(["id", "t"]),
    "long, no names": NUMBERED.set_index(["id", "t"]).rename_axis([None, None]),
    "long, dates": DATED.set_index(["id", "t"]),
    "long, balanced": NUMBERED[NUMBERED["t"] < 10].set_index(["id", "t"]),
    "long, irregular": NUMBERED.assign(t=RNG.random(len(LONG)).cumsum()).set_index(
        ["id", "t"]
    ),
    "long, days of hours": LONG.set_index(["id", "t"]).rename_axis(["date", "hour"]),
    "long, by day": pd.concat({day: LONG[["a"]][:5] for day in DAYS.index}),
    "long, slots": NUMBERED.set_index(["id", "t"]).rename_axis(["day", "slot"]),
    "long, candidates": NUMBERED.set_index(["id", "t"]).rename_axis(["candidate", "n"]),
    "frames": [g[["a", "b"]] for g in groups(LONG)],
    "frames, a static number": [
        g.assign(weight=RNG.normal(70, 9))[["a", "b", "weight"]] for g in groups(LONG)
    ],
    "frames, a static age": [
        g.assign(age=RNG.integers(20, 80))[["a", "b", "age"]] for g in groups(LONG)
    ],
    "frames, a static text": [
        g.assign(sex="fm"[i % 2])[["a", "sex"]] for i, g in enumerate(groups(LONG))
    ],
    "frames, a total": [
        g.assign(b=g["b"].abs().cumsum())[["a", "b"]] for g in groups(LONG)
    ],
    "cells": pd.Series(M),
    "cells, named as a pivot": pd.DataFrame({"x_0": S, "x_1": S, "y_0": S, "y_1": S}),
    "chosen by to_sequences": to_sequences(
        LONG, by="id", order="t", columns=["t", "a"]
    ),
    "numbered from one": DAYS.reset_index(drop=True).add_prefix("t"),
    "levels that differ, sorted": np.sort(RNG.normal(size=90))[:, np.newaxis]
    + RNG.normal(size=(90, 6)),
    "spectra": RNG.normal(size=(40, 5, 64)).cumsum(axis=1).cumsum(axis=2),
    "words": RNG.normal(size=(40, 5, 64)),
    "from a whole number": np.column_stack([np.full(40, 100), CONSTANT[:, :, 0]]),
    "quarters of two years": DAYS.reset_index(drop=True)
    .iloc[:, :3]
    .set_axis(["q4_23", "q1_24", "q2_24"], axis=1),
    "classes in blocks": np.repeat(RNG.normal(size=(3, 5)), 30, axis=0)
    + 0.05 * RNG.normal(size=(90, 5)),
    "windows": np.lib.stride_tricks.sliding_window_view(WAVES[:, 0], 6),
    "dates in order": [pd.DataFrame(x, HOURLY[: len(x)]) for x in M],
    "per cent": [RNG.integers(0, 100, size=x.shape) for x in M],
    "all 99": [np.full((5, 1), 99.0)] * 3,
    "xarray": data_array(padded(M, nan), "case", "time", "channel"),
    "xarray, rows": data_array(padded(S, nan), "case", "time"),
    "xarray, no names": data_array(padded(M, nan), "dim_0", "dim_1", "dim_2"),
    "xarray, a list": [data_array(x, "time", "channel") for x in M],
}


@pytest.mark.parametrize("name", HEALTHY)
def test_healthy_sequences_raise_no_alarm(name):
    _, said = read(HEALTHY[name])
    assert not said


MENDED = {
    "columns": S,
    "columns, array": S,
    "tutorial": RISING,
    "tutorial, array": RISING,
    "time first": M,
    "channels first": M,
    "panel": M,
    "panel of dates": M,
    "panel, no names": M,
    "groups": M,
    "groups, numbers": M,
    "groups, polars": M,
    "groups, pyarrow": M,
    "zeros behind": M,
    "zeros behind, a list": M,
    "zeros behind, lists": M,
    "zeros behind, objects": M,
    "zeros behind, a frame": S,
    "zeros behind, rows": S,
    "zeros behind, polars": S,
    "zeros behind, more": M,
    "zeros behind, long": M,
    "zeros behind, scaled": [
        (x - POST.mean(axis=(0, 1))) / POST.std(axis=(0, 1)) for x in M
    ],
    "zeros in front": M,
    "zeros in front, a frame": S,
    "NaN in front": M,
    "NaN in front, a frame": S,
    "tutorial, behind": RISING,
    "tutorial, in front": RISING,
    "pivot": M,
    "pivot, flat": M,
    "pivot, interleaved": M,
    "pivot, polars": M,
}
CALLS = (
    r"(\[x[^ ]*\.drop.*?\) for x in X\])",
    r"(\[x\[.*? for x in [^]]*?\)?\])",
    r"pass (numpy\.stack\(.*?axis=2\))",
    r"pass (X\.swaplevel\(\)\.sort_index\(\)|X\.T|numpy\.swapaxes\(.*?\))",
)


@pytest.mark.parametrize("name", MENDED)
def test_what_the_message_says_to_type_is_right(name):
    X = of(MISUSES[name][0])
    try:
        _, said = read(X)
    except ValueError as error:
        said = str(error)
    call = next(found[1] for c in CALLS if (found := re.search(c, said)))
    sequences, said = read(eval(call, {"numpy": np, "X": X}))
    assert not said
    for found, expected in zip(sequences, MENDED[name], strict=True):
        assert_allclose(found, expected.reshape(len(expected), -1))


def test_channels_first_are_mended_by_the_function_as_well():
    sequences, said = read(from_channels_first([x.T for x in M]))
    assert not said
    assert [len(x) for x in sequences] == LENGTHS.tolist()


def test_padding_is_told_after_the_fit_as_well():
    from sklearn_seqae._containers.gate import Features

    ragged, container = validate_sequences(M, None, "L")
    features = Features.of(M, ragged, container)
    with pytest.warns(UserWarning, match=PADDING):
        validate_sequences(POST, features, "L")


def test_a_number_that_is_refused_is_not_doubted():
    X = [np.where(np.arange(len(x)) == 3, 1e300, x) for x in S]
    with pytest.raises(ValueError, match="divide them by a constant"):
        LSTMAutoencoderTransformer(epochs=0).fit(X)
