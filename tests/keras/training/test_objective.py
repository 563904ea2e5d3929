"""The losses of a shard: against the equations and formulas, and their gradient."""

from functools import partial

import numpy as np
import pytest
import tensorflow as tf
from networks import (
    assert_is_gradient,
    drawn_weights,
    small_architecture,
    walks_in_patches,
)
from numpy.testing import assert_allclose
from references import (
    ByNumpy,
    decoded,
    embedding,
    pooled_states,
    weighted_error,
)

from sklearn_seqae._keras.network.fused_engine import FusedEngine
from sklearn_seqae._keras.training.draws import NOTHING, Draws
from sklearn_seqae._keras.training.losses import Shard
from sklearn_seqae._keras.training.objective import Objective
from sklearn_seqae._keras.training.program import Program, ShardShape
from sklearn_seqae._patches.packing import ForecastTargets, pack

NAMES = ("loss", "kl_loss", "sparsity_loss")
N_STEPS, N_ROWS = 16, 5
ARCHITECTURE = small_architecture(bidirectional=True, variational=True)
WEIGHTS = drawn_weights(ARCHITECTURE)
DRAWN = np.random.default_rng(0).normal(size=(N_ROWS, ARCHITECTURE.embedding_size))
DRAWS = Draws(embedding=tf.constant(DRAWN, tf.float32))
SCALE = np.array([0.02, 0.1, 0.05], np.float32)


@pytest.fixture(scope="module")
def shard():
    """Four rows of a variational autoencoder, and one that holds nothing."""
    patches = walks_in_patches([9, 1, 16, 4], missing=0.2)
    weight = np.array([1, 2, 0.5, 3], np.float32)
    packed = pack(patches, np.array([[[0, 1, -1, 2, 3]]]), N_STEPS, weight)
    return Shard(
        tf.constant(packed.x[:N_STEPS]),
        tf.constant(packed.x[:N_STEPS, 1]),
        tf.constant(packed.weight[:N_STEPS]),
        tf.constant(packed.row_weight[0, 0]),
        tf.constant(packed.lengths[0, 0]),
        ForecastTargets(*(array[0, 0] for array in packed.forecast)),
    )


def objective_of(weights, names=NAMES):
    make_engine = partial(FusedEngine, ARCHITECTURE.activation)
    variables = [tf.Variable(w) for w in weights.values()]

    def by_name(tensors):
        return dict(zip(weights, tensors, strict=True))

    program = Program(ARCHITECTURE, ShardShape(1, N_ROWS, N_STEPS), losses=names)
    return Objective(program, make_engine, variables, by_name, jit=False)


def in_training(shard, draws):
    """Return the losses, and the gradient of their sum by `SCALE`."""
    gradients_of = tf.function(objective_of(WEIGHTS).gradients, autograph=False)
    return gradients_of(shard, draws, SCALE, {})


def by_hand(weights, shard, drawn=None):
    """Return the three losses, from the equations and formulas."""
    layers, losses = ByNumpy(ARCHITECTURE, weights), np.zeros(3)
    x, target, weight, row_weight, lengths = (tensor.numpy() for tensor in shard[:5])
    for row in np.flatnonzero(lengths):
        n = lengths[row]
        pooled = pooled_states(layers, x[:n, 0, row])
        mean = embedding(layers, pooled)
        log_variance = layers.dense(ARCHITECTURE.log_variance_layer, pooled)
        vector = mean
        if drawn is not None:
            vector = mean + np.exp(log_variance / 2) * drawn[row]
        kl = (mean**2 + np.exp(log_variance) - 1 - log_variance).sum() / 2
        steps = decoded(layers, vector, n)
        losses += [
            weighted_error(steps, target[:n, row], weight[:n, row]),
            row_weight[row] * kl,
            row_weight[row] * np.abs(mean).sum(),
        ]
    return losses


def test_the_losses_of_a_variational_autoencoder(shard):
    found = objective_of(WEIGHTS).losses(shard)
    assert_allclose(found, by_hand(WEIGHTS, shard), rtol=1e-4)


def test_in_training_a_vector_is_drawn_around_the_embedding(shard):
    found, _ = in_training(shard, DRAWS)
    assert_allclose(found, by_hand(WEIGHTS, shard, DRAWN), rtol=1e-4)


def test_what_is_not_drawn_is_the_embedding(shard):
    found, _ = in_training(shard, NOTHING)
    assert_allclose(found, by_hand(WEIGHTS, shard), rtol=1e-4)


def test_a_loss_is_what_it_is_beside_any_other(shard):
    expected = objective_of(WEIGHTS).losses(shard).numpy()
    for name, loss in zip(NAMES, expected, strict=True):
        (alone,) = objective_of(WEIGHTS, (name,)).losses(shard)
        assert_allclose(alone, loss, rtol=1e-6)


def test_the_gradient_goes_around_what_is_drawn(shard):
    _, gradients = in_training(shard, DRAWS)
    gradient = {n: g.numpy() for n, g in zip(WEIGHTS, gradients, strict=True)}
    assert np.abs(gradient["log_variance/kernel"]).max() > 1e-3
    assert_is_gradient(
        gradient,
        lambda weights: SCALE @ by_hand(weights, shard, DRAWN),
        {name: w.astype(np.float64) for name, w in WEIGHTS.items()},
        step=1e-3,
        rtol=1e-3,
    )
