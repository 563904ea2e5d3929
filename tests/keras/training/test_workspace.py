"""Compiled programs: what they compute, and how they are kept and lent.

XLA compiles one, for the tests of what it alone does: it computes in buffers that
outlive a call.
"""

import gc

import keras
import numpy as np
import pytest
from networks import (
    assert_close_weights,
    assert_same_weights,
    drawn_weights,
    one_batch,
    small_architecture,
    walks_in_patches,
)
from numpy.testing import assert_allclose, assert_array_equal
from references import ByNumpy, squared_errors
from tensorflow.python.framework import ops

from sklearn_seqae._keras.training.program import Program, ShardShape, UpdateSettings
from sklearn_seqae._keras.training.workspace import Workspace
from sklearn_seqae._network.layers import State
from sklearn_seqae._patches.batching import split_into_shards
from sklearn_seqae._patches.packing import pack

N_STEPS = 16
N_ROWS = 4
LENGTHS = [16, 3, 9, 1, 12, 5]
SAMPLE_WEIGHT = np.array([1, 2, 0.5, 1, 3, 1], np.float32)
ARCHITECTURE = small_architecture(hidden_layer_sizes=(3,), bidirectional=True)
WEIGHTS = drawn_weights(ARCHITECTURE)
START = State(WEIGHTS)


def patches_of(lengths=LENGTHS, missing=0.3, seed=0):
    return walks_in_patches(lengths, missing=missing, seed=seed)


def make_space(n_shards=2, n_rows=N_ROWS, optimizer="adam", architecture=ARCHITECTURE):
    return Workspace(
        Program(architecture, ShardShape(n_shards, n_rows, N_STEPS)), optimizer
    )


@pytest.fixture(scope="module")
def space():
    """Not compiled by XLA."""
    return make_space()


@pytest.fixture(scope="module")
def compiled():
    """Compiled by XLA: a test that asks for it is marked."""
    return make_space()


def batch_of(patches, n_shards=2, n_rows=N_ROWS, sample_weight=SAMPLE_WEIGHT):
    """Pack all sequences as one batch."""
    return pack(patches, one_batch(patches, n_shards, n_rows), N_STEPS, sample_weight)


def settings(scale=1.0, n_batches=1, rate=0.0):
    """Return settings of updates; a rate of 0 leaves the optimizer's."""
    return UpdateSettings(
        np.full((n_batches, 1), scale, np.float32),
        np.full(n_batches, rate, np.float32),
        np.zeros(n_batches, np.float32),
        np.zeros((n_batches, 2), np.int32),
    )


def load(space, state=START, rate=0.1):
    space.load(state)
    space.start_at_rate(rate)


def outcome(space, packed, weights=WEIGHTS, scale=0.01):
    """Return the loss without an update, and loss and weights of one update."""
    load(space, State(weights))
    evaluated = space.evaluate(packed)[:, 0]
    trained = space.train(packed, settings(scale, len(packed.starts)))[:, 0]
    return {"evaluated": evaluated, "trained": trained} | space.state().weights


def inside_of(packed):
    """Return which cells are a row's own steps, (n_steps, n_rows)."""
    inside = np.zeros((len(packed.x), packed.x.shape[2]), bool)
    starts = packed.starts.ravel()
    lengths = packed.lengths.reshape(len(starts), -1)
    for start, own in zip(starts, lengths, strict=True):
        for row, n in enumerate(own):
            inside[start : start + n, row] = True
    return inside


# What is computed ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "fixture",
    ["space", pytest.param("compiled", marks=[pytest.mark.xla, pytest.mark.slow])],
)
def test_the_loss_is_over_observed_values(fixture, request):
    space, patches = request.getfixturevalue(fixture), patches_of()
    errors = squared_errors(ByNumpy(ARCHITECTURE, WEIGHTS), patches)
    found = outcome(space, batch_of(patches))
    expected = [SAMPLE_WEIGHT @ errors]
    assert_allclose(found["evaluated"], expected, rtol=1e-5)
    assert_allclose(
        found["trained"], expected, rtol=1e-5
    )  # of weights before the update


