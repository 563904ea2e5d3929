"""Nobody sees half a fit."""

import copy
import itertools
import pickle

import numpy as np
import pytest
from helpers import (
    assert_same_model,
    assert_same_values,
)
from numpy.testing import assert_array_equal
from sklearn.exceptions import NotFittedError
from sklearn.preprocessing import StandardScaler
from sklearn.utils.validation import check_is_fitted


@pytest.fixture
def look_on():
    """A callback that notes what somebody sees at the end of every epoch."""
    import keras

    class Look(keras.callbacks.Callback):
        def __init__(self, look):
            super().__init__()
            self.look, self.seen = look, []

        def on_epoch_end(self, epoch, logs=None):
            self.seen.append(self.look())

    return Look


def test_during_a_first_fit_an_estimator_is_not_fitted(
    plain_autoencoder, sequences, look_on
):
    autoencoder = plain_autoencoder()

    def is_fitted():
        found = []
        for seen in (autoencoder, copy.copy(autoencoder)):
            try:
                check_is_fitted(seen)
            except NotFittedError:
                continue
            found.append(seen)
        return found

    look = look_on(is_fitted)
    autoencoder.set_params(callbacks=[look]).fit(sequences)
    assert look.seen == [[], []]


def test_during_a_later_fit_an_estimator_is_what_it_was(
    plain_autoencoder, fitted_plain, sequences, look_on
):
    autoencoder = plain_autoencoder().fit(sequences)
    other = [3 * x + 7 for x in sequences[:9]]

    def embeddings():
        unpickled = pickle.loads(pickle.dumps(clone_with_state(autoencoder)))
        return autoencoder.transform(sequences), unpickled.transform(sequences)

    def clone_with_state(estimator):  # without the callback, which holds this test
        copied = copy.copy(estimator)
        copied.callbacks = None
        return copied

    look = look_on(embeddings)
    autoencoder.set_params(callbacks=[look]).fit(other)
    expected = fitted_plain.transform(sequences)
    for Z in itertools.chain(*look.seen):
        assert_array_equal(Z, expected)
    assert_same_model(autoencoder, plain_autoencoder().fit(other), sequences)


@pytest.mark.parametrize("use", ["transform", "reconstruct", "score_samples"])
def test_who_has_begun_before_a_fit_ends_finishes_with_the_fit_before(
    plain_autoencoder, sequences, use
):
    class Scaler(StandardScaler):
        """Lets something else happen before it is used."""

        meanwhile = None

        def transform(self, X):
            if Scaler.meanwhile:
                meanwhile, Scaler.meanwhile = Scaler.meanwhile, None
                meanwhile()
            return super().transform(X)

    autoencoder = plain_autoencoder(scaler=Scaler()).fit(sequences)
    expected = getattr(autoencoder, use)(sequences)
    Scaler.meanwhile = lambda: autoencoder.fit([2 * x for x in sequences[:9]])
    assert_same_values(getattr(autoencoder, use)(sequences), expected)
    changed = getattr(autoencoder, use)(sequences)
    assert not np.array_equal(changed[0], expected[0])


def test_the_models_of_an_earlier_fit_are_not_those_of_a_later_one(
    plain_autoencoder, sequences
):
    autoencoder = plain_autoencoder(epochs=1).fit(sequences)
    first = autoencoder.encoder_
    assert autoencoder.encoder_ is first
    autoencoder.fit(sequences[:9])
    assert autoencoder.encoder_ is not first
