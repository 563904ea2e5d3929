from collections import UserList, deque
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from helpers import assert_read, objects
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from numpy.testing import assert_array_equal

from sklearn_seqae._containers.readers import to_ragged

REAL_DTYPES = ["?", "i1", "u1", "i4", "i8", "u8", "f2", "f4", "f8", "g"]


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_any_real_dtype_and_any_lengths(data):
    n_features = data.draw(st.integers(1, 3))
    shape = st.tuples(st.integers(1, 5), st.just(n_features))
    dtype = st.sampled_from(REAL_DTYPES[:-1])  # hypothesis knows no longdouble
    numbers = st.integers(0, 1)
    X = data.draw(
        st.lists(
            dtype.flatmap(lambda d: npst.arrays(d, shape, elements=numbers)),
            min_size=1,
            max_size=6,
        )
    )
    narrow = all(x.dtype in (np.float16, np.float32) for x in X)
    expected_dtype = "float32" if narrow else "float64"
    assert_read(X, X, kind="list", univariate=False, dtype=expected_dtype)
    assert_read(tuple(X), X, kind="tuple", dtype=expected_dtype)
    assert_read(objects(X), X, kind="object_array", dtype=expected_dtype)
    columns = [x[:, 0] for x in X]
    assert_read(columns, [c[:, np.newaxis] for c in columns], univariate=True)


@pytest.mark.parametrize("dtype", REAL_DTYPES)
def test_values_are_kept_exactly(dtype):
    X = [np.array([[0, 1], [1, 1]], dtype=dtype), np.array([[1, 0]], dtype=dtype)]
    ragged, container = to_ragged(X)
    assert ragged.dtype == container.dtype
    assert container.dtype == ("float32" if dtype in ("f2", "f4") else "float64")
    assert_array_equal(ragged.values, [[0, 1], [1, 1], [1, 0]])


NARROW = ("Float32", "float[pyarrow]", "halffloat[pyarrow]", "float32")
WIDE = ("Float64", "Int8", "boolean", "bool[pyarrow]", "int8[pyarrow]", "int8")


@pytest.mark.parametrize("dtype", [*NARROW, *WIDE])
@pytest.mark.parametrize("missing", [False, True])
@pytest.mark.parametrize("text", [False, True])
def test_frames_of_one_dtype_of_pandas(dtype, missing, text):
    """As in a long table: float32 if all numbers are, and missing or not."""
    if "pyarrow" in dtype:
        pytest.importorskip("pyarrow", reason="an option of ours")
    column = pd.Series([1, 0, 1, 1]).astype(dtype)
    if missing and dtype != "int8":
        column[1] = np.nan if dtype == "float32" else pd.NA
    frame = pd.DataFrame({"x": column, "y": column})
    if text:
        frame["z"] = ["a", "b", "b", "a"]
    X = [frame[:2], frame[2:]]
    index = pd.MultiIndex.from_product([["p", "q"], [0, 1]])
    for form in (X, pd.Series(X), frame.set_axis(index)):
        ragged, container = to_ragged(form)
        expected = "float32" if dtype in NARROW else "float64"
        assert ragged.dtype == container.dtype == expected
        assert_array_equal(np.isnan(ragged.values[1, :2]), pd.isna(column[1]))
        assert_array_equal(ragged.values[[0, 2, 3], :2], np.ones((3, 2)))


@pytest.mark.parametrize("dtype", [*NARROW[:2], *WIDE[:2]])
@pytest.mark.parametrize("make", [pd.Series, pd.Index, pd.array])
def test_a_missing_value_changes_no_dtype(dtype, make):
    if "pyarrow" in dtype:
        pytest.importorskip("pyarrow", reason="an option of ours")
    ragged, _ = to_ragged([make([1, None, 3], dtype=dtype), make([4], dtype=dtype)])
    assert ragged.dtype == ("float32" if dtype in NARROW else "float64")
    assert_array_equal(ragged.values[:, 0], [1, np.nan, 3, 4])


@pytest.mark.parametrize("second", ["Float32", "float32", "Int8", "float64"])
def test_frames_of_float32_and_another_dtype(second):
    frame = pd.DataFrame({"x": pd.Series([1.5, 2.5], dtype="Float32"), "y": [1, 2]})
    frame = frame.astype({"y": second})
    expected = "float32" if second.lower() == "float32" else "float64"
    assert to_ragged([frame, frame])[0].dtype == expected


