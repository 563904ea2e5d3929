"""partial_fit and warm_start go on where a fit ended."""

import pickle

import numpy as np
import pytest
from helpers import (
    assert_same_model,
    at_one_rate,
)
from numpy.testing import assert_array_equal


def test_partial_fits_are_the_epochs_of_a_fit(plain_autoencoder, sequences):
    autoencoder = plain_autoencoder(**at_one_rate())
    for _ in range(4):
        assert autoencoder.partial_fit(sequences) is autoencoder
    expected = plain_autoencoder(epochs=4, **at_one_rate()).fit(sequences)
    assert autoencoder.history_ == expected.history_
    assert autoencoder.n_iter_ == 4
    assert_same_model(autoencoder, expected, sequences)


def test_a_partial_fit_has_one_rate(plain_autoencoder, sequences):
    by_name = plain_autoencoder(learning_rate=1e-3).partial_fit(sequences)
    expected = plain_autoencoder(**at_one_rate(1e-3)).partial_fit(sequences)
    assert_same_model(by_name, expected, sequences)


def test_a_warm_start_goes_on(plain_autoencoder, sequences):
    parameters = at_one_rate() | {"warm_start": True, "epochs": 1}
    autoencoder = plain_autoencoder(**parameters).fit(sequences)
    autoencoder.set_params(epochs=3).fit(sequences)
    expected = plain_autoencoder(epochs=4, **at_one_rate()).fit(sequences)
    assert autoencoder.history_ == expected.history_
    assert autoencoder.n_iter_ == 4
    assert_same_model(autoencoder, expected, sequences)


def test_without_a_warm_start_fit_starts_anew(
    plain_autoencoder, fitted_plain, sequences
):
    autoencoder = plain_autoencoder().fit([1000 * x for x in sequences[:9]])
    autoencoder.partial_fit(sequences).fit(sequences)
    assert autoencoder.n_iter_ == 2
    assert_same_model(autoencoder, fitted_plain, sequences)


@pytest.mark.parametrize("way", ["partial_fit", "warm_start"])
def test_going_on_with_other_sequences_keeps_scaler_and_shapes(
    plain_autoencoder, sequences, rng, way
):
    autoencoder = plain_autoencoder(warm_start=way == "warm_start")
    go_on = autoencoder.fit if way == "warm_start" else autoencoder.partial_fit
    go_on(sequences[1:])
    Z = autoencoder.transform(sequences)
    mean, shortest = autoencoder.scaler_.mean_.copy(), autoencoder.max_length_
    go_on([100 * x for x in sequences])
    assert_array_equal(autoencoder.scaler_.mean_, mean)
    assert shortest <= autoencoder.max_length_ == 16
    assert autoencoder.patch_size_ == 1
    assert_array_equal(autoencoder.transform(sequences)[:, -1], Z[:, -1])
    assert np.abs(autoencoder.transform(sequences) - Z).max() > 1e-4


def test_going_on_after_pickling(plain_autoencoder, sequences):

    autoencoder = plain_autoencoder().partial_fit(sequences)
    copy = pickle.loads(pickle.dumps(autoencoder))
    autoencoder.partial_fit(sequences)
    copy.partial_fit(sequences)
    assert copy.history_ == autoencoder.history_
    assert_same_model(copy, autoencoder, sequences)


@pytest.mark.parametrize("way", ["partial_fit", "warm_start"])
@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("n_components", 5),
        ("hidden_layer_sizes", (8, 8)),
        ("bidirectional", False),
        ("activation", "relu"),
        ("patch_size", 2),
        ("exact_components", ()),
    ],
)
def test_going_on_with_another_architecture_is_an_error(
    plain_autoencoder, sequences, parameter, value, way
):
    autoencoder = plain_autoencoder(warm_start=way == "warm_start").fit(sequences)
    Z = autoencoder.transform(sequences)
    autoencoder.set_params(**{parameter: value})
    go_on = autoencoder.fit if way == "warm_start" else autoencoder.partial_fit
    with pytest.raises(ValueError, match=f"{parameter} is .* set it back, or start"):
        go_on(sequences)
    assert autoencoder.n_iter_ == 2
    assert_array_equal(autoencoder.transform(sequences), Z)


def test_going_on_with_another_optimizer_starts_it_fresh_or_says_so(
    plain_autoencoder, sequences
):
    autoencoder = plain_autoencoder().fit(sequences)
    autoencoder.set_params(optimizer="sgd")
    try:
        autoencoder.partial_fit(sequences)
    except ValueError as error:
        assert "optimizer" in str(error)
    else:
        assert autoencoder.n_iter_ == 3


def test_history_goes_on_with_every_loss_that_it_had(plain_autoencoder, sequences):
    autoencoder = plain_autoencoder(early_stopping=True).fit(sequences)
    before = autoencoder.history_["val_loss"]
    autoencoder.partial_fit(sequences)
    assert len(autoencoder.history_["loss"]) == 3
    assert autoencoder.history_["val_loss"][:2] == before
    assert np.isnan(autoencoder.history_["val_loss"][2:]).tolist() == [True]
