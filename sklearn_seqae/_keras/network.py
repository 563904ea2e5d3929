"""What an architecture computes from its weights: two implementations of one meaning.

Both are pure functions of ``weights`` (in the order of `Layers.variables`), so they
serve training on variables and inference on the arrays of a fitted estimator alike.
Sequences are time-major and hold both orders of time: ``x[:, 0]`` forwards, ``x[:, 1]``
reversed by length. The decoder works from the last step to the first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import tensorflow as tf

from sklearn_seqae._keras.architecture import Architecture, Layers, build_layers
from sklearn_seqae._keras.fused_loss import BLOCK, dense_squared_error
from sklearn_seqae._keras.fused_lstm import (
    LSTMWeights,
    Scratch,
    lstm,
    lstm_over_constant,
)

Tensor = Any


class Network(Protocol):
    """Encode and decode, from weights."""

    def encode(
        self, weights: Sequence[Tensor], x: Tensor, lengths: Tensor, scratch: Any = None
    ) -> Tensor:
        """(T, 2, B, n_inputs) and steps of each row (B,) to codes (B, n_code)."""

    def decode(
        self,
        weights: Sequence[Tensor],
        code: Tensor,
        lengths: Tensor,
        n_timesteps: int,
        scratch: Any = None,
    ) -> Tensor:
        """Codes (B, n_code) to (T, B, n_inputs), last step first."""

    def squared_error(
        self,
        weights: Sequence[Tensor],
        code: Tensor,
        lengths: Tensor,
        target: Tensor,
        weight: Tensor,
        scratch: Any = None,
    ) -> Tensor:
        """Sum of weighted squared errors of what the codes decode to.

        ``target`` and ``weight`` are (T, B, n_inputs), last step first. Only a row's
        own steps count, whatever stands behind them.
        """

    def scratch(self, n_timesteps: int, n_rows: int) -> list[Any]:
        """Allocate buffers for one call in training; none if the network wants none."""


def make_network(architecture: Architecture, gpu: bool) -> Network:
    """Return the fast network of a device: cuDNN is behind Keras's own layers."""
    if gpu:
        return StockNetwork(architecture, build_layers(architecture))
    return FusedNetwork(architecture)


@dataclass(frozen=True)
class _Parts:
    """Flat weights, sorted by the layer they belong to."""

    encoder: list[LSTMWeights]
    embedding: Sequence[Tensor]
    decoder: list[LSTMWeights]
    reconstruction: Sequence[Tensor]

    @classmethod
    def of(cls, architecture: Architecture, weights: Sequence[Tensor]) -> _Parts:
        left = list(weights)

        def take(n: int) -> list[Tensor]:
            taken, left[:] = left[:n], left[n:]
            return taken

        def layer(n_directions: int) -> LSTMWeights:
            directions = [take(3) for _ in range(n_directions)]
            return LSTMWeights(
                *(tf.stack(kind) for kind in zip(*directions, strict=True))
            )

        encoder = [layer(architecture.n_directions) for _ in architecture.encoder_units]
        embedding = take(2)
        decoder = [layer(1) for _ in architecture.decoder_units]
        return cls(encoder, embedding, decoder, take(2))


