"""Encode and decode with the weights of a fitted estimator, in the caller's order.

Shards have a fixed number of rows and rows never mix, so what a sequence gets does not
depend on the other sequences of a call, their order, or padding. Sequences are taken by
length, one shard to each thread at a time: memory holds the shards in work and the
result.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import joblib
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from sklearn_seqae._batching import Patches, by_length, pack
from sklearn_seqae._keras.architecture import Architecture, Weights, build_layers
from sklearn_seqae._keras.devices import has_gpu, xla_compiles
from sklearn_seqae._keras.network import FusedNetwork, Network, StockNetwork
from sklearn_seqae._ragged import offsets_from_lengths

INFERENCE_ROWS = 32  # fixed for all calls: a row's numbers then never change


@dataclass(frozen=True)
class _Functions:
    encode: Any
    decode: Any


@functools.lru_cache(maxsize=64)
def _functions(
    architecture: Architecture, n_buffer_steps: int, gpu: bool, jit: bool
) -> _Functions:
    """Encoder and decoder of an architecture, compiled once; weights are arguments.

    A pair for each size of the buffers: TensorFlow takes a function that is traced for
    several shapes for a mistake, and says so.
    """
    network: Network = (
        StockNetwork(architecture, build_layers(architecture))
        if gpu
        else FusedNetwork(architecture)
    )

    def decode(weights: list[Any], code: Any, lengths: Any) -> Any:
        return network.decode(weights, code, lengths, n_buffer_steps)

    return _Functions(
        tf.function(network.encode, jit_compile=jit, autograph=False),
        tf.function(decode, jit_compile=jit, autograph=False),
    )


def _functions_for(architecture: Architecture, longest: int) -> tuple[_Functions, int]:
    """Return functions whose buffers hold ``longest`` steps, and the buffers' size.

    Sizes are powers of four from 64, so that few are ever compiled.
    """
    size = 64
    while size < longest:
        size *= 4
    gpu = has_gpu()
    return _functions(architecture, size, gpu, not gpu and xla_compiles()), size


def encode(
    architecture: Architecture, weights: Weights, patches: Patches
) -> NDArray[np.float32]:
    """Codes of all sequences, shape (n_sequences, n_code)."""
    tensors = [tf.constant(w) for w in weights]
    lengths = patches.lengths
    codes = np.empty((len(patches), architecture.n_code), np.float32)

    def work(rows: NDArray[np.int64]) -> None:
        used = rows >= 0
        longest = int(lengths[rows[used]].max())
        functions, size = _functions_for(architecture, longest)
        stream = pack(patches, rows[None, None], size - longest)
        n_steps = tf.constant(stream.lengths[0, 0])
        code = functions.encode(tensors, tf.constant(stream.x), n_steps)
        codes[rows[used]] = code.numpy()[used]

    _run(work, by_length(lengths, INFERENCE_ROWS))
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

    def work(rows: NDArray[np.int64]) -> None:
        used = rows >= 0
        n_steps = np.where(used, lengths[rows], 0)
        code = np.where(used[:, None], codes[rows], 0).astype(np.float32)
        functions, _ = _functions_for(architecture, int(n_steps.max()))
        n_steps = tf.constant(n_steps, tf.int32)
        decoded = functions.decode(tensors, tf.constant(code), n_steps).numpy()
        for row, sequence in enumerate(rows[used]):
            start, stop = offsets[sequence], offsets[sequence + 1]
            steps[start:stop] = decoded[: stop - start, row][::-1]

    _run(work, by_length(lengths, INFERENCE_ROWS))
    return steps


def _run(work: Callable[[NDArray[np.int64]], None], shards: Iterable[Any]) -> None:
    n_threads = _n_threads()
    if n_threads == 1 or len(list(shards)) == 1:
        for rows in shards:
            work(rows)
        return
    with ThreadPoolExecutor(n_threads) as pool:
        for _ in pool.map(work, shards):
            pass


def _n_threads() -> int:
    """Threads to work with: the cores we may use, or fewer if OMP_NUM_THREADS says so.

    joblib sets it in its worker processes, so that they don't crowd each other.
    """
    limit = os.environ.get("OMP_NUM_THREADS", "")
    cores = int(joblib.cpu_count())
    return max(1, min(cores, int(limit))) if limit.isdigit() else cores
