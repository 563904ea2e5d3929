"""Optimizers, learning rates, and the callbacks that set them."""

import re

import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.exceptions import ConvergenceWarning

from sklearn_seqae import LSTMAutoencoderTransformer

# Keras's own, about NumPy 2
of_keras = pytest.mark.filterwarnings(
    "ignore:__array__ implementation:DeprecationWarning"
)


@pytest.mark.slow
@of_keras
def test_a_rate_that_a_callback_sets_holds_on_the_defaults(few_sequences):
    from keras.callbacks import LearningRateScheduler

    def embed(epochs):
        """Embed with the first weights, which a rate of zero leaves as they were."""
        standstill = LearningRateScheduler(lambda epoch, rate: 0.0)
        autoencoder = LSTMAutoencoderTransformer(
            epochs=epochs, callbacks=[standstill], random_state=0
        )
        return autoencoder.fit_transform(few_sequences)

    assert_array_equal(embed(epochs=1), embed(epochs=3))


@of_keras
@pytest.mark.parametrize("kind", ["LearningRateScheduler", "ReduceLROnPlateau"])
def test_a_rate_that_a_callback_of_keras_sets_lasts(plain_autoencoder, sequences, kind):
    """Set to next to nothing, it leaves weights and losses what they are."""
    from keras import callbacks

    if kind == "LearningRateScheduler":
        callback = callbacks.LearningRateScheduler(
            lambda epoch, rate: rate if epoch < 2 else 0.0
        )
    else:  # nothing is better by 100: after the second epoch it takes the rate down
        callback = callbacks.ReduceLROnPlateau(
            monitor="loss", min_delta=100, patience=1, factor=1e-9
        )
    parameters = {"epochs": 5, "learning_rate": 0.01}
    autoencoder = plain_autoencoder(**parameters, callbacks=[callback]).fit(sequences)
    losses = autoencoder.history_["loss"]
    assert losses[1] < 0.999 * losses[0]
    assert_allclose(losses[3:], losses[2], rtol=1e-4)


@pytest.mark.parametrize("other", ["adamw", "another beta"])
@pytest.mark.parametrize("way", ["partial_fit", "warm_start"])
def test_going_on_with_another_optimizer_is_an_error(
    plain_autoencoder, sequences, other, way
):
    import keras

    autoencoder = plain_autoencoder(optimizer="adam", warm_start=way == "warm_start")
    autoencoder.fit(sequences)
    if other == "another beta":
        other = keras.optimizers.Adam(1e-3, beta_1=0.5)
    default_rate = LSTMAutoencoderTransformer().learning_rate
    autoencoder.set_params(optimizer=other, learning_rate=default_rate)
    go_on = autoencoder.fit if way == "warm_start" else autoencoder.partial_fit
    with pytest.raises(ValueError, match=r"^optimizer is .*set it back"):
        go_on(sequences)


def test_a_learning_rate_beside_an_optimizer_with_its_own_is_warned_of(
    plain_autoencoder, sequences
):
    import keras

    sgd = keras.optimizers.SGD(learning_rate=0.1)
    autoencoder = plain_autoencoder(optimizer=sgd, learning_rate=0.5)
    with pytest.warns(UserWarning, match=r"learning_rate=0\.5.*optimizer"):
        autoencoder.fit(sequences)


@pytest.mark.parametrize("rate", ["a number", "a schedule", "the optimizer's own"])
def test_a_rate_far_too_high_is_named(plain_autoencoder, sequences, rate):
    import keras

    schedule = keras.optimizers.schedules.ExponentialDecay(1e3, 10, 0.5)
    parameters, setting = {
        "a number": ({"learning_rate": 1e3}, "learning_rate=1000.0"),
        "a schedule": (
            {"learning_rate": schedule},
            "the rates of learning_rate, a schedule (ExponentialDecay)",
        ),
        "the optimizer's own": (
            {"optimizer": keras.optimizers.Adam(1e4)},
            "the learning rate of the optimizer, an instance of Adam (10000)",
        ),
    }[rate]
    expected = rf"The loss is .* {re.escape(f'lower {setting}')}\.$"
    with pytest.warns(ConvergenceWarning, match=expected):
        plain_autoencoder(**parameters).fit(sequences)


def test_an_optimizer_whose_own_rate_diverges_is_named(plain_autoencoder, sequences):
    import keras

    autoencoder = plain_autoencoder(optimizer=keras.optimizers.SGD(1e38), epochs=20)
    expected = r"diverged.*Lower the learning rate of the optimizer, .* SGD \(1e\+38\)"
    with pytest.raises(FloatingPointError, match=expected):
        autoencoder.fit(sequences)
