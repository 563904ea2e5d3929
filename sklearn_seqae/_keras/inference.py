"""Embed, decode and forecast with fitted weights, in the caller's order.

Shards have a fixed number of rows and rows never mix, so what a sequence gets does not
depend on the other sequences of a call, their order, or padding. Sequences are taken by
length, and memory is bounded by the shards of one call into TensorFlow.
"""

from __future__ import annotations

import functools
import os
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from sklearn_seqae._architecture import Architecture, Weights
from sklearn_seqae._batching import Patches, by_length
from sklearn_seqae._keras.devices import (
    check_not_forked,
    has_gpu,
    n_cores,
    own_function,
    xla_compiles,
)
from sklearn_seqae._keras.network import forecaster, forward
from sklearn_seqae._keras.network.decoders import make_decoder
from sklearn_seqae._keras.network.engines import engine_maker
from sklearn_seqae._packing import pack
from sklearn_seqae._ragged import offsets_from_lengths

# Rows of a shard, fixed for all calls: a row's numbers then never change. oneDNN
# multiplies in blocks of 6 rows, or of 48, and the rows that are left over otherwise;
# so without XLA there are none left over.
INFERENCE_ROWS = 32
INFERENCE_ROWS_WITHOUT_XLA = 48
MAX_LANES = 8
VALUES_PER_CALL = 2**22  # 16 MiB of padded values, in and out
Tensor = Any


class _Traced:
    """A function of TensorFlow, traced by one thread while others wait.

    Threads that call one for the first time at once would each trace it, which
    TensorFlow takes for a mistake that it warns of.
    """

    def __init__(self, function: Any) -> None:
        self._function, self._lock, self._is_traced = function, threading.Lock(), False

    def __call__(self, *arguments: Any) -> Any:
        if self._is_traced:
            return self._function(*arguments)
        with self._lock:
            result = self._function(*arguments)
            self._is_traced = True
            return result


class _Functions:
    """Encoder and decoder of an architecture for buffers of one size.

    Weights are arguments, so all estimators of the architecture share the compiled
    functions. The shards of one group, its *lanes*, run side by side.

    Parameters
    ----------
    architecture : Architecture
    n_buffer_steps, n_lanes : int
    gpu, jit : bool
    """

    def __init__(
        self,
        architecture: Architecture,
        n_buffer_steps: int,
        n_lanes: int,
        gpu: bool,
        jit: bool,
    ) -> None:
        self._size, self._n_lanes = n_buffer_steps, n_lanes
        n_rows = self._n_rows = _n_rows(jit)
        shard = _shard_functions(architecture, n_buffer_steps, gpu, jit)
        self._encode_shard, self._decode_shard = shard
        self._embedding_size = architecture.embedding_size
        lengths = tf.TensorSpec((None, n_lanes, n_rows), tf.int32)
        starts = tf.TensorSpec((None, n_lanes), tf.int32)
        width = architecture.encoder_layers[0].n_inputs
        x = tf.TensorSpec((None, 2, n_rows, width), tf.float32)
        shape = (None, n_lanes, n_rows, self._embedding_size)
        embeddings = tf.TensorSpec(shape, tf.float32)
        self._width = architecture.n_inputs
        weights = {
            weight.name: tf.TensorSpec(weight.shape, tf.float32)
            for weight in architecture.weights
        }
        of_encoder = [weights, x, starts, lengths]
        of_decoder = [weights, embeddings, lengths]
        encode = own_function(self._encode_groups)
        decode = own_function(self._decode_groups)
        self.encode = _Traced(tf.function(encode, of_encoder, autograph=False))
        self.decode = _Traced(tf.function(decode, of_decoder, autograph=False))

    def _encode_groups(
        self, weights: dict[str, Tensor], x: Tensor, starts: Tensor, lengths: Tensor
    ) -> Tensor:
        def lane(g: Tensor, n: int) -> Tensor:
            piece = tf.slice(x, (starts[g, n], 0, 0, 0), (self._size, *x.shape[1:]))
            return self._encode_shard(weights, piece, lengths[g, n])

        return self._over_groups(lane, lengths, (self._n_rows, self._embedding_size))

    def _decode_groups(
        self, weights: dict[str, Tensor], embeddings: Tensor, lengths: Tensor
    ) -> Tensor:
        def lane(g: Tensor, n: int) -> Tensor:
            return self._decode_shard(weights, embeddings[g, n], lengths[g, n])

        shape = (self._size, self._n_rows, self._width)
        return self._over_groups(lane, lengths, shape)

    def _over_groups(
        self, lane: Any, lengths: Tensor, shape: tuple[int, ...]
    ) -> Tensor:
        n_groups = tf.shape(lengths)[0]
        out = tf.TensorArray(
            tf.float32, n_groups, element_shape=(self._n_lanes, *shape)
        )

        def group(g: Tensor, out: Any) -> tuple[Tensor, Any]:
            # The lanes don't depend on each other: TensorFlow runs them side by side.
            lanes = [lane(g, n) for n in range(self._n_lanes)]
            return g + 1, out.write(g, tf.stack(lanes))

        _, out = tf.while_loop(lambda g, _: g < n_groups, group, (0, out))
        return out.stack()


