"""The losses of a fit, by name: one function and one line of a table for each.

A loss is a sum over the rows of a batch, each weighted by its sequence. The objective
divides the sums by constants of the training set, so that an epoch's gradients add up
to the gradient of a mean. The history divides them by the counts of what was run.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import tensorflow as tf

from sklearn_seqae._keras.training.contrastive import nt_xent
from sklearn_seqae._keras.training.forward_pass import ForwardPass
from sklearn_seqae._network import forecaster, forward

Tensor = Any


# Functions of a shard's forward pass --------------------------------------------------


def reconstruction(of: ForwardPass) -> Tensor:
    """Sum the squared errors, and the cross-entropies, of the observed values."""
    return of.reconstruction.total


def contrastive(of: ForwardPass) -> Tensor:
    """Sum the contrastive losses of sequences and their crops."""
    n = of.shard.n_paired
    projected = forward.project(of.engine, of.architecture, of.pooled[:n])
    return nt_xent(projected, of.shard.row_weight[:n])


def forecast(of: ForwardPass) -> Tensor:
    """Sum the errors of the changes, and of the categories, that follow prefixes."""
    n, targets, engine = of.shard.n_paired, of.shard.forecast, of.engine_of_prefixes
    return forecaster.error(
        engine,
        of.architecture,
        of.decoded[n:],
        targets.recent,
        *map(engine.from_packed, (targets.change, targets.weight)),
    ).total


def kl(of: ForwardPass) -> Tensor:
    """Sum the Kullback-Leibler divergences of embeddings from the prior."""
    divergence = kl_divergence(of.embedding, of.log_variance)
    return weighted_sum(divergence, of.shard.row_weight)


def sparsity(of: ForwardPass) -> Tensor:
    """Sum the L1 norms of embeddings."""
    norm = tf.reduce_sum(tf.abs(of.embedding), -1)
    return weighted_sum(norm, of.shard.row_weight)


def kl_divergence(mean: Tensor, log_variance: Tensor) -> Tensor:
    """Return the divergence from the standard normal distribution, in nats.

    Of normal distributions with diagonal covariances, in closed form (Kingma and
    Welling, 2014, appendix B).

    Parameters
    ----------
    mean, log_variance : tensors of shape (B, C)

    Returns
    -------
    tensor of shape (B,)
    """
    each = tf.square(mean) + tf.exp(log_variance) - log_variance - 1
    return 0.5 * tf.reduce_sum(each, -1)


def weighted_sum(of_rows: Tensor, row_weight: Tensor) -> Tensor:
    """Sum over rows; a row of weight zero need not be finite."""
    return tf.reduce_sum(tf.where(row_weight > 0, row_weight * of_rows, 0))


# The table ----------------------------------------------------------------------------


class Counts(NamedTuple):
    """Weighted counts, by which sums become means.

    Attributes
    ----------
    values : float or ndarray
        Observed values.
    rows : float or ndarray
        Sequences, crops and prefixes of them.
    paired : float or ndarray
        Sequences and crops, but not prefixes.
    ahead : float or ndarray
        Observed values after prefixes, within the horizon.
    """

    values: Any
    rows: Any
    paired: Any
    ahead: Any


@dataclass(frozen=True)
class Loss:
    """One term of the objective.

    Attributes
    ----------
    compute : callable
        Its sum over a shard's rows, from the forward pass.
    weight : str or None
        The setting that weights it. None is one: the reconstruction itself.
    divisor : callable
        The divisor of its sum in the objective, from the `Counts` of the training set
        without crops.
    mean_over : {"values", "rows", "paired", "ahead"}
        The divisor of its sum in the history, of the `Counts` of what was run.
    held_out : bool, default=True
        Whether sequences held out have it. They come without crops and prefixes.
    """

    compute: Callable[[ForwardPass], Tensor]
    weight: str | None
    divisor: Callable[[Counts], float]
    mean_over: str
    held_out: bool = True

    def weight_in(self, settings: Any) -> float:
        """Return its weight in some settings."""
        return 1.0 if self.weight is None else getattr(settings, self.weight)


LOSSES = {
    "loss": Loss(reconstruction, None, lambda counts: counts.values, "values"),
    "contrastive_loss": Loss(
        contrastive,
        "contrastive_weight",
        lambda counts: 2 * counts.paired,
        "paired",
        held_out=False,
    ),
    "forecast_loss": Loss(
        forecast,
        "forecast_weight",
        lambda counts: counts.ahead,
        "ahead",
        held_out=False,
    ),
    # Half the squared error is the negative log-likelihood under a normal distribution
    # of variance one: of twice the evidence lower bound this is the other part.
    "kl_loss": Loss(kl, "kl_weight", lambda counts: counts.values / 2, "rows"),
    "sparsity_loss": Loss(
        sparsity, "sparsity_weight", lambda counts: counts.rows, "rows"
    ),
}


def losses_of(settings: Any) -> tuple[str, ...]:
    """Names of the losses that count with these settings, in the order of the table."""
    return tuple(name for name, loss in LOSSES.items() if loss.weight_in(settings) > 0)
