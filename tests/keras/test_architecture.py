import os
import random

import keras
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn_seqae._keras.architecture import build_layers, initial_weights
from sklearn_seqae._keras.models import build_models

from sklearn_seqae._batching import from_patches, to_patches
from sklearn_seqae._keras.inference import decode, encode
from sklearn_seqae._lengths import LengthCode
from sklearn_seqae._ragged import RaggedArray


@pytest.fixture(scope="module")
def stacked(make_architecture):
    return make_architecture(
        n_inputs=3, encoder_units=(8, 4), decoder_units=(4, 8), bidirectional=True
    )


def draw(architecture, seed=0):
    return initial_weights(architecture, np.random.RandomState(seed))


# Layers -------------------------------------------------------------------------------


def test_layers_have_the_shapes_of_the_architecture(stacked):
    layers = build_layers(stacked)
    first, second = 3, 2 * 8
    expected = []
    for width, units in ((first, 8), (second, 4)):
        expected += 2 * [(width, 4 * units), (units, 4 * units), (4 * units,)]
    expected += [(2 * (8 + 4), 3), (3,)]  # the last states of both layers
    expected += [(3, 16), (4, 16), (16,), (4, 32), (8, 32), (32,)]
    expected += [(8, 3), (3,)]
    assert [tuple(v.shape) for v in layers.variables] == expected
    assert [w.shape for w in draw(stacked)] == expected
    assert {str(v.dtype) for v in layers.variables} == {"float32"}


def test_one_way_layers_are_plain_lstms(make_architecture):
    layers = build_layers(make_architecture())
    assert [type(layer) for layer in layers.encoder] == [keras.layers.LSTM]
    assert [type(layer) for layer in layers.decoder] == [keras.layers.LSTM]


@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_the_activation_reaches_every_lstm(make_architecture, activation):
    layers = build_layers(make_architecture(activation=activation, bidirectional=True))
    (encoder,), (decoder,) = layers.encoder, layers.decoder
    for lstm in (encoder.forward_layer, encoder.backward_layer, decoder):
        assert lstm.activation is getattr(keras.activations, activation)
        assert lstm.recurrent_activation is keras.activations.sigmoid


def test_weights_set_are_weights_got(stacked):
    layers, weights = build_layers(stacked), draw(stacked)
    layers.set_weights(weights)
    for found, expected in zip(layers.get_weights(), weights, strict=True):
        assert_array_equal(found, expected)
    layers.get_weights()[0][:] = 7.0  # a copy, not the layer's own memory
    assert_array_equal(layers.get_weights()[0], weights[0])


# Initial weights ----------------------------------------------------------------------


def test_initial_weights_are_reproducible(stacked):
    first, again, other = draw(stacked), draw(stacked), draw(stacked, seed=1)
    for a, b in zip(first, again, strict=True):
        assert a.dtype == np.float32
        assert_array_equal(a, b)
    matrices = [(a, b) for a, b in zip(first, other, strict=True) if a.ndim == 2]
    assert all((a != b).any() for a, b in matrices)


def test_no_two_kernels_are_the_same_draw(stacked):
    drawn = [w.ravel()[:8].tobytes() for w in draw(stacked) if w.ndim == 2]
    assert len(set(drawn)) == len(drawn)


def test_a_later_draw_from_one_generator_is_another(stacked):
    random_state = np.random.RandomState(0)
    first, second = (initial_weights(stacked, random_state) for _ in range(2))
    assert (first[0] != second[0]).any()


def lstms(weights, n_lstms):
    """Kernel, recurrent kernel and bias of the first LSTMs."""
    return [weights[3 * n : 3 * n + 3] for n in range(n_lstms)]


def test_recurrent_kernels_are_orthogonal(stacked):
    for _, recurrent_kernel, _ in lstms(draw(stacked), 4):
        product = recurrent_kernel @ recurrent_kernel.T
        assert_allclose(product, np.eye(len(product)), atol=1e-5)


def test_the_forget_bias_is_one_and_every_other_zero(stacked):
    weights = draw(stacked)
    for _, recurrent_kernel, bias in lstms(weights, 4):
        units = len(recurrent_kernel)
        assert_array_equal(bias, np.repeat([0, 1, 0, 0], units))
    assert_array_equal(weights[13], 0)  # of the embedding
    assert_array_equal(weights[-1], 0)  # of the output


def test_kernels_are_glorot_uniform(make_architecture):
    architecture = make_architecture(
        n_inputs=50, n_code=40, encoder_units=(60,), decoder_units=(60,)
    )
    weights = draw(architecture)
    kernels = [weights[i] for i in (0, 3, 5, 8)]
    assert [k.shape for k in kernels] == [(50, 240), (60, 40), (40, 240), (60, 50)]
    for kernel in kernels:
        limit = np.sqrt(6 / sum(kernel.shape))
        assert np.abs(kernel).max() <= limit
        assert np.abs(kernel).max() > 0.99 * limit
        # Uniform: mean 0, standard deviation limit / sqrt(3)
        error = limit / np.sqrt(kernel.size)
        assert abs(kernel.mean()) < 4 * error
        assert_allclose(kernel.std(), limit / np.sqrt(3), rtol=0.05)