@pytest.mark.slow
@pytest.mark.xla
def test_with_and_without_xla_it_is_the_same(compiled, space):
    packed = batch_of(patches_of())
    found, expected = outcome(compiled, packed), outcome(space, packed)
    assert_close_weights(found, expected, rtol=1e-4, atol=1e-5)


def test_each_batch_has_its_own_loss(space):
    patches = patches_of()
    shards = [
        split_into_shards(rows, patches.lengths, 2, N_ROWS)
        for rows in np.split(np.arange(6), 3)
    ]
    load(space)
    packed = pack(patches, np.stack(shards), N_STEPS, SAMPLE_WEIGHT)
    alone = [
        space.evaluate(pack(patches, s[None], N_STEPS, SAMPLE_WEIGHT))[0, 0]
        for s in shards
    ]
    assert_array_equal(space.evaluate(packed)[:, 0], alone)
    assert len(set(alone)) == 3


@pytest.mark.slow
@pytest.mark.xla
def test_padding_contributes_exactly_nothing(compiled):
    packed = batch_of(patches_of())
    expected = outcome(compiled, packed)
    outside = ~inside_of(packed)
    rng = np.random.default_rng(0)
    packed.x.swapaxes(1, 2)[outside] = rng.normal(0, 10, (outside.sum(), 2, 2))
    packed.weight[outside] = rng.uniform(1, 10, (outside.sum(), 2))
    assert_same_weights(outcome(compiled, packed), expected)


@pytest.mark.xla
def test_an_earlier_longer_batch_leaves_nothing_behind(compiled):
    short = batch_of(patches_of([5, 3, 2, 1, 4, 2], missing=0.0))
    expected = outcome(compiled, short)
    rng = np.random.default_rng(1)
    wild = {n: rng.normal(size=w.shape).astype(np.float32) for n, w in WEIGHTS.items()}
    outcome(compiled, batch_of(patches_of([16] * 6, missing=0.0, seed=1)), wild)
    assert_same_weights(outcome(compiled, short), expected)


def test_missing_values_contribute_exactly_nothing():
    """One way, so that the reversed sequence is the target alone."""
    architecture = small_architecture()
    space, weights = (
        make_space(1, 8, architecture=architecture),
        drawn_weights(architecture),
    )
    packed = batch_of(patches_of(missing=0.4), 1, 8)
    expected = outcome(space, packed, weights)
    missing = inside_of(packed)[:, :, None] & (packed.weight == 0)
    assert missing.sum() > 10
    packed.x[:, 1][missing] += 5.0
    assert_same_weights(outcome(space, packed, weights), expected)
    # while an observed value counts
    step, row, value = np.argwhere(packed.weight > 0)[0]
    packed.x[step, 1, row, value] += 5.0
    assert outcome(space, packed, weights)["evaluated"] != expected["evaluated"]


def test_shards_sum_to_the_gradient_of_the_batch():
    patches = patches_of()
    plain = keras.optimizers.SGD(1.0)  # an update is the gradient itself
    found = []
    for n_shards, n_rows in ((2, 4), (1, 8)):
        space = make_space(n_shards, n_rows, plain)
        load(space, rate=None)
        ((loss,),) = space.train(batch_of(patches, n_shards, n_rows), settings(0.5))
        after = space.state().weights
        found.append({n: w - after[n] for n, w in WEIGHTS.items()} | {"loss": loss})
    assert all(np.abs(gradient).max() > 1e-3 for gradient in found[1].values())
    assert_close_weights(*found, rtol=1e-3, atol=1e-5)


# State --------------------------------------------------------------------------------


