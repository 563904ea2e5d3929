"""Bad frames: what is wrong is named as the user knows it: series, column, time."""

import re

import numpy as np
import pandas as pd
import pytest
from helpers import objects

from sklearn_seqae._containers.readers import to_ragged
from sklearn_seqae.exceptions import InvalidSequenceError

nan, inf = np.nan, np.inf
ok = np.ones(3)
berlin = pd.Timestamp("2020-01-01", tz="Europe/Berlin")
utc = pd.Timestamp("2020-01-02", tz="UTC")
naive = pd.Timestamp("2020-01-03")


def long_table(ids, times, values=None, column="x"):
    index = pd.MultiIndex.from_arrays([ids, times], names=["id", "time"])
    values = np.ones(len(index)) if values is None else values
    return pd.DataFrame({column: values}, index=index)


def column_of(*cells):
    return pd.Series(objects(cells))


LONG = {
    "unsorted": (
        long_table(list("aabb"), [0, 1, 9, 7]),
        InvalidSequenceError,
        r"series 'b' is not sorted by time: 7 comes after 9\. Sort .*X.sort_index\(\)",
    ),
    "unsorted among others": (
        long_table([1, 2, 1, 2, 2], [5, 5, 6, 8, 7]),
        InvalidSequenceError,
        "series 2 is not sorted by time: 7 comes after 8",
    ),
    "unsorted dates": (
        long_table(["a", "a"], pd.to_datetime(["2020-02-01", "2020-01-01"])),
        InvalidSequenceError,
        "series 'a' is not sorted by time: 2020-01-01.* comes after 2020-02-01",
    ),
    "duplicate keys": (
        long_table(list("aabb"), [0, 1, 7, 7]),
        InvalidSequenceError,
        r"series 'b' has more than one row at time 7; .*index.duplicated\(\)",
    ),
    "duplicate keys apart": (
        long_table(list("abab"), [3, 3, 3, 4]),
        InvalidSequenceError,
        "series 'a' has more than one row at time 3",
    ),
    "null ids": (
        long_table(["a", None, "b"], [0, 0, 0]),
        ValueError,
        r"row 1 of X has a null series \(level 'id' of its index\); give it one, or",
    ),
    "NaN ids": (
        long_table([1.0, 2.0, nan], [0, 0, 0]),
        ValueError,
        "row 2 of X has a null series",
    ),
    "null times": (
        long_table(["a", "a"], pd.to_datetime(["2020-01-01", None])),
        ValueError,
        r"row 1 of X has a null time \(level 'time' of its index\)",
    ),
    "time zones": (
        long_table(list("ab"), pd.Index([berlin, utc], dtype=object)),
        TypeError,
        r"times of X \(level 'time' .* several time zones \(Europe/Berlin, UTC\); conv",
    ),
    "with and without time zone": (
        long_table(list("ab"), pd.Index([naive, utc], dtype=object)),
        TypeError,
        r"several time zones \(None, UTC\); .* pandas.to_datetime\(times, utc=True\)",
    ),
    "mixed times": (
        long_table(list("aa"), pd.Index([1, "x"], dtype=object)),
        TypeError,
        r"times of X \(level 'time' .* can't be compared: .*'str'.*make them all num",
    ),
    "three levels": (
        pd.DataFrame({"x": [1.0]}, pd.MultiIndex.from_tuples([(1, 2, 3)])),
        ValueError,
        r"X has an index of 3 levels \[None, None, None\]; a long table has two, ser",
    ),
    "no rows": (
        long_table(["a"], [0]).iloc[:0],
        ValueError,
        r"X has 0 rows \(shape=\(0, 1\)\) while a minimum of 1 is required",
    ),
    "one string": (
        long_table(["a", "b"], [0, 0], pd.Series([1.0, "y"], dtype=object).array),
        TypeError,
        "column 'x' mixes kinds: it holds the str 'y' and the float 1.0, but",
    ),
    "categories that are dates": (
        long_table(["a", "b"], [0, 0], pd.Categorical([naive, naive])),
        TypeError,
        "column 'x' has categories such as .*Timestamp.*; expected text, or numbers",
    ),
    "dates": (
        long_table(["a"], [0], [naive]),
        TypeError,
        "column 'x' has dtype datetime64",
    ),
    "inf": (
        long_table(list("aabb"), [0, 1, 0, 1], [1.0, 2.0, 3.0, inf]),
        InvalidSequenceError,
        "series 'b' holds inf .* at time step 1, feature 0; every value must be finite",
    ),
    "all NaN": (
        long_table([7, 7, 8], [0, 1, 0], [nan, nan, 1.0]),
        InvalidSequenceError,
        "series 7 has no observed value, only NaN; .* leave it out",
    ),
}

