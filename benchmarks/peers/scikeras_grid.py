"""SciKeras around the stock model, searched as people search it."""

from typing import Any

import keras
from keras import layers, ops
from scikeras.wrappers import KerasRegressor
from sklearn.model_selection import GridSearchCV

from benchmarks import _data
from benchmarks._timing import Round, timing
from benchmarks.peers.keras_autoencoder import autoencoder


def grid_search(
    data: dict[str, Any], grid: dict[str, list[Any]], epochs: int, batch_size: int
) -> Round:
    """GridSearchCV over the padded array; targets flat, for SciKeras takes no 3-D."""
    X = _data.pad(_data.make(**data))
    y = X.reshape(len(X), -1)
    start = {"n_units": 32, "n_components": 16, "learning_rate": 1e-3}
    training = {"epochs": epochs, "batch_size": batch_size, "random_state": 0}
    regressor = KerasRegressor(_build, verbose=0, **start, **training)
    options = {"scoring": "neg_mean_squared_error", "error_score": "raise"}
    search = GridSearchCV(regressor, grid, cv=3, n_jobs=1, **options)
    return timing(seconds=lambda: search.fit(X, y))


def _build(
    n_units: int, n_components: int, learning_rate: float, meta: dict[str, Any]
) -> keras.Model:
    _, n_timesteps, n_features = meta["X_shape_"]
    stock, _ = autoencoder(n_features, n_units, n_components, n_timesteps)
    model = keras.Model(stock.input, layers.Flatten()(stock.output))
    model.compile(keras.optimizers.Adam(learning_rate), _masked_mse)
    return model


def _masked_mse(y_true: Any, y_pred: Any) -> Any:
    observed = ops.cast(ops.not_equal(y_true, 0.0), y_pred.dtype)
    squares = observed * ops.square(y_pred - y_true)
    return ops.sum(squares, -1) / ops.sum(observed, -1)
