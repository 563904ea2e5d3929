"""The fast network against Keras's layers, which are the meaning of the weights."""

import numpy as np
import pytest
import tensorflow as tf
from numpy.testing import assert_allclose
from sklearn_seqae._keras.architecture import build_layers, initial_weights

from sklearn_seqae._keras.network import FusedNetwork, StockNetwork
from sklearn_seqae._packing import pack

LENGTHS = [9, 1, 16, 4, 0, 12]  # 0: a row that holds nothing
N_STEPS = 16

ARCHITECTURES = {
    "one_way": {},
    "both_ways": {"bidirectional": True},
    "relu": {"bidirectional": True, "activation": "relu"},
    "stacked_both_ways": {
        "encoder_units": (5, 3),
        "decoder_units": (3, 5),
        "bidirectional": True,
    },
    "three_layers_one_value": {
        "n_inputs": 1,
        "n_code": 1,
        "encoder_units": (2, 3, 2),
        "decoder_units": (2, 3, 2),
    },
    "pooled_states": {
        "bidirectional": True,
        "encoder_units": (4, 3),
        "pooling": ("max", "std", "last", "mean", "min"),
    },
    "no_head": {
        "bidirectional": True,
        "pooling": ("mean", "std"),
        "head": False,
        "n_code": 16,
    },
    "attention": {
        "bidirectional": True,
        "encoder_units": (4, 3),
        "pooling": ("attention", "last"),
    },
    "projection": {"pooling": ("mean",), "n_projection": 5},
    "reshape": {"decoder": "reshape", "n_steps": 16, "n_code": 32},
    "reshape_stacked_relu": {
        "decoder": "reshape",
        "n_steps": 21,  # more than the buffer has
        "n_code": 21,
        "decoder_units": (3, 5),
        "activation": "relu",
    },
    "single_shot": {"decoder": "single_shot", "n_steps": 16, "n_code": 16},
    "single_shot_stacked": {
        "decoder": "single_shot",
        "n_steps": 21,
        "n_code": 42,
        "decoder_units": (3, 5),
    },
    "unfold": {"decoder": "unfold"},
    "unfold_stacked_relu": {
        "decoder": "unfold",
        "n_inputs": 4,
        "decoder_units": (3, 5),
        "activation": "relu",
    },
}


@pytest.fixture(scope="module", params=ARCHITECTURES)
def case(request, make_architecture, make_patches):
    """One batch, and what both networks make of it: (x, weight, fused, stock)."""
    architecture = make_architecture(**ARCHITECTURES[request.param])
    weights = initial_weights(architecture, np.random.RandomState(0))
    rng = np.random.default_rng(0)
    weights = [w + rng.normal(0, 0.1, w.shape).astype(np.float32) for w in weights]
    lengths = [n for n in LENGTHS if n]
    patches = make_patches(lengths, n_features=architecture.n_inputs, missing=0.2)
    rows = np.array([0, 1, 2, 3, -1, 4])
    stream = pack(patches, rows[None, None], N_STEPS, np.ones(len(patches), np.float32))
    stock = StockNetwork(architecture, build_layers(architecture))
    arguments = (
        [tf.constant(w) for w in weights],
        tf.constant(stream.x[:N_STEPS]),
        tf.constant(stream.weight[:N_STEPS]),
        tf.constant(LENGTHS, tf.int32),
    )
    networks = FusedNetwork(architecture), stock
    return *arguments[1:3], *(results(network, *arguments) for network in networks)


