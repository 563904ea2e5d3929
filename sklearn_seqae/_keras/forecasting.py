"""The second decoder: what comes next, from the vector and the last time steps.

It writes *changes*: by how much the next steps differ from the last observed values, in
units of `change_scale`, so that a network that has learnt nothing predicts no change.
The first step comes first. See `network` for the two implementations of one meaning;
the forecaster's weights are the last ones of `Layers.variables`.
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
from sklearn_seqae._keras.devices import has_gpu, own_function, xla_compiles
from sklearn_seqae._keras.dropout import Masks
from sklearn_seqae._keras.fused_loss import BLOCK, dense_squared_error
from sklearn_seqae._keras.fused_lstm import LSTMWeights, Scratch
from sklearn_seqae._keras.fused_stack import lstm_stack_over_constant
from sklearn_seqae._keras.inference import INFERENCE_ROWS
from sklearn_seqae._keras.models import forecast_changes
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
        scratch: Any = None,
        masks: Sequence[Masks] | None = None,
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
    """The forecaster on the CPU, through the recurrence of `fused_lstm`."""

    architecture: Architecture

    def changes(
        self, weights: Sequence[Tensor], code: Tensor, recent: Tensor
    ) -> Tensor:
        states, (kernel, bias) = self._states(weights, code, recent, None, None)
        rows = tf.reshape(states, (-1, states.shape[-1]))
        shape = (self._n_timesteps, -1, self.architecture.n_inputs)
        changes = tf.reshape(tf.matmul(rows, kernel) + bias, shape)
        return changes[: self.architecture.n_forecast_steps]

    def squared_error(
        self,
        weights: Sequence[Tensor],
        code: Tensor,
        futures: Futures,
        scratch: Sequence[Any] | None = None,
        masks: Sequence[Masks] | None = None,
    ) -> Tensor:
        layers, buffer = (scratch[:-1], scratch[-1]) if scratch else (None, None)
        states, (kernel, bias) = self._states(
            weights, code, futures.recent, layers, masks
        )
        n_rest = self._n_timesteps - self.architecture.n_forecast_steps
        target, weight = (
            tf.pad(array, [[0, n_rest], [0, 0], [0, 0]])
            for array in (futures.change, futures.weight)
        )
        lengths = self._lengths(code)
        return dense_squared_error(
            states, kernel, bias, target, weight, lengths, buffer
        )

    def scratch(self, n_rows: int) -> list[Any]:
        """Buffers for one call in training: one for each layer, one for the loss."""
        units, size = self.architecture.decoder_units, min(BLOCK, self._n_timesteps)
        loss = (self._n_timesteps // size, size * n_rows, units[-1])
        return [
            *(Scratch.allocate(self._n_timesteps, 1, n_rows, u) for u in units),
            tf.Variable(tf.zeros(loss), trainable=False),
        ]

    @property
    def _n_timesteps(self) -> int:
        """Steps of the buffers: those of a forecast, rounded up to whole blocks."""
        n = self.architecture.n_forecast_steps
        return n if n <= BLOCK else -(-n // BLOCK) * BLOCK

    def _lengths(self, code: Tensor) -> Tensor:
        return tf.fill([code.shape[0]], self.architecture.n_forecast_steps)

    def _states(
        self,
        weights: Sequence[Tensor],
        code: Tensor,
        recent: Tensor,
        scratch: Sequence[Scratch] | None,
        masks: Sequence[Masks] | None,
    ) -> tuple[Tensor, Sequence[Tensor]]:
        """States of the last layer, (T, 1, B, U), and the output layer."""
        n_layers = len(self.architecture.decoder_units)
        *own, kernel, bias = weights[-(3 * n_layers + 2) :]
        stack = [
            LSTMWeights(*(array[None] for array in own[3 * n : 3 * n + 3]))
            for n in range(n_layers)
        ]
        states = lstm_stack_over_constant(
            tf.concat([code, recent], -1),
            stack,
            self._lengths(code),
            self._n_timesteps,
            activation=self.architecture.activation,
            scratch=scratch,
            masks=masks[-n_layers:] if masks else None,
        )
        return states, (kernel, bias)


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
        n_steps = self.architecture.n_forecast_steps
        changes = forecast_changes(self.layers, n_steps, code, recent, call)
        return tf.transpose(changes, (1, 0, 2))

    def squared_error(
        self,
        weights: Sequence[Tensor],
        code: Tensor,
        futures: Futures,
        scratch: Any = None,
        masks: Sequence[Masks] | None = None,
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
