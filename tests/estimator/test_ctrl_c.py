"""Ctrl-C in a fit, and in a search."""

import io
import signal

import numpy as np
import pytest
from helpers import (
    assert_same_model,
    at_one_rate,
)
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV


@pytest.fixture
def interrupt_after():
    """A callback that is a user's Ctrl-C at the end of an epoch."""
    import keras

    class Interrupt(keras.callbacks.Callback):
        def __init__(self, epoch):
            super().__init__()
            self.epoch = epoch

        def on_epoch_end(self, epoch, logs=None):
            if epoch == self.epoch:
                raise KeyboardInterrupt

    return Interrupt


@pytest.mark.parametrize("epoch", [0, 3])
def test_interrupted_keeps_what_it_has(
    plain_autoencoder, sequences, interrupt_after, epoch
):
    parameters = at_one_rate()
    autoencoder = plain_autoencoder(
        epochs=50, callbacks=[interrupt_after(epoch)], **parameters
    )
    with pytest.raises(KeyboardInterrupt) as interrupt:
        autoencoder.fit_transform(sequences)
    (note,) = interrupt.value.__notes__
    assert note.endswith(f"keeps what it learnt in {epoch + 1} epochs.")
    assert autoencoder.n_iter_ == len(autoencoder.history_["loss"]) == epoch + 1
    expected = plain_autoencoder(epochs=epoch + 1, **parameters).fit(sequences)
    assert_same_model(autoencoder, expected, sequences)
    # and it goes on
    assert autoencoder.set_params(callbacks=None).partial_fit(sequences).n_iter_ > epoch


@pytest.mark.parametrize("early_stopping", [False, True])
def test_interrupted_before_the_first_epoch_ends_it_changes_nothing(
    plain_autoencoder, fitted_plain, sequences, early_stopping
):
    import keras

    class Interrupt(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            raise KeyboardInterrupt

    autoencoder = plain_autoencoder(
        callbacks=[Interrupt()], early_stopping=early_stopping
    )
    with pytest.raises(KeyboardInterrupt):
        autoencoder.fit(sequences)
    with pytest.raises(NotFittedError):
        autoencoder.transform(sequences)
    autoencoder = clone(fitted_plain).fit(sequences).set_params(callbacks=[Interrupt()])
    with pytest.raises(KeyboardInterrupt):
        autoencoder.fit(sequences[:5])
    assert_same_model(autoencoder, fitted_plain, sequences)


def test_interrupted_early_stopping_keeps_the_best(
    plain_autoencoder, sequences, interrupt_after
):
    parameters = {
        "early_stopping": True,
        "n_iter_no_change": 1000,
        "validation_fraction": 0.3,
        **at_one_rate(0.3),
        "epochs": 12,
    }
    expected = plain_autoencoder(**parameters).fit(sequences)
    assert np.argmin(expected.history_["val_loss"]) < 11
    autoencoder = plain_autoencoder(
        **{**parameters, "epochs": 500}, callbacks=[interrupt_after(11)]
    )
    with pytest.raises(KeyboardInterrupt):
        autoencoder.fit(sequences)
    assert_same_model(autoencoder, expected, sequences)


def test_a_search_is_interrupted(plain_autoencoder, sequences):
    import keras

    begun = []

    class Interrupt(keras.callbacks.Callback):
        def on_train_begin(self, logs=None):
            begun.append(1)

        def on_epoch_end(self, epoch, logs=None):
            raise KeyboardInterrupt

    autoencoder = plain_autoencoder(callbacks=[Interrupt()], epochs=50)
    search = GridSearchCV(autoencoder, {"learning_rate": [1e-3, 1e-2]}, cv=2)
    with pytest.raises(KeyboardInterrupt):
        search.fit(sequences)
    assert len(begun) == 1


@pytest.mark.slow
def test_a_signal_interrupts_a_fit_that_no_callback_looks_at(
    plain_autoencoder, sequences, monkeypatch
):
    class Interrupt(io.StringIO):
        """The user's Ctrl-C when the third line is shown."""

        def write(self, text):
            super().write(text)
            if self.getvalue().count("epoch ") == 3:
                signal.raise_signal(signal.SIGINT)

    autoencoder = plain_autoencoder(epochs=10_000, verbose=2, **at_one_rate())
    # A process started in the background may ignore the signal; here it is heard.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt), monkeypatch.context() as patch:
            patch.setattr("sys.stdout", Interrupt())
            autoencoder.fit(sequences)
    finally:
        signal.signal(signal.SIGINT, before)
    n_epochs = len(autoencoder.history_["loss"])
    assert 0 < autoencoder.n_iter_ == n_epochs < 10_000
    expected = plain_autoencoder(epochs=n_epochs, **at_one_rate()).fit(sequences)
    assert_same_model(autoencoder, expected, sequences)
