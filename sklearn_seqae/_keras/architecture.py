"""Encoder, decoder and autoencoder from hyper-parameters, in stock Keras layers.

The layers built here are the meaning of the weights: the fast kernel and the stock
layers compute the same numbers from them.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import keras
import numpy as np
from keras import layers, ops
from numpy.typing import NDArray

from sklearn_seqae._keras.decoders import decoder_of

Weights = list[NDArray[np.float32]]


@dataclass(frozen=True)
class Architecture:
    """Everything that decides the shapes of the weights and what is computed from them.

    Attributes
    ----------
    n_inputs : int
        Values that one LSTM step reads and writes: ``patch_size * n_features``.
    n_code : int
        Numbers of the vector that the network makes.
    encoder_units, decoder_units : tuple of int
        LSTM units per layer, in the order of the data.
    bidirectional : bool
        Whether the encoder reads both ways.
    activation : {"tanh", "relu"}
    pooling : tuple of str
        What is kept of the states of every encoder layer, see `pooling`.
    head : bool
        Whether a Dense layer makes the vector from the pooled states; otherwise they
        are the vector, and ``n_code`` is ``n_pooled``.
    n_projection : int
        Outputs of two further Dense layers, of use in training only; 0 is none.
    n_extra : int
        Values that the encoder's LSTM step reads beyond those that are decoded.
    decoder : str
        How a vector becomes a sequence, one of `decoders.KINDS`.
    n_steps : int
        Most steps that the decoder can write; 0 is no limit.
    variational : bool
        Whether the head makes the mean of a normal distribution, and a further Dense
        layer the logarithm of its variances; the vector is the mean.
    n_forecast_steps : int
        LSTM steps of a second decoder, which predicts what comes next; 0 is none.
    n_recent : int
        Values that it reads beside the vector: the last time steps.
    """

    n_inputs: int
    n_code: int
    encoder_units: tuple[int, ...]
    decoder_units: tuple[int, ...]
    bidirectional: bool
    activation: str
    pooling: tuple[str, ...] = ("last",)
    head: bool = True
    n_projection: int = 0
    n_extra: int = 0
    decoder: str = "repeat"
    n_steps: int = 0
    variational: bool = False
    n_forecast_steps: int = 0
    n_recent: int = 0

    @property
    def n_directions(self) -> int:
        return 2 if self.bidirectional else 1

    @property
    def encoder_inputs(self) -> tuple[int, ...]:
        """Width of what each encoder layer reads."""
        inner = (self.n_directions * units for units in self.encoder_units[:-1])
        return (self.n_inputs + self.n_extra, *inner)

    @property
    def n_pooled(self) -> int:
        """Numbers that pooling keeps of all states."""
        return self.n_directions * sum(self.encoder_units) * len(self.pooling)

    @property
    def query_sizes(self) -> tuple[int, ...]:
        """Widths of the attention queries: one for each direction of each layer."""
        if "attention" not in self.pooling:
            return ()
        return tuple(u for u in self.encoder_units for _ in range(self.n_directions))

    @property
    def decoder_inputs(self) -> tuple[int, ...]:
        """Width of what each decoder layer reads."""
        return (decoder_of(self).n_read, *self.decoder_units[:-1])

    @property
    def forecaster(self) -> Architecture:
        """The same with the second decoder, where there is one, as its decoder."""
        n_read = self.n_code + self.n_recent
        return replace(self, n_code=n_read, decoder="repeat", n_steps=0)


@dataclass(frozen=True)
class Layers:
    """The stock Keras layers of one architecture, built, in the order of the data."""

    encoder: tuple[Any, ...]
    queries: tuple[Any, ...]
    embedding: Any | None
    decoder: tuple[Any, ...]
    reconstruction: Any
    projection: tuple[Any, ...]
    log_variance: Any | None
    forecaster: tuple[Any, ...] = ()
    forecast: Any | None = None

    @property
    def of_encoder(self) -> list[Any]:
        """The layers that lead to the vector."""
        head = [] if self.embedding is None else [self.embedding]
        return [*self.encoder, *self.queries, *head]

    @property
    def variables(self) -> list[Any]:
        """Trainable variables in the order of `initial_weights`."""
        every = [*self.of_encoder, *self.decoder, self.reconstruction]
        of_training = *self.projection, self.log_variance
        every += [layer for layer in of_training if layer is not None]
        every += self.forecaster
        if self.forecast is not None:
            every.append(self.forecast)
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
    dense = functools.partial(layers.Dense, **kernel)
    encoder = []
    for n, units in enumerate(architecture.encoder_units, 1):
        layer = lstm(units, return_sequences=True, name=f"encoder_lstm_{n}")
        if architecture.bidirectional:
            layer = layers.Bidirectional(layer, name=f"encoder_bidirectional_{n}")
        encoder.append(layer)
    decoder, reconstruction = decoder_of(architecture).make_layers(lstm, dense)
    queries = [
        dense(1, use_bias=False, name=f"attention_{n}")
        for n in range(1, len(architecture.query_sizes) + 1)
    ]
    built = Layers(
        tuple(encoder),
        tuple(queries),
        dense(architecture.n_code, name="embedding") if architecture.head else None,
        decoder,
        reconstruction,
        (
            dense(architecture.n_projection, "relu", name="projection_hidden"),
            dense(architecture.n_projection, name="projection"),
        )
        if architecture.n_projection
        else (),
        dense(architecture.n_code, name="log_variance")
        if architecture.variational
        else None,
    )
    if architecture.n_forecast_steps:
        built = replace(built, **_forecaster_layers(architecture, lstm, dense))
    for layer, width in zip(built.encoder, architecture.encoder_inputs, strict=True):
        layer.build((None, None, width))
    for layer, width in zip(built.queries, architecture.query_sizes, strict=True):
        layer.build((None, None, width))
    for layer in (built.embedding, *built.projection[:1], built.log_variance):
        if layer is not None:
            layer.build((None, architecture.n_pooled))
    for layer in built.projection[1:]:
        layer.build((None, architecture.n_projection))
    for layer, width in zip(built.decoder, architecture.decoder_inputs, strict=True):
        layer.build((None, None, width))
    built.reconstruction.build((None, None, architecture.decoder_units[-1]))
    if architecture.n_forecast_steps:
        inputs = architecture.forecaster.decoder_inputs
        widths = *inputs, architecture.decoder_units[-1]
        of_forecaster = *built.forecaster, built.forecast
        for layer, width in zip(of_forecaster, widths, strict=True):
            layer.build((None, None, width))
    return built


def _forecaster_layers(
    architecture: Architecture, lstm: Callable[..., Any], dense: Callable[..., Any]
) -> dict[str, Any]:
    """Make the LSTM layers and the output layer of the second decoder."""
    units = enumerate(architecture.decoder_units, 1)
    output = dense(architecture.n_inputs, name="forecast_dense")
    return {
        "forecaster": tuple(
            lstm(n, return_sequences=True, name=f"forecaster_lstm_{i}")
            for i, n in units
        ),
        "forecast": layers.TimeDistributed(output, name="forecast"),
    }


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

    def matrix(n_inputs: int, n_outputs: int) -> Weights:
        return [draw(keras.initializers.GlorotUniform, (n_inputs, n_outputs))]

    def dense(n_inputs: int, n_outputs: int) -> Weights:
        return [*matrix(n_inputs, n_outputs), np.zeros(n_outputs, np.float32)]

    def lstm(n_inputs: int, units: int) -> Weights:
        kernel = draw(keras.initializers.GlorotUniform, (n_inputs, 4 * units))
        recurrent_kernel = draw(keras.initializers.Orthogonal, (units, 4 * units))
        bias = np.zeros(4 * units, np.float32)
        bias[units : 2 * units] = 1.0
        return [kernel, recurrent_kernel, bias]

    def decoder(of: Architecture) -> Weights:
        pairs = zip(of.decoder_inputs, of.decoder_units, strict=True)
        of_layers = [array for pair in pairs for array in lstm(*pair)]
        return of_layers + dense(of.decoder_units[-1], decoder_of(of).n_written)

    weights: Weights = []
    pairs = zip(architecture.encoder_inputs, architecture.encoder_units, strict=True)
    for n_inputs, units in pairs:
        for _ in range(architecture.n_directions):
            weights += lstm(n_inputs, units)
    for width in architecture.query_sizes:
        weights += matrix(width, 1)
    if architecture.head:
        weights += dense(architecture.n_pooled, architecture.n_code)
    weights += decoder(architecture)
    if architecture.n_projection:
        weights += dense(architecture.n_pooled, architecture.n_projection)
        weights += dense(architecture.n_projection, architecture.n_projection)
    if architecture.variational:
        weights += dense(architecture.n_pooled, architecture.n_code)
    if architecture.n_forecast_steps:
        weights += decoder(architecture.forecaster)
    return weights