@dataclass(frozen=True)
class FusedNetwork:
    """The network on the CPU, through the recurrence of `fused_lstm`."""

    architecture: Architecture

    def encode(
        self,
        weights: Sequence[Tensor],
        x: Tensor,
        lengths: Tensor,
        scratch: Sequence[Scratch] | None = None,
    ) -> Tensor:
        architecture = self.architecture
        parts = _Parts.of(architecture, weights)
        states = x[:, : architecture.n_directions]
        for n, layer in enumerate(parts.encoder):
            is_last = n == len(parts.encoder) - 1
            states = lstm(
                states,
                layer,
                lengths,
                return_sequences=not is_last,
                activation=architecture.activation,
                scratch=scratch[n] if scratch else None,
                input_gradient=n > 0,
            )
            if not is_last:
                states = self._both_orders(states, lengths)
        kernel, bias = parts.embedding
        directions = [states[d] for d in range(architecture.n_directions)]
        return tf.matmul(tf.concat(directions, -1), kernel) + bias

    def decode(
        self,
        weights: Sequence[Tensor],
        code: Tensor,
        lengths: Tensor,
        n_timesteps: int,
        scratch: Sequence[Scratch] | None = None,
    ) -> Tensor:
        states, (kernel, bias) = self._decoder_states(
            weights, code, lengths, n_timesteps, scratch
        )
        rows = tf.reshape(states, (-1, states.shape[-1]))
        shape = (n_timesteps, -1, self.architecture.n_inputs)
        return tf.reshape(tf.matmul(rows, kernel) + bias, shape)

    def squared_error(
        self,
        weights: Sequence[Tensor],
        code: Tensor,
        lengths: Tensor,
        target: Tensor,
        weight: Tensor,
        scratch: Sequence[Any] | None = None,
    ) -> Tensor:
        layers, buffer = (scratch[:-1], scratch[-1]) if scratch else (None, None)
        states, (kernel, bias) = self._decoder_states(
            weights, code, lengths, target.shape[0], layers
        )
        return dense_squared_error(
            states, kernel, bias, target, weight, lengths, buffer
        )

    def _decoder_states(
        self,
        weights: Sequence[Tensor],
        code: Tensor,
        lengths: Tensor,
        n_timesteps: int,
        scratch: Sequence[Scratch] | None,
    ) -> tuple[Tensor, Sequence[Tensor]]:
        """States of the last decoder layer, (T, 1, B, U), and the output layer."""
        activation = self.architecture.activation
        parts = _Parts.of(self.architecture, weights)
        n_encoder, n_decoder = len(parts.encoder), len(parts.decoder)
        buffers = scratch[n_encoder:] if scratch else [None] * n_decoder
        first = parts.decoder[0]
        states = lstm_over_constant(
            tf.matmul(code[None], first.kernel) + first.bias[:, None],
            first.recurrent_kernel,
            lengths,
            n_timesteps,
            activation=activation,
            scratch=buffers[0],
        )
        for layer, buffer in zip(parts.decoder[1:], buffers[1:], strict=True):
            states = lstm(
                states,
                layer,
                lengths,
                return_sequences=True,
                activation=activation,
                scratch=buffer,
            )
        return states, parts.reconstruction

    def scratch(self, n_timesteps: int, n_rows: int) -> list[Any]:
        """Buffers for one call in training: one for each layer, one for the loss."""
        architecture = self.architecture
        encoder = [
            (architecture.n_directions, units) for units in architecture.encoder_units
        ]
        decoder = [(1, units) for units in architecture.decoder_units]
        loss = (n_timesteps // BLOCK, BLOCK * n_rows, architecture.decoder_units[-1])
        return [
            *(
                Scratch.allocate(n_timesteps, d, n_rows, u)
                for d, u in encoder + decoder
            ),
            tf.Variable(tf.zeros(loss), trainable=False),
        ]

    def _both_orders(self, states: Tensor, lengths: Tensor) -> Tensor:
        """States of both directions, aligned in time, in both orders of time."""
        if self.architecture.n_directions == 1:
            return states
        backward = tf.reverse_sequence(states[:, 1], lengths, seq_axis=0, batch_axis=1)
        forwards = tf.concat([states[:, 0], backward], -1)
        reversed_ = tf.reverse_sequence(forwards, lengths, seq_axis=0, batch_axis=1)
        return tf.stack([forwards, reversed_], 1)


@dataclass(frozen=True)
class StockNetwork:
    """The network through Keras's own layers: cuDNN on a GPU, and our reference."""

    architecture: Architecture
    layers: Layers = field(repr=False)

    def encode(
        self, weights: Sequence[Tensor], x: Tensor, lengths: Tensor, scratch: Any = None
    ) -> Tensor:
        states = tf.transpose(x[:, 0], (1, 0, 2))
        mask = tf.sequence_mask(lengths, x.shape[0])
        left = list(weights)
        for layer in self.layers.encoder:
            states = _stateless(layer, left, states, mask=mask)
        return _stateless(self.layers.embedding, left, states)

    def decode(
        self,
        weights: Sequence[Tensor],
        code: Tensor,
        lengths: Tensor,
        n_timesteps: int,
        scratch: Any = None,
    ) -> Tensor:
        n_encoder = sum(
            len(layer.trainable_variables)
            for layer in (*self.layers.encoder, self.layers.embedding)
        )
        left = list(weights)[n_encoder:]
        states = tf.repeat(code[:, None], n_timesteps, axis=1)
        for layer in self.layers.decoder:
            states = _stateless(layer, left, states)
        return tf.transpose(
            _stateless(self.layers.reconstruction, left, states), (1, 0, 2)
        )

    def squared_error(
        self,
        weights: Sequence[Tensor],
        code: Tensor,
        lengths: Tensor,
        target: Tensor,
        weight: Tensor,
        scratch: Any = None,
    ) -> Tensor:
        decoded = self.decode(weights, code, lengths, target.shape[0])
        inside = tf.transpose(tf.sequence_mask(lengths, target.shape[0]))[:, :, None]
        weight = tf.where(inside, weight, tf.zeros_like(weight))
        return tf.reduce_sum(weight * tf.square(decoded - target))

    def scratch(self, n_timesteps: int, n_rows: int) -> list[Any]:
        return []


def _stateless(layer: Any, left: list[Tensor], inputs: Tensor, **kwargs: Any) -> Tensor:
    """Call a Keras layer with weights taken from the front of ``left``."""
    n = len(layer.trainable_variables)
    mine, left[:] = left[:n], left[n:]
    frozen = [v.value for v in layer.non_trainable_variables]
    outputs, _ = layer.stateless_call(mine, frozen, inputs, **kwargs)
    return outputs
