"""The second decoder: it predicts what comes next.

It reads the embedding and the last time steps, and writes *changes*: by how much the
next steps differ from the last observed values, in units of `change_scale`. A network
that has learnt nothing then predicts no change. Of categories it writes the logits of
those that come next. The first step comes first.
"""

from __future__ import annotations

from typing import Any

from sklearn_seqae._network.architecture import Architecture
from sklearn_seqae._network.categories import with_vectors
from sklearn_seqae._network.decoders import DecoderBase, make_decoder
from sklearn_seqae._network.engine import Error, TrainingEngine

Tensor = Any


def changes(
    engine: TrainingEngine,
    architecture: Architecture,
    embedding: Tensor,
    recent: Tensor,
) -> Tensor:
    """Predict changes, `n_forecast_steps` steps in the engine's layout.

    Parameters
    ----------
    engine : TrainingEngine
    architecture : Architecture
    embedding : tensor of shape (B, embedding_size)
    recent : tensor of shape (B, n_recent)
    """
    n = architecture.n_forecast_steps
    vector = _read(engine, architecture, embedding, recent)
    lengths, size = engine.full_length(n, vector), engine.n_buffer_steps(n)
    decoder = _decoder(architecture)
    return engine.resized(decoder.decode(engine, vector, size, lengths), n)


def error(
    engine: TrainingEngine,
    architecture: Architecture,
    embedding: Tensor,
    recent: Tensor,
    change: Tensor,
    weight: Tensor,
) -> Error:
    """Sum the weighted errors of the changes, and of the categories.

    ``change`` and ``weight`` are `n_forecast_steps` steps in the engine's layout.
    """
    n = architecture.n_forecast_steps
    size = engine.n_buffer_steps(n)
    vector = _read(engine, architecture, embedding, recent)
    return _decoder(architecture).training_error(
        engine,
        vector,
        engine.full_length(n, vector),
        engine.resized(change, size),
        engine.resized(weight, size),
    )


def _read(
    engine: TrainingEngine,
    architecture: Architecture,
    embedding: Tensor,
    recent: Tensor,
) -> Tensor:
    """Return what the forecaster reads, (B, embedding_size + recent.n_read)."""
    tables = architecture.category_layers
    vectors = with_vectors(engine, tables, architecture.recent, recent)
    return engine.ops.concatenate([embedding, vectors], axis=-1)


def _decoder(architecture: Architecture) -> DecoderBase:
    spec: Any = architecture.forecaster_spec
    return make_decoder(spec)
