import numpy as np
import pytest
from numpy.testing import assert_array_equal

from sklearn_seqae import from_channels_first
from sklearn_seqae._containers.readers import to_ragged
from sklearn_seqae.exceptions import InvalidSequenceError


def test_lists_and_3d_arrays():
    A, B = np.arange(6.0).reshape(2, 3), np.arange(8.0).reshape(2, 4)
    for X in ([A, B], (A, B), [A.tolist(), B.tolist()]):
        found = from_channels_first(X)
        assert [x.shape for x in found] == [(3, 2), (4, 2)]
        assert_array_equal(found[0], A.T)
        assert_array_equal(found[1], B.T)
    found = from_channels_first(np.stack([A, A + 1]))
    assert_array_equal(found, [A.T, A.T + 1])


def test_sequences_are_views():
    X = np.zeros((2, 3, 4))
    for x in from_channels_first(X):
        assert np.shares_memory(x, X)


def test_the_estimator_reads_time_first():
    X = [np.arange(6.0).reshape(2, 3)]
    ragged, _ = to_ragged(from_channels_first(X))
    assert ragged.n_features == 2
    assert_array_equal(ragged.values[:, 1], [3, 4, 5])


@pytest.mark.parametrize("bad", [np.zeros(3), np.zeros((1, 2, 3)), 3.0])
def test_other_shapes_are_refused(bad):
    with pytest.raises(InvalidSequenceError, match=r"sequence 1 is .*n_channels, n_t"):
        from_channels_first([np.zeros((2, 3)), bad])
