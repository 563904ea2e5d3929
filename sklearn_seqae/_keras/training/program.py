"""The key of a training program, its choice, and the shapes of its arguments."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from sklearn_seqae._keras.devices import has_gpu
from sklearn_seqae._keras.network.engines import count_bytes
from sklearn_seqae._keras.training.draws import DETERMINISTIC, Stochastic
from sklearn_seqae._keras.training.losses import losses_of
from sklearn_seqae._keras.training.settings import Settings
from sklearn_seqae._network.architecture import Architecture
from sklearn_seqae._network.decoders import make_decoder
from sklearn_seqae._patches.batching import Indices, buffer_steps, shard_shape
from sklearn_seqae._patches.packing import ForecastTargets, PackedShards
from sklearn_seqae._patches.source.data import TrainingSet

MAX_BYTES = 2**29  # of the buffers of a batch: 1,024 steps of 64 rows, 64 units
USUAL = 0.95  # share of the sequences that usual batches are made for
FEW = 4  # sequences; more shards at once don't pay if each has fewer
COARSE = 1024  # steps: long buffers are multiples of it


@dataclass(frozen=True)
class ShardShape:
    """Cut of a batch into shards, and the buffers that these are computed in.

    ``n_steps`` are those of the longest sequence. The last rows of a shard hold
    prefixes for the forecaster. Shards that are not computed at once share buffers.
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
    """All that decides whether a compiled training program can serve a fit."""

    architecture: Architecture
    usual: ShardShape
    long: ShardShape | None = None  # of batches with a sequence too long for that
    corrupted: bool = False  # by noise or masking: the target is an array of its own
    losses: tuple[str, ...] = ("loss",)
    stochastic: Stochastic = DETERMINISTIC

    @property
    def n_by_feature(self) -> int:
        """Parts of the reconstruction error that are told: one a feature, or none."""
        step = self.architecture.step
        return step.n_features if step.columns else 0

    def shape_for(self, longest: int) -> ShardShape:
        """Return the shape of a batch whose longest sequence has so many steps."""
        if self.long is None or longest <= self.usual.n_steps:
            return self.usual
        return self.long


class UpdateSettings(NamedTuple):
    """Settings of each update of a call into training, as float32 or int32 arrays."""

    scale: Any  # (n_batches, n_losses): factors of the losses in the objective
    learning_rate: Any  # (n_batches,): 0 keeps the optimizer's own
    dropout: Any  # (n_batches,): share of the inputs that LSTM layers drop
    seed: Any  # (n_batches, 2): of all random numbers; not used where none are drawn


# Its choice ---------------------------------------------------------------------------


def plan_program(
    architecture: Architecture, data: TrainingSet, settings: Settings
) -> Program:
    shape = data.batch_shape(settings.batch_size)
    usual, long = plan_shapes(architecture, data.lengths, *shape)
    return Program(
        architecture,
        usual,
        long,
        corrupted=settings.noise > 0 or settings.mask_ratio > 0,
        losses=losses_of(settings),
        stochastic=Stochastic(
            dropout=settings.dropout > 0,
            steps=make_decoder(architecture.decoder_spec).takes_noise,
            embedding=architecture.variational,
        ),
    )


def plan_shapes(
    architecture: Architecture, lengths: Indices, n_sequences: int, batch_size: int
) -> tuple[ShardShape, ShardShape | None]:
    """Choose the shape of batches; and another for long ones, where memory asks for it.

    Of ``lengths``, validation set included, ``n_sequences`` are trained on.
    """
    n_shards, n_rows = shard_shape(n_sequences, batch_size)
    if has_gpu():  # one large batch is what a GPU likes
        n_shards, n_rows = 1, n_shards * n_rows

    def shape(n_steps: int, n_shards: int, n: int, n_at_once: int = 0) -> ShardShape:
        # Each sequence may be followed by a crop of it, and by a prefix of it.
        n_prefix_rows = n if architecture.n_forecast_steps else 0
        n_paired_rows = 2 * n if architecture.projection_size else n
        n_rows = n_paired_rows + n_prefix_rows
        return ShardShape(n_shards, n_rows, n_steps, n_prefix_rows, n_at_once or None)

    def size(shape: ShardShape) -> int:
        n_bytes = count_bytes(
            architecture, shape.n_steps, shape.n_rows, shape.n_prefix_rows
        )
        return n_bytes * shape.n_buffers

    longest, least_steps = int(lengths.max()), buffer_steps(1)
    usual = shape(buffer_steps(longest), n_shards, n_rows)
    if size(usual) <= MAX_BYTES or usual.n_steps == least_steps:
        return usual, None
    n_steps = buffer_steps(int(np.quantile(lengths, USUAL, method="higher")))
    while n_steps > least_steps and size(shape(n_steps, n_shards, n_rows)) > MAX_BYTES:
        n_steps //= 2
    n_long_steps = min(-(-longest // COARSE) * COARSE, usual.n_steps)
    n_fitting = MAX_BYTES // size(shape(n_long_steps, 1, 1))
    n_at_once = min(n_shards, max(1, n_fitting // FEW))
    least = 2 if architecture.projection_size else 1  # a contrast needs two
    n_long_rows = min(n_rows, max(least, n_fitting // n_at_once))
    n_long_shards = -(-n_shards * n_rows // n_long_rows)
    long = shape(n_long_steps, n_long_shards, n_long_rows, n_at_once)
    return shape(n_steps, n_shards, n_rows), long


def packed_signature(
    architecture: Architecture, shape: ShardShape, n_prefix_rows: int
) -> Any:
    """`PackedShards` of shapes, with ``n_prefix_rows`` rows of prefixes a shard."""
    rows, width = shape.n_rows, architecture.n_inputs
    shards = (None, shape.n_shards)
    n_ahead = architecture.n_forecast_steps if n_prefix_rows else 0
    n_recent = architecture.n_recent if n_prefix_rows else 0
    ahead = tf.TensorSpec((*shards, n_ahead, n_prefix_rows, width))
    recent = tf.TensorSpec((*shards, n_prefix_rows, n_recent))
    return PackedShards(
        tf.TensorSpec((None, 2, rows, architecture.n_packed)),
        tf.TensorSpec((None, rows, width)),
        tf.TensorSpec((None, rows, width)),
        tf.TensorSpec((*shards, rows)),
        tf.TensorSpec(shards, tf.int32),
        tf.TensorSpec((*shards, rows), tf.int32),
        ForecastTargets(recent, ahead, ahead),
    )
