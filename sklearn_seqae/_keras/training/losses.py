"""The losses of a fit, by name: one function and one line of a table for each.

A loss is a sum over the rows of a batch, each weighted by its sequence; see `Loss`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

import tensorflow as tf

from sklearn_seqae._keras.training.draws import NOTHING, Draws
from sklearn_seqae._network import forward
from sklearn_seqae._network.architecture import Architecture
from sklearn_seqae._network.decoders import make_decoder
from sklearn_seqae._network.engine import Error, Wanted
from sklearn_seqae._patches.packing import ForecastTargets

TEMPERATURE = 0.2  # of the contrastive loss
Tensor = Any


class Shard(NamedTuple):
    """Rows that are computed together, of `PackedShards`, in buffers of one size."""

    x: Tensor
    target: Tensor
    weight: Tensor
    row_weight: Tensor
    lengths: Tensor
    forecast: ForecastTargets

    @property
    def n_paired(self) -> int:
        """Rows before those that hold prefixes."""
        return int(self.lengths.shape[0] - self.forecast.recent.shape[0])


@dataclass(frozen=True)
class ForwardPass:
    """Encoder and embeddings of a shard; each part is computed once, when asked for."""

    architecture: Architecture
    engine: Any
    shard: Shard
    draws: Draws = NOTHING
    is_training: bool = False

    @cached_property
    def pooled(self) -> Tensor:
        """Pooled states of the encoder, (B, n_pooled)."""
        sequence = self.engine.sequence(self.shard.x, self.shard.lengths)
        return forward.pooled_states(self.engine, self.architecture, sequence)

    @cached_property
    def embedding(self) -> Tensor:
        """Embeddings (B, C); of a variational autoencoder, the means."""
        return forward.embed(self.engine, self.architecture, self.pooled)

    @cached_property
    def log_variance(self) -> Tensor:
        return forward.log_variance(self.engine, self.architecture, self.pooled)

    @cached_property
    def decoded(self) -> Tensor:
        """The vectors that are decoded: embeddings, or drawn around them."""
        if self.draws.embedding is None:
            return self.embedding
        # Reparameterised (Kingma and Welling, 2014): the draw needs no gradient.
        return self.embedding + tf.exp(0.5 * self.log_variance) * self.draws.embedding

    @cached_property
    def reconstruction(self) -> Error:
        """Sum of the reconstruction errors of the observed values."""
        shard, engine = self.shard, self.engine
        decoder = make_decoder(self.architecture.decoder_spec)
        target, weight = map(engine.from_packed, (shard.target, shard.weight))
        wanted = Wanted(target, weight, shard.lengths)
        if not self.is_training:
            return decoder.error(engine, self.embedding, wanted)
        noise = self.draws.steps
        noise = None if noise is None else engine.from_packed(noise)
        return decoder.training_error(engine, self.decoded, wanted, noise)


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
    n, targets = of.shard.n_paired, of.shard.forecast
    masks = {name: mask[:, n:] for name, mask in of.engine.masks.items()}
    engine = replace(of.engine, masks=masks)
    return forward.forecast_error(
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

    In closed form, of diagonal covariances (Kingma and Welling, 2014, appendix B).
    """
    each = tf.square(mean) + tf.exp(log_variance) - log_variance - 1
    return 0.5 * tf.reduce_sum(each, -1)


def nt_xent(projected: Tensor, row_weight: Tensor) -> Tensor:
    """Sum the normalised, temperature-scaled cross entropies (NT-Xent) of pairs.

    The similarity of rows is their cosine (Chen, Kornblith, Norouzi and Hinton, 2020).
    Rows ``i`` and ``i + n_pairs`` are partners; all others of positive weight are
    negatives.
    """
    n_rows = int(projected.shape[0])
    length = tf.sqrt(tf.reduce_sum(projected * projected, -1, keepdims=True) + 1e-12)
    unit = projected / length
    similarity = tf.matmul(unit, unit, transpose_b=True) / TEMPERATURE
    counts = (row_weight > 0) & ~tf.eye(n_rows, dtype=tf.bool)
    similarity = tf.where(counts, similarity, similarity.dtype.min / 2)
    partner = tf.roll(tf.eye(n_rows, dtype=similarity.dtype), n_rows // 2, 1)
    positive = tf.reduce_sum(similarity * partner, -1)
    losses = tf.reduce_logsumexp(similarity, -1) - positive
    return weighted_sum(losses, row_weight)


def weighted_sum(of_rows: Tensor, row_weight: Tensor) -> Tensor:
    """Sum over rows; a row of weight zero need not be finite."""
    return tf.reduce_sum(tf.where(row_weight > 0, row_weight * of_rows, 0))


# The table ----------------------------------------------------------------------------


class Counts(NamedTuple):
    """Weighted counts, by which sums become means: numbers, or arrays of batches'."""

    values: Any  # observed
    rows: Any  # sequences, crops and prefixes of them
    paired: Any  # sequences and crops, but not prefixes
    ahead: Any  # observed values after prefixes, within the horizon


@dataclass(frozen=True)
class Loss:
    """One term of the objective.

    Its sum over a shard's rows; the setting that weights it, None for the
    reconstruction; its divisor in the objective, so many times one of the `Counts` of
    the training set without crops; that in the history, of the `Counts` of what was
    run; and whether sequences held out have it, which come without crops and prefixes.
    """

    compute: Callable[[ForwardPass], Tensor]
    weight: str | None
    times: float
    count: str
    mean_over: str
    held_out: bool = True

    def weight_in(self, settings: Any) -> float:
        """Return its weight in some settings."""
        return 1.0 if self.weight is None else getattr(settings, self.weight)

    def divisor(self, counts: Counts) -> float:
        return self.times * getattr(counts, self.count)


LOSSES = {
    "loss": Loss(reconstruction, None, 1, "values", "values"),
    "contrastive_loss": Loss(
        contrastive, "contrastive_weight", 2, "paired", "paired", held_out=False
    ),
    "forecast_loss": Loss(
        forecast, "forecast_weight", 1, "ahead", "ahead", held_out=False
    ),
    # Half the squared error is the negative log-likelihood under a normal distribution
    # of variance one: of twice the evidence lower bound this is the other part.
    "kl_loss": Loss(kl, "kl_weight", 0.5, "values", "rows"),
    "sparsity_loss": Loss(sparsity, "sparsity_weight", 1, "rows", "rows"),
}


def losses_of(settings: Any) -> tuple[str, ...]:
    """Names of the losses that count with these settings, in the order of the table."""
    return tuple(name for name, loss in LOSSES.items() if loss.weight_in(settings) > 0)
