import numpy as np
import pytest
from helpers import assert_read

from sklearn_seqae._containers.readers import ids_of_sequences, to_ragged

pa = pytest.importorskip("pyarrow", reason="an option of ours")
nan = np.nan
A = np.array([[1.0, 10.0], [2.0, 20.0], [3.0, 30.0]])
B = np.array([[4.0, 40.0]])
ROWS = [A.tolist(), B.tolist()]
FIRST = [A[:, 0].tolist(), B[:, 0].tolist()]
double = pa.float64()


def assert_holds(X, expected, **container):
    assert_read(X, expected, **container)
    assert ids_of_sequences(X) is None


CASES = [
    (pa.list_(double), FIRST, ("list", "float64")),
    (pa.large_list(double), FIRST, ("large_list", "float64")),
    (pa.list_(double, 2), [[1.0, 2.0], [3.0, 4.0]], ("fixed_size_list", "float64")),
    (pa.list_(pa.list_(double)), ROWS, ("list", "list", "float64")),
    (pa.list_(pa.list_(double, 2)), ROWS, ("list", "fixed_size_list", "float64")),
    (
        pa.large_list(pa.large_list(double)),
        ROWS,
        ("large_list", "large_list", "float64"),
    ),
    (
        pa.list_(pa.list_(double, 2), 3),
        [ROWS[0], ROWS[0]],
        ("fixed_size_list", "fixed_size_list", "float64"),
    ),
    (pa.list_view(double), FIRST, ("list", "float64")),
]


@pytest.mark.parametrize(("arrow_type", "rows", "layout"), CASES, ids=str)
def test_lists(arrow_type, rows, layout):
    univariate = len(layout) == 2
    expected = [np.reshape(row, (len(row), -1)) for row in rows]
    array = pa.array(rows, type=arrow_type)
    known = {"univariate": univariate, "layouts": (layout,)}
    assert_holds(array, expected, kind="arrow_array", n_columns=None, **known)
    assert_holds(array[1:], expected[1:])
    chunked = pa.chunked_array([array[:1], array[1:]])
    assert_holds(chunked, expected, kind="arrow_chunked_array", **known)
    for table in (pa.table({"x": chunked}), pa.record_batch({"x": array})):
        assert_holds(
            table, expected, kind="arrow_table", n_columns=1, columns=("x",), **known
        )


def test_columns_are_channels():
    table = pa.table({"x": FIRST, "y": [[10, 20, 30], [40]]})
    assert_holds(table, [A, B], n_columns=2, columns=("x", "y"), univariate=False)


def test_null_within_a_sequence_is_a_missing_value():
    assert_holds(pa.array([[1, None, 3], [4]]), [[[1], [nan], [3]], [[4]]])
    assert_holds(pa.array([[True, None]]), [[[1], [nan]]])
    assert_holds(pa.array([[[1.0, None], [None, 2.0]]]), [[[1, nan], [nan, 2]]])


@pytest.mark.parametrize("number", ["int8", "uint64", "float32", "float16", "bool_"])
def test_dtypes(number):
    array = pa.array([[1, 0], [1]]).cast(pa.list_(pa.float64()))
    if number == "bool_":
        array = pa.array([[True, False], [True]])
    else:
        array = array.cast(pa.list_(getattr(pa, number)()))
    narrow = "float32" if number in ("float16", "float32") else "float64"
    assert_holds(array, [[[1], [0]], [[1]]], dtype=narrow)


def test_decimals():
    array = pa.array([[1, 2]]).cast(pa.list_(pa.decimal128(21, 1)))
    assert_holds(array, [[[1], [2]]])


@pytest.mark.parametrize(("arrow_type", "rows", "layout"), CASES[:-1], ids=str)
def test_floats_are_not_copied(arrow_type, rows, layout):
    array = pa.array(rows, type=arrow_type)
    ragged, _ = to_ragged(pa.table({"x": array}))
    numbers = array.flatten() if len(layout) == 2 else array.flatten().flatten()
    assert np.shares_memory(ragged.values, numbers.to_numpy(zero_copy_only=True))


def test_numbers_are_a_univariate_sequence_a_row():
    table = pa.table({"t0": [1.0, 4.0], "t1": [2, None], "t2": [None, nan]})
    for X in (table, table.to_batches()[0]):
        assert_holds(
            X,
            [[[1], [2]], [[4]]],
            kind="arrow_wide",
            n_columns=3,
            columns=("t0", "t1", "t2"),
            univariate=True,
            tabular=True,
        )


def test_awkward_arrays():
    ak = pytest.importorskip("awkward", reason="tested where it is installed")
    univariate = ak.Array(FIRST)
    expected = [A[:, :1], B[:, :1]]
    assert_holds(univariate, expected, kind="awkward", univariate=True)
    for X in (ak.Array(ROWS), ak.unflatten(np.concatenate([A, B]), [3, 1])):
        assert_holds(X, [A, B], kind="awkward", univariate=False, n_columns=None)
    assert_holds(univariate[[1, 0]], expected[::-1])
    assert_holds(ak.Array([[1.0, None], [2.0]]), [[[1], [nan]], [[2]]])
