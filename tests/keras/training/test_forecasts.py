"""The forecaster: fused and through Keras's layers, against the equations."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf
from numpy.testing import assert_allclose, assert_array_equal
from sklearn_seqae._keras.architecture import (
    Architecture,
    build_layers,
    initial_weights,
)
from sklearn_seqae._keras.dropout import Masks
from sklearn_seqae._keras.forecasting import (
    FusedForecaster,
    StockForecaster,
    forecast,
)
from sklearn_seqae._keras.program import Program, Steps
from sklearn_seqae._keras.workspace import Workspace

from sklearn_seqae._batching import split_into_shards, to_patches
from sklearn_seqae._keras import workspace
from sklearn_seqae._keras.inference import INFERENCE_ROWS
from sklearn_seqae._keras.network import StockNetwork
from sklearn_seqae._packing import Futures, pack
from sklearn_seqae._prefixes import Prefixes, Rows, followed_by_prefixes

N_ROWS = 3
VARIANTS = {
    "one layer": {},
    "two layers, over a block": {"decoder_units": (4, 3), "n_forecast_steps": 19},
    "relu": {"activation": "relu", "n_forecast_steps": 2},
}


@pytest.fixture(scope="module", params=VARIANTS)
def architecture(request, make_architecture):
    usual = {"n_forecast_steps": 3, "n_recent": 2}
    return make_architecture(**(usual | VARIANTS[request.param]))


@pytest.fixture(scope="module")
def weights(architecture):
    return initial_weights(architecture, np.random.RandomState(0))


@pytest.fixture(scope="module")
def given(architecture):
    """Codes, and futures of which some values weigh nothing."""
    rng = np.random.default_rng(0)
    shape = (architecture.n_forecast_steps, N_ROWS, architecture.n_inputs)
    weight = rng.uniform(0.5, 2, shape) * (rng.random(shape) < 0.7)
    arrays = (
        rng.normal(size=(N_ROWS, architecture.n_code)),
        rng.normal(size=(N_ROWS, architecture.n_recent)),
        rng.normal(size=shape),
        weight,
    )
    code, *futures = (tf.constant(a, tf.float32) for a in arrays)
    return code, Futures(*futures)


@pytest.fixture(scope="module")
def expected_changes(architecture, weights, given, lstm_by_numpy):
    """From the equations, (T, B, n_inputs)."""
    code, futures = given
    n_layers = len(architecture.decoder_units)
    *own, kernel, bias = weights[-(3 * n_layers + 2) :]
    rows = []
    for vector in np.concatenate([code, futures.recent], axis=1).astype(np.float64):
        states = np.repeat(vector[None], architecture.n_forecast_steps, axis=0)
        for n in range(n_layers):
            layer = own[3 * n : 3 * n + 3]
            states = lstm_by_numpy(states, *layer, architecture.activation)
        rows.append(states @ kernel + bias)
    return np.stack(rows, axis=1)


def both(architecture):
    layers = build_layers(architecture)
    return FusedForecaster(architecture), StockForecaster(architecture, layers)


def tensors(weights):
    return [tf.constant(w) for w in weights]


def test_changes_are_those_of_the_equations(
    architecture, weights, given, expected_changes
):
    code, futures = given
    for forecaster in both(architecture):
        found = forecaster.changes(tensors(weights), code, futures.recent)
        assert_allclose(found, expected_changes, rtol=1e-4, atol=1e-6)


def loss_and_gradients(forecaster, weights, code, futures, **options):
    variables = [code, *tensors(weights)]
    with tf.GradientTape() as tape:
        tape.watch(variables)
        loss = forecaster.squared_error(variables[1:], variables[0], futures, **options)
    zero = tf.UnconnectedGradients.ZERO
    return loss, tape.gradient(loss, variables, unconnected_gradients=zero)


def test_the_error_is_weighted(architecture, weights, given, expected_changes):
    code, futures = given
    error = (expected_changes - futures.change.numpy()) ** 2
    expected = (futures.weight.numpy() * error).sum()
    for forecaster in both(architecture):
        loss, _ = loss_and_gradients(forecaster, weights, code, futures)
        assert_allclose(loss, expected, rtol=1e-4)


def test_gradients_are_those_of_keras(architecture, weights, given):
    code, futures = given
    fused, stock = both(architecture)
    _, found = loss_and_gradients(fused, weights, code, futures)
    _, expected = loss_and_gradients(stock, weights, code, futures)
    assert sum(np.abs(g).max() > 1e-3 for g in expected) >= 6  # code, LSTM and Dense
    for a, b in zip(found, expected, strict=True):
        assert_allclose(a, b, rtol=1e-3, atol=1e-5)


def test_dropout_is_the_same_on_both_ways(make_architecture):
    architecture = make_architecture(
        decoder_units=(4, 3), n_forecast_steps=3, n_recent=2
    )
    weights = initial_weights(architecture, np.random.RandomState(0))
    rng = np.random.default_rng(1)

    def mask(width):
        return tf.constant(2.0 * (rng.random((1, N_ROWS, width)) < 0.5), tf.float32)

    shapes = [(2, 4), (3, 4), (4, 3), (5, 4), (4, 3)]
    masks = [Masks(mask(f), mask(u)) for f, u in shapes]
    code = tf.constant(rng.normal(size=(N_ROWS, 3)), tf.float32)
    shape = (3, N_ROWS, 2)
    futures = Futures(
        tf.constant(rng.normal(size=(N_ROWS, 2)), tf.float32),
        tf.constant(rng.normal(size=shape), tf.float32),
        tf.ones(shape),
    )
    fused, stock = both(architecture)
    loss, found = loss_and_gradients(fused, weights, code, futures, masks=masks)
    expected_loss, expected = loss_and_gradients(
        stock, weights, code, futures, masks=masks
    )
    plain, _ = loss_and_gradients(fused, weights, code, futures)
    assert_allclose(loss, expected_loss, rtol=1e-5)
    assert abs(loss - plain) > 1e-3
    for a, b in zip(found, expected, strict=True):
        assert_allclose(a, b, rtol=1e-3, atol=1e-5)


@pytest.mark.usefixtures("without_xla")
def test_rows_do_not_depend_on_each_other(architecture, weights):
    n = INFERENCE_ROWS + 2
    rng = np.random.default_rng(0)
    codes = rng.normal(size=(n, architecture.n_code)).astype(np.float32)
    recent = rng.normal(size=(n, architecture.n_recent)).astype(np.float32)
    together = forecast(architecture, weights, codes, recent)
    assert together.shape == (n, architecture.n_forecast_steps, architecture.n_inputs)
    alone = forecast(architecture, weights, codes[-1:], recent[-1:])
    assert_allclose(alone, together[-1:], rtol=1e-6, atol=1e-7)


# In training --------------------------------------------------------------------------

N_STEPS = 16
LENGTHS = [16, 3, 9, 1, 12, 5]
SAMPLE_WEIGHT = np.array([1, 2, 0.5, 1, 3, 1], np.float32)
HORIZON = 3
LOSSES = ("loss", "contrastive_loss", "forecast_loss")


@pytest.fixture(scope="module")
def stream(make_ragged):
    """All sequences as one batch of two shards: each, a copy of it and a prefix."""
    ragged = make_ragged(LENGTHS, missing=0.3)
    scale = np.ones((HORIZON, 2))
    prefixes = Prefixes(ragged, 2, scale, lambda x: to_patches(x, 2))
    patches = to_patches(ragged, 2)
    shards = split_into_shards(np.arange(6), patches.lengths, 2, 4)[None]
    doubled = np.concatenate([shards, shards], axis=-1)
    rows, futures = followed_by_prefixes(
        Rows(patches, doubled, SAMPLE_WEIGHT, None),
        shards,
        prefixes,
        np.random.default_rng(0),
    )
    return pack(rows.patches, rows.shards, N_STEPS, rows.sample_weight, futures=futures)


@pytest.fixture(scope="module")
def in_training():
    """Two features in patches of two."""
    return Architecture(
        n_inputs=4,
        n_code=3,
        encoder_units=(4,),
        decoder_units=(4,),
        bidirectional=True,
        activation="tanh",
        n_projection=3,
        n_forecast_steps=2,
        n_recent=16,
    )


def program_of(architecture):
    return Program(architecture, 2, 12, N_STEPS, losses=LOSSES, n_prefix_rows=4)


@pytest.fixture(scope="module")
def space(in_training):
    return Workspace(program_of(in_training), "sgd")


def update(space, stream):
    """Losses of a batch, weights after an update by its forecasts alone, and before."""
    weights = initial_weights(space.program.architecture, np.random.RandomState(0))
    space.load(weights, [], 0.1)
    steps = Steps(
        np.array([[0, 0, 0.1]], np.float32),
        np.zeros(1, np.float32),
        np.zeros((1, 2), np.float32),
        np.zeros((1, 2), np.int32),
    )
    return space.train(stream, steps)[0], space.get_weights(), weights


def test_the_loss_in_training_is_that_of_the_prefixes(space, in_training, stream):
    losses, after, weights = update(space, stream)
    expected = 0.0
    layers, own = build_layers(in_training), tensors(weights)
    stock = StockForecaster(in_training, layers)
    network = StockNetwork(in_training, layers)
    for s, start in enumerate(stream.starts[0]):
        x = tf.constant(stream.x[start : start + N_STEPS])
        lengths = tf.constant(stream.lengths[0, s])
        code = network.encode(own, x, lengths)[-4:]
        of_shard = Futures(*(tf.constant(a[0, s]) for a in stream.futures))
        expected += stock.squared_error(own, code, of_shard).numpy()
    assert_allclose(losses[2], expected, rtol=1e-4)
    # The encoder and the forecaster learn, the decoder and the projection do not.
    moved = [bool((a != b).any()) for a, b in zip(after, weights, strict=True)]
    n_decoder, n_projection, n_forecaster = 5, 4, 5
    n_encoder = len(weights) - n_decoder - n_projection - n_forecaster
    assert all(moved[:n_encoder])
    assert not any(moved[n_encoder:-n_forecaster])
    assert all(moved[-n_forecaster:])


def test_with_and_without_xla_it_is_the_same(space, in_training, stream, monkeypatch):
    losses, after, _ = update(space, stream)
    monkeypatch.setattr(workspace, "xla_compiles", lambda: False)
    plain = Workspace(program_of(in_training), "sgd")
    expected, expected_after, _ = update(plain, stream)
    assert_allclose(losses, expected, rtol=1e-4)
    for a, b in zip(after, expected_after, strict=True):
        assert_allclose(a, b, rtol=1e-3, atol=1e-5)


def test_what_is_not_observed_ahead_contributes_exactly_nothing(space, stream):
    losses, after, _ = update(space, stream)
    nothing = stream.futures.weight == 0
    assert 0 < nothing.sum() < nothing.size
    change = np.where(nothing, 5.0, stream.futures.change).astype(np.float32)
    wild = dataclasses.replace(stream, futures=stream.futures._replace(change=change))
    again, after_again, _ = update(space, wild)
    assert_array_equal(again, losses)
    for a, b in zip(after_again, after, strict=True):
        assert_array_equal(a, b)


def test_held_out_sequences_are_reconstructed_only(space, make_ragged):
    patches = to_patches(make_ragged(LENGTHS), 2)
    shards = split_into_shards(np.arange(6), patches.lengths, 2, 12)[None]
    (losses,) = space.evaluate(pack(patches, shards, N_STEPS, SAMPLE_WEIGHT))
    assert losses[0] > 0
    assert_array_equal(losses[1:], 0)
