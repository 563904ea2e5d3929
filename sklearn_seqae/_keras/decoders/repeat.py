"""The vector as the input of every step, as after Keras's RepeatVector."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import tensorflow as tf
from keras import layers

from sklearn_seqae._keras.decoders._base import (
    DecoderWeights,
    OpenLoop,
    Tensor,
    through_lstms,
)
from sklearn_seqae._keras.dropout import Masks, drop
from sklearn_seqae._keras.fused_lstm import lstm_over_constant
from sklearn_seqae._keras.recurrence import Scratch

if TYPE_CHECKING:
    from sklearn_seqae._keras.architecture import Layers


class Repeat(OpenLoop):
    """LSTM layers read the vector at every step and write a step each time."""

    @property
    def n_read(self) -> int:
        return self.architecture.n_code

    def states(
        self,
        weights: DecoderWeights,
        code: Tensor,
        lengths: Tensor,
        n_timesteps: int,
        masks: Sequence[Masks],
        scratch: Sequence[Scratch | None],
    ) -> Tensor:
        activation = self.architecture.activation
        first, *rest = weights.layers
        read = drop(code[None], masks[0].inputs)
        states = lstm_over_constant(
            tf.matmul(read, first.kernel) + first.bias[:, None],
            first.recurrent_kernel,
            lengths,
            n_timesteps,
            activation=activation,
            recurrent_mask=masks[0].recurrent,
            scratch=scratch[0],
        )
        return through_lstms(states, rest, lengths, activation, masks[1:], scratch[1:])

    def through_layers(
        self, built: Layers, code: Tensor, n_steps: int, call: Callable[..., Any]
    ) -> Tensor:
        states = layers.RepeatVector(n_steps, name="repeat_vector")(code)
        for layer in built.decoder:
            states = call(layer, states)
        return call(built.reconstruction, states)
