"""The forward pass of the encoder, and of what the losses need of it.

Each function takes an engine, see `engine`, and an architecture. Decoders are in
`decoders`, the forecaster is in `forecaster`.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from sklearn_seqae._architecture import Architecture
from sklearn_seqae._network import pooling
from sklearn_seqae._network.engine import Engine, Sequence
from sklearn_seqae._steps import StepLayout

Tensor = Any


def with_vectors(
    engine: Engine,
    architecture: Architecture,
    layout: StepLayout,
    steps: Tensor,
    lengths: Tensor | None = None,
) -> Tensor:
    """Replace the codes in steps by vectors, which layers learn.

    Parameters
    ----------
    engine : Engine
    architecture : Architecture
    layout : StepLayout
        Of the steps.
    steps : tensor of shape (..., width + n_extra)
    lengths : tensor of shape (B,), default=None
        Own steps of each row, where these are the steps of rows.

    Returns
    -------
    tensor of shape (..., n_read + n_extra)
    """
    if not layout.category_sizes:
        return steps
    cuts = [column.codes.start for column in layout.columns] + [layout.width]
    numbers, *codes, extra = engine.ops.split(steps, cuts, axis=-1)
    layers = architecture.category_layers
    vectors = [
        engine.look_up(layer, code, lengths)
        for layer, code in zip(layers, codes, strict=True)
    ]
    return engine.ops.concatenate([numbers, *vectors, extra], axis=-1)


def most_likely(engine: Engine, layout: StepLayout, written: Tensor) -> Tensor:
    """Replace the logits in what a decoder wrote by the most likely codes.

    Parameters
    ----------
    engine : Engine
    layout : StepLayout
    written : tensor of shape (..., n_outputs)

    Returns
    -------
    tensor of shape (..., width)
    """
    if not layout.category_sizes:
        return written
    ops, cuts = engine.ops, [layout.n_numbers]
    for column in layout.columns:
        for _ in range(layout.n_timesteps):
            cuts.append(cuts[-1] + column.n_categories)
    numbers, *logits = ops.split(written, cuts[:-1], axis=-1)
    codes = [
        ops.cast(ops.argmax(of_one, axis=-1, keepdims=True), numbers.dtype) + 1
        for of_one in logits
    ]
    return ops.concatenate([numbers, *codes], axis=-1)


def states_of_layers(
    engine: Engine, architecture: Architecture, sequence: Sequence
) -> list[Sequence]:
    """Run the encoder's LSTM layers; return the states of each."""
    of_layers, encoder = [], architecture.encoder_layers
    if architecture.category_sizes:
        step, lengths = architecture.step, sequence.lengths
        read = with_vectors(engine, architecture, step, sequence.values, lengths)
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
