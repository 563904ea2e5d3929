"""The second decoder: what comes next, from the vector and the last time steps.

It writes *changes*: by how much the next steps differ from the last observed values, in
units of `change_scale`, so that a network that has learnt nothing predicts no change.
The first step comes first. See `network` for the two implementations of one meaning.
"""

from __future__ import annotations

import functools
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from sklearn_seqae._keras.architecture import (
    Architecture,
    Layers,
    Weights,
    build_layers,
)
from sklearn_seqae._keras.decoders import Decoder, decoder_of
from sklearn_seqae._keras.devices import has_gpu, own_function, xla_compiles
from sklearn_seqae._keras.dropout import Masks
from sklearn_seqae._keras.fused_loss import BLOCK
from sklearn_seqae._keras.inference import INFERENCE_ROWS
from sklearn_seqae._keras.models import forecast_changes
from sklearn_seqae._keras.parts import Parts
from sklearn_seqae._keras.stateless import Stateless
from sklearn_seqae._packing import Futures

Tensor = Any


class Forecaster(ABC):
    """Changes to come, from weights: T is `Architecture.n_forecast_steps`."""

    @abstractmethod
    def changes(
        self, weights: Sequence[Tensor], code: Tensor, recent: Tensor
    ) -> Tensor:
        """Codes (B, n_code), last steps (B, n_recent) to changes (T, B, n_inputs)."""

    @abstractmethod
    def squared_error(
        self,
        weights: Sequence[Tensor],
        code: Tensor,
        futures: Futures,
        masks: Sequence[Masks] | None = None,
        scratch: Sequence[Any] | None = None,
    ) -> Tensor:
        """Sum of weighted squared errors of the changes that follow some rows.

        ``futures`` are of these rows: last time steps (B, n_recent), changes and their
        weights (T, B, n_inputs). ``masks`` are what dropout leaves of all LSTM layers.
        """

    @abstractmethod
    def scratch(self, n_rows: int) -> list[Any]:
        """Allocate buffers for one call in training; none if it wants none."""


def make_forecaster(architecture: Architecture, gpu: bool) -> Forecaster:
    """Return the fast forecaster of a device: cuDNN is behind Keras's own layers."""
    if gpu:
        return StockForecaster(architecture, build_layers(architecture))
    return FusedForecaster(architecture)


@dataclass(frozen=True)
class FusedForecaster(Forecaster):
    """The forecaster on the CPU: the repeat decoder, from other weights."""

    architecture: Architecture

    def changes(
        self, weights: Sequence[Tensor], code: Tensor, recent: Tensor
    ) -> Tensor:
        vector = tf.concat([code, recent], -1)
        own = Parts.of(self.architecture, weights).forecaster
        lengths, n_timesteps = self._lengths(code), self._n_timesteps
        changes = self._decoder.decode(own, vector, lengths, n_timesteps)
        return changes[: self.architecture.n_forecast_steps]

    def squared_error(
        self,
        weights: Sequence[Tensor],
        code: Tensor,
        futures: Futures,
        masks: Sequence[Masks] | None = None,
        scratch: Sequence[Any] | None = None,
    ) -> Tensor:
        n_rest = self._n_timesteps - self.architecture.n_forecast_steps
        target, weight = (
            tf.pad(array, [[0, n_rest], [0, 0], [0, 0]])
            for array in (futures.change, futures.weight)
        )
        return self._decoder.training_error(
            Parts.of(self.architecture, weights).forecaster,
            tf.concat([code, futures.recent], -1),
            self._lengths(code),
            target,
            weight,
            masks=masks[-len(self.architecture.decoder_units) :] if masks else None,
            scratch=scratch or None,
        )

    def scratch(self, n_rows: int) -> list[Any]:
        return self._decoder.scratch(self._n_timesteps, n_rows)

    @property
    def _decoder(self) -> Decoder:
        return decoder_of(self.architecture.forecaster)

    @property
    def _n_timesteps(self) -> int:
        """Steps of the buffers: those of a forecast, rounded up to whole blocks."""
        return -(-self.architecture.n_forecast_steps // BLOCK) * BLOCK

    def _lengths(self, code: Tensor) -> Tensor:
        return tf.fill([code.shape[0]], self.architecture.n_forecast_steps)


@dataclass(frozen=True)
class StockForecaster(Forecaster):
    """The forecaster through Keras's own layers."""

    architecture: Architecture
    layers: Layers = field(repr=False)

    def changes(
        self,
        weights: Sequence[Tensor],
        code: Tensor,
        recent: Tensor,
        masks: Sequence[Masks] | None = None,
    ) -> Tensor:
        call = Stateless(self.layers, weights, masks)
        changes = forecast_changes(self.layers, self.architecture, code, recent, call)
        return tf.transpose(changes, (1, 0, 2))

    def squared_error(
        self,
        weights: Sequence[Tensor],
        code: Tensor,
        futures: Futures,
        masks: Sequence[Masks] | None = None,
        scratch: Sequence[Any] | None = None,
    ) -> Tensor:
        changes = self.changes(weights, code, futures.recent, masks)
        return tf.reduce_sum(futures.weight * tf.square(changes - futures.change))

    def scratch(self, n_rows: int) -> list[Any]:
        return []


@functools.lru_cache(maxsize=64)
def _compiled(architecture: Architecture, gpu: bool, jit: bool) -> Any:
    """Compile the forecasts of so many rows as all calls have, see `inference`."""
    forecaster = make_forecaster(architecture, gpu)
    changes = own_function(forecaster.changes)
    return tf.function(changes, jit_compile=jit, autograph=False)


def forecast(
    architecture: Architecture,
    weights: Weights,
    codes: NDArray[np.float32],
    recent: NDArray[np.float32],
) -> NDArray[np.float32]:
    """Predict what comes next.

    Parameters
    ----------
    codes : ndarray of shape (n_sequences, n_code)
    recent : ndarray of shape (n_sequences, n_recent)

    Returns
    -------
    ndarray of shape (n_sequences, n_forecast_steps, n_inputs), float32
    """
    gpu = has_gpu()
    changes = _compiled(architecture, gpu, not gpu and xla_compiles())
    tensors = [tf.constant(w) for w in weights]
    n_calls = -(-len(codes) // INFERENCE_ROWS)
    rest = ((0, n_calls * INFERENCE_ROWS - len(codes)), (0, 0))
    pairs = zip(
        np.split(np.pad(codes, rest), n_calls),
        np.split(np.pad(recent, rest), n_calls),
        strict=True,
    )
    found = [changes(tensors, *map(tf.constant, pair)).numpy() for pair in pairs]
    return np.concatenate(found, axis=1).swapaxes(0, 1)[: len(codes)]
