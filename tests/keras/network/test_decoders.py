"""Each decoder, as it is decoded with, exported and trained.

That its numbers are right in both engines is tested in `test_engines`.
"""

import numpy as np
import pytest
from networks import drawn_weights, small_architecture
from numpy.testing import assert_allclose, assert_array_equal
from references import ByKeras, decoded

from sklearn_seqae._keras.export import build_models
from sklearn_seqae._keras.inference import decode
from sklearn_seqae._keras.training.callbacks import CompiledModel
from sklearn_seqae._network.decoders import DECODERS, DecoderBase
from sklearn_seqae._patches.exact import LengthCode
from sklearn_seqae._patches.preprocessing import Preprocessing

N_STEPS = 12
LENGTHS = np.array([12, 1, 7, 12, 3])
CHANGES = {
    "repeat": {},
    "reshape": {"max_steps": N_STEPS, "embedding_size": 2 * N_STEPS},
    "single_shot": {"max_steps": N_STEPS, "embedding_size": N_STEPS},
    "unfold": {},
}


@pytest.fixture(scope="module", params=DECODERS)
def network(request):
    """An architecture of two decoder layers, its weights, and embeddings."""
    kind = request.param
    architecture = small_architecture(
        decoder=kind, decoder_layer_sizes=(4, 3), **CHANGES[kind]
    )
    weights = {name: 2 * w for name, w in drawn_weights(architecture).items()}
    shape = (len(LENGTHS), architecture.embedding_size)
    embeddings = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    return architecture, weights, embeddings


@pytest.fixture(scope="module")
def expected(network):
    """Steps of all sequences in the order of time, by Keras's layers."""
    architecture, weights, embeddings = network
    layers = ByKeras(architecture, weights)
    return [
        decoded(layers, vector, n)[::-1]
        for vector, n in zip(embeddings, LENGTHS, strict=True)
    ]


@pytest.mark.parametrize("decoder", DECODERS.values(), ids=DECODERS)
def test_every_decoder_is_complete(decoder):
    assert issubclass(decoder, DecoderBase)
    assert not getattr(decoder, "__abstractmethods__", None)


def test_decoded_is_what_keras_decodes(network, expected):
    steps = decode(*network, LENGTHS)
    assert_allclose(steps, np.concatenate(expected), rtol=1e-5, atol=1e-6)


@pytest.mark.xla
def test_in_any_company_the_same_to_the_bit(network):
    *of_network, embeddings = network
    steps = np.split(decode(*network, LENGTHS), np.cumsum(LENGTHS)[:-1])
    alone = [decode(*of_network, embeddings[[i]], LENGTHS[[i]]) for i in (1, 2)]
    assert_array_equal(np.concatenate(alone), np.concatenate(steps[1:3]))
    backwards = decode(*of_network, embeddings[::-1], LENGTHS[::-1])
    assert_array_equal(backwards, np.concatenate(steps[::-1]))


def test_the_plain_model_decodes_the_same(network, expected):
    architecture, weights, embeddings = network
    length_code = LengthCode.fit(LENGTHS, np.ones(len(LENGTHS)))
    preprocessing = Preprocessing(2, 1, length_code)
    models = build_models(architecture, weights, preprocessing, N_STEPS)
    Z = np.column_stack([embeddings, length_code.encode(LENGTHS)]).astype(np.float32)
    for found, steps in zip(models.decoder(Z).numpy(), expected, strict=True):
        assert_allclose(found[: len(steps)], steps, rtol=1e-5, atol=1e-6)
        assert_array_equal(found[len(steps) :], 0)


@pytest.mark.parametrize("n_buffer_steps", [8, 16], ids=["shorter", "longer"])
def test_the_model_that_callbacks_see_is_trainable_whole(network, n_buffer_steps):
    model = CompiledModel(network[0], n_buffer_steps, "adam")
    assert model.model.output_shape == (None, n_buffer_steps, 2)
    ours = {id(v) for v in model.layers.variables.values()}
    assert {id(v) for v in model.model.trainable_variables} == ours


def test_unfolding_stays_finite():
    """Nothing bounds a relu, and what it makes is read again: here, 25-fold."""
    architecture = small_architecture(
        n_inputs=1,
        embedding_size=1,
        decoder_layer_sizes=(1,),
        decoder="unfold",
        activation="relu",
    )
    own = {
        "decoder_lstm_1/forward/kernel": [[0, 0, 100, 0], [0, 0, 1, 0]],  # step, vector
        "decoder_lstm_1/forward/recurrent_kernel": [[0, 0, 0, 0]],
        "decoder_lstm_1/forward/bias": [0, 0, 0, 0],
        "reconstruction/kernel": [[1]],
        "reconstruction/bias": [0],
    }
    arrays = {name: np.array(w, np.float32) for name, w in own.items()}
    weights = drawn_weights(architecture) | arrays
    vector = np.ones((1, 1), np.float32)
    steps = decode(architecture, weights, vector, np.array([64]))
    assert steps.max() > 1e30
    assert np.isfinite(steps).all()
