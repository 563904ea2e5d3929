"""What is drawn from a seed."""

import numpy as np
import pytest
import tensorflow as tf
from networks import small_architecture
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_seqae._keras.training.draws import (
    DETERMINISTIC,
    Purpose,
    Stochastic,
    draw,
    normal,
    uniform,
)

SEED = tf.constant([3, -7])


@pytest.mark.parametrize("draw", [uniform, normal])
def test_a_seed_and_a_purpose_decide(draw):
    first = draw(SEED, Purpose.EMBEDDING, (50,)).numpy()
    assert_array_equal(draw(SEED, Purpose.EMBEDDING, (50,)), first)
    in_a_graph = tf.function(lambda seed: draw(seed, Purpose.EMBEDDING, (50,)))
    assert_array_equal(in_a_graph(SEED), first)
    for other in (
        draw(tf.constant([3, -6]), Purpose.EMBEDDING, (50,)),
        draw(SEED, Purpose.INPUTS, (50,)),
        draw(SEED, Purpose.RECURRENT, (50,)),
    ):
        assert abs(np.corrcoef(other, first)[0, 1]) < 0.5


def test_the_distributions():
    even = uniform(SEED, Purpose.INPUTS, (10_000,)).numpy()
    assert 0 <= even.min() <= even.max() < 1
    assert_allclose(np.quantile(even, [0.25, 0.5, 0.75]), [0.25, 0.5, 0.75], atol=0.02)
    bell = normal(SEED, Purpose.EMBEDDING, (10_000,)).numpy()
    assert_allclose([bell.mean(), bell.std()], [0, 1], atol=0.03)


def test_no_two_purposes_share_numbers():
    drawn = [normal(SEED, purpose, (4,)).numpy().tobytes() for purpose in Purpose]
    assert len(set(drawn)) == len(Purpose) == len(Stochastic._fields)


def test_every_shard_and_row_draws_for_itself():
    rates = tf.constant([0.3, 0.6])
    architecture = small_architecture(
        n_inputs=30, embedding_size=30, decoder_layer_sizes=(30,)
    )
    shards = draw(architecture, Stochastic(*[True] * 4), SEED, rates, 2, 40, 16)
    kinds = {
        name: np.concatenate([getattr(drawn, name) for drawn in shards])
        for name in ("inputs", "recurrent", "embedding")
    }
    shares = [np.equal(rows, 0).mean() for rows in kinds.values()]
    assert_allclose(shares, [0.3, 0.6, 0], atol=0.1)
    kinds["steps"] = np.concatenate([drawn.steps[0] for drawn in shards])
    for rows in kinds.values():
        assert len(np.unique(rows, axis=0)) > 0.9 * len(rows)


def test_each_is_as_large_as_what_it_is_for():
    drawn, _ = draw(
        small_architecture(), Stochastic(*[True] * 4), SEED, tf.zeros(2), 2, 5, 16
    )
    assert drawn.inputs.shape == (5, 2 + 3)
    assert drawn.recurrent.shape == (5, 4 + 4)
    assert drawn.embedding.shape == (5, 3)
    assert drawn.steps.shape == (16, 5, 2)


def test_what_is_not_asked_for_is_not_drawn():
    stochastic = Stochastic(recurrent_dropout=True)
    arguments = SEED, tf.zeros(2), 2, 3, 16
    for drawn in draw(small_architecture(), stochastic, *arguments):
        assert drawn.inputs is drawn.embedding is drawn.steps is None
        assert_array_equal(drawn.recurrent, 1)  # of a share of nothing
    for drawn in draw(small_architecture(), DETERMINISTIC, *arguments):
        assert drawn == (None,) * 4