def test_a_state_goes_on_as_if_never_stopped(space):
    packed = batch_of(patches_of())
    load(space)
    for _ in range(2):
        space.train(packed, settings(0.01))
    halfway = space.state()
    assert space.n_updates == 2
    space.train(packed, settings(0.01))
    expected = space.state().weights

    space.train(packed, settings(0.01))  # the arrays are copies
    load(space, halfway)
    assert space.n_updates == 2
    space.train(packed, settings(0.01))
    assert_same_weights(space.state().weights, expected)

    load(space, State(halfway.weights))  # a fresh Adam steps elsewhere
    assert space.n_updates == 0
    space.train(packed, settings(0.01))
    assert any((space.state().weights[n] != w).any() for n, w in expected.items())


@pytest.mark.parametrize(
    ("other", "now", "before"),
    [
        ("sgd", "Adam", "SGD"),
        (
            keras.optimizers.Adam(0.1, beta_1=0.5, global_clipnorm=1.0),
            r"Adam with beta_1=0\.9",
            r"Adam with beta_1=0\.5",
        ),
    ],
    ids=["another kind", "another setting"],
)
def test_the_state_of_another_optimizer_is_refused(space, other, now, before):
    state = make_space(optimizer=other).state()
    message = rf"^optimizer is {now}, but the fit to go on from had {before}; set it"
    with pytest.raises(ValueError, match=message):
        space.load(state)


def test_the_state_of_another_learning_rate_is_taken():
    first, second = (
        make_space(optimizer=keras.optimizers.SGD(rate, momentum=0.5))
        for rate in (0.1, 0.2)
    )
    second.load(first.state())


def test_a_rate_for_an_update_is_the_rate_of_that_update(space):
    packed, expected = batch_of(patches_of()), {}
    for rate in (0.5, 0.25):
        load(space, rate=rate)
        space.train(packed, settings(0.01))
        expected[rate] = space.state().weights
    for rate, weights in expected.items():
        load(space, rate=0.125)
        space.train(packed, settings(0.01, rate=rate))
        assert_same_weights(space.state().weights, weights)
        assert space.learning_rate == rate


def test_loading_starts_anew_whatever_was_trained_before(space):
    packed = batch_of(patches_of())
    expected = outcome(space, packed)
    load(space, State({n: w + 1 for n, w in WEIGHTS.items()}), rate=0.9)
    space.train(packed, settings())
    assert_same_weights(outcome(space, packed), expected)


def test_the_learning_rate_is_taken(space):
    name, packed = "encoder_lstm_1/forward/kernel", batch_of(patches_of())
    for learning_rate in (0.5, 0.25):
        load(space, rate=learning_rate)
        space.train(packed, settings(0.01))
        moved = np.abs(space.state().weights[name] - WEIGHTS[name]).max()
        assert moved == pytest.approx(learning_rate, rel=1e-2)  # Adam's first step


# Buffers ------------------------------------------------------------------------------


@pytest.mark.xla
def test_the_size_of_the_buffers_is_known(compiled):
    """At least the states and gates, four bytes a value."""
    compiled.train(batch_of(patches_of()), settings())
    units = sum(layer.n_outputs for layer in ARCHITECTURE.lstm_layers)
    values = N_STEPS * 2 * N_ROWS * units * 6  # hidden, cell, four gates; two shards
    assert 4 * values <= compiled.n_bytes <= 12 * values


def test_without_xla_there_are_no_buffers(space):
    """Nothing would be updated in place."""
    space.train(batch_of(patches_of()), settings())
    assert space.n_bytes == 0


@pytest.mark.slow
def test_tensorflow_keeps_no_gradients_of_a_program():
    """It never forgets an entry, nor the graph that the entry holds."""
    patches = patches_of()
    before = set(ops.gradient_registry.list())
    space = make_space(n_rows=6)
    load(space)
    space.train(batch_of(patches, n_rows=6), settings())
    space.close()
    gc.collect()
    assert set(ops.gradient_registry.list()) == before
