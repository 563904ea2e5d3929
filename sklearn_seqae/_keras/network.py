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
from sklearn_seqae._keras.decoders import DecoderWeights, decoder_of
from sklearn_seqae._keras.fused_loss import squared_error
from sklearn_seqae._keras.fused_lstm import LSTMWeights, Scratch, lstm
from sklearn_seqae._keras.models import pooled_states
from sklearn_seqae._keras.pooling import attend

Tensor = Any


class Network(ABC):
    """Encode and decode, from weights."""

    def encode(
        self, weights: Sequence[Tensor], x: Tensor, lengths: Tensor, scratch: Any = None
    ) -> Tensor:
        """(T, 2, B, n_inputs) and steps of each row (B,) to codes (B, n_code)."""
        return self.head(weights, self.pool(weights, x, lengths, scratch))

    @abstractmethod
    def pool(
        self, weights: Sequence[Tensor], x: Tensor, lengths: Tensor, scratch: Any = None
    ) -> Tensor:
        """(T, 2, B, n_inputs) and steps of each row (B,) to states (B, n_pooled)."""

    @abstractmethod
    def head(self, weights: Sequence[Tensor], pooled: Tensor) -> Tensor:
        """Pooled states to codes (B, n_code)."""

    @abstractmethod
    def project(self, weights: Sequence[Tensor], pooled: Tensor) -> Tensor:
        """Pooled states to (B, n_projection)."""

    @abstractmethod
    def decode(
        self,
        weights: Sequence[Tensor],
        code: Tensor,
        lengths: Tensor,
        n_timesteps: int,
        scratch: Any = None,
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
        scratch: Any = None,
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
class _Parts:
    """Flat weights, sorted by the layer they belong to."""

    encoder: list[LSTMWeights]
    queries: list[Tensor]
    embedding: Sequence[Tensor]
    decoder: DecoderWeights
    projection: Sequence[Tensor]

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
        return cls(
            encoder,
            queries=take(len(architecture.query_sizes)),
            embedding=take(2 * architecture.head),
            decoder=DecoderWeights(
                [layer(1) for _ in architecture.decoder_units], take(2)
            ),
            projection=left,
        )


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
    ) -> Tensor:
        architecture = self.architecture
        kinds = architecture.pooling
        running = tuple(kind for kind in kinds if kind != "attention")
        parts = _Parts.of(architecture, weights)
        states, pooled = x[:, : architecture.n_directions], []
        for n, layer in enumerate(parts.encoder):
            is_last = n == len(parts.encoder) - 1
            states, kept = lstm(
                states,
                layer,
                lengths,
                pooling=running,
                return_sequences=not is_last or running != kinds,
                activation=architecture.activation,
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
        parts = _Parts.of(self.architecture, weights)
        return _dense(parts.embedding, pooled) if parts.embedding else pooled

    def project(self, weights: Sequence[Tensor], pooled: Tensor) -> Tensor:
        return _dense(_Parts.of(self.architecture, weights).projection, pooled)

    def decode(
        self,
        weights: Sequence[Tensor],
        code: Tensor,
        lengths: Tensor,
        n_timesteps: int,
        scratch: Sequence[Any] | None = None,
    ) -> Tensor:
        own, buffers = self._of_decoder(weights, scratch)
        decoder = decoder_of(self.architecture)
        return decoder.decode(own, code, lengths, n_timesteps, buffers)

    def squared_error(
        self,
        weights: Sequence[Tensor],
        code: Tensor,
        lengths: Tensor,
        target: Tensor,
        weight: Tensor,
        scratch: Sequence[Any] | None = None,
    ) -> Tensor:
        own, buffers = self._of_decoder(weights, scratch)
        decoder = decoder_of(self.architecture)
        return decoder.squared_error(own, code, lengths, target, weight, buffers)

    def training_error(
        self,
        weights: Sequence[Tensor],
        code: Tensor,
        lengths: Tensor,
        target: Tensor,
        weight: Tensor,
        chance: Tensor | None = None,
        scratch: Sequence[Any] | None = None,
    ) -> Tensor:
        own, buffers = self._of_decoder(weights, scratch)
        decoder = decoder_of(self.architecture)
        return decoder.training_error(
            own, code, lengths, target, weight, chance, buffers
        )

    def scratch(self, n_timesteps: int, n_rows: int) -> list[Any]:
        """Buffers for one call in training: the encoder's layers', the decoder's."""
        architecture = self.architecture
        encoder = [
            Scratch.allocate(n_timesteps, architecture.n_directions, n_rows, units)
            for units in architecture.encoder_units
        ]
        return [*encoder, *decoder_of(architecture).scratch(n_timesteps, n_rows)]

    def _of_decoder(
        self, weights: Sequence[Tensor], scratch: Sequence[Any] | None
    ) -> tuple[DecoderWeights, Sequence[Any] | None]:
        n_encoder = len(self.architecture.encoder_units)
        buffers = scratch[n_encoder:] if scratch else None
        return _Parts.of(self.architecture, weights).decoder, buffers

    @property
    def _directions(self) -> range:
        return range(self.architecture.n_directions)

    def _query(self, parts: _Parts, n: int) -> Tensor:
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
        self, weights: Sequence[Tensor], x: Tensor, lengths: Tensor, scratch: Any = None
    ) -> Tensor:
        call = _Stateless(self.layers, weights)
        steps = tf.transpose(x[:, 0], (1, 0, 2))
        mask = tf.sequence_mask(lengths, x.shape[0])
        return pooled_states(self.layers, self.architecture, steps, mask, call)

    def head(self, weights: Sequence[Tensor], pooled: Tensor) -> Tensor:
        if self.layers.embedding is None:
            return pooled
        return _Stateless(self.layers, weights)(self.layers.embedding, pooled)

    def project(self, weights: Sequence[Tensor], pooled: Tensor) -> Tensor:
        return _Stateless(self.layers, weights)(self.layers.projection, pooled)

    def decode(
        self,
        weights: Sequence[Tensor],
        code: Tensor,
        lengths: Tensor,
        n_timesteps: int,
        scratch: Any = None,
    ) -> Tensor:
        call = _Stateless(self.layers, weights)
        decoder = decoder_of(self.architecture)
        own = _Parts.of(self.architecture, weights).decoder
        return decoder.decode_by_layers(
            self.layers, own, code, lengths, n_timesteps, call
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
        return squared_error(decoded, target, weight, lengths)

    def training_error(
        self,
        weights: Sequence[Tensor],
        code: Tensor,
        lengths: Tensor,
        target: Tensor,
        weight: Tensor,
        chance: Tensor | None = None,
        scratch: Any = None,
    ) -> Tensor:
        call = _Stateless(self.layers, weights)
        decoder = decoder_of(self.architecture)
        shown = tf.transpose(decoder.shown(target, chance), (1, 0, 2))
        steps = decoder.trained_through_layers(self.layers, code, shown, call)
        return squared_error(tf.transpose(steps, (1, 0, 2)), target, weight, lengths)

    def scratch(self, n_timesteps: int, n_rows: int) -> list[Any]:
        return []


class _Stateless:
    """Call Keras layers with weights of one's own in place of theirs."""

    def __init__(self, layers: Layers, weights: Sequence[Tensor]) -> None:
        own = zip(layers.variables, weights, strict=True)
        self._weights = {id(variable): weight for variable, weight in own}

    def __call__(self, layer: Any, inputs: Tensor, **kwargs: Any) -> Tensor:
        mine = [self._weights[id(v)] for v in layer.trainable_variables]
        frozen = [v.value for v in layer.non_trainable_variables]
        outputs, _ = layer.stateless_call(mine, frozen, inputs, **kwargs)
        return outputs


def _dense(layer: Sequence[Tensor], inputs: Tensor) -> Tensor:
    kernel, bias = layer
    return tf.matmul(inputs, kernel) + bias
