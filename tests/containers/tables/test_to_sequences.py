import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from numpy.testing import assert_array_equal
from pandas.testing import assert_frame_equal
from sklearn.base import clone

from sklearn_seqae import LSTMAutoencoderTransformer, to_frame, to_sequences

nan = np.nan


def assert_same_series(X, expected):
    """Compare a Series with a dict of arrays: ids, their order, and every value."""
    assert X.index.tolist() == list(expected)
    for sequence, other in zip(X, expected.values(), strict=True):
        assert sequence.dtype == other.dtype
        assert_array_equal(sequence, other)


# --- what a loop over groups gives, in every library ---


@pytest.mark.parametrize("by", ["name", "number"])
def test_sequences_are_those_of_a_loop_over_groups(make, by, long_frame, groupby_loop):
    X = to_sequences(make(long_frame), by=by, order="time", columns=["y", "x"])
    assert_same_series(X, groupby_loop(long_frame, by, "time", ["y", "x"]))
    assert X.index.name == by
    assert X.attrs == {"columns": ["y", "x"], "order": "time"}


def test_without_order_rows_stay_as_they_stand(make, long_frame, groupby_loop):
    X = to_sequences(make(long_frame), by="name", columns=["x"])
    assert_same_series(X, groupby_loop(long_frame, "name", None, ["x"]))
    assert X.attrs == {"columns": ["x"]}


def test_several_columns_may_name_a_series(make, long_frame, groupby_loop):
    frame = long_frame.assign(number=long_frame["number"] % 3, odd=long_frame.index % 2)
    by = ["number", "name", "odd"]
    X = to_sequences(make(frame), by=by, order="time")
    assert_same_series(X, groupby_loop(frame, by, "time", ["x", "y"]))
    assert list(X.index.names) == by


@pytest.mark.parametrize(
    "time",
    [
        pd.date_range("2024-03-30", periods=60, freq="h", tz="Europe/Berlin"),
        pd.date_range("2024-03-30", periods=60, freq="D").date,
        np.arange(-30, 30),
        np.arange(60, dtype=np.uint8),
        np.linspace(-1e3, 1e-3, 60),
        np.linspace(0, 1, 60, dtype=np.float32),
        # no room beside the row in a word of 64 bits
        np.concatenate([[-(2**63), 2**63 - 1], np.arange(58)]),
        np.array([*range(58), 2**64 - 1, 2**63], dtype=np.uint64),
    ],
    ids=["zone", "date", "int", "uint8", "float", "float32", "64 bits", "u64"],
)
def test_times_of_all_kinds_are_sorted(make, time, long_frame, groupby_loop):
    frame = long_frame.assign(time=time).sample(frac=1, random_state=1)
    X = to_sequences(make(frame), by="name", order="time", columns=["x"])
    assert_same_series(X, groupby_loop(frame, "name", "time", ["x"]))


@pytest.mark.parametrize("convert", [pd.DataFrame, pl.from_pandas, pa.table])
def test_durations_are_sorted(convert, long_frame, groupby_loop):
    time = pd.timedelta_range("-1s", periods=60, freq="37ms")
    frame = long_frame.assign(time=time).sample(frac=1, random_state=1)
    frame = frame.reset_index(drop=True)
    X = to_sequences(convert(frame), by="name", order="time", columns=["x"])
    assert_same_series(X, groupby_loop(frame, "name", "time", ["x"]))


@pytest.mark.parametrize(
    "arrange",
    [
        lambda frame: frame.sort_values(["name", "time"]),  # nothing to do
        lambda frame: frame.sort_values("name"),  # series in order, times not
        lambda frame: frame.sort_values("time"),  # as a log is
        lambda frame: frame.iloc[::-1],
    ],
)
def test_the_order_of_the_rows_does_not_matter(arrange, long_frame):
    X = to_sequences(long_frame, by="name", order="time", columns=["x"])
    again = to_sequences(arrange(long_frame), by="name", order="time", columns=["x"])
    assert_same_series(again, X.to_dict())


# --- ids ---


