"""The engine of a device, and the buffers of the fused one, which outlive a call."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from sklearn_seqae._keras.lstm.recurrence import BLOCK, SCRATCH_STATES, Scratch
from sklearn_seqae._keras.network.fused_engine import FusedEngine
from sklearn_seqae._keras.network.keras_engine import KerasEngine
from sklearn_seqae._keras.network.keras_layers import KerasLayers
from sklearn_seqae._keras.sessions import buffer
from sklearn_seqae._network.architecture import Architecture
from sklearn_seqae._network.decoders import make_decoder


def engine_maker(architecture: Architecture, gpu: bool) -> Callable[..., Any]:
    """Return the maker of a device's engine: of weights by name, masks, scratch."""
    if not gpu:
        return partial(FusedEngine, architecture.activation)
    layers = KerasLayers(architecture)

    def make(weights: Any, masks: Any = None, scratch: Any = None) -> KerasEngine:
        return KerasEngine(layers, weights, masks or {})

    return make


def declare_scratch(
    architecture: Architecture, n_steps: int, n_rows: int, n_forecast_rows: int
) -> dict[str, Any]:
    """Declare buffers for one call in training.

    The steps are a multiple of `BLOCK`; of ``n_forecast_rows`` the forecaster predicts
    what comes next. By layer; of an output layer, a place for its states' gradient.
    """
    return {
        name: Scratch.declare(*shape) if len(shape) == 4 else buffer(shape)
        for name, shape in _shapes(architecture, n_steps, n_rows, n_forecast_rows)
    }


def count_bytes(
    architecture: Architecture, n_steps: int, n_rows: int, n_forecast_rows: int
) -> int:
    shapes = _shapes(architecture, n_steps, n_rows, n_forecast_rows)
    return sum(
        4 * math.prod(shape) * (SCRATCH_STATES if len(shape) == 4 else 1)
        for _, shape in shapes
    )


def _shapes(
    architecture: Architecture, n_steps: int, n_rows: int, n_forecast_rows: int
) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Yield shapes by layer: (T, D, B, U) of LSTM layers, or of an output layer."""
    for layer in architecture.encoder_layers:
        yield layer.name, (n_steps, len(layer.directions), n_rows, layer.units)
    n_ahead = -(-architecture.n_forecast_steps // BLOCK) * BLOCK
    for spec, size, rows in (
        (architecture.decoder_spec, n_steps, n_rows),
        (architecture.forecaster_spec, n_ahead, n_forecast_rows),
    ):
        if spec is None or not rows:
            continue
        size = -(-make_decoder(spec).n_buffer_steps(size) // BLOCK) * BLOCK
        for layer in spec.lstm:
            yield layer.name, (size, 1, rows, layer.units)
        if spec.output.time_distributed:
            shape = size // BLOCK, BLOCK * rows, spec.output.n_inputs
            yield spec.output.name, shape
