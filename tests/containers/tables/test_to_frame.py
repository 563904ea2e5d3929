import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from pandas.testing import assert_frame_equal
from polars.testing import assert_frame_equal as assert_polars_equal

from sklearn_seqae import to_frame, to_sequences

nan = np.nan
KINDS = ["pandas", "polars", "pyarrow"]


def as_pandas(frame):
    return frame if isinstance(frame, pd.DataFrame) else frame.to_pandas()


# --- there and back ---

values = st.one_of(st.just(nan), st.floats(allow_nan=False, width=32))
keys = {
    "number": st.integers(-3, 3),
    "word": st.sampled_from(["a", "B", "é", "zz", ""]),
}


@st.composite
def long_frames(draw):
    """A shuffled long table of one or two columns of ids, and its `by`."""
    by = draw(st.sampled_from([["number"], ["word"], ["word", "number"]]))
    time = st.integers(-5, 5)
    row = st.tuples(*(keys[label] for label in by), time)
    rows = draw(st.lists(row, min_size=1, max_size=30, unique=True))
    frame = pd.DataFrame(rows, columns=[*by, "time"])
    for channel in draw(st.sampled_from([["x"], ["y", "x"]])):
        column = draw(st.lists(values, min_size=len(rows), max_size=len(rows)))
        frame[channel] = np.array(column, dtype=draw(st.sampled_from(["f4", "f8"])))
    return frame, by


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
@given(long_frames())
def test_what_went_in_comes_back_sorted(kind, table):
    frame, by = table
    given_ = {"pandas": lambda x: x, "polars": pl.from_pandas, "pyarrow": pa.table}[
        kind
    ]
    X, times = to_sequences(
        given_(frame), by=by if len(by) > 1 else by[0], order="time", return_times=True
    )
    back = to_frame(X, times=times, kind=kind)
    assert type(back) is type(given_(frame))
    channels = X.attrs["columns"]
    expected = frame.sort_values([*by, "time"], ignore_index=True).astype(
        dict.fromkeys(channels, np.result_type(*frame[channels].dtypes))
    )
    assert_frame_equal(as_pandas(back), expected)


@pytest.mark.parametrize("kind", KINDS)
def test_a_table_in_order_comes_back_the_same(kind, long_frame):
    frame = long_frame.drop(columns="number")
    frame = frame.sort_values(["name", "time"], ignore_index=True)
    frame["time"] = frame["time"].dt.tz_localize("UTC").dt.tz_convert("Europe/Berlin")
    X, times = to_sequences(frame, by="name", order="time", return_times=True)
    back = to_frame(X, times=times, kind=kind)
    if kind == "pandas":
        assert_frame_equal(back, frame)
    elif kind == "polars":
        assert_polars_equal(back, pl.from_pandas(frame))
    else:
        assert back.equals(pa.table(frame).cast(back.schema))
        assert back.schema.field("time").type == pa.timestamp("us", "Europe/Berlin")


def test_ids_keep_their_dtype_in_pandas():
    ids = pd.Categorical(["b", "a", "b"], categories=["b", "a"])
    frame = pd.DataFrame({"id": ids, "time": [0, 0, 1], "x": np.float32([1, 3, 2])})
    back = to_frame(to_sequences(frame, by="id", order="time"))
    assert_frame_equal(back, frame.sort_values(["id", "time"], ignore_index=True))


@pytest.mark.parametrize(
    "time",
    [
        pd.date_range("2024-01-01", periods=3).date,
        np.array(["2024-01-01", "2024-01-02", "2024-01-03"], dtype="M8[s]"),
        np.array([3, 4, 5], dtype="m8[us]"),
        np.float32([0.5, 1, 2]),
    ],
    ids=["date", "second", "duration", "float"],
)
@pytest.mark.parametrize("kind", KINDS)
def test_times_of_all_kinds_come_back(time, kind):
    frame = pd.DataFrame({"id": [1, 1, 2], "time": time, "x": [1.0, 2.0, 3.0]})
    X, times = to_sequences(frame, by="id", order="time", return_times=True)
    back = as_pandas(to_frame(X, times=times, kind=kind))
    assert back["time"].astype(str).tolist() == frame["time"].astype(str).tolist()


