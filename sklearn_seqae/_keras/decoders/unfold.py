"""Each step that is written as an input of the next one.

The vector is read beside it at every step (Cho et al., 2014), so that it needs not be
carried through the states, and so that a decoder which makes nothing of what it has
written is the one of "repeat".

Training tells the decoder the true step before (teacher forcing, Williams and Zipser,
1989): the inputs of all steps are known, and one pass over them will do. But then it
looks at the step before rather than at the vector, and never meets errors of its own,
which add up when it runs freely. So noise is added to what it is told, as in the
rollouts of Sanchez-Gonzalez et al. (2020).

The first patch to be written may be partial. What it holds beyond the sequence's end is
zero where it is told, and whatever was written there where it is not.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf
from keras import layers, ops

from sklearn_seqae._keras.decoders._base import (
    DecoderWeights,
    StepByStep,
    Tensor,
    through_lstms,
    write,
    written_error,
)
from sklearn_seqae._keras.dropout import Masks, drop
from sklearn_seqae._keras.fused_lstm import LSTMWeights, lstm
from sklearn_seqae._keras.gates import advance

if TYPE_CHECKING:
    from sklearn_seqae._keras.architecture import Layers

NOISE = 0.3  # standard deviation, in scaled units
LARGEST = 1e30  # what is read again saturates gates before it overflows float32


class Unfold(StepByStep):
    """LSTM layers read the vector and the step before, and write a step each time."""

    takes_chances = True

    @property
    def n_read(self) -> int:
        return self.architecture.n_inputs + self.architecture.n_code

    def decode(
        self, weights: DecoderWeights, code: Tensor, lengths: Tensor, n_timesteps: int
    ) -> Tensor:
        """Run freely: each step reads what was written before."""
        activation = self.architecture.activation
        n_rows, n_inputs = int(code.shape[0]), self.architecture.n_inputs
        first, constant = self._over_constant(weights, code[None])
        every = [first, *weights.layers[1:]]
        kernels = [tf.concat([w.kernel, w.recurrent_kernel], 1) for w in every]
        biases = [first.bias[:, None] + constant, *(w.bias[:, None] for w in every[1:])]

        def step(t, hidden, cell, written, steps):  # type: ignore[no-untyped-def]
            live = (t < lengths)[:, None]  # else relu states may overflow, see `lstm`
            below = tf.clip_by_value(written, -LARGEST, LARGEST)[None]
            states = []
            for kernel, bias, h, c in zip(kernels, biases, hidden, cell, strict=True):
                raw = tf.matmul(tf.concat([below, h], -1), kernel) + bias
                new_h, new_c, _ = advance(raw, c, activation)
                below = tf.where(live, new_h, h)
                states.append((below, tf.where(live, new_c, c)))
            hidden, cell = map(list, zip(*states, strict=True))
            written = write(weights.output, below[None])[0]
            return t + 1, hidden, cell, written, steps.write(t, written)

        zeros = [tf.zeros((1, n_rows, n)) for n in self.architecture.decoder_units]
        nothing = tf.zeros((n_rows, n_inputs))
        shape = (n_rows, n_inputs)
        steps = tf.TensorArray(tf.float32, n_timesteps, element_shape=shape)
        longest = tf.reduce_max(lengths)
        *_, steps = tf.while_loop(
            lambda t, *_: t < longest, step, (0, zeros, zeros, nothing, steps)
        )
        return steps.stack()

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
        """Sum the errors of steps that are told about the true one before."""
        shown = self.shown(target, chance)
        told = tf.concat([tf.zeros_like(shown[:1]), shown[:-1]], 0)[:, None]
        masks, buffers = masks or self.no_masks(), self.of_layers(scratch)
        of_told = of_code = None
        if masks[0].inputs is not None:
            of_told, of_code = self._split(masks[0].inputs, -1)
        activation = self.architecture.activation
        first, constant = self._over_constant(weights, drop(code[None], of_code))
        states, _ = lstm(
            drop(told, of_told),
            first,
            lengths,
            activation=activation,
            constant=constant,
            recurrent_mask=masks[0].recurrent,
            scratch=buffers[0],
            input_gradient=False,
        )
        states = through_lstms(
            states, weights.layers[1:], lengths, activation, masks[1:], buffers[1:]
        )
        return written_error(states, weights, target, weight, lengths, scratch)

    def shown(self, target: Tensor, chance: Tensor) -> Tensor:
        return target + NOISE * chance

    def _over_constant(
        self, weights: DecoderWeights, read: Tensor
    ) -> tuple[LSTMWeights, Tensor]:
        """Split the first layer: what reads the step before, and the vector's share.

        ``read`` is the vector, (1, B, C); its share is the same at every step.
        """
        of_step, of_code = self._split(weights.layers[0].kernel, 1)
        return replace(weights.layers[0], kernel=of_step), tf.matmul(read, of_code)

    def _split(self, inputs: Tensor, axis: int) -> list[Tensor]:
        """Split what belongs to the first layer's inputs into step and vector."""
        sizes = [self.architecture.n_inputs, self.architecture.n_code]
        return tf.split(inputs, sizes, axis)

    def make_layers(
        self, lstm: Callable[..., Any], dense: Callable[..., Any]
    ) -> tuple[tuple[Any, ...], Any]:
        decoder, reconstruction = super().make_layers(lstm, dense)
        for layer in decoder:  # a model calls the cells, and wants a name for each
            layer.cell.name = f"{layer.name}_cell"
        return decoder, reconstruction

    def through_layers(
        self, built: Layers, code: Tensor, n_steps: int, call: Callable[..., Any]
    ) -> Tensor:
        """Run freely, by a call of each layer's cell for every step."""
        column = ops.zeros_like(code[:, :1])

        def zeros(width: int) -> Tensor:
            return ops.add(column, np.zeros((1, width), np.float32))

        cells = [layer.cell for layer in built.decoder]
        states = [[zeros(units)] * 2 for units in self.architecture.decoder_units]
        written, steps = zeros(self.architecture.n_inputs), []
        for _ in range(n_steps):
            below = ops.concatenate([written, code], axis=-1)
            for n, cell in enumerate(cells):
                below, states[n] = call(cell, below, states[n])
            written = call(built.reconstruction.layer, below)
            steps.append(written)
        return ops.stack(steps, axis=1)

    def decode_by_layers(
        self,
        built: Layers,
        weights: DecoderWeights,
        code: Tensor,
        lengths: Tensor,
        n_timesteps: int,
        call: Callable[..., Any],
    ) -> Tensor:
        """Run our loop: a graph with all steps one after the other would be large."""
        return self.decode(weights, code, lengths, n_timesteps)

    def trained_through_layers(
        self, built: Layers, code: Tensor, shown: Tensor, call: Callable[..., Any]
    ) -> Tensor:
        """Return steps that are each told the true one before."""
        told = ops.concatenate([ops.zeros_like(shown[:, :1]), shown[:, :-1]], axis=1)
        repeated = layers.RepeatVector(shown.shape[1], name="repeat_vector")(code)
        states = ops.concatenate([told, repeated], axis=-1)
        for layer in built.decoder:
            states = call(layer, states)
        return call(built.reconstruction, states)
