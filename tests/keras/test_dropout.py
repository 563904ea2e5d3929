"""Dropout of LSTM layers: its masks, and what the layers make of them."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from numpy.testing import assert_allclose, assert_array_equal
from sklearn_seqae._keras.architecture import build_layers, initial_weights
from sklearn_seqae._keras.dropout import factors, layer_masks, mask_widths
from sklearn_seqae._keras.fused_lstm import (
    LSTMWeights,
    lstm,
    lstm_over_constant,
)
from sklearn_seqae._keras.recurrence import Scratch

from sklearn_seqae._keras.network import FusedNetwork, StockNetwork
from sklearn_seqae._packing import pack

N_STEPS, N_INPUTS, UNITS = 32, 3, 5  # two blocks of weight gradients
LENGTHS = np.array([32, 20, 1, 7, 16, 31])
ROWS = len(LENGTHS)


def assert_close(found, expected, tolerance, what=""):
    """Relative to the largest value: single gradients may cancel to nothing."""
    scale = max(np.abs(expected).max(), 1e-30)
    assert_allclose(
        found / scale, expected / scale, rtol=0, atol=tolerance, err_msg=what
    )


def random_masks(rng, *shape):
    """Factors of a dropout of 0.4."""
    return np.where(rng.random(shape) < 0.4, 0.0, 1 / 0.6)


# In the recurrence --------------------------------------------------------------------


class MaskedCell(keras.layers.LSTMCell):
    """Keras's cell, reading a masked state."""

    def call(self, inputs, states, training=False):
        h, c = states
        return super().call(inputs, [h * self.mask, c])


def through_keras(x, weights, mask, up, activation):
    """States of one direction, and gradients of inputs and weights; (T, B, ...)."""
    dtype = str(x.dtype)
    cell = MaskedCell(UNITS, activation=activation, dtype=dtype)
    cell.mask = mask
    layer = keras.layers.RNN(cell, return_sequences=True, dtype=dtype)
    layer.build((None, None, x.shape[-1]))
    layer.set_weights(weights)
    own = np.arange(N_STEPS) < LENGTHS[:, None]
    with tf.GradientTape() as tape:
        inputs = tf.constant(x.transpose(1, 0, 2))
        tape.watch(inputs)
        y = layer(inputs, mask=tf.constant(own))
        loss = tf.reduce_sum(y * up.transpose(1, 0, 2))
    d_x, *d_weights = tape.gradient(loss, [inputs, *layer.trainable_variables])
    back = (y.numpy().transpose(1, 0, 2), d_x.numpy().transpose(1, 0, 2))
    return *back, [d.numpy() for d in d_weights]


# (XLA and scratch, dtype, directions, activation)
CASES = [
    (True, "float32", 2, "tanh"),
    (False, "float64", 1, "tanh"),
    (False, "float64", 2, "relu"),
]


@pytest.fixture(params=CASES, ids=lambda case: "-".join(map(str, case)))
def case(request):
    """Inputs, weights and masks: (XLA, dtype, activation, arrays by name)."""
    jit, dtype, n_directions, activation = request.param
    rng = np.random.default_rng(0)
    shapes = [(N_INPUTS, 4 * UNITS), (UNITS, 4 * UNITS), (4 * UNITS,)]
    own = (np.arange(N_STEPS)[:, None] < LENGTHS)[:, None, :, None]
    arrays = {
        "x": rng.normal(size=(N_STEPS, n_directions, ROWS, N_INPUTS)),
        "weights": [rng.normal(0, 0.4, size=(n_directions, *s)) for s in shapes],
        "mask": random_masks(rng, n_directions, ROWS, UNITS),
        "up": rng.normal(size=(N_STEPS, n_directions, ROWS, UNITS)) * own,
    }
    return (
        jit,
        dtype,
        activation,
        tf.nest.map_structure(lambda a: a.astype(dtype), arrays),
    )


def scratch_for(jit, n_directions, dtype):
    if not jit:
        return None
    return Scratch.allocate(N_STEPS, n_directions, ROWS, UNITS, getattr(tf, dtype))


def test_a_masked_state_is_what_keras_cell_reads(case):
    jit, dtype, activation, arrays = case
    n_directions = arrays["x"].shape[1]
    scratch = scratch_for(jit, n_directions, dtype)

    @tf.function(jit_compile=jit, autograph=False)
    def run(x, weights, mask, up):
        with tf.GradientTape() as tape:
            tape.watch([x, weights])
            states, _ = lstm(
                x,
                LSTMWeights(*weights),
                tf.constant(LENGTHS, tf.int32),
                activation=activation,
                recurrent_mask=mask,
                scratch=scratch,
            )
            loss = tf.reduce_sum(states * up)
        return states, tape.gradient(loss, [x, *weights])

    states, (d_x, *d_weights) = run(
        *(tf.nest.map_structure(tf.constant, array) for array in arrays.values())
    )
    own = (np.arange(N_STEPS)[:, None] < LENGTHS)[:, :, None]
    tolerance = 1e-4 if dtype == "float32" else 1e-10
    for d in range(n_directions):
        y, keras_d_x, keras_d_weights = through_keras(
            arrays["x"][:, d],
            [w[d] for w in arrays["weights"]],
            arrays["mask"][d],
            arrays["up"][:, d],
            activation,
        )
        assert_close(states[:, d] * own, y * own, tolerance)
        assert_close(d_x[:, d] * own, keras_d_x * own, tolerance, "x")
        for ours, theirs in zip(d_weights, keras_d_weights, strict=True):
            assert_close(ours[d].numpy(), theirs, tolerance)