NESTED = {
    "one string": (
        pd.DataFrame({"x": column_of(ok, "ab", ok)}),
        InvalidSequenceError,
        "column 'x': sequence 1 is the str 'ab'; expected shape",
    ),
    "first a string": (
        column_of("ab", ok).rename("x"),
        InvalidSequenceError,
        "^column 'x': sequence 0 is the str 'ab'; expected shape",
    ),
    "without a name": (
        column_of(ok, "ab"),
        InvalidSequenceError,
        "^sequence 1 is the str 'ab'; expected shape",
    ),
    "one None": (
        pd.DataFrame({"x": column_of(ok, None)}),
        InvalidSequenceError,
        "column 'x': sequence 1 is None",
    ),
    "one NaN": (
        pd.DataFrame({"x": column_of(ok, nan)}),
        InvalidSequenceError,
        "column 'x': sequence 1 is the float nan",
    ),
    "strings in a cell": (
        pd.DataFrame({"x": column_of(ok, ["a", "b"])}),
        TypeError,
        "column 'x': sequence 1 holds categories in feature 0, 'a' .* sequence 0 holds",
    ),
    "empty cell": (
        pd.DataFrame({"x": column_of(ok, [])}),
        InvalidSequenceError,
        r"column 'x': sequence 1 is empty, of shape \(0,\)",
    ),
    "a column of numbers": (
        pd.DataFrame({"x": column_of(ok), "age": [33]}),
        ValueError,
        "column 'age' does not hold a sequence in each cell, but column 'x' does; "
        "pass the columns of sequences alone, for instance by a ColumnTransformer",
    ),
    "a column of strings": (
        pd.DataFrame({"name": ["a"], "x": column_of(ok)}),
        ValueError,
        "column 'name' does not hold a sequence in each cell, but column 'x' does",
    ),
    "unequal lengths": (
        pd.DataFrame({"x": column_of(ok, ok), "y": column_of(ok, ok[:1])}),
        InvalidSequenceError,
        "sequence 1 has 1 time step in column 'y', but 3 in column 'x'; all features",
    ),
    "a feature of several": (
        pd.DataFrame({"x": column_of(ok), "y": column_of(np.ones((3, 2)))}),
        ValueError,
        "column 'y' holds multivariate sequences, 2 features at a time step; each of ",
    ),
    "other widths": (
        pd.DataFrame({"x": column_of(np.ones((3, 2)), np.ones((3, 5)))}),
        InvalidSequenceError,
        "column 'x': sequence 1 has 5 features, but sequence 0 has 2",
    ),
    "inf": (
        pd.DataFrame({"x": column_of(ok, ok), "y": column_of(ok, ok * [1, inf, 1])}),
        InvalidSequenceError,
        "sequence 1 holds inf .* at time step 1, feature 1",
    ),
    "all NaN": (
        pd.DataFrame({"x": column_of(ok, ok * nan), "y": column_of(ok, ok * nan)}),
        InvalidSequenceError,
        "sequence 1 has no observed value",
    ),
    "object array": (
        pd.DataFrame({"x": column_of(ok), "age": [33]}).to_numpy(),
        ValueError,
        "column 1 does not hold a sequence in each cell, but column 0 does",
    ),
}


def assert_refused(X, error, message):
    with pytest.raises(error, match=re.compile(message, re.DOTALL)) as caught:
        to_ragged(X)
    assert not re.search(r"\.\.(?!\.)$|\n\n", str(caught.value))


def parametrize(cases):
    return pytest.mark.parametrize(
        ("X", "error", "message"), list(cases.values()), ids=list(cases)
    )


@parametrize(LONG)
def test_long_tables(X, error, message):
    assert_refused(X, error, message)


@parametrize(NESTED)
def test_cells(X, error, message):
    assert_refused(X, error, message)


