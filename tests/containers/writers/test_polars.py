import numpy as np
import pytest
from numpy.testing import assert_array_equal

from sklearn_seqae._containers.ragged import RaggedArray
from sklearn_seqae._containers.readers import to_ragged
from sklearn_seqae._containers.writers import from_ragged

pl = pytest.importorskip("polars", reason="an option of ours")
testing = pytest.importorskip("polars.testing", reason="a part of polars")
A = np.array([[1.0, 10.0], [2.0, 20.0], [3.0, 30.0]])
B = np.array([[4.0, 40.0]])
ROWS = pl.Series("x", [A.tolist(), B.tolist()])


def there_and_back(X):
    return from_ragged(*to_ragged(X))


@pytest.mark.parametrize(
    "dtype", [pl.Float32, pl.Float64], ids=lambda dtype: dtype.__name__
)
@pytest.mark.parametrize("name", ["x", ""])
@pytest.mark.parametrize(
    "series",
    [
        ROWS,
        ROWS.cast(pl.List(pl.Array(pl.Float64, 2))),
        pl.Series([A[:, 0].tolist(), B[:, 0].tolist()]),
        pl.Series(A),
        pl.Series(np.stack([A, A + 1])),
    ],
    ids=lambda series: str(series.dtype),
)
def test_series_and_frames_come_back_as_they_were(series, name, dtype):
    narrow = {"List": pl.List, "Array": pl.Array}

    def with_numbers(t):
        if not hasattr(t, "inner"):
            return dtype()
        inner = with_numbers(t.inner)
        kind = narrow[str(t.base_type())]
        return kind(inner, t.size) if kind is pl.Array else kind(inner)

    series = series.cast(with_numbers(series.dtype)).alias(name)
    testing.assert_series_equal(there_and_back(series), series)
    testing.assert_frame_equal(there_and_back(series.to_frame()), series.to_frame())


def test_columns_of_channels():
    frame = pl.DataFrame(
        {
            "x": pl.Series([[1.0, 2.0], [3.0, 4.0]], dtype=pl.Array(pl.Float64, 2)),
            "y": pl.Series([[1.0, 2.0], [3.0, 4.0]], dtype=pl.List(pl.Float32)),
        }
    )
    testing.assert_frame_equal(there_and_back(frame), frame)


def test_integers_come_back_as_floats():
    expected = pl.Series("x", [[1.0, 2.0], [3.0]])
    testing.assert_series_equal(
        there_and_back(expected.cast(pl.List(pl.Int32))), expected
    )


def test_arrays_are_lists_where_lengths_differ():
    _, container = to_ragged(pl.Series("x", A))
    longer = RaggedArray(np.arange(6.0)[:, np.newaxis], [0, 3, 6])
    back = from_ragged(longer, container)
    assert back.dtype == pl.Array(pl.Float64, 3)
    assert_array_equal(back.to_numpy(), [[0, 1, 2], [3, 4, 5]])
    unequal = RaggedArray(np.arange(6.0)[:, np.newaxis], [0, 1, 6])
    back = from_ragged(unequal, container)
    testing.assert_series_equal(
        back, pl.Series("x", [[0.0], [1.0, 2.0, 3.0, 4.0, 5.0]])
    )


def test_a_frame_of_rows_is_padded_with_null():
    frame = pl.DataFrame({"a": [1.0, 3.0], "b": [2.0, None]})
    testing.assert_frame_equal(there_and_back(frame), frame)
    _, container = to_ragged(frame)
    back = from_ragged(RaggedArray(np.ones((3, 1)), [0, 3]), container)
    assert back.columns == ["a", "b", "2"]
    assert there_and_back(frame.cast(pl.Float32)).dtypes == [pl.Float32] * 2


def test_no_sequences_are_an_empty_container():
    for X in (ROWS, ROWS.to_frame(), pl.Series(A), pl.DataFrame({"a": [1.0]})):
        ragged, container = to_ragged(X)
        back = from_ragged(RaggedArray(ragged.values[:0], [0]), container)
        assert type(back) is type(X)
        assert len(back) == 0
