"""The forward pass of one shard, shared by its losses."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

import tensorflow as tf

from sklearn_seqae._keras.lstm.dropout import masks_from
from sklearn_seqae._keras.training.draws import NOTHING, Draws
from sklearn_seqae._network import forward
from sklearn_seqae._network.architecture import Architecture
from sklearn_seqae._network.decoders import make_decoder
from sklearn_seqae._network.engine import Error
from sklearn_seqae._patches.packing import ForecastTargets

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
    """Encoder and embeddings of a shard; each part is computed once, when asked for.

    Attributes
    ----------
    architecture : Architecture
    engine : Engine
    shard : Shard
    draws : Draws
    is_training : bool
    """

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
        if not self.is_training:
            return decoder.error(engine, self.embedding, shard.lengths, target, weight)
        noise = self.draws.steps
        return decoder.training_error(
            engine,
            self.decoded,
            shard.lengths,
            target,
            weight,
            None if noise is None else engine.from_packed(noise),
        )

    @cached_property
    def engine_of_prefixes(self) -> Any:
        """The engine for the rows that hold prefixes."""
        masks = masks_from(self.engine.masks, self.shard.n_paired)
        return replace(self.engine, masks=masks)
