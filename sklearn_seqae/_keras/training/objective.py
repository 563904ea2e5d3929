"""The losses of a shard, and the gradient of their weighted sum."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import tensorflow as tf

from sklearn_seqae._keras.lstm.dropout import layer_masks
from sklearn_seqae._keras.training.draws import Draws
from sklearn_seqae._keras.training.forward_pass import ForwardPass, Shard
from sklearn_seqae._keras.training.losses import LOSSES
from sklearn_seqae._network.architecture import Architecture

Tensor = Any


@dataclass(frozen=True)
class Objective:
    """The losses of a program, and their gradient.

    Attributes
    ----------
    architecture : Architecture
    make_engine : callable
        As from `engine_maker`.
    trained : sequence of variables
        What the gradient is of.
    by_name : callable
        Returns tensors of the weights by their names, from those of ``trained``.
    names : tuple of str
        Which losses, of `LOSSES`.
    """

    architecture: Architecture
    make_engine: Callable[..., Any]
    trained: Sequence[Any]
    by_name: Callable[[Sequence[Tensor]], Mapping[str, Tensor]]
    names: tuple[str, ...]

    def losses(self, shard: Shard) -> Tensor:
        """Sum each loss over the rows of a shard; padding weighs nothing.

        Zero for those that need crops or prefixes. Where there are categories, parts of
        the reconstruction error follow, one for each feature.
        """
        engine = self.make_engine(self.by_name(self._read()))
        of = ForwardPass(self.architecture, engine, shard)
        losses = [
            LOSSES[name].compute(of) if LOSSES[name].held_out else tf.zeros([])
            for name in self.names
        ]
        return _with_parts(tf.stack(losses), of)

    def training_losses(
        self, shard: Shard, draws: Draws, scratch: Mapping[str, Any]
    ) -> Tensor:
        """Sum each loss as in training: with dropout, noise and drawn embeddings."""
        layers = self.architecture.lstm_layers
        masks = layer_masks(layers, draws.inputs, draws.recurrent)
        engine = self.make_engine(self.by_name(self._read()), masks, scratch)
        of = ForwardPass(self.architecture, engine, shard, draws, is_training=True)
        losses = tf.stack([LOSSES[name].compute(of) for name in self.names])
        return _with_parts(losses, of)

    def gradients(
        self, shard: Shard, draws: Draws, scale: Tensor, scratch: Mapping[str, Any]
    ) -> tuple[Tensor, list[Tensor]]:
        """Return the losses, and the gradient of their sum weighted by ``scale``.

        In a graph only, see `with_gradient`.
        """
        trained = self._read()
        losses = replace(self, trained=trained).training_losses(shard, draws, scratch)
        weighted = losses[: len(self.names)] * scale
        gradients = tf.gradients(
            tf.reduce_sum(weighted), trained, unconnected_gradients="zero"
        )
        # Keras's Embedding has slices of a gradient
        return losses, [tf.convert_to_tensor(each) for each in gradients]

    def _read(self) -> list[Tensor]:
        return [tf.convert_to_tensor(variable) for variable in self.trained]


def _with_parts(losses: Tensor, of: ForwardPass) -> Tensor:
    """Append the reconstruction error by feature, where it is told."""
    if not of.architecture.category_sizes:
        return losses
    return tf.concat([losses, of.reconstruction.by_feature], 0)
