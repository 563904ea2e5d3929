import numpy as np
import pytest
from helpers import assert_read, without_padding
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from numpy.testing import assert_array_equal
from sklearn.utils.estimator_checks import _NotAnArray

from sklearn_seqae._containers.readers import to_ragged

nan = np.nan
quick = settings(deadline=None, max_examples=100)
numbers = st.one_of(st.just(nan), st.just(nan), st.integers(-9, 9).map(float))
float_dtypes = st.sampled_from([np.float32, np.float64])


@quick
@given(
    float_dtypes.flatmap(
        lambda dtype: npst.arrays(
            dtype, npst.array_shapes(min_dims=3, max_dims=3), elements=numbers
        )
    )
)
def test_3d_ends_at_the_last_step_that_is_not_all_nan(X):
    assume(not np.isnan(X).all(axis=(1, 2)).any())
    ragged, container = assert_read(X, without_padding(X))
    assert container.kind == "array_3d"
    assert container.dtype == ragged.dtype == X.dtype
    assert not container.univariate
    assert not container.tabular


@quick
@given(
    float_dtypes.flatmap(
        lambda dtype: npst.arrays(
            dtype, npst.array_shapes(min_dims=2, max_dims=2), elements=numbers
        )
    )
)
def test_2d_rows_are_univariate_sequences_that_end_at_the_last_number(X):
    assume(not np.isnan(X).all(axis=1).any())
    ragged, container = assert_read(X, without_padding(X[:, :, None]))
    assert container.kind == "array_2d"
    assert container.dtype == ragged.dtype == X.dtype
    assert container.univariate
    assert container.tabular
    assert container.n_columns == X.shape[1]


def test_only_trailing_nan_is_padding():
    X = [[[nan, nan], [1, nan], [nan, nan], [nan, 2], [nan, nan]]]
    assert_read(np.array(X), [X[0][:4]])
    assert_read(np.array([[nan, 1, nan, 2, nan, nan]]), [[[nan], [1], [nan], [2]]])


@pytest.mark.parametrize("dtype", ["?", "i1", "u8", "f2", "f4", "f8", "g", "O"])
@pytest.mark.parametrize("shape", [(2, 3), (2, 3, 1)])
def test_any_real_dtype(dtype, shape):
    X = np.array([0, 1, 1, 1, 0, 1]).reshape(shape).astype(dtype)
    ragged, container = to_ragged(X)
    assert_array_equal(ragged.values[:, 0], [0, 1, 1, 1, 0, 1])
    expected = "float32" if dtype in ("f2", "f4") else "float64"
    assert ragged.dtype == container.dtype == expected


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(3, 4), (3, 4, 2)])
def test_an_array_without_padding_is_not_copied(dtype, shape):
    X = np.ones(shape, dtype)
    X.flags.writeable = False  # and a read-only one will do, as memory maps are
    ragged, _ = to_ragged(X)
    assert np.shares_memory(ragged.values, X)


@pytest.mark.parametrize("shape", [(3, 4), (3, 4, 2)])
@pytest.mark.parametrize("order", ["C", "F"])
def test_the_layout_in_memory_does_not_matter(shape, order):
    X = np.arange(float(np.prod(shape))).reshape(shape)
    X[1, 2:] = nan
    expected = without_padding(X.reshape(3, 4, -1))
    assert_read(np.array(X, order=order), expected)
    assert_read(np.repeat(X, 2, axis=0)[::2], expected)


@pytest.mark.parametrize("shape", [(2, 3), (2, 3, 2)])
def test_the_input_is_not_changed(shape):
    X = np.ones(shape)
    X[0, 1:] = nan
    X[1, 0] = nan
    original = X.copy()
    to_ragged(X)
    assert_array_equal(X, original)


@pytest.mark.parametrize("shape", [(2, 3), (2, 3, 2)])
def test_anything_with_an_array_method(shape):
    X = np.arange(float(np.prod(shape))).reshape(shape)
    expected, container = to_ragged(X)
    found, found_container = to_ragged(_NotAnArray(X))
    assert found == expected
    assert found_container.kind == container.kind


def test_masked_entries_are_missing_or_padding():
    X = np.ma.array([[1, 2, 3], [4, 5, 6]], mask=[[0, 1, 0], [0, 0, 1]])
    assert_read(X, [[[1], [nan], [3]], [[4], [5]]])


def test_none_in_an_object_array_is_nan():
    X = np.array([[1, None, 3], [4, None, None]], dtype=object)
    assert_read(X, [[[1], [nan], [3]], [[4]]])
