"""Stock Keras as most people write it: one padded array, Masking, `fit`, `predict`."""

from typing import Any

import numpy as np

from benchmarks import _data
from benchmarks._job import Round, epoch_by_difference, timed
from benchmarks.peers._keras_model import autoencoder


def warm_epoch(
    data: dict[str, Any], few: int, many: int, batch_size: int, **model: Any
) -> Round:
    X, weights = _padded(data)
    network, _ = autoencoder(X.shape[2], n_timesteps=X.shape[1], **model)

    def fit(epochs: int) -> None:
        network.fit(
            X,
            X,
            sample_weight=weights,
            batch_size=batch_size,
            epochs=epochs,
            verbose=0,
        )

    return epoch_by_difference(fit, few, many)


def cold_fit(data: dict[str, Any], epochs: int, batch_size: int, **model: Any) -> Round:
    X, weights = _padded(data)

    def fit() -> None:
        network, _ = autoencoder(X.shape[2], n_timesteps=X.shape[1], **model)
        network.fit(
            X,
            X,
            sample_weight=weights,
            batch_size=batch_size,
            epochs=epochs,
            verbose=0,
        )

    return lambda: {"seconds": timed(fit)}


def transform(data: dict[str, Any], batch_size: int, **model: Any) -> Round:
    """``predict``: of an array padded before, and padding included."""
    sequences = _data.make(**data)
    X, _ = _padded(data)
    longest = X.shape[1]
    _, encoder = autoencoder(X.shape[2], n_timesteps=longest, **model)

    def from_array() -> None:
        encoder.predict(X, batch_size=batch_size, verbose=0)

    def from_list() -> None:
        padded = _data.pad(sequences, longest)
        encoder.predict(padded, batch_size=batch_size, verbose=0)

    from_array()
    return lambda: {"seconds": timed(from_array), "from_list": timed(from_list)}


def _padded(data: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    sequences = _data.make(**data)
    longest = max(map(len, sequences))
    return _data.pad(sequences, longest), _data.observed(sequences, longest)
