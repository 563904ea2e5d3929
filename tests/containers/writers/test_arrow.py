import numpy as np
import pytest
from numpy.testing import assert_array_equal

from sklearn_seqae._containers.ragged import RaggedArray
from sklearn_seqae._containers.readers import to_ragged
from sklearn_seqae._containers.writers import from_ragged

pa = pytest.importorskip("pyarrow", reason="an option of ours")
A = np.array([[1.0, 10.0], [2.0, 20.0], [3.0, 30.0]])
B = np.array([[4.0, 40.0]])
ROWS = [A.tolist(), B.tolist()]
FIRST = [A[:, 0].tolist(), B[:, 0].tolist()]


def there_and_back(X):
    return from_ragged(*to_ragged(X))


def types(number):
    yield pa.list_(number), FIRST
    yield pa.large_list(number), FIRST
    yield pa.list_(number, 2), ROWS[0]
    yield pa.list_(pa.list_(number)), ROWS
    yield pa.large_list(pa.list_(number, 2)), ROWS
    yield pa.list_(pa.list_(number, 2), 3), [ROWS[0], ROWS[0]]


CASES = [*types(pa.float64()), *types(pa.float32())]


@pytest.mark.parametrize(("arrow_type", "rows"), CASES, ids=str)
def test_arrays_and_tables_come_back_as_they_were(arrow_type, rows):
    array = pa.array(rows, arrow_type)
    for X in (array, pa.chunked_array([array]), pa.table({"x": array})):
        back = there_and_back(X)
        back.validate(full=True)
        assert back.equals(X)


def test_columns_of_channels():
    table = pa.table(
        {
            "x": pa.array([[1, 2], [3, 4]], pa.list_(pa.float64(), 2)),
            "y": pa.array([[1, 2], [3, 4]], pa.large_list(pa.float32())),
        }
    )
    assert there_and_back(table).equals(table)
    assert there_and_back(table.to_batches()[0]).equals(table)


def test_integers_come_back_as_floats_and_views_as_lists():
    expected = pa.array([[1.0, 2.0], [3.0]])
    assert there_and_back(pa.array([[1, 2], [3]])).equals(expected)
    view = pa.array(expected.to_pylist(), pa.list_view(pa.float64()))
    assert there_and_back(view).equals(expected)


def test_fixed_sizes_are_lists_where_lengths_differ():
    array = pa.array(ROWS[0], pa.list_(pa.float64(), 2))
    _, container = to_ragged(array)
    longer = RaggedArray(np.arange(6.0)[:, np.newaxis], [0, 3, 6])
    assert from_ragged(longer, container).type == pa.list_(pa.float64(), 3)
    unequal = RaggedArray(np.arange(3.0)[:, np.newaxis], [0, 1, 3])
    assert from_ragged(unequal, container).equals(pa.array([[0.0], [1.0, 2.0]]))


def test_a_table_of_rows_is_padded_with_null():
    table = pa.table({"a": [1.0, 3.0], "b": [2.0, None]})
    assert there_and_back(table).equals(table)
    _, container = to_ragged(table)
    back = from_ragged(RaggedArray(np.ones((3, 1)), [0, 3]), container)
    assert back.column_names == ["a", "b", "2"]


def test_no_sequences_are_an_empty_container():
    array = pa.array(ROWS)
    for X in (array, pa.table({"x": array}), pa.table({"a": [1.0]})):
        ragged, container = to_ragged(X)
        back = from_ragged(RaggedArray(ragged.values[:0], [0]), container)
        assert type(back) is type(X)
        assert len(back) == 0


def test_what_comes_back_shares_no_memory():
    ragged, container = to_ragged(pa.array(ROWS))
    numbers = from_ragged(ragged, container).flatten().flatten().to_numpy()
    assert_array_equal(numbers.reshape(-1, 2), ragged.values)
    assert not np.shares_memory(numbers, ragged.values)


def test_awkward_arrays():
    ak = pytest.importorskip("awkward", reason="tested where it is installed")
    for X in (ak.Array(FIRST), ak.unflatten(np.concatenate([A, B]), [3, 1])):
        back = there_and_back(X)
        assert str(back.type) == str(X.type)
        assert back.to_list() == X.to_list()
    narrow = ak.values_astype(ak.Array(FIRST), "float32")
    assert str(there_and_back(narrow).type) == "2 * var * float32"
    assert there_and_back(ak.Array(ROWS)).to_list() == ROWS
