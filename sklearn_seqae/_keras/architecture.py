"""Encoder, decoder and autoencoder from hyper-parameters, in stock Keras layers.

The layers built here are the meaning of the weights: the fast kernel and the stock
layers compute the same numbers from them.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import layers, ops
from numpy.typing import NDArray

from sklearn_seqae._lengths import LengthCode

Weights = list[NDArray[np.float32]]


@dataclass(frozen=True)
class Architecture:
    """Everything that decides the shapes of the weights and what is computed from them.

    Attributes
    ----------
    n_inputs : int
        Values that one LSTM step reads and writes: ``patch_size * n_features``.
    n_code : int
        Size of the encoder's Dense head.
    encoder_units, decoder_units : tuple of int
        LSTM units per layer, in the order of the data.
    bidirectional : bool
        Whether the encoder reads both ways.
    activation : {"tanh", "relu"}
    """

    n_inputs: int
    n_code: int
    encoder_units: tuple[int, ...]
    decoder_units: tuple[int, ...]
    bidirectional: bool
    activation: str

    @property
    def n_directions(self) -> int:
        return 2 if self.bidirectional else 1

    @property
    def encoder_inputs(self) -> tuple[int, ...]:
        """Width of what each encoder layer reads."""
        inner = (self.n_directions * units for units in self.encoder_units[:-1])
        return (self.n_inputs, *inner)

    @property
    def encoder_outputs(self) -> int:
        """Width of what the encoder's head reads."""
        return self.n_directions * self.encoder_units[-1]

    @property
    def decoder_inputs(self) -> tuple[int, ...]:
        """Width of what each decoder layer reads."""
        return (self.n_code, *self.decoder_units[:-1])


@dataclass(frozen=True)
class Layers:
    """The stock Keras layers of one architecture, built, in the order of the data."""

    encoder: tuple[Any, ...]
    embedding: Any
    decoder: tuple[Any, ...]
    reconstruction: Any

    @property
    def variables(self) -> list[Any]:
        """Trainable variables in the order of `initial_weights`."""
        every = (*self.encoder, self.embedding, *self.decoder, self.reconstruction)
        return [v for layer in every for v in layer.trainable_variables]

    def set_weights(self, weights: Weights) -> None:
        for variable, value in zip(self.variables, weights, strict=True):
            variable.assign(value)

    def get_weights(self) -> Weights:
        return [variable.numpy().copy() for variable in self.variables]


def build_layers(architecture: Architecture) -> Layers:
    """Create and build the layers, with the weights of an arbitrary, fixed seed.

    Without a seed Keras would draw one from Python's global generator.
    """
    kernel = {"kernel_initializer": keras.initializers.GlorotUniform(seed=0)}
    lstm = functools.partial(
        layers.LSTM,
        activation=architecture.activation,
        recurrent_initializer=keras.initializers.Orthogonal(seed=0),
        seed=0,
        **kernel,
    )
    encoder = []
    for n, units in enumerate(architecture.encoder_units, 1):
        is_last = n == len(architecture.encoder_units)
        layer = lstm(units, return_sequences=not is_last, name=f"encoder_lstm_{n}")
        if architecture.bidirectional:
            layer = layers.Bidirectional(layer, name=f"encoder_bidirectional_{n}")
        encoder.append(layer)
    decoder = [
        lstm(units, return_sequences=True, name=f"decoder_lstm_{n}")
        for n, units in enumerate(architecture.decoder_units, 1)
    ]
    dense = layers.Dense(architecture.n_inputs, name="reconstruction_dense", **kernel)
    built = Layers(
        tuple(encoder),
        layers.Dense(architecture.n_code, name="embedding", **kernel),
        tuple(decoder),
        layers.TimeDistributed(dense, name="reconstruction"),
    )
    for layer, width in zip(built.encoder, architecture.encoder_inputs, strict=True):
        layer.build((None, None, width))
    built.embedding.build((None, architecture.encoder_outputs))
    for layer, width in zip(built.decoder, architecture.decoder_inputs, strict=True):
        layer.build((None, None, width))
    built.reconstruction.build((None, None, architecture.decoder_units[-1]))
    return built


def initial_weights(
    architecture: Architecture, random_state: np.random.RandomState
) -> Weights:
    """Draw weights as Keras's LSTM and Dense layers do, from a generator of one's own.

    Glorot-uniform kernels (Glorot and Bengio, 2010), orthogonal recurrent kernels (Saxe
    et al., 2014), zero biases but for the forget gate's, which are one (Jozefowicz et
    al., 2015).
    """

    def draw(initializer: type[Any], shape: tuple[int, int]) -> NDArray[np.float32]:
        seed = int(random_state.randint(np.iinfo(np.int32).max))
        return ops.convert_to_numpy(initializer(seed=seed)(shape)).astype(np.float32)

    def dense(n_inputs: int, n_outputs: int) -> Weights:
        kernel = draw(keras.initializers.GlorotUniform, (n_inputs, n_outputs))
        return [kernel, np.zeros(n_outputs, np.float32)]

    def lstm(n_inputs: int, units: int) -> Weights:
        kernel = draw(keras.initializers.GlorotUniform, (n_inputs, 4 * units))
        recurrent_kernel = draw(keras.initializers.Orthogonal, (units, 4 * units))
        bias = np.zeros(4 * units, np.float32)
        bias[units : 2 * units] = 1.0
        return [kernel, recurrent_kernel, bias]

    weights: Weights = []
    pairs = zip(architecture.encoder_inputs, architecture.encoder_units, strict=True)
    for n_inputs, units in pairs:
        for _ in range(architecture.n_directions):
            weights += lstm(n_inputs, units)
    weights += dense(architecture.encoder_outputs, architecture.n_code)
    pairs = zip(architecture.decoder_inputs, architecture.decoder_units, strict=True)
    for n_inputs, units in pairs:
        weights += lstm(n_inputs, units)
    return weights + dense(architecture.decoder_units[-1], architecture.n_inputs)


