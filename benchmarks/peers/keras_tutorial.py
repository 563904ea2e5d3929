"""The tutorial's model and fit, as people copy it: a fixed length, zeros as padding."""

import itertools

import keras
from keras import layers

from benchmarks import _data
from benchmarks._timing import Round, timing

LONGEST = 9


def two_fits(epochs: int, validation_split: float) -> Round:
    """Build, compile and fit, and then again, as a second cell of a notebook does."""

    def fit() -> None:
        _fit(epochs, validation_split)

    return timing(seconds=fit, second_fit=fit)


def loss(epochs: int, validation_split: float, n_sequences: int) -> Round:
    """The error on the first sequences, those that are fitted; a seed each round."""
    X, seeds = _data.tutorial(), itertools.count()

    def round_() -> dict[str, float]:
        keras.utils.set_random_seed(next(seeds))
        model = _fit(epochs, validation_split)
        decoded = model.predict(_data.pad(X, LONGEST), verbose=0)[:n_sequences]
        return {"loss": _data.squared_error(decoded, X[:n_sequences])}

    return round_


def _fit(epochs: int, validation_split: float) -> keras.Model:
    X = _data.pad(_data.tutorial(), LONGEST)
    model = _model()
    model.compile(optimizer="adam", loss="mse")
    options = {"validation_split": validation_split, "shuffle": True, "verbose": 0}
    model.fit(X, X, epochs=epochs, **options)
    return model


def _model() -> keras.Model:
    inputs = keras.Input((LONGEST, 1))
    encoded = layers.LSTM(2, activation="relu")(inputs)
    repeated = layers.RepeatVector(LONGEST)(encoded)
    decoded = layers.LSTM(100, activation="relu", return_sequences=True)(repeated)
    outputs = layers.TimeDistributed(layers.Dense(1))(decoded)
    return keras.Model(inputs, outputs)
