"""What transform returns, for data of any kind."""

import numpy as np
import pytest
from helpers import (
    assert_same_sequences,
    at_one_rate,
)
from numpy.testing import assert_allclose, assert_array_equal

nan = np.nan

# -- embedding -------------------------------------------------------------------------


def test_fit_returns_itself_and_fit_transform_the_embedding(
    plain_autoencoder, fitted_plain, sequences
):
    autoencoder = plain_autoencoder()
    assert autoencoder.fit(sequences) is autoencoder
    Z = plain_autoencoder().fit_transform(sequences)
    assert Z.shape == (24, 4)
    assert_array_equal(Z, fitted_plain.transform(sequences))


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int32"])
def test_the_dtype_is_float32_if_that_of_the_data_is(fitted_plain, sequences, dtype):
    expected = "float64" if dtype in ("float64", "int32") else "float32"
    assert (
        fitted_plain.transform([x.astype(dtype) for x in sequences]).dtype == expected
    )
    mixed = [sequences[0], *(x.astype("float32") for x in sequences[1:])]
    assert fitted_plain.transform(mixed).dtype == "float64"


def test_the_last_component_is_the_standardized_log_length(fitted_plain, sequences):
    log_lengths = np.log([len(x) for x in sequences])
    expected = (log_lengths - log_lengths.mean()) / log_lengths.std()
    assert_allclose(fitted_plain.transform(sequences)[:, -1], expected, rtol=1e-12)


def test_the_components_differ_between_sequences(fitted_plain, sequences):
    Z = fitted_plain.transform(sequences)
    assert np.all(np.isfinite(Z))
    assert np.all(Z.std(axis=0) > 1e-3)


@pytest.mark.parametrize(
    ("exact_components", "n_components", "lengths", "expected"),
    [
        ("auto", 4, (3, 16), True),
        ("auto", 3, (16, 16), False),
        ("auto", 1, (3, 16), False),
        (["length"], 4, (16, 16), True),
        ((), 3, (3, 16), False),
    ],
)
def test_when_the_length_is_a_component(
    plain_autoencoder,
    rng,
    exact_components,
    n_components,
    lengths,
    expected,
):
    lengths = [*lengths] * 4
    X = [rng.normal(size=(n, 2)) for n in lengths]
    autoencoder = plain_autoencoder(
        n_components=n_components, exact_components=exact_components
    )
    Z = autoencoder.fit_transform(X)
    assert autoencoder.exact_components_ == (("length",) if expected else ())
    assert Z.shape == (8, n_components)
    wanted = lengths if expected else [16] * 8
    assert [len(x) for x in autoencoder.inverse_transform(Z)] == wanted
    others = [1, 2, 3, 9, 4, 5, 6, 7]
    assert [len(x) for x in autoencoder.inverse_transform(Z, others)] == others
    assert [len(x) for x in autoencoder.reconstruct(X)] == lengths


def test_parameters_set_after_fit_wait_for_the_next(plain_autoencoder, sequences):
    autoencoder = plain_autoencoder().fit(sequences)
    Z = autoencoder.transform(sequences)
    X = autoencoder.inverse_transform(Z)
    autoencoder.set_params(
        n_components=3, patch_size=5, scaler=None, exact_components=()
    )
    assert_array_equal(autoencoder.transform(sequences), Z)
    assert len(autoencoder.get_feature_names_out()) == 4
    assert_same_sequences(autoencoder.inverse_transform(Z), X)


# -- patches ---------------------------------------------------------------------------


def test_patches_by_the_median_length(plain_autoencoder, rng):
    lengths = [320, 320, 1]
    X = [rng.normal(size=(n, 2)) for n in lengths]
    autoencoder = plain_autoencoder(epochs=1, hidden_layer_sizes=2).fit(X)
    assert autoencoder.patch_size_ == 10
    assert [len(x) for x in autoencoder.reconstruct(X)] == lengths