@pytest.mark.parametrize(
    "ids",
    [
        pd.array([2, 1, 2], dtype="Int64"),
        pd.array(["b", "a", "b"], dtype="string"),
        np.array(["b", "a", "b"], dtype=object),
        np.array([1.5, -0.5, 1.5]),
        np.array([True, False, True]),
        np.array([2**63, 5, 2**63], dtype=np.uint64),
        pd.to_datetime(["2024-01-02", "2024-01-01", "2024-01-02"]),
    ],
    ids=["Int64", "string", "object", "float", "bool", "uint64", "datetime"],
)
def test_ids_of_all_kinds_are_sorted(make, ids):
    frame = pd.DataFrame({"id": ids, "x": [1.0, 2.0, 3.0]})
    X = to_sequences(make(frame), by="id")
    assert X.index.tolist() == sorted(set(frame["id"].tolist()))
    assert [x.ravel().tolist() for x in X] == [[2.0], [1.0, 3.0]]


def test_categories_that_no_row_has_are_no_series():
    ids = pd.Categorical(["b", "a", "b"], categories=["c", "b", "a"])
    X = to_sequences(pd.DataFrame({"id": ids, "x": [1.0, 2.0, 3.0]}), by="id")
    assert X.index.tolist() == ["b", "a"]  # in the order of the categories
    assert X.index.dtype == "category"


@pytest.mark.parametrize(
    ("dtype", "expected"),
    [(pl.Categorical, ["a", "b"]), (pl.Enum(["c", "b", "a"]), ["b", "a"])],
)
def test_categories_of_polars(dtype, expected):
    ids = pl.Series(["b", "a", "b"], dtype=dtype)
    X = to_sequences(pl.DataFrame({"id": ids, "x": [1.0, 2.0, 3.0]}), by="id")
    assert X.index.tolist() == expected
    assert [len(X[key]) for key in "ab"] == [1, 2]


def test_dictionaries_of_arrow_that_differ_from_piece_to_piece():
    tables = [
        pa.table({"id": pa.array(ids).dictionary_encode(), "x": x})
        for ids, x in ((["c", "b"], [1.0, 2.0]), (["a", "c"], [3.0, 4.0]))
    ]
    X = to_sequences(pa.concat_tables(tables), by="id")
    assert [x.ravel().tolist() for x in X] == [[3.0], [2.0], [1.0, 4.0]]
    assert X.index.tolist() == ["a", "b", "c"]


# --- values ---


@pytest.mark.parametrize(
    ("dtypes", "expected"),
    [
        (("float32", "float32"), "float32"),
        (("float16", "float32"), "float32"),
        (("float32", "float64"), "float64"),
        (("float32", "int8"), "float64"),
        (("bool", "uint16"), "float64"),
        (("Float32", "float32"), "float32"),
        (("Int64", "boolean"), "float64"),
    ],
)
def test_floats_that_are_all_narrow_stay_narrow(dtypes, expected):
    frame = pd.DataFrame({"id": [1, 1], "x": [1, 0], "y": [0, 1]})
    frame = frame.astype(dict(zip("xy", dtypes, strict=True)))
    (sequence,) = to_sequences(frame, by="id")
    assert sequence.dtype == expected
    assert_array_equal(sequence, [[1, 0], [0, 1]])


@pytest.mark.parametrize("dtype", ["Float32", "Float64", "Int64", "boolean"])
def test_null_and_nan_are_missing_values(make, dtype):
    frame = pd.DataFrame({"id": [1, 1, 2], "x": pd.array([1, None, 0], dtype=dtype)})
    X = to_sequences(make(frame), by="id")
    assert_array_equal(X[1], [[1], [nan]])
    assert_array_equal(X[2], [[0]])
    assert X[1].dtype == ("float32" if dtype == "Float32" else "float64")


def test_decimals_are_numbers():
    relation = duckdb.sql("SELECT 1 AS id, 2.5::DECIMAL(4, 1) AS x, 3.0::DECIMAL AS t")
    for frame in (relation, relation.pl()):
        assert_array_equal(to_sequences(frame, by="id", order="t")[1], [[2.5]])


