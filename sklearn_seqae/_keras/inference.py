"""Encode and decode with the weights of a fitted estimator, results in the caller's order.

Shards have a fixed number of rows and rows never mix, so what a sequence gets does not
depend on the other sequences of a call, their order, or padding. Sequences are taken by
length, one shard to each thread at a time: memory holds the shards in work and the result.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import joblib
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from sklearn_seqae._batching import Patches, buffer_steps, by_length, pack
from sklearn_seqae._keras.architecture import Architecture, Weights, build_layers
from sklearn_seqae._keras.devices import has_gpu, xla_compiles
from sklearn_seqae._keras.network import FusedNetwork, Network, StockNetwork
from sklearn_seqae._ragged import offsets_from_lengths

INFERENCE_ROWS = 16  # fixed for all calls: a row's numbers then never change


@dataclass(frozen=True)
class _Functions:
    encode: Any
    decode: Any


@functools.lru_cache(maxsize=32)
def _functions(architecture: Architecture, gpu: bool, jit: bool) -> _Functions:
    """Compiled encoder and decoder of an architecture; weights are arguments."""
    network: Network = (
        StockNetwork(architecture, build_layers(architecture))
        if gpu
        else FusedNetwork(architecture)
    )

    def decode(weights: list[Any], code: Any, lengths: Any, like: Any) -> Any:
        return network.decode(weights, code, lengths, like.shape[0])

    return _Functions(
        tf.function(network.encode, jit_compile=jit, autograph=False),
        tf.function(decode, jit_compile=jit, autograph=False),
    )


def encode(
    architecture: Architecture, weights: Weights, patches: Patches
) -> NDArray[np.float32]:
    """Codes of all sequences, shape (n_sequences, n_code)."""
    function = _functions(
        architecture, has_gpu(), not has_gpu() and xla_compiles()
    ).encode
    tensors = [tf.constant(w) for w in weights]
    lengths = patches.lengths
    codes = np.empty((len(patches), architecture.n_code), np.float32)

    def work(rows: NDArray[np.int64]) -> None:
        used = rows >= 0
        size = buffer_steps(int(lengths[rows[used]].max()))
        stream = pack(patches, rows[None, None], size)
        x = tf.constant(stream.x[:size])
        codes[rows[used]] = function(
            tensors, x, tf.constant(stream.lengths[0, 0])
        ).numpy()[used]

    _run(work, by_length(lengths, INFERENCE_ROWS))
    return codes


def decode(
    architecture: Architecture,
    weights: Weights,
    codes: NDArray[np.float32],
    lengths: NDArray[np.int64],
) -> NDArray[np.float32]:
    """Steps of all sequences in the order of time, one sequence after the other.

    Parameters
    ----------
    codes : ndarray of shape (n_sequences, n_code)
    lengths : ndarray of shape (n_sequences,)
        Steps of each sequence.

    Returns
    -------
    ndarray of shape (lengths.sum(), n_inputs), float32
    """
    function = _functions(
        architecture, has_gpu(), not has_gpu() and xla_compiles()
    ).decode
    tensors = [tf.constant(w) for w in weights]
    offsets = offsets_from_lengths(lengths)
    steps = np.empty((offsets[-1], architecture.n_inputs), np.float32)

    def work(rows: NDArray[np.int64]) -> None:
        used = rows >= 0
        n_steps = np.where(used, lengths[rows], 0)
        code = np.where(used[:, None], codes[rows], 0).astype(np.float32)
        like = tf.zeros((buffer_steps(int(n_steps.max())), 0))  # carries a static size
        decoded = function(tensors, code, tf.constant(n_steps, tf.int32), like).numpy()
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
    """Threads to encode with: the cores we may use, fewer where OMP_NUM_THREADS says so.

    joblib sets that variable in its worker processes, so that they don't crowd each other.
    """
    limit = os.environ.get("OMP_NUM_THREADS", "")
    cores = int(joblib.cpu_count())
    return max(1, min(cores, int(limit))) if limit.isdigit() else cores
