"""Stock Keras layers of a specification, initial weights, and weights as one vector."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import initializers, layers, ops
from numpy.typing import NDArray

from sklearn_seqae._network.architecture import Architecture
from sklearn_seqae._network.layers import LSTM, Embedding, Layer, Weights

Shape = tuple[int, ...]


class KerasLayers:
    """The layers of an architecture, and its weights as `variables`, by name."""

    def __init__(self, architecture: Architecture) -> None:
        self._layers = {
            layer.name: _build(layer, architecture.activation)
            for layer in architecture.layers
        }
        self.variables = {
            weight.name: variable
            for layer in architecture.layers
            for weight, variable in zip(
                layer.weights, self._layers[layer.name].trainable_variables, strict=True
            )
        }

    def __getitem__(self, name: str) -> Any:
        return self._layers[name]

    def set_weights(self, weights: Weights) -> None:
        for name, variable in self.variables.items():
            variable.assign(weights[name])

    def get_weights(self) -> Weights:
        return {name: v.numpy().copy() for name, v in self.variables.items()}


def _build(layer: Layer, activation: str) -> keras.Layer:
    """Build a layer by a fixed seed; else Keras draws one from Python's generator."""
    glorot = initializers.GlorotUniform(seed=0)
    built: Any
    if isinstance(layer, LSTM):
        built = layers.LSTM(
            layer.units,
            activation=activation,
            kernel_initializer=glorot,
            recurrent_initializer=initializers.Orthogonal(seed=0),
            return_sequences=layer.return_sequences,
            seed=0,
            name=layer.name,
        )
        built.cell.name = f"{layer.name}_cell"  # a model may call the cells alone
        if layer.bidirectional:
            built = layers.Bidirectional(built, name=layer.name)
        built.build((None, None, layer.n_inputs))
        return built
    if isinstance(layer, Embedding):
        normal = initializers.RandomNormal(stddev=1.0, seed=0)
        built = layers.Embedding(layer.n_inputs, layer.units, normal, name=layer.name)
        built.build()
        return built
    options = {"use_bias": layer.use_bias, "kernel_initializer": glorot}
    built = layers.Dense(layer.units, layer.activation, name=layer.name, **options)
    if layer.time_distributed:
        built.name = f"{layer.name}_dense"
        built = layers.TimeDistributed(built, name=layer.name)
        built.build((None, None, layer.n_inputs))
    else:
        built.build((None, layer.n_inputs))
    return built


def initial_weights(
    architecture: Architecture, random_state: np.random.RandomState
) -> Weights:
    """Draw weights as Keras's LSTM and Dense layers do, from a generator of one's own.

    Glorot-uniform kernels (Glorot and Bengio, 2010), orthogonal recurrent kernels (Saxe
    et al., 2014), zero biases but for the forget gate's, which are one (Jozefowicz et
    al., 2015). Tables of categories are standard normal, as scaled numbers are about.
    """
    drawn = {
        "glorot_uniform": initializers.GlorotUniform,
        "orthogonal": initializers.Orthogonal,
        "random_normal": partial(initializers.RandomNormal, stddev=1.0),
    }
    weights = {}
    for weight in architecture.weights:
        values = np.zeros(weight.shape, np.float32)
        if weight.initializer in drawn:
            seed = int(random_state.randint(np.iinfo(np.int32).max))
            tensor = drawn[weight.initializer](seed=seed)(weight.shape)
            values = ops.convert_to_numpy(tensor).astype(np.float32)
        elif weight.initializer == "unit_forget_bias":
            units = weight.shape[0] // 4
            values[units : 2 * units] = 1.0
        weights[weight.name] = values
    return weights


# As one vector: the runtime takes time for each array that it is given, XLA computes a
# kernel for each, and TensorFlow traces operations for it.


def size_of(shapes: Iterable[Shape]) -> int:
    """Return the number of values in arrays of these shapes."""
    return sum(math.prod(shape) for shape in shapes)


def to_vector(arrays: Iterable[NDArray[Any]]) -> NDArray[Any]:
    """Join arrays, of any shapes, to one vector."""
    return np.concatenate([np.ravel(array) for array in arrays])


def from_vector(vector: NDArray[Any], shapes: Sequence[Shape]) -> list[NDArray[Any]]:
    """Cut a vector into arrays, which are copies."""
    ends = np.cumsum([math.prod(shape) for shape in shapes])
    pieces = zip(np.split(vector, ends[:-1]), shapes, strict=True)
    return [piece.reshape(shape).copy() for piece, shape in pieces]


def tensors_from_vector(vector: Any, shapes: Sequence[Shape]) -> list[Any]:
    """Cut a tensor of rank 1 into tensors."""
    pieces = tf.split(vector, [math.prod(shape) for shape in shapes])
    return [tf.reshape(part, shape) for part, shape in zip(pieces, shapes, strict=True)]
