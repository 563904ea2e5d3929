"""The key of a compiled training program, and the shapes of its arguments."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import tensorflow as tf

from sklearn_seqae._keras.training.draws import DETERMINISTIC, Stochastic
from sklearn_seqae._network.architecture import Architecture
from sklearn_seqae._patches.packing import ForecastTargets


@dataclass(frozen=True)
class ShardShape:
    """Cut of a batch into shards, and the buffers that these are computed in.

    Attributes
    ----------
    n_shards, n_rows : int
        Shards of a batch and rows of a shard, see `sklearn_seqae._patches.batching`.
    n_steps : int
        LSTM steps of the longest sequence that they serve.
    n_prefix_rows : int, default=0
        Rows of a shard, the last ones, that hold prefixes for the forecaster.
    n_at_once : int or None, default=None
        Shards that have buffers of their own and run side by side; None is all.
    """

    n_shards: int
    n_rows: int
    n_steps: int
    n_prefix_rows: int = 0
    n_at_once: int | None = None

    @property
    def n_buffers(self) -> int:
        """Shards that have buffers of their own."""
        return self.n_at_once or self.n_shards


@dataclass(frozen=True)
class Program:
    """All that decides whether a compiled training program can serve a fit.

    Attributes
    ----------
    architecture : Architecture
    usual : ShardShape
        Of the batches.
    long : ShardShape, default=None
        Of batches with a sequence too long for that, if there are any.
    corrupted : bool, default=False
        Whether the encoder reads sequences with noise or masking, so that the
        decoder's target is an array of its own.
    losses : tuple of str, default=("loss",)
        Names of `LOSSES`.
    stochastic : Stochastic, default=Stochastic()
        The numbers that every update draws.
    """

    architecture: Architecture
    usual: ShardShape
    long: ShardShape | None = None
    corrupted: bool = False
    losses: tuple[str, ...] = ("loss",)
    stochastic: Stochastic = DETERMINISTIC

    @property
    def n_by_feature(self) -> int:
        """Parts of the reconstruction error that are told: one a feature, or none."""
        step = self.architecture.step
        return step.n_features if step.category_sizes else 0

    def shape_for(self, longest: int) -> ShardShape:
        """Return the shape of a batch whose longest sequence has so many steps."""
        if self.long is None or longest <= self.usual.n_steps:
            return self.usual
        return self.long


class UpdateSettings(NamedTuple):
    """Per-update settings of a call into training.

    Attributes
    ----------
    scale : ndarray of shape (n_batches, n_losses), float32
        Factors of the losses in the objective.
    learning_rate : ndarray of shape (n_batches,), float32
        0 keeps the optimizer's own.
    dropout : ndarray of shape (n_batches, 2), float32
        Shares of the inputs and of the states that LSTM layers drop.
    seed : ndarray of shape (n_batches, 2), int32
        Of all random numbers; not used where none are drawn.
    """

    scale: Any
    learning_rate: Any
    dropout: Any
    seed: Any


def packed_signature(
    program: Program, shape: ShardShape, n_prefix_rows: int
) -> list[Any]:
    """Shapes of `PackedShards` with ``n_prefix_rows`` rows of prefixes a shard."""
    rows, width = shape.n_rows, program.architecture.n_inputs
    packed = program.architecture.n_packed
    shards = (None, shape.n_shards)
    return [
        tf.TensorSpec((None, 2, rows, packed), tf.float32),
        tf.TensorSpec((None, rows, width), tf.float32),
        tf.TensorSpec((None, rows, width), tf.float32),
        tf.TensorSpec((*shards, rows), tf.float32),
        tf.TensorSpec(shards, tf.int32),
        tf.TensorSpec((*shards, rows), tf.int32),
        _forecast_signature(program.architecture, shards, n_prefix_rows),
    ]


def update_signature(program: Program) -> list[tf.TensorSpec]:
    """Shapes of `UpdateSettings`."""
    return [
        tf.TensorSpec((None, len(program.losses)), tf.float32),
        tf.TensorSpec((None,), tf.float32),
        tf.TensorSpec((None, 2), tf.float32),
        tf.TensorSpec((None, 2), tf.int32),
    ]


def _forecast_signature(
    architecture: Architecture, shards: tuple[int | None, int], n_rows: int
) -> ForecastTargets:
    n_steps = architecture.n_forecast_steps if n_rows else 0
    n_recent = architecture.n_recent if n_rows else 0
    steps = tf.TensorSpec((*shards, n_steps, n_rows, architecture.n_inputs), tf.float32)
    recent = tf.TensorSpec((*shards, n_rows, n_recent), tf.float32)
    return ForecastTargets(recent, steps, steps)
