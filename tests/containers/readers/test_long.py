import numpy as np
import pandas as pd
import pytest
from helpers import assert_same_values
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from pandas.testing import assert_index_equal

from sklearn_seqae._containers.readers import ids_of_sequences, to_ragged


def long_table(rows, names=("id", "time")):
    """A frame of one channel from (id, time, value)."""
    ids, times, values = zip(*rows, strict=True)
    index = pd.MultiIndex.from_arrays([ids, times], names=names)
    return pd.DataFrame({"value": np.array(values, dtype=float)}, index=index)


def grouped(frame):
    """What a loop over the groups gives."""
    groups = frame.groupby(level=0, sort=False)
    return {key: group.to_numpy(dtype=float) for key, group in groups}


def assert_read_as_groups(frame):
    ragged, container = to_ragged(frame)
    expected = grouped(frame)
    assert ids_of_sequences(frame).tolist() == list(expected)
    assert_same_values(ragged, list(expected.values()))
    return container


@given(
    st.lists(st.sampled_from(["b", "a", "d", "c"]), min_size=1, max_size=12),
    st.sampled_from([["x"], ["x", "y"]]),
)
def test_rows_in_any_company_are_those_of_a_loop_over_groups(ids, columns):
    times = np.arange(len(ids)) * 0.5 - 2
    values = np.arange(len(ids) * len(columns), dtype=float).reshape(len(ids), -1)
    index = pd.MultiIndex.from_arrays([ids, times], names=["id", "time"])
    container = assert_read_as_groups(pd.DataFrame(values, index, columns))
    assert container.kind == "long_dataframe"
    assert container.columns == tuple(columns)
    assert container.n_columns == len(columns)
    assert container.index_names == ("id", "time")
    assert not container.univariate
    assert not container.tabular


@pytest.mark.parametrize(
    "times",
    [
        [3, 1, 2],
        [0.5, -1.0, 0.0],
        pd.to_datetime(["2020-01-03", "2020-01-01", "2020-01-02"]),
        pd.to_datetime(["2020-01-03", "2020-01-01", "2020-01-02"], utc=True),
        pd.PeriodIndex(["2020-03", "2020-01", "2020-02"], freq="M"),
        pd.to_timedelta([3, 1, 2], unit="s"),
        ["c", "a", "b"],
        pd.Categorical(["mid", "top", "low"], ["top", "low", "mid"], ordered=True),
    ],
    ids=lambda times: type(times).__name__ + str(getattr(times, "dtype", times[0])),
)
def test_times_may_be_all_that_has_an_order(times):
    index = pd.MultiIndex.from_arrays([list("aab"), pd.Index(times)[[1, 2, 0]]])
    assert_read_as_groups(pd.DataFrame({"x": [1.0, 2.0, 3.0]}, index))
    backwards = pd.MultiIndex.from_arrays([list("aab"), pd.Index(times)[[2, 1, 0]]])
    with pytest.raises(ValueError, match="series 'a' is not sorted by time"):
        to_ragged(pd.DataFrame({"x": [1.0, 2.0, 3.0]}, backwards))


def test_levels_whose_labels_are_stored_in_another_order():
    # as set_levels, or a file, may leave them
    index = pd.MultiIndex(
        levels=[["z", "a"], [30, 10, 20]], codes=[[0, 0, 0, 1, 1], [1, 2, 0, 1, 0]]
    )
    assert_read_as_groups(pd.DataFrame({"x": np.arange(5.0)}, index))
    with pytest.raises(ValueError, match="series 'z' is not sorted by time: 20 comes"):
        to_ragged(pd.DataFrame({"x": np.arange(5.0)}, index).iloc[[0, 2, 1, 3, 4]])


@pytest.mark.parametrize(
    "ids",
    [
        pd.Index([7, 7, 3], dtype="int32", name="id"),
        pd.Index(["b", "b", "a"], name="id"),
        pd.Index(["b", "b", "a"], dtype="string[python]", name="id"),
        pd.Index([True, True, False], name="id"),
        pd.to_datetime(["2021-01-01", "2021-01-01", "2020-01-01"]).rename("id"),
        pd.CategoricalIndex(["b", "b", "a"], ["c", "b", "a"], name="id"),
        pd.Index([("b", 1), ("b", 1), ("a", 2)], tupleize_cols=False, name="id"),
    ],
    ids=lambda ids: str(ids.dtype),
)
def test_ids_are_kept_with_their_dtype(ids):
    index = pd.MultiIndex.from_arrays([ids, [0, 1, 0]])
    frame = pd.DataFrame({"x": [1.0, 2.0, 3.0]}, index)
    assert_index_equal(ids_of_sequences(frame), ids[[0, 2]])


def test_groups_without_rows_are_no_series():
    frame = long_table([("a", 0, 1), ("b", 0, 2), ("c", 0, 3), ("c", 1, 4)])
    kept = frame[frame["value"] != 2]
    assert "b" in kept.index.levels[0]
    assert_read_as_groups(kept)
    assert ids_of_sequences(kept).tolist() == ["a", "c"]


def test_a_series_with_such_an_index_is_univariate():
    column = long_table([("a", 0, 1), ("a", 1, 2), ("b", 0, 3)])["value"]
    ragged, container = to_ragged(column)
    assert_array_equal(ragged.values[:, 0], [1, 2, 3])
    assert_array_equal(ragged.lengths, [2, 1])
    assert container.kind == "long_series"
    assert container.univariate
    assert container.n_columns is None
    assert container.columns == ("value",)


def test_gaps_are_missing_values():
    frame = long_table([("a", 0, 1), ("a", 1, np.nan), ("b", 0, 3), ("b", 1, np.nan)])
    ragged, _ = to_ragged(frame)
    assert_array_equal(ragged.lengths, [2, 2])
    assert np.isnan(ragged.values[[1, 3]]).all()
    # Nullable columns say it otherwise
    nullable, _ = to_ragged(frame.astype("Int64"))
    assert nullable == ragged


def test_columns_of_several_dtypes():
    index = pd.MultiIndex.from_product([["a"], [0, 1]])
    frame = pd.DataFrame(
        {"i": [1, 2], "b": [True, False], "f": np.float32([0.5, 1.5])}, index
    )
    ragged, container = to_ragged(frame)
    assert_array_equal(ragged.values, [[1, 1, 0.5], [2, 0, 1.5]])
    assert container.dtype == "float64"
    narrow, container = to_ragged(frame[["f"]])
    assert narrow.dtype == container.dtype == "float32"


def test_the_frame_is_not_changed():
    frame = long_table([("b", 0, 1), ("a", 0, 2), ("b", 1, 3)])
    before = frame.copy(deep=True)
    ragged, _ = to_ragged(frame)
    assert_array_equal(ragged.values[:, 0], [1, 3, 2])
    pd.testing.assert_frame_equal(frame, before)


def test_a_hundred_thousand_series_take_no_loop():
    # A loop over groups would take half a minute.
    n_series, n_steps = 100_000, 10
    ids = np.tile(np.arange(n_series)[::-1], n_steps)
    times = np.repeat(np.arange(n_steps), n_series)
    index = pd.MultiIndex.from_arrays([ids, times])
    ragged, _ = to_ragged(pd.DataFrame({"x": ids * 100.0 + times}, index))
    assert_array_equal(ragged.lengths, n_steps)
    assert_array_equal(
        ragged.values[:, 0].reshape(n_series, n_steps),
        np.arange(n_series)[::-1, np.newaxis] * 100.0 + np.arange(n_steps),
    )
