"""Embed, decode and forecast with fitted weights, in the caller's order.

What a sequence gets does not depend on the other sequences of a call, or on padding.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from sklearn_seqae._containers.ragged import offsets_from_lengths
from sklearn_seqae._keras import sessions
from sklearn_seqae._keras.devices import (
    check_not_forked,
    has_gpu,
    n_threads,
    xla_compiles,
)
from sklearn_seqae._keras.network import keras_layers
from sklearn_seqae._keras.network.engines import engine_maker
from sklearn_seqae._network import forward
from sklearn_seqae._network.architecture import Architecture
from sklearn_seqae._network.decoders import make_decoder, told_values
from sklearn_seqae._network.layers import Layer, Weight, Weights
from sklearn_seqae._patches.batching import Patches, by_size
from sklearn_seqae._patches.packing import pack

# Rows of a shard, fixed for all calls: a row's numbers then never change. oneDNN
# multiplies in blocks of 6 rows, or of 48, and the rows that are left over otherwise;
# so without XLA there are none left over.
INFERENCE_ROWS = 32
INFERENCE_ROWS_WITHOUT_XLA = 48
MAX_THREADS = 8  # and shards side by side: they don't depend on each other
VALUES_PER_CALL = 2**22  # 16 MiB of padded values, in and out
MAX_FUNCTIONS = 16  # of each kind; one takes about 10 MB
Tensor = Any
Function = Callable[..., NDArray[np.float32]]

_making = threading.Lock()  # threads that miss a cache at once would each make one


@functools.lru_cache(maxsize=MAX_FUNCTIONS)
def _encoder(
    architecture: Architecture, n_steps: int, n_rows: int, device: _Device
) -> Function:
    """Compile the encoder, of weights, steps, the shards' starts, and lengths."""
    make_engine = engine_maker(architecture, device.gpu)

    def encode(vector: Tensor, x: Tensor, lengths: Tensor) -> Tensor:
        engine = make_engine(_by_name(architecture.embedding_layers, vector))
        sequence = engine.sequence(x, lengths)
        pooled = forward.pooled_states(engine, architecture, sequence)
        return forward.embed(engine, architecture, pooled)

    of_shard = sessions.tensor_function(encode, device.jit)
    width = architecture.n_packed

    def run(vector: Tensor, x: Tensor, starts: Tensor, lengths: Tensor) -> Tensor:
        def shard(n: Tensor) -> Tensor:
            piece = tf.slice(x, (starts[n], 0, 0, 0), (n_steps, 2, n_rows, width))
            return of_shard(vector, piece, lengths[n])

        shape = n_rows, architecture.embedding_size
        return sessions.stacked(shard, tf.shape(lengths)[0], shape, MAX_THREADS)

    signature = [
        _vector_spec(architecture.embedding_layers),
        tf.TensorSpec((None, 2, n_rows, width)),
        tf.TensorSpec((None,), tf.int32),
        tf.TensorSpec((None, n_rows), tf.int32),
    ]
    return device.session().function(run, signature)


@functools.lru_cache(maxsize=MAX_FUNCTIONS)
def _decoder(
    architecture: Architecture, n_steps: int, n_rows: int, device: _Device, raw: bool
) -> Function:
    """Compile the decoder: of weights, embeddings and lengths."""
    make_engine = engine_maker(architecture, device.gpu)
    spec = architecture.decoder_spec

    def decode(vector: Tensor, embedding: Tensor, lengths: Tensor) -> Tensor:
        engine = make_engine(_by_name(spec.layers_with_tables, vector))
        steps = make_decoder(spec).decode(engine, embedding, n_steps, lengths)
        if not raw:
            steps = told_values(engine, spec.step, steps)
        return engine.to_packed(steps)

    of_shard = sessions.tensor_function(decode, device.jit)
    width = spec.step.n_outputs if raw else spec.step.width

    def run(vector: Tensor, embeddings: Tensor, lengths: Tensor) -> Tensor:
        def shard(n: Tensor) -> Tensor:
            return of_shard(vector, embeddings[n], lengths[n])

        shape = n_steps, n_rows, width
        return sessions.stacked(shard, tf.shape(lengths)[0], shape, MAX_THREADS)

    signature = [
        _vector_spec(spec.layers_with_tables),
        tf.TensorSpec((None, n_rows, architecture.embedding_size)),
        tf.TensorSpec((None, n_rows), tf.int32),
    ]
    return device.session().function(run, signature)


@functools.lru_cache(maxsize=MAX_FUNCTIONS)
def _forecaster(architecture: Architecture, n_rows: int, device: _Device) -> Function:
    """Compile the forecasts of one shard: of weights, embeddings and last values."""
    make_engine = engine_maker(architecture, device.gpu)
    spec: Any = architecture.forecaster_spec

    def forecast(vector: Tensor, embedding: Tensor, recent: Tensor) -> Tensor:
        engine = make_engine(_by_name(spec.layers_with_tables, vector))
        steps = forward.forecast(engine, architecture, embedding, recent)
        return engine.to_packed(steps)

    signature = [
        _vector_spec(spec.layers_with_tables),
        tf.TensorSpec((n_rows, architecture.embedding_size)),
        tf.TensorSpec((n_rows, architecture.n_recent)),
    ]
    return device.session().function(forecast, signature, device.jit)


