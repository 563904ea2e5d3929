"""Which engine runs on a device."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from sklearn_seqae._keras.network.fused_engine import FusedEngine
from sklearn_seqae._keras.network.keras_engine import KerasEngine
from sklearn_seqae._keras.network.keras_layers import KerasLayers
from sklearn_seqae._network.architecture import Architecture


def engine_maker(architecture: Architecture, gpu: bool) -> Callable[..., Any]:
    """Return the function that makes the fast engine of a device.

    Its arguments are the weights by name and, in training, `masks` of dropout and
    `scratch` buffers.
    """
    if not gpu:
        return partial(FusedEngine, architecture.activation)
    layers = KerasLayers(architecture)

    def make(weights: Any, masks: Any = None, scratch: Any = None) -> KerasEngine:
        return KerasEngine(layers, weights, masks or {})

    return make
