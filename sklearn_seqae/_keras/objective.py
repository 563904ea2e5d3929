"""What the rows of a shard add to each loss, and its gradient."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import tensorflow as tf

from sklearn_seqae._keras.agreement import disagreement
from sklearn_seqae._keras.draws import NOTHING, Draws
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

    def losses(
        self, shard: Shard, draws: Draws = NOTHING, scratch: Buffers = NO_BUFFERS
    ) -> Tensor:
        """Add up each loss over the rows of a shard; padding weighs nothing."""
        return self._of(self.names, shard, draws, scratch)

    def held_out(self, shard: Shard) -> Tensor:
        """Return the same of sequences held out; zero where it means nothing there."""
        names = [name for name in self.names if LOSSES[name].held_out]
        return self._of(names, shard, NOTHING, NO_BUFFERS)

    def gradients(
        self, shard: Shard, draws: Draws, scale: Tensor, scratch: Buffers
    ) -> tuple[Tensor, list[Tensor]]:
        """Return the losses, and the gradient of their sum by ``scale``."""
        with tf.GradientTape() as tape:
            losses = self.losses(shard, draws, scratch)
            objective = tf.reduce_sum(losses * scale)
        return losses, tape.gradient(
            objective, self.weights, unconnected_gradients="zero"
        )

    def _of(
        self, names: Sequence[str], shard: Shard, draws: Draws, scratch: Buffers
    ) -> Tensor:
        network, weights = self.network, self.weights
        masks = layer_masks(network.architecture, draws.inputs, draws.recurrent)
        pooled = network.pool(weights, shard.x, shard.lengths, scratch.network, masks)
        vector = network.head(weights, pooled)
        log_variance = 0.0
        if network.architecture.variational:
            log_variance = network.log_variance(weights, pooled)
        code = vector
        if draws.code is not None:  # reparameterised: gradients pass the chance by
            code = vector + tf.exp(0.5 * log_variance) * draws.code
        # Rows that hold prefixes come last.
        paired = code.shape[0] - shard.futures.recent.shape[0]
        sums = {
            "loss": lambda: network.squared_error(
                weights,
                code,
                shard.lengths,
                shard.target,
                shard.weight,
                scratch.network,
                masks,
            ),
            "disagreement": lambda: disagreement(
                network.project(weights, pooled[:paired]), shard.row_weight[:paired]
            ),
            "kl": lambda: divergence(vector, log_variance, shard.row_weight),
            "activity": lambda: activity(vector, shard.row_weight),
            "forecast_loss": lambda: self.forecaster.squared_error(
                weights,
                code[paired:],
                shard.futures,
                scratch.forecaster,
                masks_of_rows(masks, paired),
            ),
        }
        return tf.stack(
            [sums[name]() if name in names else tf.zeros([]) for name in self.names]
        )
