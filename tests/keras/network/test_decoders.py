"""Each decoder against Keras's layers, one sequence at a time, unpadded."""

import numpy as np
import pytest
import tensorflow as tf
from numpy.testing import assert_allclose, assert_array_equal
from sklearn_seqae._design import DECODERS
from sklearn_seqae._keras.architecture import build_layers, initial_weights
from sklearn_seqae._keras.compiling import CompiledModel
from sklearn_seqae._keras.decoders import KINDS, unfold
from sklearn_seqae._keras.models import build_models

from sklearn_seqae._keras.inference import decode
from sklearn_seqae._keras.network import FusedNetwork
from sklearn_seqae._lengths import LengthCode

N_STEPS = 12
LENGTHS = np.array([12, 1, 7, 12, 3])
CHANGES = {
    "repeat": {},
    "reshape": {"n_steps": N_STEPS, "n_code": 2 * N_STEPS},
    "single_shot": {"n_steps": N_STEPS, "n_code": N_STEPS},
    "unfold": {},
}


@pytest.fixture(scope="module", params=CHANGES)
def network(request, make_architecture):
    """An architecture of two decoder layers, its weights, and codes."""
    kind = request.param
    architecture = make_architecture(
        decoder=kind, decoder_units=(4, 3), **CHANGES[kind]
    )
    weights = initial_weights(architecture, np.random.RandomState(0))
    shape = (len(LENGTHS), architecture.n_code)
    codes = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    return architecture, [2 * w for w in weights], codes


def layers_of(network):
    architecture, weights, _ = network
    layers = build_layers(architecture)
    layers.set_weights(weights)
    return layers


@pytest.fixture(scope="module")
def expected(network, decode_by_keras):
    """Steps of all sequences in the order of time."""
    architecture, _, codes = network
    layers = layers_of(network)
    return [
        decode_by_keras(architecture.decoder, layers, code[None], n)[::-1]
        for code, n in zip(codes, LENGTHS, strict=True)
    ]


def test_there_is_one_of_each_name():
    assert set(KINDS) == set(DECODERS)


def test_decoded_is_what_keras_decodes(network, expected):
    steps = decode(*network, LENGTHS)
    assert_allclose(steps, np.concatenate(expected), rtol=1e-5, atol=1e-6)


def test_in_any_company_the_same_to_the_bit(network):
    *of_network, codes = network
    steps = np.split(decode(*network, LENGTHS), np.cumsum(LENGTHS)[:-1])
    alone = [decode(*of_network, codes[[i]], LENGTHS[[i]]) for i in (1, 2)]
    assert_array_equal(np.concatenate(alone), np.concatenate(steps[1:3]))
    backwards = decode(*of_network, codes[::-1], LENGTHS[::-1])
    assert_array_equal(backwards, np.concatenate(steps[::-1]))


def test_the_plain_model_decodes_the_same(network, expected):
    architecture, _, codes = network
    length_code = LengthCode.fit(LENGTHS, np.ones(len(LENGTHS)))
    models = build_models(
        layers_of(network),
        architecture,
        patch_size=1,
        max_length=N_STEPS,
        length_code=length_code,
    )
    Z = np.column_stack([codes, length_code.encode(LENGTHS)]).astype(np.float32)
    for found, steps in zip(models.decoder(Z).numpy(), expected, strict=True):
        assert_allclose(found[: len(steps)], steps, rtol=1e-5, atol=1e-6)
        assert_array_equal(found[len(steps) :], 0)


@pytest.mark.parametrize("n_buffer_steps", [8, 16], ids=["shorter", "longer"])
def test_the_model_that_callbacks_see_is_trainable_whole(network, n_buffer_steps):
    model = CompiledModel(network[0], n_buffer_steps, "adam")
    assert model.model.output_shape == (None, n_buffer_steps, 2)
    ours = {id(v) for v in model.layers.variables}
    assert {id(v) for v in model.model.trainable_variables} == ours


def test_unfolding_stays_finite(make_architecture):
    """Nothing bounds a relu, and what it makes is read again: here, 25-fold."""
    architecture = make_architecture(
        n_inputs=1, n_code=1, decoder_units=(1,), decoder="unfold", activation="relu"
    )
    *of_encoder, _, _, _, _, _ = initial_weights(architecture, np.random.RandomState(0))
    lstm = [[[0, 0, 100, 0], [0, 0, 1, 0]], [[0, 0, 0, 0]], [0, 0, 0, 0]]  # step, code
    own = [np.array(w, np.float32) for w in (*lstm, [[1]], [0])]
    code = np.ones((1, 1), np.float32)
    steps = decode(architecture, [*of_encoder, *own], code, np.array([64]))
    assert steps.max() > 1e30
    assert np.isfinite(steps).all()


def test_unfolding_is_trained_on_the_true_step_before(make_architecture, rng):
    """From zeros, and with noise on it; the codes are read at every step."""
    architecture = make_architecture(decoder="unfold", decoder_units=(4, 3))
    weights = initial_weights(architecture, np.random.RandomState(0))
    layers = build_layers(architecture)
    layers.set_weights(weights)
    code, (target, chance, weight) = (
        rng.normal(size=(5, 3)).astype(np.float32),
        rng.random(size=(3, 16, 5, 2)).astype(np.float32),
    )
    lengths = np.array([16, 1, 7, 0, 3])
    loss = FusedNetwork(architecture).training_error(
        [tf.constant(w) for w in weights],
        tf.constant(code),
        tf.constant(lengths, tf.int32),
        tf.constant(target),
        tf.constant(weight),
        chance=tf.constant(chance),
    )
    by_hand = 0.0
    for row, n in enumerate(lengths):
        told = np.zeros((n, 2), np.float32)
        told[1:] = (target + unfold.NOISE * chance)[: max(n - 1, 0), row]
        states = np.column_stack([told, np.repeat(code[[row]], n, axis=0)])[None]
        if not n:
            continue
        for layer in layers.decoder:
            states = layer(states)
        error = layers.reconstruction(states).numpy()[0] - target[:n, row]
        by_hand += (weight[:n, row] * error.astype(np.float64) ** 2).sum()
    assert_allclose(loss, by_hand, rtol=1e-5)
