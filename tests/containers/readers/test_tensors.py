import numpy as np
import pytest
from numpy.testing import assert_array_equal

from sklearn_seqae._containers.readers import to_ragged
from sklearn_seqae._containers.writers import from_ragged

A = np.array([[1.0, 10.0], [2.0, 20.0], [3.0, 30.0]])
B = np.array([[4.0, 40.0]])
ROWS = [A.tolist(), B.tolist()]
FIRST = [A[:, 0].tolist(), B[:, 0].tolist()]


@pytest.fixture(scope="module")
def tf():
    import tensorflow

    return tensorflow


@pytest.mark.parametrize("dtype", ["float32", "float64", "int32", "bool"])
def test_univariate(tf, dtype):
    X = tf.cast(tf.ragged.constant(FIRST), dtype)
    ragged, container = to_ragged(X)
    assert_array_equal(ragged.lengths, [3, 1])
    assert_array_equal(ragged.values[:, 0], np.array([1, 2, 3, 4]).astype(dtype))
    assert container.kind == "ragged_tensor"
    assert container.univariate
    assert container.dtype == ("float32" if dtype == "float32" else "float64")
    back = from_ragged(ragged, container)
    assert isinstance(back, tf.RaggedTensor)
    assert back.dtype == container.dtype
    assert back.to_list() == tf.cast(X, container.dtype).to_list()


def test_multivariate(tf):
    for X in (
        tf.ragged.constant(ROWS, ragged_rank=1, dtype="float64"),
        tf.ragged.constant(ROWS, dtype="float64"),  # the features a ragged dimension
    ):
        ragged, container = to_ragged(X)
        assert_array_equal(ragged[0], A)
        assert_array_equal(ragged[1], B)
        assert not container.univariate
        back = from_ragged(ragged, container)
        assert back.shape.as_list() == [2, None, 2]
        assert back.to_list() == ROWS


def test_a_dense_tensor_is_an_array(tf):
    ragged, container = to_ragged(tf.constant(np.stack([A, A + 1])))
    assert container.kind == "array_3d"
    assert_array_equal(ragged[1], A + 1)


def test_what_comes_back_shares_no_memory(tf):
    ragged, container = to_ragged(tf.ragged.constant(FIRST, dtype="float64"))
    back = from_ragged(ragged, container)
    assert not np.shares_memory(back.flat_values.numpy(), ragged.values)


def test_other_shapes_are_refused(tf):
    wide = tf.ragged.constant([[[1.0, 2.0]], [[3.0]]])
    with pytest.raises(ValueError, match="sequence 1 has 1 feature at time step 0, bu"):
        to_ragged(wide)
    with pytest.raises(ValueError, match=r"RaggedTensor of shape .*; expected \(n_seq"):
        to_ragged(tf.ragged.constant([[[[1.0]]]]))
    with pytest.raises(ValueError, match="sequence 1 is empty"):
        to_ragged(tf.ragged.constant([[1.0], []]))
    with pytest.raises(TypeError, match=r"X holds .* real numbers are needed"):
        to_ragged(tf.ragged.constant([["a"]]))
