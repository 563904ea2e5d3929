"""The losses of a shard: against Keras's layers and formulas, and their gradient."""

import numpy as np
import pytest
import tensorflow as tf
from numpy.testing import assert_allclose
from sklearn_seqae._keras.architecture import build_layers, initial_weights
from sklearn_seqae._keras.draws import Draws
from sklearn_seqae._keras.forecasting import make_forecaster
from sklearn_seqae._keras.objective import NO_BUFFERS, Objective, Shard

from sklearn_seqae._keras.network import FusedNetwork, StockNetwork
from sklearn_seqae._packing import Futures, pack

NAMES = ("loss", "kl", "activity")
N_STEPS = 16
WEIGHT = np.array([1, 2, 0.5, 3], np.float32)


@pytest.fixture(scope="module")
def case(make_architecture, make_patches):
    """A shard of a variational autoencoder: (architecture, weights, shard, draws)."""
    architecture = make_architecture(bidirectional=True, variational=True)
    weights = initial_weights(architecture, np.random.RandomState(0))
    patches = make_patches([9, 1, 16, 4], missing=0.2)
    rows = np.array([0, 1, -1, 2, 3])
    stream = pack(patches, rows[None, None], N_STEPS, WEIGHT)
    shard = Shard(
        tf.constant(stream.x[:N_STEPS]),
        tf.constant(stream.x[:N_STEPS, 1]),
        tf.constant(stream.weight[:N_STEPS]),
        tf.constant(stream.row_weight[0, 0]),
        tf.constant(stream.lengths[0, 0]),
        Futures(*(array[0, 0] for array in stream.futures)),
    )
    drawn = np.random.default_rng(0).normal(size=(5, architecture.n_code))
    return architecture, weights, shard, Draws(code=tf.constant(drawn, tf.float32))


def objective_of(architecture, weights, names=NAMES):
    network = FusedNetwork(architecture)
    return Objective(network, make_forecaster(architecture, False), weights, names)


def by_hand(architecture, weights, shard, draws):
    """Losses from Keras's layers and formulas."""
    stock = StockNetwork(architecture, build_layers(architecture))
    pooled = stock.pool(weights, shard.x, shard.lengths).numpy()
    mean, log_variance = (
        pooled @ kernel + bias for kernel, bias in (weights[6:8], weights[-2:])
    )
    code = mean if draws.code is None else mean + np.exp(log_variance / 2) * draws.code
    decoded = stock.decode(weights, tf.constant(code), shard.lengths, N_STEPS)
    row_weight = shard.row_weight.numpy()
    kl = (mean**2 + np.exp(log_variance) - 1 - log_variance).sum(axis=1) / 2
    return [
        (shard.weight * (decoded - shard.target) ** 2).numpy().sum(),
        row_weight @ kl,
        row_weight @ np.abs(mean).sum(axis=1),
    ]


@pytest.mark.parametrize("training", [False, True])
def test_the_losses_of_a_variational_autoencoder(case, training):
    architecture, weights, shard, draws = case
    objective = objective_of(architecture, [tf.constant(w) for w in weights])
    if training:
        found = objective.training_losses(shard, draws, NO_BUFFERS)
    else:
        found, draws = objective.losses(shard), Draws()
    assert_allclose(found, by_hand(architecture, weights, shard, draws), rtol=1e-4)


def test_the_gradient_passes_the_chance_by(case):
    """Along the gradient the objective grows by the gradient's squared length."""
    architecture, weights, shard, draws = case
    scale = np.array([0.02, 0.1, 0.05])
    variables = [tf.Variable(w) for w in weights]
    _, gradients = objective_of(architecture, variables).gradients(
        shard, draws, tf.constant(scale, tf.float32), NO_BUFFERS
    )
    assert np.abs(gradients[-1]).max() > 1e-3  # of the variances' own layer

    def objective(size):
        there = [w + size * g.numpy() for w, g in zip(weights, gradients, strict=True)]
        return scale @ by_hand(architecture, there, shard, draws)

    slope = (objective(1e-2) - objective(-1e-2)) / 2e-2
    squared = sum((g.numpy().astype(np.float64) ** 2).sum() for g in gradients)
    assert_allclose(slope, squared, rtol=0.01)