def test_a_masked_state_over_a_constant_input(case):
    jit, dtype, activation, arrays = case
    scratch = scratch_for(jit, 1, dtype)
    code, mask = arrays["x"][0, 0], arrays["mask"][:1]
    weights, up = [w[0] for w in arrays["weights"]], arrays["up"][:, 0]

    @tf.function(jit_compile=jit, autograph=False)
    def run(code, weights, mask, up):
        with tf.GradientTape() as tape:
            tape.watch([code, weights])
            kernel, recurrent_kernel, bias = weights
            states = lstm_over_constant(
                (tf.matmul(code, kernel) + bias)[None],
                recurrent_kernel[None],
                tf.constant(LENGTHS, tf.int32),
                N_STEPS,
                activation=activation,
                recurrent_mask=mask,
                scratch=scratch,
            )
            loss = tf.reduce_sum(states[:, 0] * up)
        return states[:, 0], tape.gradient(loss, [code, *weights])

    states, (d_code, *d_weights) = run(
        *(tf.nest.map_structure(tf.constant, a) for a in (code, weights, mask, up))
    )
    x = np.repeat(code[None], N_STEPS, axis=0)
    y, d_x, keras_d_weights = through_keras(x, weights, mask[0], up, activation)
    own = (np.arange(N_STEPS)[:, None] < LENGTHS)[:, :, None]
    tolerance = 1e-4 if dtype == "float32" else 1e-10
    assert_close(states * own, y * own, tolerance)
    assert_close(d_code.numpy(), d_x.sum(axis=0), tolerance, "code")
    for ours, theirs in zip(d_weights, keras_d_weights, strict=True):
        assert_close(ours.numpy(), theirs, tolerance)


# In the network -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("dropped", "changes"),
    [
        ("inputs", {}),
        ("recurrent", {}),
        ("both", {}),
        ("inputs", {"bidirectional": True}),
        ("recurrent", {"bidirectional": True}),
        ("both", {"bidirectional": True}),
        ("both", {"decoder": "reshape", "n_steps": 16, "n_code": 32}),
        ("both", {"decoder": "single_shot", "n_steps": 16, "n_code": 32}),
        ("both", {"decoder": "unfold"}),
    ],
)
def test_both_networks_drop_the_same(make_architecture, make_patches, dropped, changes):
    """Losses and gradients of stacked layers, fused and through Keras's."""
    architecture = make_architecture(
        encoder_units=(5, 3), decoder_units=(3, 5), **changes
    )
    weights = initial_weights(architecture, np.random.RandomState(0))
    weights = [tf.constant(w) for w in weights]
    patches = make_patches([9, 1, 16, 4, 12])
    rows = np.array([0, 1, 2, 3, -1, 4])
    stream = pack(patches, rows[None, None], 16, np.ones(5, np.float32))
    x, weight = tf.constant(stream.x[:16]), tf.constant(stream.weight[:16])
    lengths = tf.constant(stream.lengths[0, 0])
    rng = np.random.default_rng(0)
    widths = mask_widths(architecture)
    masks = layer_masks(
        architecture,
        *(
            tf.constant(random_masks(rng, len(rows), width), tf.float32)
            if dropped in (name, "both")
            else None
            for name, width in zip(("inputs", "recurrent"), widths, strict=True)
        ),
    )

    chance = tf.constant(rng.normal(size=weight.shape), tf.float32)

    def results(network, masks):
        with tf.GradientTape() as tape:
            tape.watch(weights)
            code = network.head(weights, network.pool(weights, x, lengths, masks=masks))
            loss = network.training_error(
                weights, code, lengths, x[:, 1], weight, masks=masks, chance=chance
            )
        return loss.numpy(), [g.numpy() for g in tape.gradient(loss, weights)]

    fused = FusedNetwork(architecture)
    loss, gradients = results(fused, masks)
    stock = StockNetwork(architecture, build_layers(architecture))
    expected_loss, expected = results(stock, masks)
    assert_allclose(loss, expected_loss, rtol=1e-5)
    for ours, theirs in zip(gradients, expected, strict=True):
        assert_close(ours, theirs, 1e-4)
    assert results(fused, None)[0] != loss


# The masks ----------------------------------------------------------------------------


def test_factors_leave_the_mean_as_it_is(rng):
    found = factors(tf.constant(rng.random((200, 500)), tf.float32), 0.3).numpy()
    assert_allclose(np.unique(found), [0, 1 / 0.7], rtol=1e-6)
    assert_allclose((found == 0).mean(), 0.3, atol=0.01)
    assert_allclose(found.mean(), 1, atol=0.01)


def test_every_layer_and_direction_has_masks_of_its_own(make_architecture):
    architecture = make_architecture(
        encoder_units=(5, 4), decoder_units=(4, 3), bidirectional=True
    )
    widths = mask_widths(architecture)
    numbered = [
        tf.constant(np.arange(2 * width).reshape(2, width), tf.float32)
        for width in widths
    ]
    masks = layer_masks(architecture, *numbered)
    assert [m.inputs.shape.as_list() for m in masks] == [
        [2, 2, 2],
        [2, 2, 10],
        [1, 2, 3],
        [1, 2, 4],
    ]
    assert [m.recurrent.shape.as_list() for m in masks] == [
        [2, 2, 5],
        [2, 2, 4],
        [1, 2, 4],
        [1, 2, 3],
    ]
    for kind, whole in zip(zip(*masks, strict=True), numbered, strict=True):
        for row in range(2):
            parts = [part[:, row].numpy().ravel() for part in kind]
            assert_array_equal(np.concatenate(parts), whole[row])


def test_nothing_dropped_is_no_mask(make_architecture):
    assert layer_masks(make_architecture(), None, None) is None
