import numpy as np
import pandas as pd
import pytest
from helpers import assert_read, objects
from numpy.testing import assert_array_equal
from pandas.testing import assert_index_equal

from sklearn_seqae._containers.readers import ids_of_sequences, to_ragged

nan = np.nan
A = np.array([[1.0, 10.0], [2.0, 20.0], [3.0, 30.0]])
B = np.array([[4.0, 40.0]])


@pytest.mark.parametrize(
    ("wrap", "cell"),
    [
        (np.asarray, "array"),
        (list, "array"),
        (tuple, "array"),
        (pd.Series, "series"),
        (lambda x: pd.Series(x, index=range(5, 5 + len(x))), "series"),
        (lambda x: pd.array(x, dtype="Float64"), "array"),
        (lambda x: x.astype(object), "array"),
    ],
)
def test_univariate_cells(wrap, cell):
    column = pd.Series([wrap(A[:, 0]), wrap(B[:, 0])], index=["a", "b"], name="x")
    layouts = ((cell, "float64"),)
    expected = [A[:, :1], B[:, :1]]
    assert_read(
        column,
        expected,
        kind="nested_series",
        univariate=True,
        n_columns=None,
        columns=("x",),
        layouts=layouts,
    )
    assert_read(
        column.to_frame(),
        expected,
        kind="nested_dataframe",
        univariate=True,
        n_columns=1,
        columns=("x",),
        layouts=layouts,
    )
    assert_index_equal(ids_of_sequences(column), column.index)
    assert_index_equal(ids_of_sequences(column.to_frame()), column.index)


@pytest.mark.parametrize(
    "wrap",
    [
        np.asarray,
        pd.DataFrame,
        np.ndarray.tolist,
        lambda x: objects([np.asarray(step) for step in x]),  # as read from Parquet
    ],
)
def test_multivariate_cells(wrap):
    column = pd.Series([wrap(A), wrap(B)])
    assert_read(column, [A, B], univariate=False, layouts=(("array", "float64"),))
    assert_read(column.to_frame(), [A, B], univariate=False, n_columns=1)


def test_columns_are_channels():
    # sktime calls it nested_univ
    frame = pd.DataFrame(
        {"x": [A[:, 0], B[:, 0]], "y": [pd.Series(A[:, 1]), pd.Series(B[:, 1])]}
    )
    assert_read(
        frame,
        [A, B],
        kind="nested_dataframe",
        univariate=False,
        n_columns=2,
        columns=("x", "y"),
        layouts=(("array", "float64"), ("series", "float64")),
    )


def test_a_channel_may_be_unobserved_where_another_is():
    frame = pd.DataFrame({"x": [A[:, 0], B[:, 0]], "y": [[nan] * 3, [40.0]]})
    assert_read(frame, [np.column_stack([A[:, 0], [nan] * 3]), B])


def test_the_dtype_is_narrow_if_all_columns_are():
    frame = pd.DataFrame(
        {"x": [np.ones(2, "f4")], "y": [np.ones(2, "f2")], "z": [np.ones(2, "i4")]}
    )
    assert_read(frame[["x", "y"]], [np.ones((2, 2))], dtype="float32")
    assert_read(frame[["x", "z"]], [np.ones((2, 2))], dtype="float64")
    _, container = to_ragged(frame)
    assert [layout[-1] for layout in container.layouts] == [
        *("float32", "float32", "float64")
    ]


def test_names_of_columns_may_be_anything_even_repeated():
    frame = pd.DataFrame({"x": [A[:, 0]], "y": [A[:, 1]]}).set_axis([3, 3], axis=1)
    assert_read(frame, [A], columns=(3, 3))


def test_an_object_array_of_two_dimensions_is_what_numpy_makes_of_such_a_frame():
    frame = pd.DataFrame({"x": [A[:, 0], B[:, 0]], "y": [A[:, 1], B[:, 1]]})
    assert_read(
        frame.to_numpy(), [A, B], kind="nested_array", n_columns=2, univariate=False
    )
    one = objects([A, B]).reshape(2, 1)
    assert_read(one, [A, B], kind="nested_array", n_columns=1, univariate=False)


def test_a_frame_of_sequences_may_have_any_index():
    index = pd.MultiIndex.from_tuples([("a", 1), ("a", 2)])
    column = pd.Series([A, B], index=index)
    assert_read(column, [A, B], kind="nested_series")
    assert_index_equal(ids_of_sequences(column), index)


def test_arrow_lists_in_pandas():
    pa = pytest.importorskip("pyarrow", reason="an option of ours")
    lists = pa.array([A[:, 0].tolist(), B[:, 0].tolist()])
    column = pd.Series(lists, dtype=pd.ArrowDtype(lists.type), name="x")
    for X, kind in [(column, "nested_series"), (column.to_frame(), "nested_dataframe")]:
        assert_read(
            X,
            [A[:, :1], B[:, :1]],
            kind=kind,
            univariate=True,
            columns=("x",),
            layouts=(("list", "float64"),),
        )
    frame = pd.DataFrame({"x": column, "y": [A[:, 1], B[:, 1]]})
    assert_read(frame, [A, B])


def test_cells_read_from_parquet(tmp_path):
    pytest.importorskip("pyarrow", reason="an option of ours, and of pandas'")
    frame = pd.DataFrame(
        {"uni": [A[:, 0], B[:, 0]], "multi": [list(map(list, A)), list(map(list, B))]}
    )
    frame.to_parquet(tmp_path / "sequences.parquet")
    for backend in ("numpy_nullable", "pyarrow"):
        read = pd.read_parquet(tmp_path / "sequences.parquet", dtype_backend=backend)
        assert_read(read["uni"], [A[:, :1], B[:, :1]], univariate=True)
        assert_read(read[["multi"]], [A, B], univariate=False)


def test_the_frame_is_not_changed_and_can_be_changed_afterwards():
    cell = A.copy()
    ragged, _ = to_ragged(pd.Series([cell, B]))
    cell[:] = 0
    assert_array_equal(ragged[0], A)
