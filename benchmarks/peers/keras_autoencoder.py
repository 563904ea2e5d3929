"""The autoencoder of all tasks in stock Keras layers, fed in three ways.

"array" is as most people write it: one padded array, Masking, sample weights, `fit`.
"padded" and "by length" take batches from tf.data; Keras is at its best with one of
them, with XLA or without.
"""

from functools import partial
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops
from sklearn.preprocessing import StandardScaler

from benchmarks import _data
from benchmarks._timing import Round, epoch_by_difference, timing
from sklearn_seqae.datasets import load_japanese_vowels

Sequences = list[np.ndarray]


def warm_epoch(
    data: dict[str, Any], few: int, many: int, feed: str, **model: Any
) -> Round:
    fit, _ = _fit_and_encoder(_data.make(**data), feed, **model)
    return epoch_by_difference(lambda epochs: fit(epochs=epochs), few, many)


def cold_fit(data: dict[str, Any], epochs: int, feed: str, **model: Any) -> Round:
    sequences = _data.make(**data)

    def work() -> None:
        fit, _ = _fit_and_encoder(sequences, feed, **model)
        fit(epochs=epochs)

    return timing(seconds=work)


def japanese_vowels(epochs: int, feed: str, **model: Any) -> Round:
    """Load, standardise, fit and embed the training sequences."""

    def work() -> None:
        X, *_ = load_japanese_vowels(return_X_y=True)
        scaler = StandardScaler().fit(np.concatenate(X))
        X = [scaler.transform(x).astype("float32") for x in X]
        fit, encoder = _fit_and_encoder(X, feed, **model)
        fit(epochs=epochs)
        encoder.predict(_data.pad(X), batch_size=256, verbose=0)

    return timing(seconds=work)


def transform(data: dict[str, Any], batch_size: int, **model: Any) -> Round:
    """``predict``: of an array padded before, and padding included."""
    sequences = _data.make(**data)
    X = _data.pad(sequences)
    _, encoder = autoencoder(X.shape[2], n_timesteps=X.shape[1], **model)
    predict = partial(encoder.predict, batch_size=batch_size, verbose=0)
    predict(X)
    return timing(
        seconds=lambda: predict(X), from_list=lambda: predict(_data.pad(sequences))
    )


def _fit_and_encoder(
    sequences: Sequences, feed: str, batch_size: int, **model: Any
) -> tuple[Any, keras.Model]:
    """Build a model; return its `fit`, which lacks the epochs, and its encoder."""
    n_features = sequences[0].shape[1]
    if feed != "array":
        network, encoder = autoencoder(n_features, **model)
        fed = batches(sequences, batch_size, bucketed=feed == "by length")
        return partial(network.fit, fed, verbose=0), encoder
    X, weights = _data.pad(sequences), _data.observed(sequences)
    network, encoder = autoencoder(n_features, n_timesteps=X.shape[1], **model)
    options = {"sample_weight": weights, "batch_size": batch_size, "verbose": 0}
    return partial(network.fit, X, X, **options), encoder


class RepeatLike(layers.Layer):
    """RepeatVector for as many steps as another tensor has."""

    def call(self, vector: Any, like: Any) -> Any:
        return ops.repeat(vector[:, None, :], ops.shape(like)[1], axis=1)

    def compute_output_shape(self, vector_shape: Any, like_shape: Any) -> Any:
        return (vector_shape[0], like_shape[1], vector_shape[1])


def autoencoder(
    n_features: int,
    n_units: int,
    n_components: int,
    n_timesteps: int | None = None,
    jit: bool = False,
    learning_rate: float = 1e-3,
) -> tuple[keras.Model, keras.Model]:
    """Autoencoder, compiled, and its encoder; None: batches of any length.

    The masked mean squared error comes from sample weights of shape (batch, time).
    """
    inputs = keras.Input((n_timesteps, n_features))
    hidden = layers.Masking(0.0)(inputs)
    hidden = layers.Bidirectional(layers.LSTM(n_units))(hidden)
    embedding = layers.Dense(n_components)(hidden)
    if n_timesteps is None:
        repeated = RepeatLike()(embedding, inputs)
    else:
        repeated = layers.RepeatVector(n_timesteps)(embedding)
    decoded = layers.LSTM(n_units, return_sequences=True)(repeated)
    outputs = layers.Dense(n_features)(decoded)  # at every step, as TimeDistributed
    model = keras.Model(inputs, outputs)
    model.compile(
        keras.optimizers.Adam(learning_rate),
        keras.losses.MeanSquaredError(reduction="mean_with_sample_weight"),
        jit_compile=jit,
    )
    return model, keras.Model(inputs, embedding)


def batches(
    sequences: Sequences, batch_size: int, bucketed: bool, multiple: int = 8
) -> tf.data.Dataset:
    """(inputs, targets, weights) of a fixed batch size, kept in memory, reshuffled.

    Bucketed: by length, each batch as long as its longest rounded up, so that shapes
    are few; otherwise at random, and all as long as the longest of all. The last
    batch is filled up with rows of weight zero, so that no shape comes of it.
    """
    n_features = sequences[0].shape[1]
    if bucketed:
        groups = _data.batches_by_length(sequences, batch_size)
    else:
        order = np.random.default_rng(0).permutation(len(sequences))
        groups = np.split(order, range(batch_size, len(order), batch_size))
    padded = []
    for group in groups:
        members = [sequences[k] for k in group]
        longest = max(map(len, members if bucketed else sequences))
        members += [np.zeros((0, n_features), "float32")] * (batch_size - len(members))
        length = -(-longest // multiple) * multiple
        values = _data.pad(members, length)
        padded.append((values, values, _data.observed(members, length)))
    values = tf.TensorSpec((batch_size, None, n_features), "float32")
    weights = tf.TensorSpec((batch_size, None), "float32")
    made = tf.data.Dataset.from_generator(
        lambda: padded, output_signature=(values, values, weights)
    ).apply(tf.data.experimental.assert_cardinality(len(padded)))
    return made.cache().shuffle(len(padded), seed=0).prefetch(tf.data.AUTOTUNE)