@dataclass(frozen=True)
class Models:
    """Plain Keras models that share one set of weights."""

    encoder: keras.Model
    decoder: keras.Model
    autoencoder: keras.Model


def build_models(
    built: Layers,
    architecture: Architecture,
    *,
    patch_size: int,
    max_length: int,
    length_code: LengthCode | None,
) -> Models:
    """Models for summary, plotting and export, from the layers of `build_layers`.

    The encoder reads scaled sequences padded with NaN at the end,
    ``(n_samples, n_timesteps, n_features)`` with ``n_timesteps`` a multiple of
    ``patch_size``, and gives what ``transform`` gives. (But NaN inside a sequence,
    which ``transform`` interpolates, it takes for zero.) The decoder gives scaled
    sequences of the padded length in the order of time; steps beyond a sequence's
    length are zero where the embedding holds the length.
    """
    n_patches = -(-max_length // patch_size)
    shape = (n_patches, patch_size, architecture.n_inputs // patch_size)
    encoder = _encoder(built, shape, length_code)
    decoder = _decoder(built, shape, length_code)
    sequence = encoder.input
    return Models(
        encoder,
        decoder,
        keras.Model(sequence, decoder(encoder(sequence)), name="autoencoder"),
    )


def _encoder(
    built: Layers, shape: tuple[int, int, int], length_code: LengthCode | None
) -> keras.Model:
    """Model of padded sequences to embeddings.

    ``shape`` is the number of patches, of time steps in each, and of features.
    """
    n_patches, patch_size, n_features = shape
    sequence = keras.Input((n_patches * patch_size, n_features), name="sequence")
    observed = ops.logical_not(ops.isnan(sequence))
    patches = layers.Reshape((n_patches, patch_size * n_features), name="patches")(
        ops.where(observed, sequence, ops.zeros_like(sequence))
    )
    lengths = _lengths_of(observed)
    mask = ops.less(np.arange(n_patches) * patch_size, lengths)
    states = patches
    for layer in built.encoder:
        states = layer(states, mask=mask)
    embedding = built.embedding(states)
    if length_code is not None:
        log_length = ops.log(ops.cast(lengths, "float32"))
        column = (log_length - length_code.mean) / length_code.scale
        embedding = layers.Concatenate(name="embedding_with_length")(
            [embedding, column]
        )
    return keras.Model(sequence, embedding, name="encoder")


def _decoder(
    built: Layers, shape: tuple[int, int, int], length_code: LengthCode | None
) -> keras.Model:
    """Model of embeddings to padded sequences; ``shape`` as for the encoder."""
    n_patches, patch_size, n_features = shape
    n_components = built.embedding.units + (length_code is not None)
    vector = keras.Input((n_components,), name="embedding_input")
    code, steps = vector, None
    if length_code is not None:
        code = vector[:, :-1]
        steps = ops.round(
            ops.exp(vector[:, -1:] * length_code.scale + length_code.mean)
        )
    repeated = layers.RepeatVector(n_patches, name="repeat_vector")(code)
    for layer in built.decoder:
        repeated = layer(repeated)
    flat = layers.Reshape((n_patches * patch_size, n_features), name="unpatch")(
        _in_order_of_time(built.reconstruction(repeated), steps, patch_size)
    )
    if steps is not None:
        inside = ops.less(np.arange(n_patches * patch_size, dtype=np.float32), steps)
        flat = ops.where(ops.expand_dims(inside, -1), flat, ops.zeros_like(flat))
    return keras.Model(vector, flat, name="decoder")


def _lengths_of(observed: Any) -> Any:
    """Count the time steps up to the last observed one, as a column."""
    position = np.arange(1, observed.shape[1] + 1)
    any_feature = ops.cast(ops.any(observed, axis=-1), "int32")
    return ops.max(ops.multiply(any_feature, position), axis=1, keepdims=True)


def _in_order_of_time(reversed_patches: Any, steps: Any | None, patch_size: int) -> Any:
    """Undo the decoder's order, which is last patch first."""
    n_patches = reversed_patches.shape[1]
    if steps is None:
        return ops.flip(reversed_patches, axis=1)
    last = ops.ceil(steps / patch_size) - 1
    index = ops.subtract(ops.cast(last, "int32"), np.arange(n_patches))
    index = ops.clip(index, 0, n_patches - 1)
    return ops.take_along_axis(reversed_patches, ops.expand_dims(index, -1), axis=1)
