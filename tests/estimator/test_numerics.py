"""Numbers that are hard to compute with: finite results, or an error that helps."""

import copy
from dataclasses import replace

import numpy as np
import pytest
from hard import HARD
from helpers import assert_same_model

from sklearn_seqae.exceptions import InvalidSequenceError

EXACT = ["instance_norm", "length"]
UNITS = {
    "common units": {},
    "own units": {"exact_components": EXACT, "n_components": None},
}


@pytest.mark.slow
@pytest.mark.parametrize("units", UNITS)
@pytest.mark.parametrize("hard", HARD)
def test_embeddings_scores_and_reconstructions_are_finite(
    plain_autoencoder, sequences, hard, units
):
    X = HARD[hard](sequences)
    autoencoder = plain_autoencoder(**UNITS[units])
    Z = autoencoder.fit_transform(X)
    assert np.isfinite(Z).all()
    assert np.isfinite(autoencoder.history_["loss"]).all()
    assert np.isfinite(autoencoder.score_samples(X)).all()
    back = autoencoder.inverse_transform(Z)
    for x, decoded in zip(X, back, strict=True):
        assert decoded.shape == x.shape
        assert np.isfinite(decoded).all()


@pytest.mark.slow
def test_five_hundred_features(plain_autoencoder, rng):
    X = [rng.normal(size=(n, 500)) for n in (3, 1, 4, 5)]
    assert np.isfinite(plain_autoencoder(epochs=1).fit_transform(X)).all()


def test_values_too_large_for_the_scaler_are_an_error(plain_autoencoder, sequences):
    with pytest.raises(ValueError, match="divide them by a constant"):
        plain_autoencoder().fit([1e300 * x for x in sequences])


def test_values_too_large_for_the_network_are_an_error(plain_autoencoder, sequences):
    autoencoder = plain_autoencoder(scaler=None)
    with pytest.raises(FloatingPointError, match="scale the data"):
        autoencoder.fit([1e30 * x for x in sequences])


# -- an activation that is not bounded ----------------------------------------------


@pytest.fixture(scope="module")
def unbounded(plain_autoencoder, sequences):
    """States that grow from step to step, on every machine."""
    fitted = plain_autoencoder(activation="relu").fit(sequences)
    network = fitted._fitted.network
    weights = {
        name: 8 * array if "encoder" in name and "recurrent" in name else array
        for name, array in network.state.weights.items()
    }
    network = replace(network, state=replace(network.state, weights=weights))
    fitted._fitted = replace(fitted._fitted, network=network)
    return fitted


@pytest.fixture(scope="module")
def wild(sequences):
    """So long that states grow beyond float32 where nothing bounds them."""
    return np.tile(sequences[0], (100, 1))


@pytest.mark.parametrize("use", ["transform", "reconstruct", "score_samples", "score"])
def test_a_sequence_that_overflows_the_network_is_named(
    unbounded, sequences, wild, use
):
    expected = r"^sequence 24 overflows float32.* activation='tanh'"
    with pytest.raises(InvalidSequenceError, match=expected):
        getattr(unbounded, use)([*sequences, wild])


@pytest.mark.parametrize("use", ["score_samples", "transform"])
def test_the_sequence_is_named_beyond_the_first_block(
    unbounded, sequences, wild, monkeypatch, use
):
    from sklearn_seqae._fitted import autoencoder, scores

    monkeypatch.setattr(scores, "BLOCK", 5)
    monkeypatch.setattr(autoencoder, "BLOCK", 50)
    with pytest.raises(InvalidSequenceError, match=r"^sequence 13 overflows"):
        getattr(unbounded, use)([*sequences[:13], wild])


def test_a_vector_that_overflows_the_decoder_is_named(unbounded):
    """Were its last layer as large, which training would not make it."""
    network = unbounded._fitted.network
    weights = dict(network.state.weights)
    kernel = weights["reconstruction/kernel"]
    weights["reconstruction/kernel"] = np.full_like(kernel, 1e20)
    wild = copy.copy(unbounded)
    network = replace(network, state=replace(network.state, weights=weights))
    wild._fitted = replace(wild._fitted, network=network)
    Z = np.array([[0, 0, 0, 0], [1e30, -1e30, 1e30, 0]])
    with pytest.raises(InvalidSequenceError, match=r"^row 1 of Z overflows"):
        wild.inverse_transform(Z)


def test_a_bounded_activation_does_not_overflow(fitted_plain, sequences, wild):
    X = [wild, *(1e30 * x for x in sequences)]
    assert np.isfinite(fitted_plain.transform(X)).all()
    assert np.isfinite(fitted_plain.score_samples(X)).all()


# -- weights ------------------------------------------------------------------------


def test_what_weighs_next_to_nothing_counts_as_nothing(plain_autoencoder, sequences):
    X = sequences[:2]
    weighted = plain_autoencoder().fit(X, sample_weight=[1e300, 1e-300])
    assert_same_model(weighted, plain_autoencoder().fit(X[:1]), X)
    assert np.isfinite(weighted.transform(X)).all()
