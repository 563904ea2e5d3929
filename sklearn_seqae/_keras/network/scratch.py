"""Buffers of the fused engine that outlive a call."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from sklearn_seqae._architecture import Architecture
from sklearn_seqae._keras.lstm.gates import BLOCK
from sklearn_seqae._keras.lstm.recurrence import Scratch
from sklearn_seqae._keras.network.decoders import make_decoder


def allocate_scratch(
    architecture: Architecture, n_steps: int, n_rows: int, n_forecast_rows: int
) -> dict[str, Any]:
    """Allocate buffers for one call in training.

    Parameters
    ----------
    architecture : Architecture
    n_steps : int
        LSTM steps of the longest sequence, a multiple of `BLOCK`.
    n_rows, n_forecast_rows : int
        Rows, and those of which the forecaster predicts what comes next.

    Returns
    -------
    dict
        For `FusedEngine.scratch`.
    """
    found: dict[str, Any] = {
        layer.name: Scratch.allocate(
            n_steps, len(layer.directions), n_rows, layer.units
        )
        for layer in architecture.encoder_layers
    }
    n_ahead = -(-architecture.n_forecast_steps // BLOCK) * BLOCK
    for spec, size, rows in (
        (architecture.decoder_spec, n_steps, n_rows),
        (architecture.forecaster_spec, n_ahead, n_forecast_rows),
    ):
        if spec is None or not rows:
            continue
        size = -(-make_decoder(spec).n_buffer_steps(size) // BLOCK) * BLOCK
        for layer in spec.lstm:
            found[layer.name] = Scratch.allocate(size, 1, rows, layer.units)
        if spec.output.time_distributed:
            shape = (size // BLOCK, BLOCK * rows, spec.output.n_inputs)
            found[spec.output.name] = tf.Variable(tf.zeros(shape), trainable=False)
    return found
