"""The forward pass of the encoder and the forecaster, and what the losses need of it.

The forecaster reads the embedding and the last time steps. It writes, the first step
first, *changes* of numbers from the last observed values, in units of `change_scale`,
and of other columns what comes next.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from sklearn_seqae._network.architecture import Architecture
from sklearn_seqae._network.decoders import make_decoder, with_vectors
from sklearn_seqae._network.engine import (
    Engine,
    Error,
    Sequence,
    TrainingEngine,
    Wanted,
)
from sklearn_seqae._network.pooling import POOLING

Tensor = Any


def states_of_layers(
    engine: Engine, architecture: Architecture, sequence: Sequence
) -> list[Sequence]:
    """Run the encoder's LSTM layers; return the states of each."""
    of_layers, encoder = [], architecture.encoder_layers
    if architecture.columns:
        tables, steps = architecture.category_layers, sequence.values
        layout, lengths = architecture.step, sequence.lengths
        read = with_vectors(engine, tables, layout, steps, lengths)
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
    """Pool states over time, (B, n_pooled): by layer, by kind, by direction."""
    pooled: list[Tensor] = []
    for states, own_layers in zip(of_layers, architecture.pooling_layers, strict=True):
        for kind in architecture.pooling:
            if kind in states.pooled:  # it ran along with the recurrence
                pooled += states.pooled[kind]
            else:
                formula = POOLING[kind]
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


def forecast(
    engine: TrainingEngine,
    architecture: Architecture,
    embedding: Tensor,
    recent: Tensor,
) -> Tensor:
    """Predict changes, `n_forecast_steps` steps in the engine's layout."""
    n = architecture.n_forecast_steps
    vector = _read(engine, architecture, embedding, recent)
    lengths, size = engine.full_length(n, vector), engine.n_buffer_steps(n)
    spec: Any = architecture.forecaster_spec
    return engine.resized(make_decoder(spec).decode(engine, vector, size, lengths), n)


def forecast_error(
    engine: TrainingEngine,
    architecture: Architecture,
    embedding: Tensor,
    recent: Tensor,
    change: Tensor,
    weight: Tensor,
) -> Error:
    """Sum weighted errors of `n_forecast_steps` steps in the engine's layout."""
    n = architecture.n_forecast_steps
    size = engine.n_buffer_steps(n)
    vector = _read(engine, architecture, embedding, recent)
    lengths = engine.full_length(n, vector)
    target, weight = (engine.resized(steps, size) for steps in (change, weight))
    wanted = Wanted(target, weight, lengths)
    spec: Any = architecture.forecaster_spec
    return make_decoder(spec).training_error(engine, vector, wanted, None)


def _read(
    engine: Engine, architecture: Architecture, embedding: Tensor, recent: Tensor
) -> Tensor:
    """Return what the forecaster reads, (B, embedding_size + recent.n_read)."""
    tables = architecture.category_layers
    vectors = with_vectors(engine, tables, architecture.recent, recent)
    return engine.ops.concatenate([embedding, vectors], axis=-1)
