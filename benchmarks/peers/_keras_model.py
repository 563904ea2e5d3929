"""The autoencoder of all tasks in stock Keras layers, and two ways to feed it."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops

from benchmarks import _data

Batches = tf.data.Dataset


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
    sequences: list[np.ndarray], batch_size: int, bucketed: bool, multiple: int = 8
) -> Batches:
    """(inputs, targets, weights) of a fixed batch size, kept in memory, reshuffled.

    Bucketed: by length, each batch as long as its longest rounded up, so that shapes
    are few; otherwise at random, and all as long as the longest of all. The last
    batch is filled up with rows of weight zero, so that no shape comes of it.
    """
    n_features = sequences[0].shape[1]
    longest = max(map(len, sequences))
    if bucketed:
        groups = _data.batches_by_length(sequences, batch_size)
    else:
        order = np.random.default_rng(0).permutation(len(sequences))
        groups = np.split(order, range(batch_size, len(order), batch_size))
    padded = []
    for group in groups:
        members = [sequences[k] for k in group]
        members += [np.zeros((0, n_features), "float32")] * (batch_size - len(members))
        length = max(map(len, members)) if bucketed else longest
        length = -(-length // multiple) * multiple
        values = _data.pad(members, length)
        padded.append((values, values, _data.observed(members, length)))
    values = tf.TensorSpec((batch_size, None, n_features), "float32")
    weights = tf.TensorSpec((batch_size, None), "float32")
    return (
        Batches.from_generator(
            lambda: padded, output_signature=(values, values, weights)
        )
        .apply(tf.data.experimental.assert_cardinality(len(padded)))
        .cache()
        .shuffle(len(padded), seed=0)
        .prefetch(tf.data.AUTOTUNE)
    )
