"""Which of a network's weights belong to which layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from sklearn_seqae._keras.architecture import Architecture
from sklearn_seqae._keras.decoders import DecoderWeights
from sklearn_seqae._keras.fused_lstm import LSTMWeights

Tensor = Any


@dataclass(frozen=True)
class Parts:
    """Flat weights, sorted by the layer they belong to."""

    encoder: list[LSTMWeights]
    queries: list[Tensor]
    embedding: Sequence[Tensor]
    decoder: DecoderWeights
    projection: Sequence[Tensor]
    log_variance: Sequence[Tensor]
    forecaster: DecoderWeights

    @classmethod
    def of(cls, architecture: Architecture, weights: Sequence[Tensor]) -> Parts:
        left = list(weights)

        def take(n: int) -> list[Tensor]:
            taken, left[:] = left[:n], left[n:]
            return taken

        def layer(n_directions: int) -> LSTMWeights:
            directions = [take(3) for _ in range(n_directions)]
            return LSTMWeights(
                *(tf.stack(kind) for kind in zip(*directions, strict=True))
            )

        def decoder() -> DecoderWeights:
            return DecoderWeights(
                [layer(1) for _ in architecture.decoder_units], take(2)
            )

        encoder = [layer(architecture.n_directions) for _ in architecture.encoder_units]
        return cls(
            encoder,
            queries=take(len(architecture.query_sizes)),
            embedding=take(2 * architecture.head),
            decoder=decoder(),
            projection=take(4 * bool(architecture.n_projection)),
            log_variance=take(2 * architecture.variational),
            forecaster=decoder()
            if architecture.n_forecast_steps
            else DecoderWeights([], ()),
        )
