"""SciKeras around the stock model, searched as people search it."""

from typing import Any

import keras
from keras import layers, ops
from scikeras.wrappers import KerasRegressor
from sklearn.model_selection import GridSearchCV

from benchmarks import _data
from benchmarks._job import Round, timed


def grid_search(
    data: dict[str, Any], grid: dict[str, list[Any]], epochs: int, batch_size: int
) -> Round:
    """GridSearchCV over the padded array; targets flat, for SciKeras takes no 3-D."""
    sequences = _data.make(**data)
    X = _data.pad(sequences, max(map(len, sequences)))
    y = X.reshape(len(X), -1)
    regressor = KerasRegressor(
        _build,
        n_units=32,
        n_components=16,
        learning_rate=1e-3,
        epochs=epochs,
        batch_size=batch_size,
        random_state=0,
        verbose=0,
    )
    search = GridSearchCV(
        regressor,
        grid,
        scoring="neg_mean_squared_error",
        cv=3,
        n_jobs=1,
        error_score="raise",
    )
    return lambda: {"seconds": timed(lambda: search.fit(X, y))}


def _build(
    n_units: int, n_components: int, learning_rate: float, meta: dict[str, Any]
) -> keras.Model:
    _, n_timesteps, n_features = meta["X_shape_"]
    inputs = keras.Input((n_timesteps, n_features))
    hidden = layers.Masking(0.0)(inputs)
    hidden = layers.Bidirectional(layers.LSTM(n_units))(hidden)
    embedding = layers.Dense(n_components)(hidden)
    hidden = layers.RepeatVector(n_timesteps)(embedding)
    hidden = layers.LSTM(n_units, return_sequences=True)(hidden)
    hidden = layers.TimeDistributed(layers.Dense(n_features))(hidden)
    model = keras.Model(inputs, layers.Flatten()(hidden))
    model.compile(keras.optimizers.Adam(learning_rate), _masked_mse)
    return model


def _masked_mse(y_true: Any, y_pred: Any) -> Any:
    observed = ops.cast(ops.not_equal(y_true, 0.0), y_pred.dtype)
    squares = observed * ops.square(y_pred - y_true)
    return ops.sum(squares, -1) / ops.sum(observed, -1)
