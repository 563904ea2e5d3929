"""What every decoder has to say of itself."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import tensorflow as tf
from keras import layers

from sklearn_seqae._keras.dropout import Masks, drop
from sklearn_seqae._keras.fused_loss import BLOCK, dense_squared_error, squared_error
from sklearn_seqae._keras.fused_lstm import LSTMWeights, lstm
from sklearn_seqae._keras.recurrence import Scratch

if TYPE_CHECKING:
    from sklearn_seqae._keras.architecture import Architecture, Layers

Tensor = Any


class DecoderWeights(NamedTuple):
    """The weights of one decoder.

    Attributes
    ----------
    layers : list of LSTMWeights
        One direction each.
    output : pair of tensors
        Kernel and bias of the Dense layer that writes.
    """

    layers: list[LSTMWeights]
    output: Sequence[Tensor]


@dataclass(frozen=True)
class Decoder(ABC):
    """From codes to steps, by our recurrence and by stock layers; holds no weights.

    Steps are in the decoder's order, the last first. ``T`` are steps of a buffer, ``B``
    rows, ``F`` values of a step (``n_inputs``), ``C`` numbers of a code (``n_code``).
    """

    architecture: Architecture
    takes_chances: ClassVar[bool] = False  # in training

    # Shapes ---------------------------------------------------------------------------

    @property
    @abstractmethod
    def n_read(self) -> int:
        """Width of what the first LSTM layer reads at a step."""

    @property
    def n_written(self) -> int:
        """Outputs of the Dense layer."""
        return self.architecture.n_inputs

    # By our recurrence ----------------------------------------------------------------

    @abstractmethod
    def decode(
        self, weights: DecoderWeights, code: Tensor, lengths: Tensor, n_timesteps: int
    ) -> Tensor:
        """Codes (B, C) to steps (T, B, F); only a row's own steps mean anything."""

    def squared_error(
        self,
        weights: DecoderWeights,
        code: Tensor,
        lengths: Tensor,
        target: Tensor,
        weight: Tensor,
    ) -> Tensor:
        """Sum weighted squared errors of what is decoded; see `Network`."""
        decoded = self.decode(weights, code, lengths, target.shape[0])
        return squared_error(decoded, target, weight, lengths)

    @abstractmethod
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
        """Sum the errors that training makes less of.

        Parameters
        ----------
        weights, code, lengths, target, weight
            As for `squared_error`.
        masks : sequence of Masks, default=None
            What dropout leaves of each layer; None drops nothing.
        chance : tensor of shape (T, B, F), default=None
            Standard normal numbers, for decoders that take chances.
        scratch : sequence of buffers, default=None
            As from `scratch`.
        """

    def no_masks(self) -> Sequence[Masks]:
        """Return what drops nothing."""
        return [Masks()] * len(self.architecture.decoder_units)

    @abstractmethod
    def scratch(self, n_timesteps: int, n_rows: int) -> list[Any]:
        """Allocate buffers for one call in training."""

    # By stock layers ------------------------------------------------------------------

    def make_layers(
        self, lstm: Callable[..., Any], dense: Callable[..., Any]
    ) -> tuple[tuple[Any, ...], Any]:
        """Make LSTM layers and output layer, not yet built, by functions that do."""
        units = enumerate(self.architecture.decoder_units, 1)
        decoder = tuple(
            lstm(n, return_sequences=True, name=f"decoder_lstm_{i}") for i, n in units
        )
        output = dense(self.n_written, name="reconstruction_dense")
        return decoder, layers.TimeDistributed(output, name="reconstruction")

    @abstractmethod
    def through_layers(
        self, built: Layers, code: Tensor, n_steps: int, call: Callable[..., Any]
    ) -> Tensor:
        """Codes (B, C) to steps (B, n_steps, F).

        ``call`` calls a layer. Codes may be symbols of a Keras model.
        """

    def decode_by_layers(
        self,
        built: Layers,
        weights: DecoderWeights,
        code: Tensor,
        lengths: Tensor,
        n_timesteps: int,
        call: Callable[..., Any],
    ) -> Tensor:
        """Do what `decode` does, by stock layers where they can."""
        steps = self.through_layers(built, code, n_timesteps, call)
        return tf.transpose(steps, (1, 0, 2))

    def shown(self, target: Tensor, chance: Tensor) -> Tensor:
        """Return what training shows the decoder of its target (T, B, F)."""
        return target

    def trained_through_layers(
        self, built: Layers, code: Tensor, shown: Tensor, call: Callable[..., Any]
    ) -> Tensor:
        """Return the steps that training compares with the target.

        Here, what the codes decode to, as many as there are in ``shown`` (B, T, F).
        """
        return self.through_layers(built, code, shown.shape[1], call)


