"""Kinds of columns: errors and slopes, written once for NumPy and Keras."""

import numpy as np
import pytest
from keras import ops
from numpy.testing import assert_allclose
from sklearn.metrics import log_loss

from sklearn_seqae._patches.heads import HEADS

SIZE, N = 3, 6


@pytest.fixture(params=HEADS)
def case(request):
    """A head, what is written, values and weights of a few time steps."""
    rng, head = np.random.default_rng(0), HEADS[request.param](SIZE)
    written = rng.normal(size=(N, head.n_written))
    values = rng.integers(1, SIZE + 1, (N, SIZE if request.param == "number" else 1))
    return head, written, values.astype(float), rng.uniform(0.5, 2, values.shape)


def test_slopes_are_those_of_errors(case):
    head, written, values, weight = case
    _, slope = head.error(np, written, values, weight)
    assert slope.shape == written.shape
    for j in range(head.n_written):
        step = 1e-6 * np.eye(head.n_written)[j]
        up, down = (
            head.error(np, written + s, values, weight)[0].sum(axis=1)
            for s in (step, -step)
        )
        assert_allclose(slope[:, j], (up - down) / 2e-6, rtol=1e-6)


def test_errors_by_keras_and_by_numpy(case):
    head, *arrays = case
    found = head.error(ops, *(ops.convert_to_tensor(each) for each in arrays))
    for ours, theirs in zip(found, head.error(np, *arrays), strict=True):
        assert_allclose(ours, theirs, rtol=1e-12)


def test_what_is_unknown_weighs_nothing_and_is_finite(case):
    head, written, values, weight = case
    for each in head.error(np, written, 0 * values, 0 * weight):
        assert_allclose(each, 0, atol=0)


def test_an_unknown_category_is_as_unlikely_as_the_least_likely():
    head, written = HEADS["category"](SIZE), np.array([[0.0, 1.0, -2.0]])
    losses = [head.loss(written, np.array([[code]]))[0, 0] for code in range(4)]
    p = np.exp(written) / np.exp(written).sum()
    expected = [log_loss([code], p, labels=[1, 2, 3]) for code in (3, 1, 2, 3)]
    assert_allclose(losses, expected, rtol=1e-12)


def test_a_category_is_read_as_a_vector_of_fastais_size():
    sizes = [HEADS["category"](n).n_read for n in (2, 10, 50, 1000)]
    assert sizes == [2, 6, 14, 32]
