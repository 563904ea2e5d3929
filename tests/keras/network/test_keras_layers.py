"""Stock Keras layers of a specification, and initial weights."""

import os
import random

import keras
import numpy as np
import pytest
from networks import assert_same_weights, drawn_weights, small_architecture
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_seqae._keras.network.keras_layers import KerasLayers, initial_weights
from sklearn_seqae._network.decoders import DECODERS
from sklearn_seqae._network.layers import LSTM
from sklearn_seqae._network.pooling import POOLING

STACKED = small_architecture(
    n_inputs=3,
    hidden_layer_sizes=(8, 4),
    decoder_layer_sizes=(4, 8),
    bidirectional=True,
)
ARCHITECTURES = {
    "small": small_architecture(),
    "stacked": STACKED,
    "every pooling": small_architecture(
        hidden_layer_sizes=(4, 3), bidirectional=True, pooling=tuple(POOLING)
    ),
    "no bottleneck": small_architecture(bottleneck=False, embedding_size=4),
    "every head": small_architecture(
        projection_size=5, variational=True, n_forecast_steps=2, n_recent=4
    ),
    "extra inputs": small_architecture(n_extra_inputs=2),
    **{
        kind: small_architecture(
            decoder=kind, embedding_size=6, max_steps=3, decoder_layer_sizes=(4, 3)
        )
        for kind in DECODERS
    },
}


# Layers -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_keras_layers_have_the_weights_of_the_specification(name):
    """Names, order and shapes; float32."""
    architecture = ARCHITECTURES[name]
    found = [
        (n, tuple(v.shape)) for n, v in KerasLayers(architecture).variables.items()
    ]
    assert found == [(weight.name, weight.shape) for weight in architecture.weights]
    variables = KerasLayers(architecture).variables.values()
    assert {str(v.dtype) for v in variables} == {"float32"}
    drawn = drawn_weights(architecture)
    assert [(n, w.shape) for n, w in drawn.items()] == found


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_a_kind_of_weight_is_what_keras_calls_so(name):
    for weight, variable in KerasLayers(ARCHITECTURES[name]).variables.items():
        assert weight.split("/")[-1] == variable.name


def test_directions_are_not_mixed_up():
    layers = KerasLayers(STACKED)
    both = layers["encoder_lstm_1"]
    for direction in ("forward", "backward"):
        own = getattr(both, f"{direction}_layer").trainable_variables
        for kind, variable in zip(("kernel", "recurrent_kernel"), own, strict=False):
            assert layers.variables[f"encoder_lstm_1/{direction}/{kind}"] is variable


def test_one_way_layers_are_plain_lstms():
    architecture = small_architecture()
    layers = KerasLayers(architecture)
    types = [type(layers[layer.name]) for layer in architecture.lstm_layers]
    assert types == [keras.layers.LSTM] * 2


@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_the_activation_reaches_every_lstm(activation):
    layers = KerasLayers(small_architecture(activation=activation, bidirectional=True))
    encoder, decoder = layers["encoder_lstm_1"], layers["decoder_lstm_1"]
    for lstm in (encoder.forward_layer, encoder.backward_layer, decoder):
        assert lstm.activation is getattr(keras.activations, activation)
        assert lstm.recurrent_activation is keras.activations.sigmoid


def test_weights_set_are_weights_got():
    layers, weights = KerasLayers(STACKED), drawn_weights(STACKED)
    layers.set_weights(weights)
    assert_same_weights(layers.get_weights(), weights)
    for array in layers.get_weights().values():
        array[:] = 7.0  # a copy, not the layer's own memory
    assert_same_weights(layers.get_weights(), weights)


# Initial weights ----------------------------------------------------------------------


def kernels(weights):
    return {name: w for name, w in weights.items() if w.ndim == 2}


def test_initial_weights_are_reproducible():
    first, again, other = (drawn_weights(STACKED, seed) for seed in (0, 0, 1))
    assert {w.dtype for w in first.values()} == {np.dtype(np.float32)}
    assert_same_weights(again, first)
    assert all((other[name] != w).any() for name, w in kernels(first).items())


def test_no_two_kernels_are_the_same_draw():
    drawn = [w.ravel()[:8].tobytes() for w in kernels(drawn_weights(STACKED)).values()]
    assert len(set(drawn)) == len(drawn)


def test_a_later_draw_from_one_generator_is_another():
    random_state = np.random.RandomState(0)
    first, second = (initial_weights(STACKED, random_state) for _ in range(2))
    assert all((second[name] != w).any() for name, w in kernels(first).items())


def test_recurrent_kernels_are_orthogonal():
    weights = drawn_weights(STACKED)
    found = [w for name, w in weights.items() if name.endswith("/recurrent_kernel")]
    assert len(found) == 6  # two layers both ways, two one way
    for recurrent_kernel in found:
        product = recurrent_kernel @ recurrent_kernel.T
        assert_allclose(product, np.eye(len(product)), atol=1e-5)


def test_the_forget_bias_is_one_and_every_other_zero():
    weights = drawn_weights(STACKED)
    for layer in STACKED.layers:
        for weight in layer.weights:
            if weight.name.endswith("/bias") and isinstance(layer, LSTM):
                expected = np.repeat([0, 1, 0, 0], layer.units)
                assert_array_equal(weights[weight.name], expected)
            elif weight.name.endswith("/bias"):
                assert_array_equal(weights[weight.name], 0)


def test_kernels_are_glorot_uniform():
    architecture = small_architecture(
        n_inputs=50,
        embedding_size=40,
        hidden_layer_sizes=(60,),
        decoder_layer_sizes=(60,),
    )
    weights = drawn_weights(architecture)
    found = [w for name, w in weights.items() if name.endswith("/kernel")]
    assert [k.shape for k in found] == [(50, 240), (60, 40), (40, 240), (60, 50)]
    for kernel in found:
        limit = np.sqrt(6 / sum(kernel.shape))
        assert np.abs(kernel).max() <= limit
        assert np.abs(kernel).max() > 0.99 * limit
        # Uniform: mean 0, standard deviation limit / sqrt(3)
        error = limit / np.sqrt(kernel.size)
        assert abs(kernel.mean()) < 4 * error
        assert_allclose(kernel.std(), limit / np.sqrt(3), rtol=0.05)


def test_they_are_what_a_keras_layer_draws_itself():
    """Same ranges and biases as `keras.layers.LSTM` with its own defaults."""
    architecture = small_architecture(n_inputs=50, hidden_layer_sizes=(60,))
    *ours, bias = list(drawn_weights(architecture).values())[:3]
    layer = keras.layers.LSTM(60, seed=0)
    layer.build((None, None, 50))
    *theirs, bias_of_keras = layer.get_weights()
    assert_array_equal(bias, bias_of_keras)
    for a, b in zip(ours, theirs, strict=True):
        assert a.shape == b.shape
        assert_allclose(a.std(), b.std(), rtol=0.05)


def test_global_random_states_are_untouched():
    def states():
        numpy_state = [np.asarray(s).tolist() for s in np.random.get_state()]
        return random.getstate(), numpy_state, dict(os.environ)

    keras.utils.set_random_seed(5)
    expected = keras.random.normal((3,)).numpy()
    keras.utils.set_random_seed(5)
    before = states()
    KerasLayers(STACKED)
    drawn_weights(STACKED)
    assert states() == before
    assert_array_equal(keras.random.normal((3,)), expected)
