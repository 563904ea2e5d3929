"""What the rows of a shard add to each loss, and its gradient."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import tensorflow as tf

from sklearn_seqae._keras.contrastive import contrastive_loss
from sklearn_seqae._keras.draws import Draws
from sklearn_seqae._keras.dropout import layer_masks, masks_of_rows
from sklearn_seqae._keras.forecasting import Forecaster
from sklearn_seqae._keras.losses import LOSSES
from sklearn_seqae._keras.network import Network
from sklearn_seqae._keras.penalties import activity, divergence
from sklearn_seqae._packing import Futures

Tensor = Any


class Shard(NamedTuple):
    """Rows that are computed together, as in `Stream`, for buffers of one size."""

    x: Tensor
    target: Tensor
    weight: Tensor
    row_weight: Tensor
    lengths: Tensor
    futures: Futures

    @property
    def n_paired(self) -> int:
        """Rows before those that hold prefixes."""
        return int(self.lengths.shape[0] - self.futures.recent.shape[0])


class Buffers(NamedTuple):
    """Where a shard is computed, see `Network.scratch`; empty for no such place."""

    network: Sequence[Any] = ()
    forecaster: Sequence[Any] = ()


NO_BUFFERS = Buffers()


@dataclass(frozen=True)
class Objective:
    """The losses of a program, and their gradient.

    Attributes
    ----------
    network : Network
    forecaster : Forecaster
    weights : list of variables
    names : tuple of str
        Which losses, of `LOSSES`.
    """

    network: Network
    forecaster: Forecaster
    weights: list[Any]
    names: tuple[str, ...]

    def losses(self, shard: Shard) -> Tensor:
        """Add up each loss over the rows of a shard; padding weighs nothing.

        Zero for those that mean nothing without crops and prefixes.
        """
        network, weights = self.network, self.weights
        pooled = network.pool(weights, shard.x, shard.lengths)
        vector = network.head(weights, pooled)
        error = network.squared_error(
            weights, vector, shard.lengths, shard.target, shard.weight
        )
        sums = self._sums(shard, pooled, vector) | {"loss": lambda: error}
        return tf.stack(
            [
                sums[name]() if LOSSES[name].held_out else tf.zeros([])
                for name in self.names
            ]
        )

    def training_losses(self, shard: Shard, draws: Draws, scratch: Buffers) -> Tensor:
        """Add up the same as training has them, with what it draws by chance."""
        network, weights = self.network, self.weights
        masks = layer_masks(network.architecture, draws.inputs, draws.recurrent)
        pooled = network.pool(weights, shard.x, shard.lengths, scratch.network, masks)
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
            scratch=scratch.network,
        )
        sums = self._sums(shard, pooled, vector) | {
            "loss": lambda: error,
            "forecast_loss": lambda: self.forecaster.squared_error(
                weights,
                code[shard.n_paired :],
                shard.futures,
                masks_of_rows(masks, shard.n_paired),
                scratch.forecaster,
            ),
        }
        return tf.stack([sums[name]() for name in self.names])

    def _sums(
        self, shard: Shard, pooled: Tensor, vector: Tensor
    ) -> dict[str, Callable[[], Tensor]]:
        """Return what each loss but the errors adds up, by name."""
        network, weights, n = self.network, self.weights, shard.n_paired
        return {
            "contrastive_loss": lambda: contrastive_loss(
                network.project(weights, pooled[:n]), shard.row_weight[:n]
            ),
            "kl_loss": lambda: divergence(
                vector, network.log_variance(weights, pooled), shard.row_weight
            ),
            "sparsity_loss": lambda: activity(vector, shard.row_weight),
        }

    def gradients(
        self, shard: Shard, draws: Draws, scale: Tensor, scratch: Buffers
    ) -> tuple[Tensor, list[Tensor]]:
        """Return the losses, and the gradient of their sum by ``scale``."""
        with tf.GradientTape() as tape:
            losses = self.training_losses(shard, draws, scratch)
            objective = tf.reduce_sum(losses * scale)
        return losses, tape.gradient(
            objective, self.weights, unconnected_gradients="zero"
        )
