"""Stock Keras at its best: batches by length from tf.data, with XLA or without."""

from typing import Any

from benchmarks import _data
from benchmarks._job import Round, epoch_by_difference, timed
from benchmarks.peers._keras_model import autoencoder, batches


def warm_epoch(
    data: dict[str, Any],
    few: int,
    many: int,
    batch_size: int,
    bucketed: bool,
    **model: Any,
) -> Round:
    sequences = _data.make(**data)
    stream = batches(sequences, batch_size, bucketed)
    network, _ = autoencoder(sequences[0].shape[1], **model)
    return epoch_by_difference(
        lambda epochs: network.fit(stream, epochs=epochs, verbose=0), few, many
    )


def cold_fit(
    data: dict[str, Any], epochs: int, batch_size: int, bucketed: bool, **model: Any
) -> Round:
    sequences = _data.make(**data)

    def fit() -> None:
        stream = batches(sequences, batch_size, bucketed)
        network, _ = autoencoder(sequences[0].shape[1], **model)
        network.fit(stream, epochs=epochs, verbose=0)

    return lambda: {"seconds": timed(fit)}


def japanese_vowels(
    epochs: int, batch_size: int, bucketed: bool, **model: Any
) -> Round:
    """Load, standardise, fit and embed the training sequences."""
    import numpy as np
    from sklearn.preprocessing import StandardScaler

    from sklearn_seqae.datasets import load_japanese_vowels

    def work() -> None:
        X, *_ = load_japanese_vowels(return_X_y=True)
        scaler = StandardScaler().fit(np.concatenate(X))
        X = [scaler.transform(x).astype("float32") for x in X]
        stream = batches(X, batch_size, bucketed)
        network, encoder = autoencoder(X[0].shape[1], **model)
        network.fit(stream, epochs=epochs, verbose=0)
        encoder.predict(_data.pad(X, max(map(len, X))), batch_size=256, verbose=0)

    return lambda: {"seconds": timed(work)}
