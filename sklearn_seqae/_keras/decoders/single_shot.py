"""All steps at once, from the last state of LSTM layers that have read the vector.

LSTM, Dense, Reshape: TensorFlow's tutorial on time series calls such models
single-shot, in contrast to those that go step by step.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import tensorflow as tf
from keras import layers

from sklearn_seqae._keras.decoders._base import DecoderWeights, Tensor, through_lstms
from sklearn_seqae._keras.decoders._cut import CutsVector, at_size, at_size_by_layers
from sklearn_seqae._keras.dropout import Masks, drop
from sklearn_seqae._keras.fused_loss import squared_error
from sklearn_seqae._keras.fused_lstm import lstm
from sklearn_seqae._keras.gates import BLOCK
from sklearn_seqae._keras.recurrence import Scratch

if TYPE_CHECKING:
    from sklearn_seqae._keras.architecture import Layers


class SingleShot(CutsVector):
    """LSTM layers read the parts of the vector; a Dense layer writes all steps."""

    @property
    def n_written(self) -> int:
        return self.architecture.n_steps * self.architecture.n_inputs

    def decode(
        self, weights: DecoderWeights, code: Tensor, lengths: Tensor, n_timesteps: int
    ) -> Tensor:
        masks, buffers = self.no_masks(), [None] * len(weights.layers)
        return self._steps(weights, code, lengths, n_timesteps, masks, buffers)

    def training_error(
        self,
        weights: DecoderWeights,
        code: Tensor,
        lengths: Tensor,
        target: Tensor,
        weight: Tensor,
        *,
        masks: Sequence[Masks] | None = None,
        chance: Tensor = None,
        scratch: Sequence[Any] | None = None,
    ) -> Tensor:
        masks = masks or self.no_masks()
        buffers = scratch or [None] * len(weights.layers)
        n_timesteps = target.shape[0]
        steps = self._steps(weights, code, lengths, n_timesteps, masks, buffers)
        return squared_error(steps, target, weight, lengths)

    def _steps(
        self,
        weights: DecoderWeights,
        code: Tensor,
        lengths: Tensor,
        n_timesteps: int,
        masks: Sequence[Masks],
        scratch: Sequence[Scratch | None],
    ) -> Tensor:
        activation = self.architecture.activation
        n_steps = self.architecture.n_steps
        # All parts are read whatever is written, but for a row that holds nothing.
        n_parts = tf.where(lengths > 0, n_steps, 0)
        states = through_lstms(
            at_size(self.cut(code), self._n_buffer_steps),
            weights.layers[:-1],
            n_parts,
            activation,
            masks[:-1],
            scratch[:-1],
        )
        _, kept = lstm(
            drop(states, masks[-1].inputs),
            weights.layers[-1],
            n_parts,
            pooling=("last",),
            return_sequences=False,
            activation=activation,
            recurrent_mask=masks[-1].recurrent,
            scratch=scratch[-1],
        )
        kernel, bias = weights.output
        written = tf.matmul(kept["last"][0], kernel) + bias
        shape = (-1, n_steps, self.architecture.n_inputs)
        steps = tf.transpose(tf.reshape(written, shape), (1, 0, 2))
        return at_size(steps, n_timesteps)

    def scratch(self, n_timesteps: int, n_rows: int) -> list[Any]:
        """One buffer for each layer."""
        units = self.architecture.decoder_units
        return [Scratch.allocate(self._n_buffer_steps, 1, n_rows, n) for n in units]

    @property
    def _n_buffer_steps(self) -> int:
        """Steps to read, in whole blocks of weight gradients."""
        return -(-self.architecture.n_steps // BLOCK) * BLOCK

    def make_layers(
        self, lstm: Callable[..., Any], dense: Callable[..., Any]
    ) -> tuple[tuple[Any, ...], Any]:
        units = self.architecture.decoder_units
        decoder = tuple(
            lstm(n, return_sequences=i < len(units), name=f"decoder_lstm_{i}")
            for i, n in enumerate(units, 1)
        )
        return decoder, dense(self.n_written, name="reconstruction_dense")

    def through_layers(
        self, built: Layers, code: Tensor, n_steps: int, call: Callable[..., Any]
    ) -> Tensor:
        states = self.cut_by_layers(code)
        for layer in built.decoder:
            states = call(layer, states)
        shape = (self.architecture.n_steps, self.architecture.n_inputs)
        steps = layers.Reshape(shape, name="reconstruction")
        return at_size_by_layers(steps(call(built.reconstruction, states)), n_steps)
