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
    factors,
    layer_masks,
    mask_width,
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
        draw(SEED, Purpose.STEPS, (50,)),
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
    architecture = small_architecture(
        n_inputs=30, embedding_size=30, decoder_layer_sizes=(30,)
    )
    shards = draw(architecture, Stochastic(*[True] * 3), SEED, 0.3, 2, 40, 16)
    kinds = {
        name: np.concatenate([getattr(drawn, name) for drawn in shards])
        for name in ("inputs", "embedding")
    }
    shares = [np.equal(rows, 0).mean() for rows in kinds.values()]
    assert_allclose(shares, [0.3, 0], atol=0.1)
    kinds["steps"] = np.concatenate([drawn.steps[0] for drawn in shards])
    for rows in kinds.values():
        assert len(np.unique(rows, axis=0)) > 0.9 * len(rows)


def test_each_is_as_large_as_what_it_is_for():
    drawn, _ = draw(small_architecture(), Stochastic(*[True] * 3), SEED, 0.0, 2, 5, 16)
    assert drawn.inputs.shape == (5, 2 + 3)
    assert drawn.embedding.shape == (5, 3)
    assert drawn.steps.shape == (16, 5, 2)


def test_what_is_not_asked_for_is_not_drawn():
    stochastic = Stochastic(dropout=True)
    arguments = SEED, 0.0, 2, 3, 16
    for drawn in draw(small_architecture(), stochastic, *arguments):
        assert drawn.embedding is drawn.steps is None
        assert_array_equal(drawn.inputs, 1)  # of a share of nothing
    for drawn in draw(small_architecture(), DETERMINISTIC, *arguments):
        assert drawn == (None,) * 3


# The masks of dropout. What layers make of them is tested with the layers. ------------

LAYERS = small_architecture(
    hidden_layer_sizes=(5, 4), decoder_layer_sizes=(4, 3), bidirectional=True
).lstm_layers
SHAPES = {  # of two rows
    "encoder_lstm_1": [2, 2, 2],
    "encoder_lstm_2": [2, 2, 10],
    "decoder_lstm_1": [1, 2, 3],
    "decoder_lstm_2": [1, 2, 4],
}


def numbered(width):
    """Two rows, in which every number is another."""
    return tf.constant(np.arange(2 * width).reshape(2, width), tf.float32)


def test_factors_leave_the_mean_as_it_is(rng):
    found = factors(tf.constant(rng.random((200, 500)), tf.float32), 0.3).numpy()
    assert_allclose(np.unique(found), [0, 1 / 0.7], rtol=1e-6)
    assert_allclose((found == 0).mean(), 0.3, atol=0.01)
    assert_allclose(found.mean(), 1, atol=0.01)


def test_every_layer_and_direction_has_a_mask_of_its_own():
    rows = numbered(mask_width(LAYERS))
    masks = layer_masks(LAYERS, rows)
    assert {name: mask.shape.as_list() for name, mask in masks.items()} == SHAPES
    for row in range(2):
        parts = [mask[:, row].numpy().ravel() for mask in masks.values()]
        assert_array_equal(np.concatenate(parts), rows[row])


def test_nothing_dropped_is_no_mask():
    assert layer_masks(LAYERS, None) == {}
