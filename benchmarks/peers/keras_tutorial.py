"""The tutorial's model and fit, as people copy it: a fixed length, zeros as padding."""

import keras
from keras import layers

from benchmarks import _data
from benchmarks._job import Round, timed

LONGEST = 9


def two_fits(epochs: int, validation_split: float) -> Round:
    """Build, compile and fit, and then again, as a second cell of a notebook does."""
    X = _data.pad(_data.tutorial(), LONGEST)

    def fit() -> None:
        model = _model()
        model.compile(optimizer="adam", loss="mse")
        model.fit(
            X,
            X,
            epochs=epochs,
            validation_split=validation_split,
            shuffle=True,
            verbose=0,
        )

    return lambda: {"seconds": timed(fit), "second_fit": timed(fit)}


def _model() -> keras.Model:
    inputs = keras.Input((LONGEST, 1))
    encoded = layers.LSTM(2, activation="relu")(inputs)
    repeated = layers.RepeatVector(LONGEST)(encoded)
    decoded = layers.LSTM(100, activation="relu", return_sequences=True)(repeated)
    outputs = layers.TimeDistributed(layers.Dense(1))(decoded)
    return keras.Model(inputs, outputs)