def test_they_are_what_a_keras_layer_draws_itself(make_architecture):
    """Same ranges and biases as `keras.layers.LSTM` with its own defaults."""
    architecture = make_architecture(n_inputs=50, encoder_units=(60,))
    ours = draw(architecture)[:3]
    layer = keras.layers.LSTM(60, seed=0)
    layer.build((None, None, 50))
    theirs = layer.get_weights()
    assert [w.shape for w in ours] == [w.shape for w in theirs]
    assert_array_equal(ours[2], theirs[2])
    for a, b in zip(ours[:2], theirs[:2], strict=True):
        assert_allclose(a.std(), b.std(), rtol=0.05)


def test_global_random_states_are_untouched(stacked):
    def states():
        numpy_state = [np.asarray(s).tolist() for s in np.random.get_state()]
        return random.getstate(), numpy_state, dict(os.environ)

    keras.utils.set_random_seed(5)
    expected = keras.random.normal((3,)).numpy()
    keras.utils.set_random_seed(5)
    before = states()
    build_layers(stacked)
    draw(stacked)
    assert states() == before
    assert_array_equal(keras.random.normal((3,)), expected)


# Plain Keras models -------------------------------------------------------------------

LENGTHS = [7, 1, 12, 4, 11]


def padded(ragged, n_timesteps):
    out = np.full((len(ragged), n_timesteps, ragged.n_features), np.nan, np.float32)
    for row, x in zip(out, ragged, strict=True):
        row[: len(x)] = x
    return out


@pytest.fixture(scope="module", params=[1, 3], ids=["steps", "patches"])
def built(request, make_architecture, make_ragged):
    """A ragged array, its patches, an architecture and weights, of one patch size."""
    patch_size = request.param
    ragged = make_ragged(LENGTHS)
    architecture = make_architecture(
        n_inputs=2 * patch_size,
        encoder_units=(4, 3),
        decoder_units=(3, 4),
        bidirectional=True,
    )
    return ragged, to_patches(ragged, patch_size), architecture, draw(architecture)


def models_of(built, length_code):
    _, patches, architecture, weights = built
    layers = build_layers(architecture)
    layers.set_weights(weights)
    return build_models(
        layers,
        architecture,
        patch_size=patches.values.shape[1] // 2,
        max_length=max(LENGTHS),
        length_code=length_code,
    )


@pytest.mark.usefixtures("without_xla")
def test_the_models_give_what_we_give(built):
    ragged, patches, architecture, weights = built
    length_code = LengthCode.fit(ragged.lengths, np.ones(len(ragged)))
    models = models_of(built, length_code)
    codes = encode(architecture, weights, patches)
    Z = np.column_stack([codes, length_code.encode(ragged.lengths)])
    x = padded(ragged, models.encoder.input_shape[1])
    assert_allclose(models.encoder(x), Z, rtol=1e-5, atol=1e-5)

    steps = decode(architecture, weights, codes, patches.lengths)
    expected = from_patches(steps, ragged.lengths, patches.values.shape[1] // 2)
    for model, given in (
        (models.decoder, Z.astype(np.float32)),
        (models.autoencoder, x),
    ):
        decoded = model(given).numpy()
        for found, own in zip(decoded, expected, strict=True):
            assert_allclose(found[: len(own)], own, rtol=1e-5, atol=1e-5)
            assert_array_equal(found[len(own) :], 0)


@pytest.mark.usefixtures("without_xla")
def test_the_models_without_a_length_component(built):
    ragged, patches, architecture, weights = built
    models = models_of(built, None)
    codes = encode(architecture, weights, patches)
    x = padded(ragged, models.encoder.input_shape[1])
    assert_allclose(models.encoder(x), codes, rtol=1e-5, atol=1e-5)
    # Every sequence at the longest length
    patch_size = patches.values.shape[1] // 2
    n_patches = -(-max(LENGTHS) // patch_size)
    full = np.full(len(ragged), n_patches)
    steps = decode(architecture, weights, codes, full)
    expected = steps.reshape(len(ragged), n_patches * patch_size, 2)
    assert_allclose(models.decoder(codes), expected, rtol=1e-5, atol=1e-5)
    assert_allclose(models.autoencoder(x), expected, rtol=1e-5, atol=1e-5)


def test_more_padding_changes_no_embedding(built):
    ragged = built[0]
    length_code = LengthCode.fit(ragged.lengths, np.ones(len(ragged)))
    encoder = models_of(built, length_code).encoder
    x = padded(ragged, encoder.input_shape[1])
    alone = RaggedArray.from_list([ragged[1]])
    one = padded(alone, encoder.input_shape[1])
    assert_allclose(encoder(x)[1:2], encoder(one), rtol=1e-6, atol=1e-6)


def test_the_models_share_one_set_of_weights(built):
    models = models_of(built, None)
    before = models.autoencoder(padded(built[0], models.encoder.input_shape[1])).numpy()
    models.encoder.get_layer("embedding").set_weights([np.zeros((14, 3)), np.ones(3)])
    after = models.autoencoder(padded(built[0], models.encoder.input_shape[1])).numpy()
    assert (before != after).any()
    assert_allclose(after[0], after[2], atol=1e-6)  # all codes are now the same
