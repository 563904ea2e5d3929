"""Batches within TensorFlow: cut into shards, which are computed side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields
from itertools import cycle
from typing import Any

import tensorflow as tf

from sklearn_seqae._keras.sessions import tensor_function
from sklearn_seqae._keras.training.draws import draw
from sklearn_seqae._keras.training.forward_pass import Shard
from sklearn_seqae._keras.training.objective import Objective
from sklearn_seqae._keras.training.program import Program, ShardShape, UpdateSettings
from sklearn_seqae._patches.packing import ForecastTargets, PackedShards

Tensor = Any


class Batches:
    """Losses and gradients of the batches of a program.

    Parameters
    ----------
    program : Program
    objective : Objective
    jit : bool
        Whether XLA compiles what is done for a shard.
    """

    def __init__(self, program: Program, objective: Objective, jit: bool) -> None:
        self._program = program
        self._gradients_of_shard = tensor_function(objective.gradients, jit)
        self._losses_of_shard = tensor_function(objective.losses, jit)

    def gradients(
        self,
        b: Tensor,
        packed: PackedShards,
        settings: UpdateSettings,
        shape: ShardShape,
        scratch: list[Any],
    ) -> tuple[Tensor, list[list[Tensor]]]:
        """Return the losses of batch ``b``, and for each array its shards' gradients.

        Shards don't depend on each other: TensorFlow runs them side by side, but for
        those that share buffers.
        """
        program = self._program
        draws = draw(
            program.architecture,
            program.stochastic,
            settings.seed[b],
            settings.dropout[b],
            shape.n_shards,
            shape.n_rows,
            shape.n_steps,
        )
        results = [
            self._gradients_of_shard(shard, drawn, settings.scale[b], buffers)
            for shard, drawn, buffers in zip(
                self._shards(b, packed, shape), draws, cycle(scratch), strict=False
            )
        ]
        gradients = zip(*(gradients for _, gradients in results), strict=True)
        losses = tf.add_n([loss for loss, _ in results])
        return losses, [list(of_shards) for of_shards in gradients]

    def losses(self, b: Tensor, packed: PackedShards, shape: ShardShape) -> Tensor:
        """Return the losses of batch ``b``, as of sequences held out."""
        shards = self._shards(b, packed, shape)
        return tf.add_n([self._losses_of_shard(shard) for shard in shards])

    def one_by_one(self, losses_of: Any, starts: Tensor) -> Tensor:
        """Call a function with the number of each batch; stack what it returns."""
        n_batches = tf.shape(starts)[0]
        shape = (len(self._program.losses) + self._program.n_by_feature,)
        losses = tf.TensorArray(tf.float32, n_batches, element_shape=shape)
        _, losses = tf.while_loop(
            lambda b, _: b < n_batches,
            lambda b, losses: (b + 1, losses.write(b, losses_of(b))),
            (0, losses),
            parallel_iterations=1,
        )
        return losses.stack()

    def _shards(
        self, b: Tensor, packed: PackedShards, shape: ShardShape
    ) -> Iterator[Shard]:
        """Cut the shards of batch ``b``, each of the size of the buffers."""
        size, width = shape.n_steps, self._program.architecture.n_inputs
        for s in range(shape.n_shards):

            def cut(array: Tensor, start: Tensor = packed.starts[b, s]) -> Tensor:
                rest = array.shape[1:]
                return tf.slice(array, (start, *[0] * len(rest)), (size, *rest))

            x = cut(packed.x)
            yield Shard(
                x,
                cut(packed.target) if self._program.corrupted else x[:, 1, :, :width],
                cut(packed.weight),
                packed.row_weight[b, s],
                packed.lengths[b, s],
                ForecastTargets(*(array[b, s] for array in packed.forecast)),
            )


def as_arguments(packed: PackedShards) -> list[Any]:
    """Return the arrays of packed shards, in the order of `packed_signature`."""
    return [getattr(packed, field.name) for field in fields(packed)]


def from_arguments(tensors: Sequence[Tensor]) -> tuple[PackedShards, UpdateSettings]:
    """Return packed shards and settings, from the arguments of a call."""
    n = len(fields(PackedShards))
    return PackedShards(*tensors[:n]), UpdateSettings(*tensors[n:])
