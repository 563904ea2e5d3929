"""What the rows of a shard add to each loss, and its gradient."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import tensorflow as tf

from sklearn_seqae._keras.agreement import disagreement
from sklearn_seqae._keras.draws import Draws
from sklearn_seqae._keras.dropout import layer_masks
from sklearn_seqae._keras.network import Network
from sklearn_seqae._keras.penalties import activity, divergence

Tensor = Any


class Shard(NamedTuple):
    """Rows that are computed together, as in `Stream`, for buffers of one size."""

    x: Tensor
    target: Tensor
    weight: Tensor
    row_weight: Tensor
    lengths: Tensor


@dataclass(frozen=True)
class Objective:
    """The losses of a program, and their gradient.

    Attributes
    ----------
    network : Network
    weights : list of variables
    names : tuple of str
        Which losses, of `LOSSES`.
    """

    network: Network
    weights: list[Any]
    names: tuple[str, ...]

    def losses(self, shard: Shard) -> Tensor:
        """Add up each loss over the rows of a shard; padding weighs nothing."""
        network, weights = self.network, self.weights
        pooled = network.pool(weights, shard.x, shard.lengths)
        vector = network.head(weights, pooled)
        error = network.squared_error(
            weights, vector, shard.lengths, shard.target, shard.weight
        )
        return self._by_name(shard, pooled, vector, error)

    def training_losses(self, shard: Shard, draws: Draws, scratch: Any) -> Tensor:
        """Add up the same as training has them, with what it draws by chance."""
        network, weights = self.network, self.weights
        masks = layer_masks(network.architecture, draws.inputs, draws.recurrent)
        pooled = network.pool(weights, shard.x, shard.lengths, scratch, masks)
        code = vector = network.head(weights, pooled)
        if draws.code is not None:  # reparameterised: gradients pass the chance by
            log_variance = network.log_variance(weights, pooled)
            code = vector + tf.exp(0.5 * log_variance) * draws.code
        error = network.training_error(
            weights,
            code,
            shard.lengths,
            shard.target,
            shard.weight,
            masks=masks,
            chance=draws.steps,
            scratch=scratch,
        )
        return self._by_name(shard, pooled, vector, error)

    def _by_name(
        self, shard: Shard, pooled: Tensor, vector: Tensor, error: Tensor
    ) -> Tensor:
        network, weights = self.network, self.weights
        sums = {
            "loss": lambda: error,
            "disagreement": lambda: disagreement(
                network.project(weights, pooled), shard.row_weight
            ),
            "kl": lambda: divergence(
                vector, network.log_variance(weights, pooled), shard.row_weight
            ),
            "activity": lambda: activity(vector, shard.row_weight),
        }
        return tf.stack([sums[name]() for name in self.names])

    def gradients(
        self, shard: Shard, draws: Draws, scale: Tensor, scratch: Any
    ) -> tuple[Tensor, list[Tensor]]:
        """Return the losses, and the gradient of their sum by ``scale``."""
        with tf.GradientTape() as tape:
            losses = self.training_losses(shard, draws, scratch)
            objective = tf.reduce_sum(losses * scale)
        return losses, tape.gradient(
            objective, self.weights, unconnected_gradients="zero"
        )