class StepByStep(Decoder):
    """A decoder whose LSTM layers have a state for each step, written by one Dense."""

    def scratch(self, n_timesteps: int, n_rows: int) -> list[Any]:
        """One buffer for each layer, and one for the loss."""
        units = self.architecture.decoder_units
        loss = (n_timesteps // BLOCK, BLOCK * n_rows, units[-1])
        return [
            *(Scratch.allocate(n_timesteps, 1, n_rows, n) for n in units),
            tf.Variable(tf.zeros(loss), trainable=False),
        ]

    def of_layers(self, scratch: Sequence[Any] | None) -> Sequence[Scratch | None]:
        """Those of the buffers that are a layer's."""
        n_layers = len(self.architecture.decoder_units)
        return scratch[:-1] if scratch else [None] * n_layers


class OpenLoop(StepByStep):
    """One that reads nothing of what it has written."""

    @abstractmethod
    def states(
        self,
        weights: DecoderWeights,
        code: Tensor,
        lengths: Tensor,
        n_timesteps: int,
        masks: Sequence[Masks],
        scratch: Sequence[Scratch | None],
    ) -> Tensor:
        """Codes (B, C) to the last layer's states, (T, 1, B, U)."""

    def decode(
        self, weights: DecoderWeights, code: Tensor, lengths: Tensor, n_timesteps: int
    ) -> Tensor:
        masks, buffers = self.no_masks(), self.of_layers(None)
        states = self.states(weights, code, lengths, n_timesteps, masks, buffers)
        return write(weights.output, states)

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
        masks, buffers = masks or self.no_masks(), self.of_layers(scratch)
        states = self.states(weights, code, lengths, target.shape[0], masks, buffers)
        return written_error(states, weights, target, weight, lengths, scratch)

    # Training does nothing otherwise, and this looks at no more steps than there are.
    squared_error = training_error


def through_lstms(
    x: Tensor,
    weights: Sequence[LSTMWeights],
    lengths: Tensor,
    activation: str,
    masks: Sequence[Masks],
    scratch: Sequence[Scratch | None],
) -> Tensor:
    """Run LSTM layers, one on top of the other: (T, 1, B, F) to (T, 1, B, U)."""
    for layer, mask, buffer in zip(weights, masks, scratch, strict=True):
        x, _ = lstm(
            drop(x, mask.inputs),
            layer,
            lengths,
            activation=activation,
            recurrent_mask=mask.recurrent,
            scratch=buffer,
        )
    return x


def written_error(
    states: Tensor,
    weights: DecoderWeights,
    target: Tensor,
    weight: Tensor,
    lengths: Tensor,
    scratch: Sequence[Any] | None,
) -> Tensor:
    """Sum squared errors of what is written from states (T, 1, B, U)."""
    kernel, bias = weights.output
    return dense_squared_error(
        states, kernel, bias, target, weight, lengths, scratch[-1] if scratch else None
    )


def write(output: Sequence[Tensor], states: Tensor) -> Tensor:
    """Run the Dense layer on states (T, 1, B, U), for steps (T, B, F)."""
    kernel, bias = output
    rows = tf.reshape(states, (-1, states.shape[-1]))
    shape = (states.shape[0], states.shape[2], kernel.shape[-1])
    return tf.reshape(tf.matmul(rows, kernel) + bias, shape)
