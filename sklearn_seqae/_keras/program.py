"""What a compiled training program is for, and what it is given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import tensorflow as tf

from sklearn_seqae._keras.architecture import Architecture
from sklearn_seqae._keras.draws import NO_CHANCE, Chance
from sklearn_seqae._packing import Futures


@dataclass(frozen=True)
class Program:
    """All that decides whether a compiled training program can serve a fit.

    Attributes
    ----------
    architecture : Architecture
    n_shards, n_rows : int
        How a batch is run, see `sklearn_seqae._batching`.
    n_buffer_steps : int
        Longest sequence that the program serves, in steps.
    noisy : bool, default=False
        Whether the decoder's target is not what the encoder reads.
    losses : tuple of str, default=("loss",)
        What is computed, of `LOSSES`.
    chance : Chance, default=Chance()
        What is drawn anew at every update.
    n_prefix_rows : int, default=0
        Rows of a shard, its last ones, of which the future is to be predicted.
    """

    architecture: Architecture
    n_shards: int
    n_rows: int
    n_buffer_steps: int
    noisy: bool = False
    losses: tuple[str, ...] = ("loss",)
    chance: Chance = NO_CHANCE
    n_prefix_rows: int = 0


class Steps(NamedTuple):
    """What each update of a call into training goes by.

    Attributes
    ----------
    scale : ndarray of shape (n_batches, n_losses), float32
        Factors of the losses in the objective.
    learning_rate : ndarray of shape (n_batches,), float32
        0 leaves the optimizer's as it is.
    dropout : ndarray of shape (n_batches, 2), float32
        Shares of the inputs and of the states that LSTM layers leave out.
    seed : ndarray of shape (n_batches, 2), int32
        All that is drawn comes from it; of no meaning where nothing is.
    """

    scale: Any
    learning_rate: Any
    dropout: Any
    seed: Any


def stream_signature(program: Program, n_prefix_rows: int) -> list[Any]:
    """Shapes of a `Stream`, of whose shards so many rows hold prefixes."""
    rows, width = program.n_rows, program.architecture.n_inputs
    read = program.architecture.encoder_inputs[0]
    shards = (None, program.n_shards)
    return [
        tf.TensorSpec((None, 2, rows, read), tf.float32),
        tf.TensorSpec((None, rows, width), tf.float32),
        tf.TensorSpec((None, rows, width), tf.float32),
        tf.TensorSpec((*shards, rows), tf.float32),
        tf.TensorSpec(shards, tf.int32),
        tf.TensorSpec((*shards, rows), tf.int32),
        _futures_signature(program, n_prefix_rows),
    ]


def steps_signature(program: Program) -> list[tf.TensorSpec]:
    """Shapes of `Steps`."""
    return [
        tf.TensorSpec((None, len(program.losses)), tf.float32),
        tf.TensorSpec((None,), tf.float32),
        tf.TensorSpec((None, 2), tf.float32),
        tf.TensorSpec((None, 2), tf.int32),
    ]


def _futures_signature(program: Program, n_rows: int) -> Futures:
    architecture, shards = program.architecture, (None, program.n_shards)
    n_steps = architecture.n_forecast_steps if n_rows else 0
    n_recent = architecture.n_recent if n_rows else 0
    steps = tf.TensorSpec((*shards, n_steps, n_rows, architecture.n_inputs), tf.float32)
    recent = tf.TensorSpec((*shards, n_rows, n_recent), tf.float32)
    return Futures(recent, steps, steps)
