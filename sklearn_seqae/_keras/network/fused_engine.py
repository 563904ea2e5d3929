"""The engine of the CPU: our recurrence, time-major.

``values[:, 1]`` is ``values[:, 0]`` reversed by length; decoders have one direction.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import tensorflow as tf
from keras import ops

from sklearn_seqae._keras.lstm.errors import dense_error, error
from sklearn_seqae._keras.lstm.fused import LSTMWeights, lstm
from sklearn_seqae._keras.lstm.gradients import look_up
from sklearn_seqae._keras.lstm.recurrence import BLOCK, advance, unroll
from sklearn_seqae._keras.lstm.running_pool import NEEDS
from sklearn_seqae._network.engine import (
    Cell,
    Error,
    Kinds,
    Sizes,
    Step,
    TrainingEngine,
    Wanted,
)
from sklearn_seqae._network.layers import LSTM, DecoderSpec, Dense, Embedding
from sklearn_seqae._network.pooling import States

Tensor = Any


@dataclass(frozen=True)
class FusedSequence:
    """Steps or states, and a vector that is read beside each."""

    values: Any  # (T, D, B, F) or None
    lengths: Tensor
    n_steps: int
    constant: Tensor | None = None  # (B, C)
    is_data: bool = False  # values need no gradient
    is_packed: bool = False  # steps in both orders of time, and not states
    pooled: Mapping[str, list[Tensor]] = field(default_factory=dict)

    @property
    def directions(self) -> list[States]:
        values, place = self.values, tf.range(self.n_steps)[:, None]
        own = (place < self.lengths)[..., None]
        last = tf.equal(place, self.lengths - 1)[..., None]
        return [States(values[:, d], own, last, 0, ops) for d in range(values.shape[1])]


@dataclass(frozen=True)
class FusedEngine(TrainingEngine):
    """See `engine.TrainingEngine`."""

    ops: ClassVar[Any] = ops
    activation: str
    weights: Mapping[str, Tensor]
    masks: Mapping[str, Tensor] = field(default_factory=dict)  # dropout, (D, B, F)
    scratch: Mapping[str, Any] = field(default_factory=dict)  # `declare_scratch`

    # Layers

    def lstm(
        self, layer: LSTM, sequence: Any, pooling: Kinds = (), is_last: bool = False
    ) -> FusedSequence:
        running = tuple(kind for kind in pooling if kind in NEEDS)
        states, pooled = self._run(
            layer, sequence, running, keep=not is_last or running != pooling
        )
        return FusedSequence(
            states,
            sequence.lengths,
            sequence.n_steps,
            pooled={kind: tf.unstack(of_kind) for kind, of_kind in pooled.items()},
        )

    def last_state(self, layer: LSTM, sequence: FusedSequence) -> Tensor:
        _, pooled = self._run(layer, sequence, ("last",), keep=False)
        return pooled["last"][0]

    def dense(self, layer: Dense, x: Tensor) -> Tensor:
        kernel = self.weights[f"{layer.name}/kernel"]
        if layer.units == 1:  # a sum, which XLA fuses with what is around it
            outputs = tf.reduce_sum(x * kernel[:, 0], -1, keepdims=True)
        else:
            outputs = tf.matmul(x, kernel)
        if layer.use_bias:
            outputs += self.weights[f"{layer.name}/bias"]
        return tf.nn.relu(outputs) if layer.activation == "relu" else outputs

    def look_up(self, layer: Embedding, codes: Tensor, lengths: Tensor) -> Tensor:
        table = self.weights[f"{layer.name}/embeddings"]
        vectors = look_up(table, codes, lengths)
        width = int(codes.shape[-1]) * layer.units
        return tf.reshape(vectors, (*codes.shape[:-1], width))

    def write(self, output: Dense, states: FusedSequence) -> Tensor:
        rows = tf.reshape(states.values, (-1, output.n_inputs))
        shape = (states.n_steps, states.values.shape[2], output.units)
        return tf.reshape(self.dense(output, rows), shape)

    def cell(self, layer: LSTM, constant: Tensor | None = None) -> Cell:
        own = self._weights_of(layer)
        n_constant = 0 if constant is None else constant.shape[-1]
        n_read = layer.n_inputs - n_constant
        kernel = tf.concat([own.kernel[0, :n_read], own.recurrent_kernel[0]], 0)
        bias = own.bias
        if constant is not None:
            bias = bias + tf.matmul(constant, own.kernel[0, n_read:])

        def step(x: Tensor, state: Any) -> tuple[Tensor, Any]:
            h, c = state
            gates = tf.matmul(tf.concat([x, h], -1), kernel) + bias
            h, c, _ = advance(gates, c, self.activation)
            return h, (h, c)

        return step

    def unroll(
        self, step: Step, embedding: Tensor, sizes: Sizes, n_steps: int, lengths: Tensor
    ) -> Tensor:
        return unroll(step, int(embedding.shape[0]), sizes, n_steps, lengths)

    # Sequences for LSTM layers

    def sequence(self, x: Tensor, lengths: Tensor) -> FusedSequence:
        n_steps = int(x.shape[0])
        return FusedSequence(x, lengths, n_steps, is_data=True, is_packed=True)

    def with_values(self, sequence: FusedSequence, values: Tensor) -> FusedSequence:
        return replace(sequence, values=values, is_data=False)

    def repeat(self, vector: Tensor, n_steps: int, lengths: Tensor) -> FusedSequence:
        return FusedSequence(None, lengths, n_steps, vector)

    def beside(
        self, steps: Tensor, vector: Tensor, lengths: Tensor, is_data: bool
    ) -> FusedSequence:
        n_steps = int(steps.shape[0])
        return FusedSequence(steps[:, None], lengths, n_steps, vector, is_data)

    def parts(
        self, vector: Tensor, n_parts: int, n_steps: int, lengths: Tensor
    ) -> FusedSequence:
        steps = self.as_steps(vector, n_parts, n_steps)
        return FusedSequence(steps[:, None], lengths, n_steps)

    # Steps

    def delayed(self, steps: Tensor) -> Tensor:
        return tf.concat([tf.zeros_like(steps[:1]), steps[:-1]], 0)

    def as_steps(self, written: Tensor, n_parts: int, n_steps: int) -> Tensor:
        width = written.shape[-1] // n_parts
        steps = tf.transpose(tf.reshape(written, (-1, n_parts, width)), (1, 0, 2))
        return self.resized(steps, n_steps)

    def resized(self, steps: Tensor, n_steps: int) -> Tensor:
        kept = steps[:n_steps]
        return tf.pad(kept, [(0, n_steps - int(kept.shape[0])), (0, 0), (0, 0)])

    def n_steps(self, steps: Tensor) -> int:
        return int(steps.shape[0])

    def n_buffer_steps(self, n_steps: int) -> int:
        return -(-n_steps // BLOCK) * BLOCK

    def full_length(self, n_steps: int, like: Tensor) -> Tensor:
        return tf.fill([like.shape[0]], n_steps)

    def every_step(self, n_steps: int, lengths: Tensor) -> Tensor:
        return tf.where(lengths > 0, n_steps, 0)

    # Losses

    def written_error(self, decoder: DecoderSpec, states: Any, wanted: Wanted) -> Error:
        output = decoder.output.name
        return dense_error(
            decoder.step,
            states.values,
            self.weights[f"{output}/kernel"],
            self.weights[f"{output}/bias"],
            *wanted,
            self.scratch.get(output),
        )

    def error(self, decoder: DecoderSpec, written: Tensor, wanted: Wanted) -> Error:
        return error(decoder.step, written, *wanted)

    # How a layer is run ---------------------------------------------------------------

    def _run(
        self, layer: LSTM, sequence: FusedSequence, pooling: tuple[str, ...], keep: bool
    ) -> tuple[Tensor | None, dict[str, Tensor]]:
        own, mask = self._weights_of(layer), self.masks.get(layer.name)
        x, constant = self._inputs(layer, sequence), sequence.constant
        if constant is not None:
            n_constant = constant.shape[-1]
            sizes = [layer.n_inputs - n_constant, n_constant]
            kernel, kernel_of_constant = tf.split(own.kernel, sizes, 1)
            own = LSTMWeights(kernel, own.recurrent_kernel, own.bias)
            constant = constant[None]
            if mask is not None:
                mask, of_constant = tf.split(mask, sizes, -1)
                constant = constant * of_constant
            constant = tf.matmul(constant, kernel_of_constant)
        return lstm(
            x if x is None or mask is None else x * mask,
            own,
            sequence.lengths,
            n_steps=sequence.n_steps,
            constant=constant,
            pooling=pooling,
            return_sequences=keep,
            activation=self.activation,
            scratch=self.scratch.get(layer.name),
            input_gradient=not sequence.is_data,
        )

    def _inputs(self, layer: LSTM, sequence: FusedSequence) -> Tensor | None:
        """Return what each direction of the layer reads, in its order of time."""
        x, n_directions = sequence.values, len(layer.directions)
        if x is None or sequence.is_packed or n_directions == 1:
            return x if x is None else x[:, :n_directions]
        # States of both directions, aligned in time, in both orders of time
        lengths = sequence.lengths
        backward = tf.reverse_sequence(x[:, 1], lengths, seq_axis=0, batch_axis=1)
        forwards = tf.concat([x[:, 0], backward], -1)
        reversed_ = tf.reverse_sequence(forwards, lengths, seq_axis=0, batch_axis=1)
        return tf.stack([forwards, reversed_], 1)

    def _weights_of(self, layer: LSTM) -> LSTMWeights:
        """Stack the weights of a layer's directions."""
        kinds = ("kernel", "recurrent_kernel", "bias")
        names = [f"{layer.name}/{direction}/" for direction in layer.directions]
        return LSTMWeights(
            *(tf.stack([self.weights[name + kind] for name in names]) for kind in kinds)
        )