def encode(
    architecture: Architecture, weights: Weights, patches: Patches
) -> NDArray[np.float32]:
    """Embed all sequences, without their lengths: (n_sequences, embedding_size)."""
    check_not_forked()
    device = _device()
    vector = _vector(architecture.embedding_layers, weights)
    width = architecture.n_packed
    embeddings = np.empty((len(patches), architecture.embedding_size), np.float32)
    for size, shards in _calls(patches.lengths, device, width):
        packed = pack(patches, shards[:, None], size)
        function = _get(_encoder, architecture, size, shards.shape[1], device)
        found = function(vector, packed.x, packed.starts[:, 0], packed.lengths[:, 0])
        used = shards >= 0
        embeddings[shards[used]] = found[used]
    return embeddings


def decode(
    architecture: Architecture,
    weights: Weights,
    embeddings: NDArray[np.float32],
    lengths: NDArray[np.int64],
    raw: bool = False,
) -> NDArray[np.float32]:
    """Decode to the steps of all sequences in the order of time, one after the other.

    Of their lengths in LSTM steps: (lengths.sum(), width); ``raw`` as it was written.
    """
    check_not_forked()
    device = _device()
    vector = _vector(architecture.decoder_spec.layers_with_tables, weights)
    offsets = offsets_from_lengths(lengths)
    width = architecture.step.n_outputs if raw else architecture.n_inputs
    steps = np.empty((offsets[-1], width), np.float32)
    for size, shards in _calls(lengths, device, width):
        used = shards >= 0
        n_steps = np.where(used, lengths[shards], 0).astype(np.int32)
        vectors = np.where(used[..., None], embeddings[shards], 0).astype(np.float32)
        function = _get(_decoder, architecture, size, shards.shape[1], device, raw)
        padded = function(vector, vectors, n_steps).swapaxes(1, 2)[used]
        # Each sequence's own steps, which come last step first
        own = lengths[shards[used]]
        t = np.arange(own.sum()) - np.repeat(offsets_from_lengths(own)[:-1], own)
        row = np.repeat(np.arange(len(own)), own)
        to = np.repeat(offsets[shards[used]], own) + t
        steps[to] = padded[row, own[row] - 1 - t]
    return steps


def forecast(
    architecture: Architecture,
    weights: Weights,
    embeddings: NDArray[np.float32],
    recent: NDArray[np.float32],
) -> NDArray[np.float32]:
    """Predict changes, as they are written, (n_sequences, n_forecast_steps, width)."""
    check_not_forked()
    device, n = _device(), len(embeddings)
    n_rows = device.n_rows
    function = _get(_forecaster, architecture, n_rows, device)
    spec: Any = architecture.forecaster_spec
    vector = _vector(spec.layers_with_tables, weights)
    inputs = [np.pad(a, ((0, -n % n_rows), (0, 0))) for a in (embeddings, recent)]
    changes = [
        function(vector, *(array[start : start + n_rows] for array in inputs))
        for start in range(0, n, n_rows)
    ]
    return np.concatenate(changes, axis=1).swapaxes(0, 1)[:n]


@dataclass(frozen=True)
class _Device:
    """The device and the threads that run the functions."""

    gpu: bool
    jit: bool
    n_threads: int

    @property
    def n_rows(self) -> int:
        return INFERENCE_ROWS if self.jit else INFERENCE_ROWS_WITHOUT_XLA

    def session(self) -> sessions.Session | sessions.Eager:
        return sessions.open_session(
            self.gpu, n_threads=self.n_threads, optimize=not self.jit
        )


def _device() -> _Device:
    gpu = has_gpu()
    return _Device(gpu, not gpu and xla_compiles(), min(n_threads(), MAX_THREADS))


def _get(make: Callable[..., Function], *arguments: Any) -> Function:
    """Return a function from its cache, or make it."""
    with _making:
        return make(*arguments)


def _calls(
    lengths: NDArray[np.int64], device: _Device, width: int
) -> Iterator[tuple[int, NDArray[np.int64]]]:
    """Cut the shards of all sequences so that memory is bounded."""
    for size, shards in by_size(lengths, device.n_rows):
        n = max(1, VALUES_PER_CALL // (size * shards.shape[1] * width))
        for start in range(0, len(shards), n):
            yield size, shards[start : start + n]


# Weights go in as one vector ----------------------------------------------------------


def _weights_of(layers: tuple[Layer, ...]) -> list[Weight]:
    return [weight for layer in layers for weight in layer.weights]


def _vector_spec(layers: tuple[Layer, ...]) -> tf.TensorSpec:
    n = keras_layers.size_of(weight.shape for weight in _weights_of(layers))
    return tf.TensorSpec((n,))


def _vector(layers: tuple[Layer, ...], weights: Weights) -> NDArray[np.float32]:
    wanted = _weights_of(layers)
    return keras_layers.to_vector(weights[weight.name] for weight in wanted)


def _by_name(layers: tuple[Layer, ...], vector: Tensor) -> dict[str, Tensor]:
    wanted = _weights_of(layers)
    shapes = [weight.shape for weight in wanted]
    tensors = keras_layers.tensors_from_vector(vector, shapes)
    return {w.name: tensor for w, tensor in zip(wanted, tensors, strict=True)}
