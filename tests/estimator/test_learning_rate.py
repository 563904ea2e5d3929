"""Learning rates, and callbacks that look at training."""

import numpy as np
import pytest
from helpers import (
    assert_same_model,
    at_one_rate,
)


@pytest.mark.slow
def test_a_learning_rate_and_an_optimizer_are_what_is_trained_with(
    plain_autoencoder, sequences
):
    import keras

    def loss(**parameters):
        return plain_autoencoder(epochs=5, **parameters).fit(sequences).history_["loss"]

    by_name = loss(optimizer="sgd", learning_rate=0.1)
    assert by_name != loss(optimizer="sgd", learning_rate=0.2)
    assert by_name == loss(optimizer=keras.optimizers.SGD, learning_rate=0.1)
    instance = keras.optimizers.SGD(learning_rate=0.1, global_clipnorm=1.0)
    constant = keras.optimizers.schedules.ExponentialDecay(0.1, 1, 1.0)
    assert loss(optimizer=instance) == loss(optimizer="sgd", learning_rate=constant)
    assert float(instance.learning_rate) == np.float32(0.1)
    assert not instance.built


@pytest.fixture
def recorder():
    """A Keras callback that notes what it is told."""
    import keras

    class Recorder(keras.callbacks.Callback):
        def __init__(self):
            super().__init__()
            self.told = []

        def on_train_begin(self, logs=None):
            self.told.append("begin")

        def on_epoch_begin(self, epoch, logs=None):
            self.told.append(("begin", epoch))

        def on_epoch_end(self, epoch, logs=None):
            self.told.append((epoch, dict(logs)))
            self.has_model = isinstance(self.model, keras.Model)

        def on_train_end(self, logs=None):
            self.told.append("end")

    return Recorder()


@pytest.mark.parametrize("as_given", [lambda c: c, lambda c: [c], lambda c: (c,)])
def test_callbacks_are_told_of_every_epoch(
    plain_autoencoder, fitted_plain, sequences, recorder, as_given
):
    autoencoder = plain_autoencoder(callbacks=as_given(recorder)).fit(sequences)
    losses = autoencoder.history_["loss"]
    assert recorder.told == [
        "begin",
        ("begin", 0),
        (0, {"loss": losses[0]}),
        ("begin", 1),
        (1, {"loss": losses[1]}),
        "end",
    ]
    assert recorder.has_model
    # Looking on changes nothing.
    assert losses == pytest.approx(fitted_plain.history_["loss"], rel=1e-6)
    assert_same_model(autoencoder, fitted_plain, sequences)


def test_callbacks_are_told_of_the_validation_loss(
    plain_autoencoder, sequences, recorder
):
    autoencoder = plain_autoencoder(callbacks=[recorder], early_stopping=True)
    autoencoder.fit(sequences)
    told = [
        logs
        for _, logs in (item for item in recorder.told if len(item) == 2)
        if isinstance(logs, dict)
    ]
    assert [logs["val_loss"] for logs in told] == autoencoder.history_["val_loss"]


# Keras's own, about NumPy 2
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_callbacks_of_keras_work(plain_autoencoder, sequences):
    import keras

    early = keras.callbacks.EarlyStopping(monitor="loss", min_delta=100, patience=2)
    autoencoder = plain_autoencoder(callbacks=[early], epochs=50).fit(sequences)
    assert autoencoder.n_iter_ == 3

    standstill = keras.callbacks.LearningRateScheduler(
        lambda epoch, rate: rate if epoch == 0 else 0.0
    )
    parameters = at_one_rate() | {"epochs": 1}
    autoencoder = plain_autoencoder(**parameters, callbacks=[standstill])
    autoencoder.set_params(epochs=3).fit(sequences)
    one_epoch = plain_autoencoder(**parameters).fit(sequences)
    assert_same_model(autoencoder, one_epoch, sequences)
    # The next fit has its own rate again.
    again = plain_autoencoder(**parameters).fit(sequences)
    assert_same_model(again, one_epoch, sequences)


def test_callbacks_may_look_at_batches(plain_autoencoder, fitted_plain, sequences):
    import keras

    batches = []

    class OnBatch(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            batches.append(batch)

    autoencoder = plain_autoencoder(callbacks=[OnBatch()]).fit(sequences)
    assert batches == [0, 1, 2, 0, 1, 2]
    assert_same_model(autoencoder, fitted_plain, sequences)


def test_a_schedule_of_keras_sets_the_rate_of_every_update(
    plain_autoencoder, sequences
):
    """With `warm_start` the second fit counts on; the cosine is not in force."""
    import keras

    rates = []

    class NoteRates(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            rates.append(float(self.model.optimizer.learning_rate.numpy()))

    autoencoder = plain_autoencoder(
        learning_rate=keras.optimizers.schedules.ExponentialDecay(0.01, 4, 0.5),
        callbacks=[NoteRates()],
        warm_start=True,
    )
    n_updates = 2 * 3  # epochs times batches
    autoencoder.fit(sequences)
    assert rates == pytest.approx(0.01 * 0.5 ** (np.arange(n_updates) / 4), rel=1e-6)
    autoencoder.fit(sequences)
    updates = np.arange(2 * n_updates)
    assert rates == pytest.approx(0.01 * 0.5 ** (updates / 4), rel=1e-6)


def test_a_schedule_of_keras_is_the_same_whoever_looks_on(plain_autoencoder, sequences):
    import keras

    def fit(**parameters):
        decay = keras.optimizers.schedules.ExponentialDecay(0.01, 4, 0.5)
        return plain_autoencoder(learning_rate=decay, **parameters).fit(sequences)

    watched = fit(callbacks=[keras.callbacks.Callback()])
    assert_same_model(watched, fit(), sequences)
