"""Early stopping, on sequences that are set aside."""

import itertools

import numpy as np
from helpers import (
    assert_same_model,
    at_one_rate,
)
from numpy.testing import assert_allclose


def test_all_epochs_without_early_stopping(fitted_plain):
    assert fitted_plain.n_iter_ == 2
    assert list(fitted_plain.history_) == ["loss"]
    assert len(fitted_plain.history_["loss"]) == 2
    assert all(type(loss) is float for loss in fitted_plain.history_["loss"])


def test_it_stops_when_nothing_becomes_better(plain_autoencoder, sequences):
    autoencoder = plain_autoencoder(
        early_stopping=True, n_iter_no_change=3, learning_rate=1e-12, epochs=50
    ).fit(sequences)
    assert autoencoder.n_iter_ == 4  # the first is better than nothing, then three
    assert len(autoencoder.history_["val_loss"]) == 4


def test_the_weights_of_the_best_epoch_are_kept(plain_autoencoder, sequences):
    def make(epochs):
        return plain_autoencoder(
            early_stopping=True,
            n_iter_no_change=1000,
            epochs=epochs,
            validation_fraction=0.3,
            **at_one_rate(0.3),
        ).fit(sequences)

    autoencoder = make(30)
    assert autoencoder.n_iter_ == 30
    best = int(np.argmin(autoencoder.history_["val_loss"]))
    assert best < 29, "the test needs a learning rate that makes it worse again"
    until_then = make(best + 1)
    loss = until_then.history_["val_loss"]
    assert loss == autoencoder.history_["val_loss"][: best + 1]
    assert_same_model(autoencoder, until_then, sequences)


def test_whole_sequences_are_set_aside(plain_autoencoder, sequences):
    X = sequences[:8]
    autoencoder = plain_autoencoder(
        early_stopping=True, validation_fraction=0.25, epochs=1, learning_rate=1e-12
    ).fit(X)  # the weights, and so the errors, stay what they are
    n_values = np.array([x.size for x in X])
    errors = -autoencoder.score_samples(X) * n_values
    pairs = [list(pair) for pair in itertools.combinations(range(8), 2)]
    distance = [
        abs(
            errors[pair].sum() / n_values[pair].sum()
            - autoencoder.history_["val_loss"][0]
        )
        for pair in pairs
    ]
    pair = pairs[int(np.argmin(distance))]
    assert min(distance) < 1e-5 < sorted(distance)[1]
    rest = np.setdiff1d(range(8), pair)
    expected = errors[rest].sum() / n_values[rest].sum()
    assert_allclose(autoencoder.history_["loss"], expected, rtol=1e-4)


def test_it_takes_fewer_epochs_than_asked_for_and_is_reproducible(
    plain_autoencoder, sequences
):
    def make():
        return plain_autoencoder(
            early_stopping=True, n_iter_no_change=2, epochs=500, learning_rate=0.1
        ).fit(sequences)

    one, other = make(), make()
    assert one.n_iter_ < 500
    assert one.history_ == other.history_
    assert_same_model(one, other, sequences)
