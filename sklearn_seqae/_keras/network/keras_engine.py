"""The engine of stock Keras layers, batch-major: on a GPU, and for Keras models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, ClassVar

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops

from sklearn_seqae._keras.lstm.errors import error
from sklearn_seqae._keras.lstm.recurrence import unroll
from sklearn_seqae._keras.network.keras_layers import KerasLayers
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
class KerasSequence:
    """Steps or states, (B, T, F), in the order of time.

    The mask (B, T) tells a sequence's own steps, which come first. It is None where
    later steps do no harm. States have a part of F for each direction.
    """

    values: Tensor
    mask: Tensor | None = None
    n_directions: int = 1
    lengths: ClassVar[None] = None
    pooled: ClassVar[Mapping[str, list[Tensor]]] = MappingProxyType({})

    @property
    def directions(self) -> list[States]:
        count = ops.cumsum(ops.cast(self.mask, "float32"), axis=1)
        is_last = ops.equal(count, count[:, -1:]) & self.mask
        is_first = ops.equal(count, 1.0) & self.mask
        own, *ends = (
            ops.expand_dims(which, -1) for which in (self.mask, is_last, is_first)
        )
        units = self.values.shape[-1] // self.n_directions
        return [
            States(self.values[..., d * units : (d + 1) * units], own, ends[d], 1, ops)
            for d in range(self.n_directions)
        ]


@dataclass(frozen=True)
class KerasEngine(TrainingEngine):
    """See `engine.TrainingEngine`."""

    ops: ClassVar[Any] = ops
    layers: KerasLayers = field(repr=False)
    weights: Mapping[str, Tensor] | None = None  # None uses those of the layers
    # Dropout, (D, B, F) by layer. Keras draws masks itself; these are given.
    masks: Mapping[str, Tensor] = field(default_factory=dict)

    # Layers

    def lstm(
        self, layer: LSTM, sequence: Any, pooling: Kinds = (), is_last: bool = False
    ) -> KerasSequence:
        built, drop = self.layers[layer.name], self.masks.get(layer.name)
        x, mask = sequence.values, sequence.mask
        if drop is None:
            states = self._call(built, layer, x, mask=mask)
        else:
            states = self._with_dropout(built, layer, x, mask, drop)
        return KerasSequence(states, mask, len(layer.directions))

    def last_state(self, layer: LSTM, sequence: KerasSequence) -> Tensor:
        return self.lstm(layer, sequence).values

    def dense(self, layer: Dense, x: Tensor) -> Tensor:
        built = self.layers[layer.name]
        if layer.time_distributed and len(x.shape) == 2:  # one step by itself
            built = built.layer
        return self._call(built, layer, x)

    def look_up(self, layer: Embedding, codes: Tensor, lengths: Tensor) -> Tensor:
        index = ops.cast(ops.maximum(codes - 1, 0), "int32")
        vectors = self._call(self.layers[layer.name], layer, index)
        vectors = vectors * ops.cast(ops.expand_dims(codes > 0, -1), vectors.dtype)
        width = codes.shape[-1] * layer.units
        shape = [-1 if n is None else n for n in codes.shape[:-1]]
        return ops.reshape(vectors, (*shape, width))

    def write(self, output: Dense, states: KerasSequence) -> Tensor:
        return self._call(self.layers[output.name], output, states.values)

    def cell(self, layer: LSTM, constant: Tensor | None = None) -> Cell:
        cell = self.layers[layer.name].cell

        def step(x: Tensor, state: Any) -> tuple[Tensor, Any]:
            if constant is not None:
                x = ops.concatenate([x, constant], axis=-1)
            output, state = self._call(cell, layer, x, list(state))
            return output, tuple(state)

        return step

    def unroll(
        self, step: Step, embedding: Tensor, sizes: Sizes, n_steps: int, lengths: Tensor
    ) -> Tensor:
        if lengths is not None:  # a graph with all steps in a row would be large
            n_rows = int(embedding.shape[0])
            return _swapped(unroll(step, n_rows, sizes, n_steps, lengths))
        column = ops.zeros_like(embedding[:, :1])

        def zeros(n: int) -> Tensor:
            return ops.add(column, np.zeros((1, n), np.float32))

        read, steps = zeros(sizes.read), []
        states = [(zeros(n), zeros(n)) for n in sizes.units]
        for _ in range(n_steps):
            written, read, states = step(read, states)
            steps.append(written)
        return ops.stack(steps, axis=1)

    # Sequences for LSTM layers

    def sequence(self, x: Tensor, lengths: Tensor) -> KerasSequence:
        mask = tf.sequence_mask(lengths, x.shape[0])
        return KerasSequence(_swapped(x[:, 0]), mask)

    def repeat(self, vector: Tensor, n_steps: int, lengths: Tensor) -> KerasSequence:
        return KerasSequence(layers.RepeatVector(n_steps, name="repeat_vector")(vector))

    def beside(
        self, steps: Tensor, vector: Tensor, lengths: Tensor, is_data: bool
    ) -> KerasSequence:
        repeated = self.repeat(vector, steps.shape[1], lengths).values
        return KerasSequence(ops.concatenate([steps, repeated], axis=-1))

    def parts(
        self, vector: Tensor, n_parts: int, n_steps: int, lengths: Tensor
    ) -> KerasSequence:
        return KerasSequence(self.as_steps(vector, n_parts, n_steps))

    # Steps

    def from_packed(self, steps: Tensor) -> Tensor:
        return _swapped(steps)

    def to_packed(self, steps: Tensor) -> Tensor:
        return _swapped(steps)

    def delayed(self, steps: Tensor) -> Tensor:
        return ops.concatenate([ops.zeros_like(steps[:, :1]), steps[:, :-1]], axis=1)

    def as_steps(self, written: Tensor, n_parts: int, n_steps: int) -> Tensor:
        shape = (n_parts, written.shape[-1] // n_parts)
        return self.resized(layers.Reshape(shape)(written), n_steps)

    def resized(self, steps: Tensor, n_steps: int) -> Tensor:
        kept = steps if n_steps == steps.shape[1] else steps[:, :n_steps]
        missing = n_steps - int(kept.shape[1])
        return ops.pad(kept, ((0, 0), (0, missing), (0, 0))) if missing else kept

    def n_steps(self, steps: Tensor) -> int:
        return int(steps.shape[1])

    def full_length(self, n_steps: int, like: Tensor) -> Tensor:
        return None if self.weights is None else tf.fill([like.shape[0]], n_steps)

    def every_step(self, n_steps: int, lengths: Tensor) -> Tensor:
        return lengths

    # Losses

    def written_error(self, decoder: DecoderSpec, states: Any, wanted: Wanted) -> Error:
        return self.error(decoder, self.write(decoder.output, states), wanted)

    def error(self, decoder: DecoderSpec, written: Tensor, wanted: Wanted) -> Error:
        written, target, weight = map(_swapped, (written, *wanted[:2]))
        return error(decoder.step, written, target, weight, wanted.lengths)

    # How a layer is called ------------------------------------------------------------

    def _call(self, built: Any, layer: Any, *inputs: Any, **kwargs: Any) -> Any:
        """Call a Keras layer, all of a specified one or a part of it."""
        if self.weights is None:
            return built(*inputs, **kwargs)
        by_variable = {
            id(self.layers.variables[w.name]): self.weights[w.name]
            for w in layer.weights
        }
        mine = [by_variable[id(v)] for v in built.trainable_variables]
        frozen = [v.value for v in built.non_trainable_variables]
        outputs, _ = built.stateless_call(mine, frozen, *inputs, **kwargs)
        return outputs

    def _with_dropout(
        self, built: Any, layer: LSTM, x: Tensor, mask: Tensor | None, drop: Tensor
    ) -> Tensor:
        """Run an LSTM layer direction by direction, each with a mask of its own."""
        both = isinstance(built, keras.layers.Bidirectional)
        parts = [built.forward_layer, built.backward_layer] if both else [built]
        outputs = []
        for part, of_inputs in zip(parts, tf.unstack(drop), strict=True):
            states = self._call(part, layer, x * of_inputs[:, None], mask=mask)
            outputs.append(tf.reverse(states, [1]) if part.go_backwards else states)
        return tf.concat(outputs, -1)


def _swapped(steps: Tensor) -> Tensor:
    """Swap batch and time."""
    return tf.transpose(steps, (1, 0, 2))


def reversed_steps(steps: Tensor, count: Tensor) -> Tensor:
    """Reverse rows (B, T, F) by their counts (B, 1); beyond stand other steps."""
    n_steps = steps.shape[1]
    index = ops.subtract(ops.cast(count, "int32") - 1, np.arange(n_steps))
    index = ops.clip(index, 0, n_steps - 1)
    return ops.take_along_axis(steps, ops.expand_dims(index, -1), axis=1)
