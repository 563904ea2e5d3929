"""Encode and decode with the weights of a fitted estimator, in the caller's order.

Shards have a fixed number of rows and rows never mix, so what a sequence gets does not
depend on the other sequences of a call, their order, or padding. Sequences are taken by
length, and memory is bounded by the shards of one call into TensorFlow.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Iterator
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from sklearn_seqae._batching import Patches, by_length
from sklearn_seqae._keras.architecture import Architecture, Weights
from sklearn_seqae._keras.devices import (
    has_gpu,
    n_cores,
    own_function,
    xla_compiles,
)
from sklearn_seqae._keras.network import make_network
from sklearn_seqae._packing import pack
from sklearn_seqae._ragged import offsets_from_lengths

INFERENCE_ROWS = 32  # fixed for all calls: a row's numbers then never change
MAX_LANES = 8
VALUES_PER_CALL = 2**22  # 16 MiB of padded values, in and out
Tensor = Any


class _Functions:
    """Encoder and decoder of an architecture for buffers of one size.

    Weights are arguments, so all estimators of the architecture share the compiled
    functions. The shards of one group, its *lanes*, run side by side.

    Parameters
    ----------
    architecture : Architecture
    weight_shapes : tuple of tuple of int
    n_buffer_steps, n_lanes : int
    gpu, jit : bool
    """

    def __init__(
        self,
        architecture: Architecture,
        weight_shapes: tuple[tuple[int, ...], ...],
        n_buffer_steps: int,
        n_lanes: int,
        gpu: bool,
        jit: bool,
    ) -> None:
        self._size, self._n_lanes = n_buffer_steps, n_lanes
        shard = _shard_functions(architecture, n_buffer_steps, gpu, jit)
        self._encode_shard, self._decode_shard = shard
        self._n_code = architecture.n_code
        lengths = tf.TensorSpec((None, n_lanes, INFERENCE_ROWS), tf.int32)
        starts = tf.TensorSpec((None, n_lanes), tf.int32)
        width = architecture.encoder_inputs[0]
        x = tf.TensorSpec((None, 2, INFERENCE_ROWS, width), tf.float32)
        codes = tf.TensorSpec((None, n_lanes, INFERENCE_ROWS, self._n_code), tf.float32)
        self._width = architecture.n_inputs
        weights = [tf.TensorSpec(s, tf.float32) for s in weight_shapes]
        of_encoder, of_decoder = (
            [weights, x, starts, lengths],
            [weights, codes, lengths],
        )
        encode = own_function(self._encode_groups)
        decode = own_function(self._decode_groups)
        self.encode = tf.function(encode, of_encoder, autograph=False)
        self.decode = tf.function(decode, of_decoder, autograph=False)

    def _encode_groups(
        self, weights: list[Tensor], x: Tensor, starts: Tensor, lengths: Tensor
    ) -> Tensor:
        def lane(g: Tensor, n: int) -> Tensor:
            piece = tf.slice(x, (starts[g, n], 0, 0, 0), (self._size, *x.shape[1:]))
            return self._encode_shard(weights, piece, lengths[g, n])

        return self._over_groups(lane, lengths, (INFERENCE_ROWS, self._n_code))

    def _decode_groups(
        self, weights: list[Tensor], codes: Tensor, lengths: Tensor
    ) -> Tensor:
        def lane(g: Tensor, n: int) -> Tensor:
            return self._decode_shard(weights, codes[g, n], lengths[g, n])

        shape = (self._size, INFERENCE_ROWS, self._width)
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
    network = make_network(architecture, gpu)

    def decode(weights: list[Tensor], code: Tensor, lengths: Tensor) -> Tensor:
        return network.decode(weights, code, lengths, n_buffer_steps)

    return (
        tf.function(own_function(network.encode), jit_compile=jit, autograph=False),
        tf.function(own_function(decode), jit_compile=jit, autograph=False),
    )


_functions = functools.lru_cache(maxsize=64)(_Functions)


def encode(
    architecture: Architecture, weights: Weights, patches: Patches
) -> NDArray[np.float32]:
    """Codes of all sequences, shape (n_sequences, n_code)."""
    tensors = [tf.constant(w) for w in weights]
    codes = np.empty((len(patches), architecture.n_code), np.float32)
    for shards, functions, size in _calls(architecture, weights, patches.lengths):
        stream = pack(patches, shards, size)
        x, starts, lengths = map(tf.constant, (stream.x, stream.starts, stream.lengths))
        used = shards >= 0
        codes[shards[used]] = functions.encode(tensors, x, starts, lengths).numpy()[
            used
        ]
    return codes


def decode(
    architecture: Architecture,
    weights: Weights,
    codes: NDArray[np.float32],
    lengths: NDArray[np.int64],
) -> NDArray[np.float32]:
    """Decode to the steps of all sequences in the order of time, one after the other.

    Parameters
    ----------
    codes : ndarray of shape (n_sequences, n_code)
    lengths : ndarray of shape (n_sequences,)
        Steps of each sequence.

    Returns
    -------
    ndarray of shape (lengths.sum(), n_inputs), float32
    """
    tensors = [tf.constant(w) for w in weights]
    offsets = offsets_from_lengths(lengths)
    steps = np.empty((offsets[-1], architecture.n_inputs), np.float32)
    for shards, functions, _ in _calls(architecture, weights, lengths):
        used = shards >= 0
        n_steps = np.where(used, lengths[shards], 0).astype(np.int32)
        code = np.where(used[..., None], codes[shards], 0).astype(np.float32)
        decoded = functions.decode(tensors, tf.constant(code), tf.constant(n_steps))
        # To (sequence, step, width), then each sequence's own steps, first step first.
        padded = np.moveaxis(decoded.numpy(), -2, 2)[used]
        sequences = shards[used]
        own = lengths[sequences]
        t = np.arange(own.sum()) - np.repeat(offsets_from_lengths(own)[:-1], own)
        row = np.repeat(np.arange(len(own)), own)
        to = np.repeat(offsets[sequences], own) + t
        steps[to] = padded[row, own[row] - 1 - t]
    return steps


def _calls(
    architecture: Architecture, weights: Weights, lengths: NDArray[np.int64]
) -> Iterator[tuple[NDArray[np.int64], _Functions, int]]:
    """Shards of all sequences by length, cut into calls, and the functions for each.

    Sizes of buffers are powers of four from 64, so that few are ever compiled.
    """
    n_lanes = min(_n_lanes(), -(-len(lengths) // INFERENCE_ROWS))
    shards = by_length(lengths, n_lanes, INFERENCE_ROWS)
    longest = np.where(shards >= 0, lengths[shards], 0).max(axis=(1, 2))
    gpu = has_gpu()
    jit = not gpu and xla_compiles()
    shapes = tuple(w.shape for w in weights)
    start, size = 0, 64
    while start < len(shards):
        while size < longest[start]:
            size *= 4
        stop = int(np.searchsorted(longest, size, side="right"))
        values = size * n_lanes * INFERENCE_ROWS * architecture.encoder_inputs[0]
        stop = min(stop, start + max(1, VALUES_PER_CALL // values))
        functions = _functions(architecture, shapes, size, n_lanes, gpu, jit)
        yield shards[start:stop], functions, size
        start = stop


def _n_lanes() -> int:
    """Shards to run side by side: the cores we may use, or fewer by OMP_NUM_THREADS.

    joblib sets it in its worker processes, so that they don't crowd each other.
    """
    limit = os.environ.get("OMP_NUM_THREADS", "")
    cores = min(n_cores(), MAX_LANES)
    return max(1, min(cores, int(limit))) if limit.isdigit() else cores
