"""Plain Keras models of fitted weights, against what we compute."""

import numpy as np
import pytest
from helpers import padded
from networks import drawn_weights, small_architecture, walks
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_seqae._keras.export import build_models
from sklearn_seqae._keras.inference import decode, encode
from sklearn_seqae._patches.batching import from_patches
from sklearn_seqae._patches.exact import LengthCode
from sklearn_seqae._patches.preprocessing import Preprocessing

LENGTHS = [7, 1, 12, 4, 11]


class Case:
    """Sequences, a network of one patch size, and what we make of both."""

    def __init__(self, patch_size):
        self.sequences = walks(LENGTHS)
        self.architecture = small_architecture(
            n_inputs=2 * patch_size,
            hidden_layer_sizes=(4, 3),
            decoder_layer_sizes=(3, 4),
            bidirectional=True,
        )
        self.weights = drawn_weights(self.architecture)
        self.plain = Preprocessing(2, patch_size)
        code = LengthCode.fit(self.sequences.lengths, np.ones(len(LENGTHS)))
        self.with_length = Preprocessing(2, patch_size, code)
        patches = self.plain.patches(self.sequences)
        self.embeddings = encode(self.architecture, self.weights, patches)

    def models(self, preprocessing):
        return build_models(
            self.architecture, self.weights, preprocessing, max(LENGTHS)
        )

    def padded(self, models, sequences=None):
        return padded(
            list(self.sequences if sequences is None else sequences),
            n_timesteps=models.encoder.input_shape[1],
            dtype=np.float32,
        )

    def decoded(self, n_steps):
        return decode(self.architecture, self.weights, self.embeddings, n_steps)


@pytest.fixture(scope="module", params=[1, 3], ids=["steps", "patches"])
def case(request):
    return Case(request.param)


def test_the_models_give_what_we_give(case):
    models, lengths = case.models(case.with_length), case.sequences.lengths
    Z = models.encoder(case.padded(models)).numpy()
    assert_allclose(Z[:, :-1], case.embeddings, rtol=1e-5, atol=1e-5)
    code = case.with_length.length_code
    assert_allclose(Z[:, -1], code.encode(lengths), rtol=1e-5, atol=1e-5)
    steps = case.decoded(case.plain.n_steps(lengths))
    expected = from_patches(steps, lengths, case.plain.patch_size)
    for model, given in (
        (models.decoder, Z),
        (models.autoencoder, case.padded(models)),
    ):
        for found, own in zip(model(given).numpy(), expected, strict=True):
            assert_allclose(found[: len(own)], own, rtol=1e-5, atol=1e-5)
            assert_array_equal(found[len(own) :], 0)


def test_without_a_length_component_every_sequence_is_as_long_as_the_longest(case):
    models, patch_size = case.models(case.plain), case.plain.patch_size
    x = case.padded(models)
    assert_allclose(models.encoder(x), case.embeddings, rtol=1e-5, atol=1e-5)
    n_patches = -(-max(LENGTHS) // patch_size)
    steps = case.decoded(np.full(len(LENGTHS), n_patches))
    expected = steps.reshape(len(LENGTHS), n_patches * patch_size, 2)
    found = models.decoder(case.embeddings)
    assert_allclose(found, expected, rtol=1e-5, atol=1e-5)
    assert_allclose(models.autoencoder(x), expected, rtol=1e-5, atol=1e-5)


def test_companions_and_their_padding_change_no_embedding(case):
    models = case.models(case.with_length)
    together = models.encoder(case.padded(models))
    alone = models.encoder(case.padded(models, [case.sequences[1]]))
    assert_allclose(together[1:2], alone, rtol=1e-6, atol=1e-6)


def test_the_models_share_one_set_of_weights(case):
    models = case.models(case.plain)
    x = case.padded(models)
    before = models.autoencoder(x).numpy()
    layer = models.encoder.get_layer("embedding")
    layer.set_weights([np.zeros((14, 3)), np.ones(3)])
    after = models.autoencoder(x).numpy()
    assert (before != after).any()
    assert_allclose(after[0], after[2], atol=1e-6)  # all embeddings are now the same