@functools.lru_cache(maxsize=64)
def _shard_functions(
    architecture: Architecture, n_buffer_steps: int, gpu: bool, jit: bool
) -> tuple[Any, Any]:
    """Compile encoder and decoder of one shard.

    Each size of the buffers has functions of its own: TensorFlow takes a function that
    is traced for several shapes for a mistake, and says so.
    """
    make_engine = engine_maker(architecture, gpu)
    decoder = make_decoder(architecture.decoder_spec)

    def encode(weights: dict[str, Tensor], x: Tensor, lengths: Tensor) -> Tensor:
        engine = make_engine(weights)
        sequence = engine.sequence(x, lengths)
        pooled = forward.pooled_states(engine, architecture, sequence)
        return forward.embed(engine, architecture, pooled)

    def decode(
        weights: dict[str, Tensor], embedding: Tensor, lengths: Tensor
    ) -> Tensor:
        engine = make_engine(weights)
        steps = decoder.decode(engine, embedding, n_buffer_steps, lengths)
        return engine.to_packed(steps)

    return _compiled(encode, jit), _compiled(decode, jit)


@functools.lru_cache(maxsize=64)
def _forecast_function(architecture: Architecture, gpu: bool, jit: bool) -> Any:
    """Compile the forecasts of one shard."""
    make_engine = engine_maker(architecture, gpu)

    def forecast(
        weights: dict[str, Tensor], embedding: Tensor, recent: Tensor
    ) -> Tensor:
        engine = make_engine(weights)
        steps = forecaster.changes(engine, architecture, embedding, recent)
        return engine.to_packed(steps)

    return _Traced(_compiled(forecast, jit))


def _compiled(function: Any, jit: bool) -> Any:
    return tf.function(own_function(function), jit_compile=jit, autograph=False)


_functions = functools.lru_cache(maxsize=64)(_Functions)
_making = threading.Lock()  # threads that miss a cache at once would each make one


def encode(
    architecture: Architecture, weights: Weights, patches: Patches
) -> NDArray[np.float32]:
    """Embed all sequences, without their lengths: (n_sequences, embedding_size)."""
    check_not_forked()
    tensors = _tensors(weights)
    embeddings = np.empty((len(patches), architecture.embedding_size), np.float32)
    for shards, functions, size in _calls(architecture, patches.lengths):
        packed = pack(patches, shards, size)
        x, starts, lengths = map(tf.constant, (packed.x, packed.starts, packed.lengths))
        used = shards >= 0
        found = functions.encode(tensors, x, starts, lengths).numpy()
        embeddings[shards[used]] = found[used]
    return embeddings


