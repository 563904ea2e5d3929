"""The losses of a shard and of a batch, and the gradient of their weighted sum."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import cycle
from typing import Any

import tensorflow as tf

from sklearn_seqae._keras.sessions import stacked, tensor_function
from sklearn_seqae._keras.training.draws import Draws, draw, layer_masks
from sklearn_seqae._keras.training.losses import LOSSES, ForwardPass, Shard
from sklearn_seqae._keras.training.program import Program, ShardShape, UpdateSettings
from sklearn_seqae._patches.packing import ForecastTargets, PackedShards

Tensor = Any


class Objective:
    """The losses of a program, and their gradient.

    ``by_name`` returns tensors of the weights by their names, from those of
    ``trained``. XLA compiles what is done for a shard, or not.
    """

    def __init__(
        self,
        program: Program,
        make_engine: Callable[..., Any],
        trained: Sequence[Any],
        by_name: Callable[[Sequence[Tensor]], Mapping[str, Tensor]],
        jit: bool,
    ) -> None:
        self._program, self._architecture = program, program.architecture
        self._make_engine, self._trained, self._by_name = make_engine, trained, by_name
        self._gradients_of_shard = tensor_function(self.gradients, jit)
        self._losses_of_shard = tensor_function(self.losses, jit)

    # Of a shard -----------------------------------------------------------------------

    def losses(self, shard: Shard) -> Tensor:
        """Sum each loss over the rows of a shard; padding weighs nothing.

        Zero for those that need crops or prefixes. Where there are categories, parts of
        the reconstruction error follow, one for each feature.
        """
        engine = self._make_engine(self._by_name(self._read()))
        return self._losses_of(ForwardPass(self._architecture, engine, shard))

    def gradients(
        self, shard: Shard, draws: Draws, scale: Tensor, scratch: Mapping[str, Any]
    ) -> tuple[Tensor, list[Tensor]]:
        """Return losses, and the gradient of their sum by ``scale``; in a graph.

        As in training: with dropout, noise and drawn embeddings.
        """
        trained = self._read()
        masks = layer_masks(self._architecture.lstm_layers, draws.inputs)
        engine = self._make_engine(self._by_name(trained), masks, scratch)
        of = ForwardPass(self._architecture, engine, shard, draws, is_training=True)
        losses = self._losses_of(of)
        weighted = losses[: len(self._program.losses)] * scale
        gradients = tf.gradients(
            tf.reduce_sum(weighted), trained, unconnected_gradients="zero"
        )
        # Keras's Embedding has slices of a gradient
        return losses, [tf.convert_to_tensor(each) for each in gradients]

    def _read(self) -> list[Tensor]:
        return [tf.convert_to_tensor(variable) for variable in self._trained]

    def _losses_of(self, of: ForwardPass) -> Tensor:
        losses = (LOSSES[name] for name in self._program.losses)
        whole = tf.stack(
            [
                loss.compute(of) if of.is_training or loss.held_out else tf.zeros([])
                for loss in losses
            ]
        )
        if not self._architecture.columns:
            return whole
        return tf.concat([whole, of.reconstruction.by_feature], 0)

    # Of a batch -----------------------------------------------------------------------

    def gradients_of_batch(
        self,
        b: Tensor,
        packed: PackedShards,
        settings: UpdateSettings,
        shape: ShardShape,
        scratch: list[Any],
    ) -> tuple[Tensor, list[list[Tensor]]]:
        """Return losses of a batch, and gradients by array of shards, side by side."""
        draws = draw(
            self._architecture,
            self._program.stochastic,
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

    def losses_of_batch(
        self, b: Tensor, packed: PackedShards, shape: ShardShape
    ) -> Tensor:
        """Return the losses of batch ``b``, as of sequences held out."""
        shards = self._shards(b, packed, shape)
        return tf.add_n([self._losses_of_shard(shard) for shard in shards])

    def one_by_one(self, losses_of: Any, starts: Tensor) -> Tensor:
        """Call a function with the number of each batch; stack what it returns."""
        shape = (len(self._program.losses) + self._program.n_by_feature,)
        return stacked(losses_of, tf.shape(starts)[0], shape)

    def _shards(
        self, b: Tensor, packed: PackedShards, shape: ShardShape
    ) -> Iterator[Shard]:
        """Cut the shards of batch ``b``, each of the size of the buffers."""
        size, width = shape.n_steps, self._architecture.n_inputs
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