@pytest.mark.parametrize("missing", [False, True])
@pytest.mark.parametrize("second", ["Int8", "Boolean", "Float32"])
@pytest.mark.parametrize("arrow", [False, True])
def test_frames_of_polars_and_of_arrow(missing, second, arrow):
    pl = pytest.importorskip("polars", reason="an option of ours")
    if arrow:
        pytest.importorskip("pyarrow", reason="an option of ours")
    other = pl.Series([1, None if missing else 0, 1]).cast(getattr(pl, second))
    frame = pl.DataFrame({"x": pl.Series([1, 2, 3]).cast(pl.Float32), "y": other})
    for each in (frame, frame.with_columns(z=pl.Series(["a", "b", "a"]))):
        ragged, _ = to_ragged([each.to_arrow() if arrow else each] * 2)
        assert ragged.dtype == ("float32" if second == "Float32" else "float64")
        assert np.isnan(ragged.values[1, 1]) == missing


def test_times_beside_text_are_no_numbers():
    frame = pd.DataFrame({"t": pd.to_datetime(["2020-01-01"] * 2), "z": ["a", "b"]})
    with pytest.raises(TypeError, match="sequence 0, column 't' has dtype datetime64"):
        to_ragged([frame])


@pytest.mark.parametrize(
    "X",
    [
        [[1, 2, 3], [4, 5]],
        [(1, 2, 3), [4, 5]],
        [np.array([1.0, 2.0, 3.0]), range(4, 6)],
        [pd.Series([1, 2, 3], index=[9, 8, 7]), pd.Series([4, 5], dtype="Float32")],
        [pd.Index([1, 2, 3]), pd.array([4, 5], dtype="Int64")],
        [deque([1, 2, 3]), UserList([4, 5])],
        [np.array([1, 2, 3], dtype=object), [Fraction(4), 5]],
        UserList([[1, 2, 3], [4, 5]]),
        deque([[1, 2, 3], [4, 5]]),
    ],
    ids=lambda X: f"{type(X).__name__} of {type(X[0]).__name__}",
)
def test_univariate_sequences_of_any_array_like(X):
    assert_read(X, [[[1], [2], [3]], [[4], [5]]], univariate=True, kind="list")


@pytest.mark.parametrize(
    "X",
    [
        [[[1, 2], [3, 4]], [[5, 6]]],
        [np.array([[1, 2], [3, 4]]), [(5, 6)]],
        [pd.DataFrame({"a": [1, 3], "b": [2.0, 4.0]}), pd.DataFrame([[5, 6]])],
        [np.array([[1, 3], [2, 4]]).T, np.array([[5, 6]], dtype=object)],
    ],
    ids=["lists", "mixed", "frames", "arrays"],
)
def test_multivariate_sequences_of_any_array_like(X):
    assert_read(X, [[[1, 2], [3, 4]], [[5, 6]]], univariate=False, kind="list")


def test_equal_rows_of_a_nested_list_are_univariate_sequences():
    assert_read([[1.0, 2.0], [3.0, 4.0]], [[[1], [2]], [[3], [4]]], univariate=True)


@pytest.mark.parametrize("missing", [np.nan, None, pd.NA])
def test_nan_is_a_missing_value_and_never_padding(missing):
    X = [[1.0, missing], [missing, 2.0, missing]]
    nan = np.nan
    assert_read(X, [[[1], [nan]], [[nan], [2], [nan]]])


def test_nullable_integers_with_a_gap():
    X = [
        pd.Series([1, None, 3], dtype="Int64"),
        pd.Series([True, None], dtype="boolean"),
    ]
    assert_read(X, [[[1], [np.nan], [3]], [[1], [np.nan]]])


def test_masked_entries_are_missing_values():
    X = [np.ma.array([1, 2], mask=[False, True]), np.ma.array([3.0, 4.0])]
    assert_read(X, [[[1], [np.nan]], [[3], [4]]])


def test_object_array_of_equal_lengths_is_a_3d_array_of_objects():
    X = np.array([np.ones((2, 3)), np.zeros((2, 3))], dtype=object)
    assert X.shape == (2, 2, 3)
    assert_read(X, [np.ones((2, 3)), np.zeros((2, 3))], kind="array_3d")


def test_sequences_of_arrays_of_objects():
    X = [objects([np.ones(2), np.zeros(2)]), objects([[1, 2]])]
    assert_read(X, [[[1, 1], [0, 0]], [[1, 2]]], univariate=False)


def test_the_input_is_not_changed_and_can_be_changed_afterwards():
    X = [np.ones((2, 1)), np.array([[2.0]])]
    ragged, _ = to_ragged(X)
    X[0][:] = 5.0
    assert_array_equal(ragged.values, [[1], [1], [2]])


def test_a_float32_sum_that_overflows_is_not_taken_for_infinity():
    top = np.finfo(np.float64).max
    assert_read([[top, top]], [[[top], [top]]])


def test_a_hundred_thousand_sequences():
    lengths = np.random.default_rng(0).integers(1, 5, size=100_000)
    X = [np.full((length, 2), i) for i, length in enumerate(lengths)]
    ragged, _ = to_ragged(X)
    assert_array_equal(ragged.lengths, lengths)
    assert_array_equal(ragged.values[:, 1], np.repeat(np.arange(100_000), lengths))