@pytest.mark.slow
@pytest.mark.parametrize("patch_size", [2, 50])
def test_patches_of_any_size(plain_autoencoder, sequences, patch_size):
    autoencoder = plain_autoencoder(
        patch_size=patch_size, epochs=100, **at_one_rate(0.03)
    )
    autoencoder.fit(sequences)
    assert autoencoder.patch_size_ == patch_size
    assert [x.shape for x in autoencoder.reconstruct(sequences)] == [
        x.shape for x in sequences
    ]
    # It has learnt the first and the last step of sequences, partial patches or not.
    scale = autoencoder.scaler_.transform
    decoded = autoencoder.reconstruct(sequences)
    for end in (slice(0, 1), slice(-1, None)):
        truth = scale(np.vstack([x[end] for x in sequences]))
        difference = scale(np.vstack([x[end] for x in decoded])) - truth
        assert np.sum(np.square(difference)) < 0.3 * np.sum(np.square(truth))


# -- difficult data --------------------------------------------------------------------


def test_missing_values(plain_autoencoder, sequences, rng):
    X = [np.where(rng.random(x.shape) < 0.3, nan, x) for x in sequences]
    for x in X:
        x[0] = 5, -300
    X[3][:, 1] = nan  # a feature that one sequence does not observe at all
    X[4][0] = nan  # at the beginning
    X[5][-1] = nan  # in a list, at the end too
    autoencoder = plain_autoencoder().fit(X)
    Z = autoencoder.transform(X)
    assert np.all(np.isfinite(Z))
    assert np.all(np.isfinite(autoencoder.score_samples(X)))
    for x, decoded in zip(X, autoencoder.reconstruct(X), strict=True):
        assert decoded.shape == x.shape
        assert np.all(np.isfinite(decoded))


@pytest.mark.slow
def test_constant_features_and_single_steps(plain_autoencoder):
    X = [np.full((1, 2), [3.0, k]) for k in range(8)]
    autoencoder = plain_autoencoder().fit(X)
    assert np.all(np.isfinite(autoencoder.transform(X)))
    assert_allclose([x[0, 0] for x in autoencoder.reconstruct(X)], 3, atol=2)
    one = plain_autoencoder().fit(X[:1])
    assert_allclose(one.reconstruct(X[:1])[0], X[0], atol=2)


def test_a_huge_offset_does_not_hide_the_signal(plain_autoencoder, sequences):
    X = [x + 1e9 for x in sequences]
    parameters = {"epochs": 5, "learning_rate": 0.01}
    offset = plain_autoencoder(**parameters).fit(X)
    plain = plain_autoencoder(**parameters).fit(sequences)
    assert_allclose(offset.scaler_.scale_, plain.scaler_.scale_, rtol=1e-5)
    # Rounded, the sequences fall into other batches: the losses are only about equal.
    assert_allclose(offset.history_["loss"], plain.history_["loss"], rtol=0.05)
    deviation = np.vstack(offset.reconstruct(X)) - offset.scaler_.mean_
    assert np.all(np.abs(deviation) < 3 * offset.scaler_.scale_)
    assert np.all(deviation.std(axis=0) > 0.01 * offset.scaler_.scale_)


@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_any_finite_vector_is_decoded(plain_autoencoder, sequences, activation):
    autoencoder = plain_autoencoder(activation=activation).fit(sequences)
    Z = np.zeros((4, 4))
    Z[0, :3] = 1e3
    Z[1, :3] = 1e30, -1e30, 1e30
    Z[2, :3] = 1e300, -1e300, 1e300
    Z[3, -1] = -1e300
    X = autoencoder.inverse_transform(Z)
    assert all(np.all(np.isfinite(x)) for x in X)
    assert len(X[3]) == 1


@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_an_outlier_is_embedded_and_scored(plain_autoencoder, sequences, activation):
    autoencoder = plain_autoencoder(activation=activation).fit(sequences)
    X = [1e10 * x for x in sequences]
    assert np.all(np.isfinite(autoencoder.transform(X)))
    assert autoencoder.score(X) < autoencoder.score(sequences)