def results(network, weights, x, weight, lengths):
    """Codes, decoded steps, loss, and the gradient of training."""
    shape = (N_STEPS, len(LENGTHS), network.architecture.n_inputs)
    chance = tf.constant(np.random.default_rng(1).normal(size=shape), tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(weights)
        code = network.encode(weights, x, lengths)
        loss = network.squared_error(weights, code, lengths, x[:, 1], weight)
        objective = network.training_error(
            weights, code, lengths, x[:, 1], weight, chance=chance
        )
        if network.architecture.n_projection:
            pooled = network.pool(weights, x, lengths)
            objective += tf.reduce_sum(network.project(weights, pooled) ** 2)
    decoded = network.decode(weights, code, lengths, N_STEPS)
    gradients = [g.numpy() for g in tape.gradient(objective, weights)]
    return code.numpy(), decoded.numpy(), loss.numpy(), gradients


def test_same_numbers_as_keras_layers(case):
    _, _, fused, stock = case
    code, decoded, loss, gradients = fused
    stock_code, stock_decoded, stock_loss, stock_gradients = stock
    used = np.array(LENGTHS) > 0
    own = (np.arange(N_STEPS)[:, None] < LENGTHS)[:, :, None]
    assert_allclose(code[used], stock_code[used], rtol=1e-5, atol=1e-5)
    assert_allclose(decoded * own, stock_decoded * own, rtol=1e-5, atol=1e-5)
    assert_allclose(loss, stock_loss, rtol=1e-5)
    for ours, theirs in zip(gradients, stock_gradients, strict=True):
        scale = np.abs(theirs).max()
        assert_allclose(ours / scale, theirs / scale, rtol=0, atol=1e-4)


def test_the_loss_is_that_of_what_is_decoded(case):
    """Both networks: the sum over observed values of what encode and decode give."""
    x, weight, *networks = case
    for _, decoded, loss, _ in networks:
        by_hand = 0.0
        for row, n in enumerate(LENGTHS):
            error = decoded[:n, row].astype(np.float64) - x.numpy()[:n, 1, row]
            by_hand += (weight.numpy()[:n, row] * error**2).sum()
        assert_allclose(loss, by_hand, rtol=1e-5)


@pytest.mark.parametrize("part", ["encoder", "decoder"])
def test_what_explodes_beyond_a_rows_end_does_not_count(make_architecture, part):
    """A relu state may grow without bound in the steps after its sequence has ended."""
    architecture = make_architecture(
        n_inputs=1,
        n_code=1,
        encoder_units=(1,),
        decoder_units=(1,),
        activation="relu",
    )
    lstm = [[[1.0, 1, 1, 1]], [[0.0, 0, 1, 0]], [0.0, 0, 0, 0]]
    wild = [lstm[0], [[0.0, 0, 1e4, 0]], lstm[2]]
    dense = [[[1.0]], [0.0]]
    encoder, decoder = (wild, lstm) if part == "encoder" else (lstm, wild)
    weights = [tf.constant(w, tf.float32) for w in (*encoder, *dense, *decoder, *dense)]
    network = FusedNetwork(architecture)

    def loss_and_gradient(lengths):
        """Row 0 is short and positive; row 1 is negative, so that it stays at zero."""
        own = (np.arange(N_STEPS)[:, None] < lengths)[:, None, :, None]
        x = tf.constant(own * np.array([1.0, -1.0])[:, None], tf.float32)
        x = tf.repeat(x, 2, axis=1)
        weight = tf.constant(own[:, 0], tf.float32)
        steps = tf.constant(lengths, tf.int32)
        with tf.GradientTape() as tape:
            tape.watch(weights)
            code = network.encode(weights, x, steps)
            loss = network.squared_error(weights, code, steps, x[:, 1], weight)
        return loss.numpy(), [g.numpy() for g in tape.gradient(loss, weights)]

    def total(a, b):
        return a[0] + b[0], [x + y for x, y in zip(a[1], b[1], strict=True)]

    loss, gradients = loss_and_gradient([2, 16])
    expected_loss, expected = total(
        loss_and_gradient([2, 0]), loss_and_gradient([0, 16])
    )
    assert_allclose(loss, expected_loss, rtol=1e-5)
    for found, wanted in zip(gradients, expected, strict=True):
        assert_allclose(found, wanted, rtol=1e-4, atol=1e-6)
