import pickle

import numpy as np
import pandas as pd
import pytest
from helpers import objects
from numpy.testing import assert_array_equal
from pandas.testing import assert_frame_equal, assert_index_equal, assert_series_equal

from sklearn_seqae._containers.ragged import RaggedArray
from sklearn_seqae._containers.readers import ids_of_sequences, to_ragged
from sklearn_seqae._containers.writers import from_ragged

A = np.array([[1.0, 10.0], [2.0, 20.0], [3.0, 30.0]])
B = np.array([[4.0, 40.0]])
OTHER = RaggedArray(np.arange(8.0).reshape(4, 2), [0, 1, 4])


def there_and_back(X, ids=None):
    ragged, container = to_ragged(X)
    ids = ids_of_sequences(X) if ids is None else ids
    return from_ragged(ragged, pickle.loads(pickle.dumps(container)), ids)


def long_table(dtype=float, ids=("b", "a"), columns=("x", "y")):
    index = pd.MultiIndex.from_arrays(
        [pd.Index(ids).repeat([3, 1]), [0, 1, 2, 0]], names=["id", "time"]
    )
    values = np.concatenate([A, B])
    return pd.DataFrame(values, index, pd.Index(columns)).astype(dtype)


# -- long -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "dtype",
    [
        "float64",
        "float32",
        "Float64",
        "Float32",
        {"x": "float32", "y": "float64"},
        {"x": "Float32", "y": "float32"},
    ],
    ids=str,
)
def test_a_long_table_comes_back_as_it_was(dtype):
    assert_frame_equal(there_and_back(long_table(dtype)), long_table(dtype))


@pytest.mark.parametrize("dtype", ["float[pyarrow]", "double[pyarrow]"])
def test_a_long_table_in_arrow_comes_back_as_it_was(dtype):
    pytest.importorskip("pyarrow", reason="an option of ours, and of pandas'")
    assert_frame_equal(there_and_back(long_table(dtype)), long_table(dtype))


@pytest.mark.parametrize(
    ("dtype", "floating"),
    [
        ("int8", "float64"),
        ("bool", "float64"),
        ("object", "float64"),
        ("float16", "float32"),
        ("Int64", "Float64"),
        ("boolean", "Float64"),
        ("Sparse[float64]", "float64"),
    ],
)
def test_what_is_no_float_comes_back_as_one(dtype, floating):
    values = 1.0 if "bool" in dtype else long_table()
    frame = long_table() * 0 + values
    assert_frame_equal(there_and_back(frame.astype(dtype)), frame.astype(floating))


@pytest.mark.parametrize(
    "ids",
    [
        pd.Index([7, 3], dtype="int32"),
        pd.Index(["b", "a"], dtype="string[python]"),
        pd.to_datetime(["2021-01-01", "2020-01-01"], utc=True),
        pd.CategoricalIndex(["b", "a"], ["c", "b", "a"]),
        pd.Index(["a", 1], dtype=object),
    ],
    ids=lambda ids: str(ids.dtype),
)
def test_ids_keep_their_dtype(ids):
    back = there_and_back(long_table(ids=ids))
    assert_frame_equal(back, long_table(ids=ids))
    assert_index_equal(back.index.levels[0][:0], ids.rename("id")[:0])


def test_rows_of_a_series_stand_together():
    frame = long_table().sort_index(level="time", sort_remaining=False, kind="stable")
    assert frame.index.get_level_values("id").tolist() != list("bbba")
    assert_frame_equal(there_and_back(frame), long_table())


def test_time_counts_from_0_whatever_it_was():
    days = pd.date_range("2020-01-01", periods=4)
    index = pd.MultiIndex.from_arrays([list("bbba"), days], names=["id", "day"])
    back = there_and_back(long_table().set_axis(index))
    assert_frame_equal(back, long_table().rename_axis(["id", "day"]))


@pytest.mark.parametrize(
    "columns",
    [
        pd.RangeIndex(2),
        pd.Index(["y", "x"], name="channel"),
        pd.MultiIndex.from_tuples([("a", 1), ("a", 2)], names=["u", "v"]),
        pd.Index(["same", "same"]),
    ],
    ids=str,
)
def test_labels_of_channels(columns):
    frame = long_table().set_axis(columns, axis=1)
    assert_frame_equal(there_and_back(frame), frame)


def test_a_long_series():
    column = long_table()["y"]
    assert_series_equal(there_and_back(column), column)
    assert_series_equal(there_and_back(column.rename(None)), column.rename(None))


def test_other_sequences_and_ids_than_those_of_the_input():
    _, container = to_ragged(long_table())
    back = from_ragged(OTHER, container)
    assert back.index.tolist() == [(0, 0), (1, 0), (1, 1), (1, 2)]
    assert back.index.names == ["id", "time"]
    assert_array_equal(back, OTHER.values)
    back = from_ragged(OTHER, container, pd.Index(["q", "p"], name="of Z"))
    assert back.index.tolist() == [("q", 0), ("p", 0), ("p", 1), ("p", 2)]
    assert back.index.names == ["id", "time"]
    assert_array_equal(back.loc["p"], OTHER[1])


