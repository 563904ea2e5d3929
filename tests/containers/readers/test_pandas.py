import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from numpy.testing import assert_array_equal

from sklearn_seqae._containers.readers import to_ragged

nan = np.nan
numbers = st.one_of(st.just(nan), st.integers(-9, 9).map(float))


@settings(deadline=None, max_examples=60)
@given(npst.arrays(float, npst.array_shapes(min_dims=2, max_dims=2), elements=numbers))
def test_rows_are_read_as_those_of_the_array(values):
    assume(not np.isnan(values).all(axis=1).any())
    frame = pd.DataFrame(values).add_prefix("t")
    ragged, container = to_ragged(frame)
    expected, _ = to_ragged(values)
    assert ragged == expected
    assert container.kind == "dataframe"
    assert container.univariate
    assert container.tabular
    assert container.n_columns == values.shape[1]
    assert container.columns == tuple(frame.columns)


@pytest.mark.parametrize(
    "dtype",
    ["float64", "int8", "uint64", "Int64", "Float64", "Sparse[float64]", object],
)
def test_numeric_dtypes(dtype):
    ragged, container = to_ragged(pd.DataFrame([[1, 2], [3, 4]]).astype(dtype))
    assert_array_equal(ragged.values, [[1], [2], [3], [4]])
    assert ragged.dtype == container.dtype == "float64"


@pytest.mark.parametrize("dtype", ["float16", "float32", "Float32"])
def test_narrow_floats_stay_narrow(dtype):
    ragged, container = to_ragged(pd.DataFrame([[1, 2], [3, 4]]).astype(dtype))
    assert_array_equal(ragged.values, [[1], [2], [3], [4]])
    assert ragged.dtype == container.dtype == "float32"


def test_columns_may_differ_in_dtype():
    frame = pd.DataFrame(
        {
            "float": np.array([1.5, 2.5], dtype=np.float32),
            "bool": [True, False],
            "nullable": pd.array([7, None], dtype="Int64"),
            "nullable bool": pd.array([None, True], dtype="boolean"),
            "object": np.array([None, 3], dtype=object),
        }
    )
    ragged, container = to_ragged(frame)
    assert_array_equal(ragged[0][:, 0], [1.5, 1, 7])
    assert_array_equal(ragged[1][:, 0], [2.5, 0, nan, 1, 3])
    assert container.dtype == "float64"


def test_column_names_may_be_anything_even_repeated():
    frame = pd.DataFrame([[1.0, 2.0]], columns=["a", "a"]).astype({"a": object})
    ragged, container = to_ragged(frame)
    assert_array_equal(ragged.values, [[1], [2]])
    assert container.columns == ("a", "a")


def test_frame_of_one_dtype_is_not_copied_nor_changed():
    frame = pd.DataFrame(np.array([[1.0, nan], [3.0, 4.0]])[1:])
    ragged, _ = to_ragged(frame)
    assert np.shares_memory(ragged.values, frame.to_numpy())
    assert_array_equal(frame, [[3.0, 4.0]])


@pytest.mark.parametrize(
    ("column", "dtype"),
    [
        (pd.array(["x", "y"], dtype="string"), "str"),
        (pd.to_datetime(["2020-01-01", "2020-01-02"]), "datetime64"),
        (pd.to_timedelta([1, 2], unit="s"), "timedelta64"),
        (pd.Categorical([1, 2]), "category"),
        ([1j, 2j], "complex128"),
    ],
)
def test_a_column_that_is_not_numeric_is_named(column, dtype):
    frame = pd.DataFrame({"first": [1.0, 2.0], "second": column})
    with pytest.raises(TypeError, match=rf"column 'second' has dtype ({dtype})"):
        to_ragged(frame)


def test_an_object_column_with_a_string_is_named():
    mixed = pd.Series([1.0, "x"], dtype=object)
    frame = pd.DataFrame({"first": [1.0, 2.0], "second": mixed})
    with pytest.raises(TypeError, match="column 'second' holds the str 'x'"):
        to_ragged(frame)
