"""The forecaster in training: its loss is that of the prefixes, and of nothing else."""

import numpy as np
import pytest
from networks import (
    assert_same_weights,
    drawn_weights,
    one_batch,
    small_architecture,
    walks,
)
from numpy.testing import assert_allclose, assert_array_equal
from references import ByNumpy, changes, embedding, pooled_states, weighted_error

from sklearn_seqae._keras.training.program import Program, ShardShape, UpdateSettings
from sklearn_seqae._keras.training.workspace import Workspace
from sklearn_seqae._network.layers import State
from sklearn_seqae._patches.batching import to_patches
from sklearn_seqae._patches.packing import pack
from sklearn_seqae._patches.prefixes import Prefixes, Rows, followed_by_prefixes

N_STEPS, N_SHARDS, N_ROWS, HORIZON = 16, 2, 4, 3
LENGTHS = [16, 3, 9, 1, 12, 5]
SAMPLE_WEIGHT = np.array([1, 2, 0.5, 1, 3, 1], np.float32)
ARCHITECTURE = small_architecture(  # two features in patches of two
    n_inputs=4,
    bidirectional=True,
    projection_size=3,
    n_forecast_steps=2,
    n_recent=16,
)
WEIGHTS = drawn_weights(ARCHITECTURE)


@pytest.fixture(scope="module")
def space():
    losses = ("loss", "contrastive_loss", "forecast_loss")
    program = Program(
        ARCHITECTURE, ShardShape(N_SHARDS, 3 * N_ROWS, N_STEPS, N_ROWS), losses=losses
    )
    return Workspace(program, "sgd")


@pytest.fixture(scope="module")
def packed():
    """All sequences as one batch of two shards: each, a copy of it and a prefix."""
    ragged = walks(LENGTHS, missing=0.3)
    prefixes = Prefixes(ragged, 2, np.ones((HORIZON, 2)), lambda x: to_patches(x, 2))
    patches = to_patches(ragged, 2)
    shards = one_batch(patches, N_SHARDS, N_ROWS)
    doubled = np.concatenate([shards, shards], axis=-1)
    rows, forecast = followed_by_prefixes(
        Rows(patches, doubled, SAMPLE_WEIGHT, None),
        shards,
        prefixes,
        np.random.default_rng(0),
    )
    return pack(
        rows.patches, rows.shards, N_STEPS, rows.sample_weight, forecast=forecast
    )


def update(space, packed):
    """Return losses of a batch, and weights after an update by its forecasts alone."""
    space.load(State(WEIGHTS))
    settings = UpdateSettings(
        np.array([[0, 0, 0.1]], np.float32),
        np.full(1, 0.1, np.float32),
        np.zeros(1, np.float32),
        np.zeros((1, 2), np.int32),
    )
    (losses,) = space.train(packed, settings)
    return losses, space.state().weights


def test_the_loss_is_that_of_the_prefixes(space, packed):
    losses, _ = update(space, packed)
    layers, expected, n_prefixes = ByNumpy(ARCHITECTURE, WEIGHTS), 0.0, 0
    for s, start in enumerate(packed.starts[0]):
        lengths = packed.lengths[0, s, -N_ROWS:]
        recent, change, weight = (array[0, s] for array in packed.forecast)
        for row in np.flatnonzero(lengths):
            x = packed.x[start : start + lengths[row], 0, row - N_ROWS]
            vector = embedding(layers, pooled_states(layers, x))
            steps = changes(layers, vector, recent[row])
            expected += weighted_error(steps, change[:, row], weight[:, row])
            n_prefixes += 1
    assert n_prefixes == 5  # a single time step has no prefix
    assert_allclose(losses[2], expected, rtol=1e-4)


def test_encoder_and_forecaster_learn_from_it(space, packed):
    """The decoder and the projection head do not."""
    _, after = update(space, packed)
    learn = ("encoder_", "embedding/", "forecaster_", "forecast/")
    for name, before in WEIGHTS.items():
        assert (after[name] != before).any() == name.startswith(learn), name


def test_what_is_not_observed_ahead_contributes_exactly_nothing(space, packed):
    losses, after = update(space, packed)
    nothing = packed.forecast.weight == 0
    assert 0 < nothing.sum() < nothing.size
    change = np.where(nothing, 5.0, packed.forecast.change).astype(np.float32)
    forecast = packed.forecast._replace(change=change)
    again, after_again = update(space, packed._replace(forecast=forecast))
    assert_array_equal(again, losses)
    assert_same_weights(after_again, after)


def test_held_out_sequences_are_reconstructed_only(space):
    patches = to_patches(walks(LENGTHS), 2)
    shards = one_batch(patches, N_SHARDS, 3 * N_ROWS)
    (losses,) = space.evaluate(pack(patches, shards, N_STEPS, SAMPLE_WEIGHT))
    assert losses[0] > 0
    assert_array_equal(losses[1:], 0)