def test_ids_that_no_long_table_would_have():
    _, container = to_ragged(long_table())
    twice = from_ragged(OTHER, container, pd.Index(["a", "a"]))
    assert twice.index.get_level_values("id").tolist() == list("aaaa")
    null = from_ragged(OTHER, container, pd.Index(["a", None]))
    assert null.index.get_level_values("id").isna().tolist() == [False, *3 * [True]]
    pairs = pd.MultiIndex.from_tuples([("a", 1), ("b", 2)])
    deep = from_ragged(OTHER, container, pairs)
    assert deep.index.tolist()[:2] == [(("a", 1), 0), (("b", 2), 0)]


def test_no_series_is_an_empty_table():
    _, container = to_ragged(long_table())
    back = from_ragged(RaggedArray(np.empty((0, 2)), [0]), container)
    assert back.shape == (0, 2)
    assert back.index.names == ["id", "time"]


# -- nested ---------------------------------------------------------------------------


def cells(*arrays):
    return pd.Series(objects(arrays), index=["b", "a"], name="x")


def assert_same_cells(found, expected):
    assert type(found) is type(expected)
    assert_index_equal(found.index, expected.index)
    found, expected = pd.DataFrame(found), pd.DataFrame(expected)
    assert_index_equal(found.columns, expected.columns)
    for x, y in zip(found.to_numpy().flat, expected.to_numpy().flat, strict=True):
        assert type(x) is type(y)
        assert np.asarray(x).dtype == np.asarray(y).dtype
        assert_array_equal(x, y)


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize(
    "column",
    [
        cells(A, B),
        cells(A, A + 1),
        cells(A[:, 0], B[:, 0]),
        cells(pd.Series(A[:, 0]), pd.Series(B[:, 0])),
    ],
    ids=["2-D", "of equal length", "1-D", "Series"],
)
def test_a_column_of_sequences(column, dtype):
    column = column.map(lambda x: x.astype(dtype))
    assert_same_cells(there_and_back(column), column)
    assert_same_cells(there_and_back(column.rename(None)), column.rename(None))
    assert_same_cells(there_and_back(column.to_frame()), column.to_frame())


def test_columns_of_channels():
    frame = pd.DataFrame(
        {
            "x": cells(A[:, 0].astype("f4"), B[:, 0].astype("f4")),
            "y": cells(pd.Series(A[:, 1]), pd.Series(B[:, 1])),
        }
    )
    assert_same_cells(there_and_back(frame), frame)
    numbered = frame.set_axis(pd.RangeIndex(2), axis=1)
    assert_same_cells(there_and_back(numbered), numbered)


def test_other_cells_are_arrays():
    for column in (cells(A.tolist(), B.tolist()), cells(*map(pd.DataFrame, (A, B)))):
        assert_same_cells(there_and_back(column), cells(A, B))


def test_arrow_lists_in_pandas():
    pa = pytest.importorskip("pyarrow", reason="an option of ours")
    lists = pa.array([A.tolist(), B.tolist()], pa.list_(pa.list_(pa.float32(), 2)))
    column = pd.Series(lists, ["b", "a"], pd.ArrowDtype(lists.type), name="x")
    assert_series_equal(there_and_back(column), column)
    assert_frame_equal(there_and_back(column.to_frame()), column.to_frame())


def test_cells_of_other_sequences_than_those_of_the_input():
    _, container = to_ragged(cells(A, B).to_frame())
    back = from_ragged(OTHER, container)
    assert_index_equal(back.index, pd.RangeIndex(2))
    assert_array_equal(back["x"][1], OTHER[1])
    back = from_ragged(OTHER, container, pd.Index(["q", "q"], name="of Z"))
    assert_index_equal(back.index, pd.Index(["q", "q"], name="of Z"))
    back["x"].iloc[0][:] = 7  # the user's to write to
    assert OTHER.values[0, 0] == 0


def test_an_object_array_of_two_dimensions():
    frame = pd.DataFrame({"x": cells(A[:, 0], B[:, 0]), "y": cells(A[:, 1], B[:, 1])})
    for X in (frame.to_numpy(), frame[["x"]].to_numpy(), cells(A, A).to_frame()):
        X = np.asarray(X)
        back = there_and_back(X)
        assert back.shape == X.shape
        for x, y in zip(back.flat, X.flat, strict=True):
            assert_array_equal(x, y, strict=True)


# -- wide -----------------------------------------------------------------------------


def test_the_index_of_a_frame_of_rows():
    frame = pd.DataFrame(A, index=["c", "b", "a"], columns=["t0", "t1"])
    assert_frame_equal(there_and_back(frame), frame)
