"""What is drawn from a seed."""

import numpy as np
import pytest
import tensorflow as tf
from numpy.testing import assert_allclose, assert_array_equal
from sklearn_seqae._keras.draws import Chance, Purpose, draw, normal, uniform

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


def test_every_shard_and_row_draws_for_itself(make_architecture):
    rates = tf.constant([0.3, 0.6])
    everything = Chance(dropout=True, recurrent_dropout=True, code=True)
    architecture = make_architecture(n_inputs=30, n_code=30, decoder_units=(30,))
    shards = draw(architecture, everything, SEED, rates, 2, 40, 16)
    kinds = [
        np.concatenate([getattr(drawn, name) for drawn in shards])
        for name in ("inputs", "recurrent", "code")
    ]
    shares = [np.equal(rows, 0).mean() for rows in kinds]
    assert_allclose(shares, [0.3, 0.6, 0], atol=0.1)
    for rows in kinds:
        assert len(np.unique(rows, axis=0)) > 0.9 * len(rows)


def test_what_is_not_left_to_chance_is_not_drawn(make_architecture):
    chance = Chance(recurrent_dropout=True)
    for drawn in draw(make_architecture(), chance, SEED, tf.zeros(2), 2, 3, 16):
        assert drawn.inputs is None
        assert drawn.code is None
        assert_array_equal(drawn.recurrent, 1)  # of a share of nothing