def decode(
    architecture: Architecture,
    weights: Weights,
    embeddings: NDArray[np.float32],
    lengths: NDArray[np.int64],
) -> NDArray[np.float32]:
    """Decode to the steps of all sequences in the order of time, one after the other.

    Parameters
    ----------
    architecture : Architecture
    weights : dict of str to ndarray
    embeddings : ndarray of shape (n_sequences, embedding_size)
    lengths : ndarray of shape (n_sequences,)
        LSTM steps of each sequence.

    Returns
    -------
    ndarray of shape (lengths.sum(), n_inputs), float32
    """
    check_not_forked()
    tensors = _tensors(weights)
    offsets = offsets_from_lengths(lengths)
    steps = np.empty((offsets[-1], architecture.n_inputs), np.float32)
    for shards, functions, _ in _calls(architecture, lengths):
        used = shards >= 0
        n_steps = np.where(used, lengths[shards], 0).astype(np.int32)
        vectors = np.where(used[..., None], embeddings[shards], 0).astype(np.float32)
        decoded = functions.decode(tensors, tf.constant(vectors), tf.constant(n_steps))
        # To (sequence, step, width), then each sequence's own steps, first step first.
        padded = np.moveaxis(decoded.numpy(), -2, 2)[used]
        sequences = shards[used]
        own = lengths[sequences]
        t = np.arange(own.sum()) - np.repeat(offsets_from_lengths(own)[:-1], own)
        row = np.repeat(np.arange(len(own)), own)
        to = np.repeat(offsets[sequences], own) + t
        steps[to] = padded[row, own[row] - 1 - t]
    return steps


def forecast(
    architecture: Architecture,
    weights: Weights,
    embeddings: NDArray[np.float32],
    recent: NDArray[np.float32],
) -> NDArray[np.float32]:
    """Predict the changes that come next.

    Parameters
    ----------
    architecture : Architecture
    weights : dict of str to ndarray
    embeddings : ndarray of shape (n_sequences, embedding_size)
    recent : ndarray of shape (n_sequences, n_recent)

    Returns
    -------
    ndarray of shape (n_sequences, n_forecast_steps, n_inputs), float32
    """
    check_not_forked()
    gpu, jit = _device()
    with _making:
        changes = _forecast_function(architecture, gpu, jit)
    tensors, n_rows = _tensors(weights), _n_rows(jit)
    n_calls = -(-len(embeddings) // n_rows)
    rest = ((0, n_calls * n_rows - len(embeddings)), (0, 0))
    pairs = zip(
        np.split(np.pad(embeddings, rest), n_calls),
        np.split(np.pad(recent, rest), n_calls),
        strict=True,
    )
    found = [changes(tensors, *map(tf.constant, pair)).numpy() for pair in pairs]
    return np.concatenate(found, axis=1).swapaxes(0, 1)[: len(embeddings)]


def _tensors(weights: Weights) -> dict[str, Tensor]:
    return {name: tf.constant(array) for name, array in weights.items()}


def _device() -> tuple[bool, bool]:
    """Whether there is a GPU, and whether XLA compiles."""
    gpu = has_gpu()
    return gpu, not gpu and xla_compiles()


def _calls(
    architecture: Architecture, lengths: NDArray[np.int64]
) -> Iterator[tuple[NDArray[np.int64], _Functions, int]]:
    """Shards of all sequences by length, cut into calls, and the functions for each.

    Sizes of buffers are powers of four from 64, so that few are ever compiled.
    """
    gpu, jit = _device()
    n_rows = _n_rows(jit)
    n_lanes = min(_n_lanes(), -(-len(lengths) // n_rows))
    shards = by_length(lengths, n_lanes, n_rows)
    longest = np.where(shards >= 0, lengths[shards], 0).max(axis=(1, 2))
    start, size = 0, 64
    while start < len(shards):
        while size < longest[start]:
            size *= 4
        stop = int(np.searchsorted(longest, size, side="right"))
        values = size * n_lanes * n_rows * architecture.encoder_layers[0].n_inputs
        stop = min(stop, start + max(1, VALUES_PER_CALL // values))
        with _making:
            functions = _functions(architecture, size, n_lanes, gpu, jit)
        yield shards[start:stop], functions, size
        start = stop


def _n_rows(jit: bool) -> int:
    return INFERENCE_ROWS if jit else INFERENCE_ROWS_WITHOUT_XLA


def _n_lanes() -> int:
    """Shards to run side by side: the cores we may use, or fewer by OMP_NUM_THREADS.

    joblib sets it in its worker processes, so that they don't crowd each other.
    """
    limit = os.environ.get("OMP_NUM_THREADS", "")
    cores = min(n_cores(), MAX_LANES)
    return max(1, min(cores, int(limit))) if limit.isdigit() else cores
