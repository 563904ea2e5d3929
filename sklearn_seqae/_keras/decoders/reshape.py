"""A part of the vector as the input of each step, as after Keras's Reshape."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from sklearn_seqae._keras.decoders._base import (
    DecoderWeights,
    OpenLoop,
    Tensor,
    through_lstms,
)
from sklearn_seqae._keras.decoders._cut import CutsVector, at_size, at_size_by_layers
from sklearn_seqae._keras.dropout import Masks
from sklearn_seqae._keras.recurrence import Scratch

if TYPE_CHECKING:
    from sklearn_seqae._keras.architecture import Layers


class Reshape(CutsVector, OpenLoop):
    """LSTM layers read one part of the vector after the other and write a step each."""

    def states(
        self,
        weights: DecoderWeights,
        code: Tensor,
        lengths: Tensor,
        n_timesteps: int,
        masks: Sequence[Masks],
        scratch: Sequence[Scratch | None],
    ) -> Tensor:
        parts = at_size(self.cut(code), n_timesteps)
        activation = self.architecture.activation
        return through_lstms(parts, weights.layers, lengths, activation, masks, scratch)

    def through_layers(
        self, built: Layers, code: Tensor, n_steps: int, call: Callable[..., Any]
    ) -> Tensor:
        states = at_size_by_layers(self.cut_by_layers(code), n_steps)
        for layer in built.decoder:
            states = call(layer, states)
        return call(built.reconstruction, states)
