"""What is drawn from a seed."""

import numpy as np
import pytest
import tensorflow as tf
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_seqae._keras.draws import Purpose, normal, uniform

SEED = tf.constant([3, -7])


@pytest.mark.parametrize("draw", [uniform, normal])
def test_a_seed_and_a_purpose_decide(draw):
    first = draw(SEED, Purpose.CODE, (50,)).numpy()
    assert_array_equal(draw(SEED, Purpose.CODE, (50,)), first)
    in_a_graph = tf.function(lambda seed: draw(seed, Purpose.CODE, (50,)))
    assert_array_equal(in_a_graph(SEED), first)
    for other in (
        draw(tf.constant([3, -6]), Purpose.CODE, (50,)),
        draw(SEED, Purpose.INPUTS, (50,)),
        draw(SEED, Purpose.RECURRENT, (50,)),
    ):
        assert abs(np.corrcoef(other, first)[0, 1]) < 0.5


def test_the_distributions():
    even = uniform(SEED, Purpose.INPUTS, (10_000,)).numpy()
    assert 0 <= even.min() <= even.max() < 1
    assert_allclose(np.quantile(even, [0.25, 0.5, 0.75]), [0.25, 0.5, 0.75], atol=0.02)
    bell = normal(SEED, Purpose.CODE, (10_000,)).numpy()
    assert_allclose([bell.mean(), bell.std()], [0, 1], atol=0.03)