def test_part_of_the_series(long_frame):
    X, times = to_sequences(
        long_frame, by="name", order="time", columns=["x", "y"], return_times=True
    )
    back = to_frame(X[["zoe", "amy"]], times=times[["zoe", "amy"]])
    expected = pd.concat(
        long_frame.query("name == @name").sort_values("time") for name in ("zoe", "amy")
    )
    assert_frame_equal(back, expected[back.columns].reset_index(drop=True))


# --- names ---


def test_without_times_steps_are_counted(long_frame):
    X = to_sequences(long_frame, by="name", order="time", columns=["x"])
    back = to_frame(X)
    assert back.columns.tolist() == ["name", "time", "x"]
    assert_array_equal(back["time"], np.concatenate([np.arange(len(x)) for x in X]))


def test_names_that_are_known(long_frame):
    frame = long_frame.rename(columns={"time": "hour"})
    X = to_sequences(frame, by=["name", "number"], order="hour")
    assert to_frame(X).columns.tolist() == ["name", "number", "hour", "x", "y"]
    assert to_frame(list(X)).columns.tolist() == ["id", "time", "x0", "x1"]


def test_names_that_are_asked_for(long_frame):
    X = to_sequences(long_frame, by=["name", "number"], order="time")
    back = to_frame(X, by=["a", "b"], order="c", columns=["d", "e"])
    assert back.columns.tolist() == ["a", "b", "c", "d", "e"]
    back = to_frame(list(X), ids=X.index, by=("a", "b"), columns=X.attrs["columns"])
    assert back.columns.tolist() == ["a", "b", "time", "x", "y"]


def test_names_are_not_those_of_other_channels(long_frame):
    X = to_sequences(long_frame, by="name", order="time", columns=["x", "y"])
    narrower = X.map(lambda x: x[:, :1])
    narrower.attrs = X.attrs
    assert to_frame(narrower).columns.tolist() == ["name", "time", "x0"]


def test_ids_of_several_columns_without_names():
    sequences = [np.ones((1, 1)), np.ones((2, 1))]
    back = to_frame(sequences, ids=[("a", 1), ("b", 1)])
    assert back.columns.tolist() == ["id0", "id1", "time", "x0"]
    assert back["id0"].tolist() == ["a", "b", "b"]


# --- containers ---


@pytest.mark.parametrize(
    "sequences",
    [
        [np.array([[1.0, 2.0], [3.0, nan]]), np.array([[5.0, 6.0]])],
        ([[1, 2], [3, nan]], [[5, 6]]),
        np.array([[[1, 2], [3, nan]], [[5, 6], [nan, nan]]]),
    ],
    ids=["list", "tuple", "array"],
)
def test_containers_that_fit_takes(sequences):
    expected = pd.DataFrame(
        {"id": [0, 0, 1], "time": [0, 1, 0], "x0": [1.0, 3, 5], "x1": [2, nan, 6]}
    )
    assert_frame_equal(to_frame(sequences), expected)


def test_rows_of_a_frame_have_its_index():
    frame = pd.DataFrame([[1.0, 2.0], [3.0, nan]], index=["a", "b"])
    back = to_frame(frame, columns="x")
    assert back["id"].tolist() == ["a", "a", "b"]
    assert back["x"].tolist() == [1.0, 2.0, 3.0]


def test_a_series_without_any_value_is_a_row_for_each_step():
    frame = pd.DataFrame({"id": [1, 1, 2], "time": [0, 1, 0], "x": [nan, nan, np.inf]})
    assert_frame_equal(to_frame(to_sequences(frame, by="id", order="time")), frame)


