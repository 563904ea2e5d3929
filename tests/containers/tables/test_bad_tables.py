"""What is wrong with a table is said: which column or row, what it has, what to do."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from sklearn_seqae import to_sequences

nan = np.nan
BERLIN = ZoneInfo("Europe/Berlin")


def table(**columns):
    """Three rows of two series; what a test is about is passed."""
    whole = {"id": ["a", "a", "b"], "time": [1, 2, 1], "x": [1.0, 2.0, 3.0], **columns}
    return pd.DataFrame(whole)


def read(frame, by="id", order="time", **options):
    return to_sequences(frame, by=by, order=order, **options)


# --- in every library ---


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"id": ["a", None, "b"]}, "row 1 of the frame has no id: column 'id' is null"),
        ({"id": [nan, 1.0, 2.0]}, "row 0 of the frame has no id"),
        ({"time": [1.0, 2.0, nan]}, "row 2 of the frame has no time: column 'time' is"),
        ({"time": [1.0, -np.inf, 2.0]}, "row 1 of the frame has the time -inf"),
        (
            {"time": pd.to_datetime(["2024-01-01", None, "2024-01-01"])},
            "row 1 of the frame has no time",
        ),
        (
            {"time": [1, 1, 1]},
            r"series 'a' has two rows with 'time' at 1: rows 0 and 1",
        ),
        (
            {"id": [7, 5, 7], "time": pd.to_datetime(["2024-01-02"] * 3)},
            r"series 7 has two rows with 'time' at 2024-01-02.*: rows 0 and 2 of the "
            r"frame; in all, 1 of 3 rows repeat.*duplicates=\"first\"",
        ),
    ],
)
def test_rows_that_no_series_can_have(make, columns, message):
    with pytest.raises(ValueError, match=message):
        read(make(table(**columns)))


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (
            {"x": pd.to_datetime(["2024-01-01"] * 3)},
            r"column 'x' has dtype .*(date|time).*must be numeric.*columns=\[",
        ),
        ({"time": ["1", "2", "3"]}, "column 'time' has .*str.*numbers, dates or"),
        ({"time": [True, False, True]}, "column 'time' has dtype .*bool"),
        (
            {"time": [time(1), time(2), time(3)]},
            "column 'time' has dtype .*(time|object)",
        ),
        (
            {"id": [[1], [2], [3]]},
            "column 'id' holds .*(list|hashed).*convert them first",
        ),
    ],
)
def test_columns_of_the_wrong_kind(make, columns, message):
    frame = make(table(**columns))
    with pytest.raises(TypeError, match=f"(?i){message}"):
        read(frame)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"by": "ID"},
            r"column 'ID' is not in the frame; it has \['id', 'time', 'x'\]",
        ),
        ({"order": "t"}, "column 't' is not in the frame"),
        ({"columns": ["x", "y"]}, "column 'y' is not in the frame"),
        ({"columns": ["x", "x"]}, "columns names 'x' twice"),
        ({"by": ["id", "id"]}, "by names 'id' twice"),
        ({"by": []}, "by is empty"),
        ({"columns": []}, "columns is empty"),
        (
            {"by": ["id", "x", "time"], "order": None},
            r"columns \['id', 'time', 'x'\], all of them ids; it needs at least one",
        ),
    ],
)
def test_columns_that_are_not_there(make, options, message):
    with pytest.raises(ValueError, match=message):
        read(make(table()), **options)


def test_no_rows(make):
    with pytest.raises(ValueError, match="frame has no rows: there is no series in it"):
        read(make(table(id=[1, 1, 2])[:0]))


# --- in pandas ---


@pytest.mark.parametrize("other", [UTC, None], ids=["zone", "no zone"])
def test_times_of_mixed_time_zones(other):
    times = [
        datetime(2024, 1, day, tzinfo=zone) for day, zone in [(1, BERLIN), (2, other)]
    ]
    frame = table(time=pd.Series([*times, times[0]], dtype=object))
    message = (
        r"column 'time' mixes time zones: .*Berlin.*pandas.to_datetime\(.*utc=True"
    )
    with pytest.raises(TypeError, match=message):
        read(frame)


@pytest.mark.parametrize(
    ("objects", "found"),
    [
        ([1, "x", 3], "object and holds the str 'x'"),
        ([datetime(2024, 1, 1, tzinfo=UTC), "x", 3], "object and holds"),
        ([date(2024, 1, 1), 2, 3], "object and holds a date"),
        ([2**70, 1, 2], "object, but"),
    ],
)
def test_times_that_are_mixed_objects(objects, found):
    with pytest.raises(TypeError, match=f"column 'time' has dtype {found}"):
        read(table(time=pd.Series(objects, dtype=object)))


@pytest.mark.parametrize(
    "times",
    [
        pd.Series([1, 2, 1], dtype=object),
        pd.Series([date(2024, 1, 1), date(2024, 1, 2), date(2024, 1, 1)]),
        pd.Series(
            [datetime(2024, 1, d, tzinfo=BERLIN) for d in (1, 2, 1)], dtype=object
        ),
    ],
)
def test_times_that_are_objects_of_one_kind_will_do(times):
    assert [len(x) for x in read(table(time=times))] == [2, 1]


def test_ids_of_mixed_types():
    message = (
        r"column 'id' holds int and str, which can't be sorted .*convert them first"
    )
    with pytest.raises(TypeError, match=message):
        read(table(id=[1, "a", 2]))


def test_a_channel_of_objects_with_a_string():
    with pytest.raises(
        TypeError, match="column 'x' mixes kinds: it holds the str 'n/a' and the float"
    ):
        read(table(x=pd.Series([1.0, "n/a", 2.0], dtype=object)))


def test_a_channel_of_arrays():
    with pytest.raises(
        ValueError, match="column 'x' holds something that is not a real"
    ):
        read(table(x=[np.ones(2)] * 3))


def test_features_of_complex_numbers():
    with pytest.raises(
        TypeError, match="column 'x' has dtype complex128, but every feature"
    ):
        read(table().astype({"x": "complex128"}))


def test_events_at_once_are_kept_if_asked_for():
    frame = pd.concat([table(x=[*"abc"])] * 2)
    X = read(frame, duplicates="keep")
    assert sum(map(len, X)) == 6


def test_a_mean_of_categories():
    frame = pd.concat([table(x=[*"abc"])] * 2)
    with pytest.raises(ValueError, match="mean of numbers, but column 'x' holds cat"):
        read(frame, duplicates="mean")


def test_times_that_are_a_feature_beside_categories():
    with pytest.raises(ValueError, match="columns has 'time', which is the column of"):
        read(table(x=[*"abc"]), columns=["time", "x"])


def test_a_label_that_two_columns_have():
    frame = pd.concat([table(), table()[["x"]]], axis=1)
    with pytest.raises(ValueError, match="frame has 2 columns 'x'; rename all but one"):
        read(frame)


def test_ids_in_the_index():
    with pytest.raises(
        ValueError, match=r"'id' is not in .*pass frame.reset_index\(\)"
    ):
        read(table().set_index("id"))


# --- in the others ---


def test_an_interval_of_duckdb_has_no_order():
    relation = duckdb.sql("SELECT 1 AS id, 2.0 AS x, INTERVAL 1 MONTH AS time")
    with pytest.raises(
        TypeError, match="column 'time' has dtype month_day_nano_interv"
    ):
        read(relation)


@pytest.mark.parametrize(
    "ids", [pl.Series([[1], [2], [1]]), pl.Series([object()] * 3, dtype=pl.Object)]
)
def test_ids_that_polars_can_not_sort(ids):
    with pytest.raises(
        TypeError, match=r"column 'id' holds ids of dtype (List|Object)"
    ):
        read(pl.DataFrame({"id": ids, "time": [1, 2, 3], "x": [1.0, 2.0, 3.0]}))


@pytest.mark.parametrize(
    "frame",
    [
        {"id": [1], "x": [1.0]},
        [1, 2],
        None,
        np.ones((3, 2)),
        pd.Series([1.0]),
        pl.Series([1.0]),
        pa.chunked_array([[1.0]]),
    ],
    ids=lambda frame: type(frame).__name__,
)
def test_what_is_no_frame(frame):
    with pytest.raises(
        TypeError, match=r"frame is .*; expected a pandas DataFrame, a pol"
    ):
        read(frame)


# --- options ---


@pytest.mark.parametrize("option", [{"duplicates": "mean"}, {"return_times": True}])
def test_options_about_times_need_order(option):
    (name,) = option
    with pytest.raises(ValueError, match=rf"{name} is about times, so it needs order="):
        read(table(), order=None, **option)


@pytest.mark.parametrize("option", [{"duplicates": "drop"}, {"return_times": "yes"}])
def test_options_that_do_not_exist(option):
    (name,) = option
    with pytest.raises(ValueError, match=f"'{name}' parameter of to_sequences"):
        read(table(), **option)
