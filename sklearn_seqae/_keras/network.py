"""What an architecture computes from its weights: two implementations of one meaning.

Both are pure functions of ``weights`` (in the order of `Layers.variables`), so they
serve training on variables and inference on the arrays of a fitted estimator alike.
Sequences are time-major and hold both orders of time: ``x[:, 0]`` forwards, ``x[:, 1]``
reversed by length. The decoder works from the last step to the first.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import tensorflow as tf

from sklearn_seqae._keras.architecture import Architecture, Layers, build_layers
from sklearn_seqae._keras.decoders import decoder_of
from sklearn_seqae._keras.dropout import Masks, drop
from sklearn_seqae._keras.fused_loss import squared_error
from sklearn_seqae._keras.fused_lstm import lstm
from sklearn_seqae._keras.models import pooled_states
from sklearn_seqae._keras.parts import Parts
from sklearn_seqae._keras.pooling import attend
from sklearn_seqae._keras.recurrence import Scratch
from sklearn_seqae._keras.stateless import Stateless

Tensor = Any


class Network(ABC):
    """Encode and decode, from weights."""

    architecture: Architecture

    def encode(
        self, weights: Sequence[Tensor], x: Tensor, lengths: Tensor, scratch: Any = None
    ) -> Tensor:
        """(T, 2, B, n_inputs) and steps of each row (B,) to codes (B, n_code)."""
        return self.head(weights, self.pool(weights, x, lengths, scratch))

    @abstractmethod
    def pool(
        self,
        weights: Sequence[Tensor],
        x: Tensor,
        lengths: Tensor,
        scratch: Any = None,
        masks: Sequence[Masks] | None = None,
    ) -> Tensor:
        """(T, 2, B, n_inputs) and steps of each row (B,) to states (B, n_pooled).

        ``masks`` are what dropout leaves of the layers; None drops nothing.
        """

    @abstractmethod
    def head(self, weights: Sequence[Tensor], pooled: Tensor) -> Tensor:
        """Pooled states to codes (B, n_code)."""

    @abstractmethod
    def project(self, weights: Sequence[Tensor], pooled: Tensor) -> Tensor:
        """Pooled states to (B, n_projection)."""

    @abstractmethod
    def log_variance(self, weights: Sequence[Tensor], pooled: Tensor) -> Tensor:
        """Pooled states to logarithms of variances (B, n_code)."""

    @abstractmethod
    def decode(
        self,
        weights: Sequence[Tensor],
        code: Tensor,
        lengths: Tensor,
        n_timesteps: int,
    ) -> Tensor:
        """Codes (B, n_code) to (T, B, n_inputs), last step first."""

    @abstractmethod
    def squared_error(
        self,
        weights: Sequence[Tensor],
        code: Tensor,
        lengths: Tensor,
        target: Tensor,
        weight: Tensor,
    ) -> Tensor:
        """Sum of weighted squared errors of what the codes decode to.

        ``target`` and ``weight`` are (T, B, n_inputs), last step first. Only a row's
        own steps count, whatever stands behind them.
        """

    @abstractmethod
    def training_error(
        self,
        weights: Sequence[Tensor],
        code: Tensor,
        lengths: Tensor,
        target: Tensor,
        weight: Tensor,
        *,
        masks: Sequence[Masks] | None = None,
        chance: Tensor | None = None,
        scratch: Any = None,
    ) -> Tensor:
        """Sum the errors that training makes less of, see `Decoder.training_error`."""

    @abstractmethod
    def scratch(self, n_timesteps: int, n_rows: int) -> list[Any]:
        """Allocate buffers for one call in training; none if the network wants none."""


def make_network(architecture: Architecture, gpu: bool) -> Network:
    """Return the fast network of a device: cuDNN is behind Keras's own layers."""
    if gpu:
        return StockNetwork(architecture, build_layers(architecture))
    return FusedNetwork(architecture)