# Lists, as polars and Arrow hold them: rows, error, message
LISTS = {
    "null": (
        [[1.0], None],
        InvalidSequenceError,
        "sequence 1 is null: leave it out",
    ),
    "empty": (
        [[1.0], [], [2.0]],
        InvalidSequenceError,
        "sequence 1 is empty; a sequence needs at least one time step: leave it out",
    ),
    "no rows": ([], InvalidSequenceError, "found 0 sequences, .*minimum of 1"),
    "null step": (
        [[[1.0, 2.0]], [[3.0, 4.0], None]],
        InvalidSequenceError,
        "sequence 1 has null at time step 1; where all features .* put null, or NaN",
    ),
    "widths": (
        [[[1.0, 2.0]], [[3.0, 4.0], [5.0]]],
        InvalidSequenceError,
        "sequence 1 has 1 feature at time step 1, but sequence 0 has 2 at time step 0",
    ),
    "no features": (
        [[[], []], [[]]],
        InvalidSequenceError,
        "sequence 0 has no features",
    ),
    "all null": (
        [[1.0], [None, None]],
        InvalidSequenceError,
        "sequence 1 has no observed value",
    ),
    "inf": ([[1.0], [2.0, inf]], InvalidSequenceError, "sequence 1 holds inf"),
}
NAMED = {"null", "empty", "null step", "widths", "no features"}


@parametrize({name: (name, *case[1:]) for name, case in LISTS.items()})
def test_lists_of_polars(X, error, message):
    pl = pytest.importorskip("polars", reason="an option of ours")
    inner = pl.List(pl.Float64) if X == "no features" else None
    dtype = pl.List(inner or pl.Float64)
    rows = LISTS[X][0]
    deep = X in ("null step", "widths")
    series = pl.Series("x", rows, dtype=pl.List(pl.List(pl.Float64)) if deep else dtype)
    if X in NAMED:
        message = f"column 'x'.*{message}"
    assert_refused(series, error, message)
    assert_refused(series.to_frame(), error, message)


@parametrize({name: (name, *case[1:]) for name, case in LISTS.items()})
def test_lists_of_arrow(X, error, message):
    pa = pytest.importorskip("pyarrow", reason="an option of ours")
    deep = X in ("null step", "widths", "no features")
    number = pa.float64()
    array = pa.array(LISTS[X][0], pa.list_(pa.list_(number) if deep else number))
    assert_refused(array, error, message)
    if X in NAMED:
        message = f"column 'x'.*{message}"
    assert_refused(pa.table({"x": array}), error, message)


def test_frames_of_polars():
    pl = pytest.importorskip("polars", reason="an option of ours")
    lists = pl.Series("x", [[1.0]])
    for X, error, message in [
        (lists.to_frame().lazy(), TypeError, r"LazyFrame; call X.collect\(\) first"),
        (pl.Series([1.0]), TypeError, "polars Series of dtype Float64; expected a lis"),
        (pl.Series([ok], dtype=pl.Object), TypeError, "Series of dtype Object; expec"),
        (
            pl.DataFrame({"x": lists, "age": [3]}),
            ValueError,
            "column 'age' does not hold a sequence in each cell, but column 'x' does",
        ),
        (
            pl.DataFrame({"x": lists, "y": [[1.0, 2.0]]}),
            ValueError,
            "sequence 0 has 2 time steps in column 'y', but 1 in column 'x'",
        ),
        (
            pl.DataFrame({"x": [1.0], "name": ["a"]}),
            TypeError,
            "column 'name' holds the str 'a', but real numbers are needed",
        ),
        (
            pl.DataFrame({"x": [naive]}),
            TypeError,
            r"column 'x' has dtype datetime64\[.*\], but real numbers",
        ),
        (pl.DataFrame(), ValueError, "minimum of 1 is required"),
        (pl.DataFrame({"x": [1.0, None]}), ValueError, "sequence 1 has no observed"),
    ]:
        assert_refused(X, error, message)


def test_tables_of_arrow():
    pa = pytest.importorskip("pyarrow", reason="an option of ours")
    for X, error, message in [
        (pa.array([1.0]), TypeError, "Arrow data of type double; expected a list"),
        (
            pa.table({"x": [[1.0]], "age": [3]}),
            ValueError,
            "column 'age' does not hold a sequence in each cell, but column 'x' does",
        ),
        (
            pa.table({"x": [[1.0]], "y": [[[1.0, 2.0]]]}),
            ValueError,
            "column 'y' holds multivariate sequences, 2 features",
        ),
        (
            pa.table({"x": [1.0], "name": ["a"]}),
            TypeError,
            "column 'name' holds the str 'a', but real numbers are needed",
        ),
        (pa.table({}), ValueError, "minimum of 1 is required"),
    ]:
        assert_refused(X, error, message)
