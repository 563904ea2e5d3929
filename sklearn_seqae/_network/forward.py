"""The forward pass of the encoder, and of what the losses need of it.

Each function takes an engine, see `engine`, and an architecture. Decoders are in
`decoders`, the forecaster is in `forecaster`.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from sklearn_seqae._network import pooling
from sklearn_seqae._network.architecture import Architecture
from sklearn_seqae._network.categories import with_vectors
from sklearn_seqae._network.engine import Engine, Sequence

Tensor = Any


def states_of_layers(
    engine: Engine, architecture: Architecture, sequence: Sequence
) -> list[Sequence]:
    """Run the encoder's LSTM layers; return the states of each."""
    of_layers, encoder = [], architecture.encoder_layers
    if architecture.category_sizes:
        read = with_vectors(
            engine,
            architecture.category_layers,
            architecture.step,
            sequence.values,
            sequence.lengths,
        )
        sequence = engine.with_values(sequence, read)
    for layer in encoder:
        sequence = engine.lstm(
            layer, sequence, architecture.pooling, is_last=layer is encoder[-1]
        )
        of_layers.append(sequence)
    return of_layers


def pool(
    engine: Engine, architecture: Architecture, of_layers: list[Sequence]
) -> Tensor:
    """Pool the states of every layer over time: (B, n_pooled).

    By layer, then by kind, then by direction.
    """
    pooled: list[Tensor] = []
    for states, own_layers in zip(of_layers, architecture.pooling_layers, strict=True):
        for kind in architecture.pooling:
            if kind in states.pooled:  # it ran along with the recurrence
                pooled += states.pooled[kind]
            else:
                formula = getattr(pooling, kind)
                calls = [partial(engine.dense, la) for la in own_layers.get(kind, ())]
                pooled += [
                    formula(direction, calls[d] if calls else None)
                    for d, direction in enumerate(states.directions)
                ]
    return pooled[0] if len(pooled) == 1 else engine.ops.concatenate(pooled, axis=-1)


def pooled_states(
    engine: Engine, architecture: Architecture, sequence: Sequence
) -> Tensor:
    """Run the encoder's LSTM layers and pool their states: (B, n_pooled)."""
    return pool(engine, architecture, states_of_layers(engine, architecture, sequence))


def embed(engine: Engine, architecture: Architecture, pooled: Tensor) -> Tensor:
    """Return embeddings (B, embedding_size) of pooled states."""
    layer = architecture.bottleneck_layer
    return pooled if layer is None else engine.dense(layer, pooled)


def project(engine: Engine, architecture: Architecture, pooled: Tensor) -> Tensor:
    """Run the projection head on pooled states: (B, projection_size)."""
    for layer in architecture.projection_head:
        pooled = engine.dense(layer, pooled)
    return pooled


def log_variance(engine: Engine, architecture: Architecture, pooled: Tensor) -> Tensor:
    """Return the logarithms of the variances of embeddings."""
    layer: Any = architecture.log_variance_layer
    return engine.dense(layer, pooled)
