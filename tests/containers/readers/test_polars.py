import numpy as np
import pytest
from helpers import assert_read

from sklearn_seqae._containers.readers import ids_of_sequences, to_ragged

pl = pytest.importorskip("polars", reason="an option of ours")
nan = np.nan
A = np.array([[1.0, 10.0], [2.0, 20.0], [3.0, 30.0]])
B = np.array([[4.0, 40.0]])
UNIVARIATE = pl.Series("x", [A[:, 0].tolist(), B[:, 0].tolist()])
MULTIVARIATE = pl.Series("x", [A.tolist(), B.tolist()])
FIXED_CHANNELS = MULTIVARIATE.cast(pl.List(pl.Array(pl.Float64, 2)))


def assert_holds(X, expected, **container):
    assert_read(X, expected, **container)
    assert ids_of_sequences(X) is None


@pytest.mark.parametrize("chunks", [1, 2])
@pytest.mark.parametrize(
    ("series", "expected", "layout"),
    [
        (UNIVARIATE, [A[:, :1], B[:, :1]], ("list", "float64")),
        (MULTIVARIATE, [A, B], ("list", "list", "float64")),
        (FIXED_CHANNELS, [A, B], ("list", "array", "float64")),
        (pl.Series("x", A.T), A.T[:, :, np.newaxis], ("array", "float64")),
        (pl.Series("x", np.stack([A, -A])), [A, -A], ("array", "array", "float64")),
    ],
    ids=str,
)
def test_lists_and_arrays(series, expected, layout, chunks):
    if chunks == 2:
        series = pl.concat([series[:1], series[1:]], rechunk=False)
    univariate = len(layout) == 2
    known = {"univariate": univariate, "columns": ("x",), "layouts": (layout,)}
    assert_holds(series, expected, kind="polars_series", n_columns=None, **known)
    frame = series.to_frame()
    assert_holds(frame, expected, kind="polars_dataframe", n_columns=1, **known)
    assert_holds(series[1:], expected[1:])
    assert_holds(series[[1, 0]], expected[::-1])


def test_columns_are_channels():
    frame = pl.DataFrame(
        {"x": [A[:, 0].tolist(), B[:, 0].tolist()], "y": [[10, 20, 30], [40]]}
    )
    assert_holds(
        frame,
        [A, B],
        kind="polars_dataframe",
        n_columns=2,
        columns=("x", "y"),
        univariate=False,
        layouts=(("list", "float64"), ("list", "float64")),
    )
    array = frame.select(pl.col("x", "y").list.head(1).list.to_array(1))
    assert_holds(array, [A[:1], B])


def test_null_within_a_sequence_is_a_missing_value():
    assert_holds(pl.Series([[1, None, 3], [4]]), [[[1], [nan], [3]], [[4]]])
    assert_holds(pl.Series([[True, None]]), [[[1], [nan]]])
    channels = pl.Series([[[1.0, None], [None, 2.0]]])
    assert_holds(channels, [[[1, nan], [nan, 2]]])
    assert_holds(
        channels.cast(pl.List(pl.Array(pl.Float64, 2))), [[[1, nan], [nan, 2]]]
    )


@pytest.mark.parametrize("dtype", [pl.Int8, pl.UInt64, pl.Float32, pl.Boolean])
def test_dtypes(dtype):
    series = pl.Series([[1, 0], [1]]).cast(pl.List(dtype))
    narrow = "float32" if dtype == pl.Float32 else "float64"
    assert_holds(series, [[[1], [0]], [[1]]], dtype=narrow)


def test_floats_are_not_copied():
    numbers = UNIVARIATE.explode().to_numpy(allow_copy=False)
    assert np.shares_memory(to_ragged(UNIVARIATE)[0].values, numbers)
    for series in (MULTIVARIATE, FIXED_CHANNELS):
        numbers, again = (series.explode().explode().to_numpy() for _ in range(2))
        ragged, _ = to_ragged(series)
        # Some versions of polars copy when they unpack the second level.
        copied_by_polars = not np.shares_memory(numbers, again)
        assert copied_by_polars or np.shares_memory(ragged.values, numbers)


def test_numbers_are_a_univariate_sequence_a_row():
    frame = pl.DataFrame({"t0": [1.0, 4.0], "t1": [2, None], "t2": [None, nan]})
    assert_holds(
        frame,
        [[[1], [2]], [[4]]],
        kind="polars_wide",
        n_columns=3,
        columns=("t0", "t1", "t2"),
        univariate=True,
        tabular=True,
    )


def test_what_group_by_makes_of_a_long_table():
    table = pl.DataFrame({"id": [1, 1, 2, 1], "t": [0, 1, 0, 2], "x": [1.0, 2, 4, 3]})
    series = table.sort("t").group_by("id", maintain_order=True).agg("x")["x"]
    assert_holds(series, [A[:, :1], B[:, :1]])


def test_records_are_refused():
    records = pl.Series([[{"a": 1.0, "b": 2.0}], [{"a": 3.0, "b": 4.0}]])
    with pytest.raises(TypeError, match="a column of lists for each field"):
        to_ragged(records)