def test_sequences_are_views_of_one_array_that_is_not_the_frame(long_frame):
    frame = long_frame.sort_values(["name", "time"], ignore_index=True)
    before = frame.copy()
    X = to_sequences(frame, by="name", order="time", columns=["x", "y"])
    assert all(x.base is X.iloc[0].base and x.base is not None for x in X)
    for x in X:
        x[:] = -1.0
    assert_frame_equal(frame, before)


@pytest.mark.parametrize("columns", ["x", ["x"], pd.Index(["x"]), np.array(["x"])])
def test_one_channel_is_a_column(columns, long_frame):
    X = to_sequences(long_frame, by="name", order="time", columns=columns)
    assert {x.shape[1] for x in X} == {1}
    assert X.attrs["columns"] == ["x"]


def test_labels_that_are_no_strings():
    frame = pd.DataFrame([[1, 5, 0.5], [1, 4, 0.25]], columns=[0, ("t", 1), 2.5])
    X = to_sequences(frame, by=0, order=("t", 1))
    assert_array_equal(X[1], [[0.25], [0.5]])
    assert X.attrs == {"columns": [2.5], "order": ("t", 1)}


@pytest.mark.parametrize("name", ["^x$", "*", "x y"])
def test_names_are_no_patterns(make, name):
    frame = pd.DataFrame({"id": [1], name: [2.0], "x": [3.0]})
    X = to_sequences(make(frame), by="id", columns=[name])
    assert_array_equal(X[1], [[2.0]])


def test_a_lazy_frame_is_read_only_where_needed():
    frame = pl.LazyFrame({"id": [1], "x": [1.0]}).with_columns(
        wrong=pl.col("id").map_elements(lambda _: 1 / 0, return_dtype=pl.Int64)
    )
    assert_array_equal(to_sequences(frame, by="id", columns="x")[1], [[1.0]])


# --- duplicates ---


@pytest.fixture
def repeated():
    return pd.DataFrame(
        {
            "id": ["a", "b", "a", "a", "a", "b"],
            "time": [2, 1, 1, 2, 2, 2],
            "x": [1.0, 9.0, 5.0, 2.0, 6.0, 8.0],
            "y": [nan, nan, 0.1, 4.0, nan, 7.0],
        }
    )


@pytest.mark.parametrize(
    ("duplicates", "expected"),
    [
        ("first", [[5.0, 0.1], [1.0, nan]]),
        ("last", [[5.0, 0.1], [6.0, nan]]),
        ("mean", [[5.0, 0.1], [3.0, 4.0]]),
    ],
)
def test_duplicates(make, duplicates, expected, repeated):
    X, times = to_sequences(
        make(repeated), by="id", order="time", duplicates=duplicates, return_times=True
    )
    assert_array_equal(X["a"], expected)
    assert_array_equal(X["b"], [[9.0, nan], [8.0, 7.0]])
    assert_array_equal(times["a"], [1, 2])
    assert_array_equal(times["b"], [1, 2])


@pytest.mark.parametrize("duplicates", ["first", "last", "mean"])
def test_without_duplicates_nothing_is_dropped(duplicates, long_frame):
    X = to_sequences(long_frame, by="name", order="time", columns=["x"])
    again = to_sequences(
        long_frame, by="name", order="time", columns=["x"], duplicates=duplicates
    )
    assert_same_series(again, X.to_dict())


def test_mean_of_narrow_floats_is_narrow_and_as_pandas_has_it(rng):
    frame = pd.DataFrame(
        {
            "id": rng.integers(0, 5, 200),
            "time": rng.integers(0, 20, 200),
            "x": rng.normal(size=200).astype(np.float32),
        }
    )
    frame.loc[rng.integers(0, 200, 60), "x"] = nan
    X = to_sequences(frame, by="id", order="time", duplicates="mean")
    means = frame.astype({"x": float}).groupby(["id", "time"])["x"].mean()
    for key, x in X.items():
        assert x.dtype == np.float32
        np.testing.assert_allclose(x[:, 0], means[key], rtol=1e-6)


# --- times ---