@dataclass(frozen=True)
class FusedNetwork(Network):
    """The network on the CPU, through the recurrence of `fused_lstm`."""

    architecture: Architecture

    def pool(
        self,
        weights: Sequence[Tensor],
        x: Tensor,
        lengths: Tensor,
        scratch: Sequence[Scratch] | None = None,
        masks: Sequence[Masks] | None = None,
    ) -> Tensor:
        architecture = self.architecture
        kinds = architecture.pooling
        running = tuple(kind for kind in kinds if kind != "attention")
        parts = Parts.of(architecture, weights)
        states, pooled = x[:, : architecture.n_directions], []
        for n, layer in enumerate(parts.encoder):
            is_last = n == len(parts.encoder) - 1
            mask = masks[n] if masks else Masks()
            states, kept = lstm(
                drop(states, mask.inputs),
                layer,
                lengths,
                pooling=running,
                return_sequences=not is_last or running != kinds,
                activation=architecture.activation,
                recurrent_mask=mask.recurrent,
                scratch=scratch[n] if scratch else None,
                input_gradient=n > 0,
            )
            if running != kinds:
                kept["attention"] = attend(states, self._query(parts, n), lengths)
            pooled += [kept[kind][d] for kind in kinds for d in self._directions]
            if not is_last:
                states = self._both_orders(states, lengths)
        return tf.concat(pooled, -1)

    def head(self, weights: Sequence[Tensor], pooled: Tensor) -> Tensor:
        parts = Parts.of(self.architecture, weights)
        return _dense(parts.embedding, pooled) if parts.embedding else pooled

    def project(self, weights: Sequence[Tensor], pooled: Tensor) -> Tensor:
        parts = Parts.of(self.architecture, weights).projection
        hidden, output = parts[:2], parts[2:]
        return _dense(output, tf.nn.relu(_dense(hidden, pooled)))

    def log_variance(self, weights: Sequence[Tensor], pooled: Tensor) -> Tensor:
        return _dense(Parts.of(self.architecture, weights).log_variance, pooled)

    def decode(
        self,
        weights: Sequence[Tensor],
        code: Tensor,
        lengths: Tensor,
        n_timesteps: int,
    ) -> Tensor:
        own = Parts.of(self.architecture, weights).decoder
        return decoder_of(self.architecture).decode(own, code, lengths, n_timesteps)

    def squared_error(
        self,
        weights: Sequence[Tensor],
        code: Tensor,
        lengths: Tensor,
        target: Tensor,
        weight: Tensor,
    ) -> Tensor:
        own = Parts.of(self.architecture, weights).decoder
        decoder = decoder_of(self.architecture)
        return decoder.squared_error(own, code, lengths, target, weight)

    def training_error(
        self,
        weights: Sequence[Tensor],
        code: Tensor,
        lengths: Tensor,
        target: Tensor,
        weight: Tensor,
        *,
        masks: Sequence[Masks] | None = None,
        chance: Tensor | None = None,
        scratch: Sequence[Any] | None = None,
    ) -> Tensor:
        own = Parts.of(self.architecture, weights).decoder
        n_encoder = len(self.architecture.encoder_units)
        return decoder_of(self.architecture).training_error(
            own,
            code,
            lengths,
            target,
            weight,
            masks=masks[n_encoder:][: len(own.layers)] if masks else None,
            chance=chance,
            scratch=scratch[n_encoder:] if scratch else None,
        )

    def scratch(self, n_timesteps: int, n_rows: int) -> list[Any]:
        """Buffers for one call in training: the encoder's layers', the decoder's."""
        architecture = self.architecture
        encoder = [
            Scratch.allocate(n_timesteps, architecture.n_directions, n_rows, units)
            for units in architecture.encoder_units
        ]
        return [*encoder, *decoder_of(architecture).scratch(n_timesteps, n_rows)]

    @property
    def _directions(self) -> range:
        return range(self.architecture.n_directions)

    def _query(self, parts: Parts, n: int) -> Tensor:
        """Stack the queries of encoder layer ``n``, (D, U)."""
        first = n * self.architecture.n_directions
        return tf.stack([parts.queries[first + d][:, 0] for d in self._directions])

    def _both_orders(self, states: Tensor, lengths: Tensor) -> Tensor:
        """States of both directions, aligned in time, in both orders of time."""
        if self.architecture.n_directions == 1:
            return states
        backward = tf.reverse_sequence(states[:, 1], lengths, seq_axis=0, batch_axis=1)
        forwards = tf.concat([states[:, 0], backward], -1)
        reversed_ = tf.reverse_sequence(forwards, lengths, seq_axis=0, batch_axis=1)
        return tf.stack([forwards, reversed_], 1)


@dataclass(frozen=True)
class StockNetwork(Network):
    """The network through Keras's own layers: cuDNN on a GPU, and our reference."""

    architecture: Architecture
    layers: Layers = field(repr=False)

    def pool(
        self,
        weights: Sequence[Tensor],
        x: Tensor,
        lengths: Tensor,
        scratch: Any = None,
        masks: Sequence[Masks] | None = None,
    ) -> Tensor:
        call = Stateless(self.layers, weights, masks)
        steps = tf.transpose(x[:, 0], (1, 0, 2))
        mask = tf.sequence_mask(lengths, x.shape[0])
        return pooled_states(self.layers, self.architecture, steps, mask, call)

    def head(self, weights: Sequence[Tensor], pooled: Tensor) -> Tensor:
        if self.layers.embedding is None:
            return pooled
        return Stateless(self.layers, weights)(self.layers.embedding, pooled)

    def project(self, weights: Sequence[Tensor], pooled: Tensor) -> Tensor:
        call = Stateless(self.layers, weights)
        for layer in self.layers.projection:
            pooled = call(layer, pooled)
        return pooled

    def log_variance(self, weights: Sequence[Tensor], pooled: Tensor) -> Tensor:
        return Stateless(self.layers, weights)(self.layers.log_variance, pooled)

    def decode(
        self,
        weights: Sequence[Tensor],
        code: Tensor,
        lengths: Tensor,
        n_timesteps: int,
    ) -> Tensor:
        call = Stateless(self.layers, weights)
        own = Parts.of(self.architecture, weights).decoder
        return decoder_of(self.architecture).decode_by_layers(
            self.layers, own, code, lengths, n_timesteps, call
        )

    def squared_error(
        self,
        weights: Sequence[Tensor],
        code: Tensor,
        lengths: Tensor,
        target: Tensor,
        weight: Tensor,
    ) -> Tensor:
        decoded = self.decode(weights, code, lengths, target.shape[0])
        return squared_error(decoded, target, weight, lengths)

    def training_error(
        self,
        weights: Sequence[Tensor],
        code: Tensor,
        lengths: Tensor,
        target: Tensor,
        weight: Tensor,
        *,
        masks: Sequence[Masks] | None = None,
        chance: Tensor | None = None,
        scratch: Any = None,
    ) -> Tensor:
        call = Stateless(self.layers, weights, masks)
        decoder = decoder_of(self.architecture)
        shown = tf.transpose(decoder.shown(target, chance), (1, 0, 2))
        steps = decoder.trained_through_layers(self.layers, code, shown, call)
        return squared_error(tf.transpose(steps, (1, 0, 2)), target, weight, lengths)

    def scratch(self, n_timesteps: int, n_rows: int) -> list[Any]:
        return []


def _dense(layer: Sequence[Tensor], inputs: Tensor) -> Tensor:
    kernel, bias = layer
    return tf.matmul(inputs, kernel) + bias