def test_what_is_missing_is_null():
    sequences = [np.array([[1.0], [nan]])]
    assert to_frame(sequences, kind="polars")["x0"].to_list() == [1.0, None]
    assert to_frame(sequences, kind="pyarrow")["x0"].to_pylist() == [1.0, None]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_floats_keep_their_width(kind, dtype):
    back = to_frame([np.ones((2, 1), dtype=dtype)], kind=kind)
    assert as_pandas(back)["x0"].dtype == dtype


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "ids",
    [
        [3, 1],
        ["b", "a"],
        [True, False],
        pd.to_datetime(["2024-01-02", "2024-01-01"]).as_unit("s"),
        pd.to_datetime(["2024-01-02", "2024-01-01"]).tz_localize("UTC"),
        pd.array(["b", "a"], dtype="category"),
    ],
    ids=["int", "str", "bool", "datetime", "zone", "category"],
)
def test_ids_of_all_kinds(kind, ids):
    back = as_pandas(to_frame([np.ones((1, 1)), np.ones((2, 1))], ids=ids, kind=kind))
    assert back["id"].tolist() == [ids[0], ids[1], ids[1]]


def test_the_result_shares_no_memory():
    sequence = np.ones((2, 1))
    back = to_frame([sequence])
    assert not np.shares_memory(back["x0"].to_numpy(), sequence)
    back.loc[0, "x0"] = 5.0
    assert_array_equal(sequence, [[1], [1]])


def test_a_table_of_arrow_is_one_that_duckdb_reads():
    table = to_frame([np.ones((2, 1)), np.ones((3, 1))], kind="pyarrow")
    counted = duckdb.from_arrow(table).count("*", groups="id").fetchall()
    assert sorted(counted) == [(2,), (3,)]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("zone", [None, "Europe/Berlin"])
def test_sequences_with_categories_have_their_times(kind, zone, long_frame):
    frame = long_frame.assign(page=[*"abcdef"] * 10).sort_values(["name", "time"])
    frame["time"] = frame["time"].dt.tz_localize("UTC").dt.tz_convert(zone)
    frame = frame[["name", "time", "x", "page"]].reset_index(drop=True)
    X = to_sequences(frame, by="name", order="time")
    assert_frame_equal(as_pandas(to_frame(X, kind=kind)), frame, check_dtype=False)
    later = X.map(lambda x: x["time"] + np.timedelta64(1, "h"))
    moved = as_pandas(to_frame(X, times=later, kind=kind))["time"]  # given ones win
    if zone is None:
        assert_array_equal(moved, frame["time"] + pd.Timedelta("1h"))


# --- what does not fit together ---

PAIR = [np.ones((1, 2)), np.ones((2, 2))]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"ids": [1]}, "ids has 1 entries, but there are 2 sequences"),
        ({"ids": [1, 1]}, "several sequences have the id 1"),
        ({"columns": ["a"]}, r"columns has 1 name, \['a'\], but the sequences have 2"),
        ({"columns": ["a", "a"]}, "two columns would have the name 'a'"),
        ({"columns": ["a", "time"]}, "two columns would have the name 'time'"),
        ({"by": ["a", "b"]}, r"by is \['a', 'b'\], 2 names, but an id has 1 part"),
        ({"times": [[0]]}, "times has 1 entries, but there are 2 sequences"),
        (
            {"times": [[0], [0]]},
            r"times\[1\] has shape \(1,\), but sequence 1 has 2 time steps",
        ),
        ({"kind": "numpy"}, "'kind' parameter of to_frame"),
    ],
)
def test_numbers_that_differ(options, message):
    with pytest.raises(ValueError, match=message):
        to_frame(PAIR, **options)


def test_times_of_other_series():
    X = pd.Series(PAIR, index=["a", "b"])
    times = pd.Series([[0, 1], [0]], index=["b", "a"])
    with pytest.raises(
        ValueError, match=r"times and the sequences have different indexes.*times\.loc"
    ):
        to_frame(X, times=times)


@pytest.mark.parametrize("kind", ["polars", "pyarrow"])
def test_names_that_are_no_strings(kind):
    assert to_frame(PAIR, columns=[0, 1]).columns.tolist() == ["id", "time", 0, 1]
    with pytest.raises(TypeError, match="column 0 has a name that is not a string"):
        to_frame(PAIR, columns=[0, 1], kind=kind)


def test_what_is_no_container_of_sequences():
    with pytest.raises(TypeError, match="X is the int 3; expected"):
        to_frame(3)