def test_times_come_in_the_order_of_the_rows(make, long_frame):
    X, times = to_sequences(
        make(long_frame), by="name", order="time", columns=["x"], return_times=True
    )
    assert times.index.equals(X.index)
    for key, group in long_frame.groupby("name"):
        assert_array_equal(times[key], np.sort(group["time"].to_numpy()))
    assert times.attrs == {"order": "time"}


def test_times_with_a_zone_are_in_utc(make):
    # an hour that occurs twice on the clock
    utc = pd.date_range("2024-10-27 02:00", periods=3, freq="-1h", tz="UTC")
    frame = pd.DataFrame(
        {"id": 1, "time": utc.tz_convert("Europe/Berlin"), "x": [3.0, 2.0, 1.0]}
    )
    X, times = to_sequences(make(frame), by="id", order="time", return_times=True)
    assert_array_equal(X[1].ravel(), [1.0, 2.0, 3.0])
    assert_array_equal(times[1], utc.tz_localize(None)[::-1].to_numpy())
    assert times.attrs.keys() == {"order", "time_zone"}


# --- times beside categories ---


@pytest.mark.parametrize("zone", [None, "Europe/Berlin"])
def test_beside_categories_times_are_a_field(make, long_frame, zone):
    frame = long_frame.assign(page=[*"abcdef"] * 10)
    if zone is not None:
        frame["time"] = frame["time"].dt.tz_localize("UTC").dt.tz_convert(zone)
    X, times = to_sequences(make(frame), by="name", order="time", return_times=True)
    assert X.iloc[0].dtype.names == ("time", "number", "x", "y", "page")
    for x, when in zip(X, times, strict=True):
        assert_array_equal(x["time"], when)
        assert x["time"].dtype == when.dtype
    assert X.attrs["order"] == "time"
    assert X.attrs["columns"] == ["number", "x", "y", "page"]
    assert ("time_zone" in X.attrs) == (zone is not None)
    if zone is not None:  # of DuckDB, that of the session
        assert X.attrs["time_zone"] == str(times.attrs["time_zone"])


@pytest.mark.parametrize("duplicates", ["first", "last", "keep"])
def test_times_that_repeat_beside_categories(make, repeated, duplicates):
    frame = repeated.assign(page=[*"abcdef"])
    X = to_sequences(make(frame), by="id", order="time", duplicates=duplicates)
    pages = {"first": "ca", "last": "ce", "keep": "cade"}[duplicates]
    assert "".join(X["a"]["page"]) == pages
    assert X["a"]["time"].tolist() == [1] + [2] * (len(pages) - 1)


def test_without_order_there_are_no_times(make, long_frame):
    frame = long_frame.assign(page="a")[["name", "x", "page"]]
    X = to_sequences(make(frame), by="name")
    assert X.iloc[0].dtype.names == ("x", "page")
    assert X.attrs == {"columns": ["x", "page"]}


@pytest.mark.parametrize("values", [[30, 10, 20], [True, False], [0.5, 1.5]])
def test_categories_that_are_numbers_stay_categories(values):
    """In a Series, in a list without its attrs, beside others, and when decoded."""
    codes = np.arange(24) % len(values)
    page = pd.Categorical.from_codes(codes, values, ordered=True)
    times = np.arange(24.0) ** 1.1
    log = pd.DataFrame(
        {"id": np.arange(24) // 6, "t": times, "page": page, "a": -times % 3}
    )
    log.loc[3, "page"] = np.nan
    X = to_sequences(log, by="id", order="t")
    other = to_sequences(log.astype({"a": np.float32}), by="id", order="t")
    bare = list(to_sequences(log, by="id", columns=["page", "a"]))
    ae = LSTMAutoencoderTransformer(hidden_layer_sizes=4, epochs=1, random_state=0)
    for sequences in (X, bare, X.to_frame("events"), pd.concat([X, other])):
        found = clone(ae).fit(sequences).categories_[-2]
        assert found.tolist() == [*sorted(values), None]
    again = to_frame(ae.fit(X).reconstruct(X))
    assert again["page"].dtype == log["page"].dtype
    assert again["page"].dropna().isin(values).all()
