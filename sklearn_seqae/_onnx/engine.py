"""The engine that writes the layers of a network as nodes of an ONNX graph."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._network.engine import Cell, Engine, Kinds, Sizes, Step
from sklearn_seqae._network.layers import LSTM, Dense, Embedding, Weights
from sklearn_seqae._network.pooling import States
from sklearn_seqae._onnx import ops
from sklearn_seqae._onnx.graph import Graph, Tensor

ACTIVATIONS = {"tanh": "Tanh", "relu": "Relu"}


@dataclass(frozen=True)
class OnnxSequence:
    """The input of an LSTM node, and its outputs."""

    values: Tensor  # steps, or states of all directions side by side, (T, B, F)
    lengths: Tensor  # (B,), int32
    states: Tensor | None = None  # (T, D, B, U)
    last: tuple[Tensor, ...] = ()  # the last state of each direction, (B, U)

    @property
    def pooled(self) -> Mapping[str, list[Tensor]]:
        return {"last": list(self.last)}

    @property
    def directions(self) -> list[States]:
        lengths = ops.cast(self.lengths, np.int64)
        place = ops.expand_dims(ops.arange(ops.size(self.values, 0)), 1)
        own = ops.expand_dims(place < lengths, 2)
        states: Any = self.states
        ends = (lengths - 1, lengths * 0)  # where each direction ends
        return [
            States(
                values=ops.take(states, d, 1),
                own=own,
                final=ops.expand_dims(place.equals(ends[d]), 2),
                time=0,
                ops=ops,
            )
            for d in range(len(self.last))
        ]


@dataclass(frozen=True)
class OnnxEngine(Engine):
    """See `engine.Engine`. Steps are time-major, (T, B, F)."""

    ops: ClassVar[ModuleType] = ops
    graph: Graph
    activation: str
    weights: Weights

    # Layers

    def lstm(
        self, layer: LSTM, sequence: Any, pooling: Kinds = (), is_last: bool = False
    ) -> OnnxSequence:
        n_directions = len(layer.directions)
        gates = ["Sigmoid", *2 * [ACTIVATIONS[self.activation]]]
        states, last = self.graph.add(
            "LSTM",
            [sequence.values, *self._node_weights(layer), sequence.lengths],
            [np.float32, np.float32],
            layer.name,
            {
                "hidden_size": layer.units,
                "direction": "bidirectional" if layer.bidirectional else "forward",
                "activations": gates * n_directions,
            },
        )
        side_by_side = ops.transpose(states, (0, 2, 1, 3))
        return OnnxSequence(
            ops.reshape(side_by_side, (0, 0, layer.n_outputs)),
            sequence.lengths,
            states,
            tuple(ops.take(last, d) for d in range(n_directions)),
        )

    def last_state(self, layer: LSTM, sequence: OnnxSequence) -> Tensor:
        return self.lstm(layer, sequence).last[0]

    def dense(self, layer: Dense, x: Tensor) -> Tensor:
        outputs = ops.matmul(x, self.weights[f"{layer.name}/kernel"])
        if layer.use_bias:
            outputs = outputs + self.weights[f"{layer.name}/bias"]
        return ops.relu(outputs) if layer.activation == "relu" else outputs

    def look_up(self, layer: Embedding, codes: Tensor, lengths: Tensor) -> Tensor:
        weights = self.weights[f"{layer.name}/embeddings"]
        rows = np.concatenate([np.zeros((1, layer.units), np.float32), weights])
        table = self.graph.constant(rows, np.float32)
        vectors = ops.take(table, ops.cast(codes, np.int64))
        places = self.graph.node("Shape", codes, dtype=np.int64, end=-1)
        side_by_side = self.graph.constant([-1], np.int64)
        shape = ops.concatenate([places, side_by_side], axis=0)
        return self.graph.node("Reshape", vectors, shape)

    def write(self, output: Dense, states: OnnxSequence) -> Tensor:
        return self.dense(output, states.values)

    def cell(self, layer: LSTM, constant: Tensor | None = None) -> Cell:
        kernel, recurrent_kernel, bias = self._weights_of(layer, "forward")
        act = getattr(ops, self.activation)

        def step(x: Tensor, state: Any) -> tuple[Tensor, Any]:
            h, c = state
            if constant is not None:
                x = ops.concatenate([x, constant])
            gates = ops.matmul(x, kernel) + ops.matmul(h, recurrent_kernel) + bias
            i, f, k, o = ops.split(gates, 4, axis=-1)
            c = ops.sigmoid(f) * c + ops.sigmoid(i) * act(k)
            h = ops.sigmoid(o) * act(c)
            return h, (h, c)

        return step

    def unroll(
        self, step: Step, embedding: Tensor, sizes: Sizes, n_steps: Any, lengths: Tensor
    ) -> Tensor:
        n_rows, zero = ops.size(embedding, 0), self.graph.constant([[0]], np.float32)
        widths = sizes.read, *(n for units in sizes.units for n in (units, units))
        first = [ops.broadcast_to(zero, (n_rows, n)) for n in widths]

        def body(before: Sequence[Tensor]) -> tuple[list[Tensor], Tensor]:
            read, *flat = before
            pairs = [(flat[n], flat[n + 1]) for n in range(0, len(flat), 2)]
            written, read, after = step(read, pairs)
            return [read, *(tensor for pair in after for tensor in pair)], written

        return self.graph.loop(n_steps, first, body)

    # Sequences for LSTM layers

    def repeat(self, vector: Tensor, n_steps: Any, lengths: Tensor) -> OnnxSequence:
        repeated = ops.broadcast_to(ops.expand_dims(vector, 0), (n_steps, 1, 1))
        return OnnxSequence(repeated, lengths)

    def parts(
        self, vector: Tensor, n_parts: int, n_steps: Any, lengths: Tensor
    ) -> OnnxSequence:
        return OnnxSequence(self.as_steps(vector, n_parts, n_steps), lengths)

    # Steps

    def as_steps(self, written: Tensor, n_parts: int, n_steps: Any) -> Tensor:
        rows = ops.reshape(written, (0, n_parts, -1))
        return ops.transpose(rows, (1, 0, 2))[:n_steps]

    def every_step(self, n_steps: int, lengths: Tensor) -> Tensor:
        return lengths * 0 + n_steps

    # Weights --------------------------------------------------------------------------

    def _weights_of(self, layer: LSTM, direction: str) -> list[NDArray[np.float32]]:
        kinds = ("kernel", "recurrent_kernel", "bias")
        return [self.weights[f"{layer.name}/{direction}/{kind}"] for kind in kinds]

    def _node_weights(self, layer: LSTM) -> list[Tensor]:
        """Return the weights of all directions, as an LSTM node reads them."""
        found = []
        for direction in layer.directions:
            kernel, recurrent_kernel, bias = self._weights_of(layer, direction)
            # The node has a bias of the inputs, and one of the states.
            biases = np.concatenate([_as_in_onnx(bias), np.zeros_like(bias)])
            kernels = (_as_in_onnx(w).T for w in (kernel, recurrent_kernel))
            found.append((*kernels, biases))
        return [
            self.graph.constant(np.stack(arrays), np.float32)
            for arrays in zip(*found, strict=True)
        ]


def _as_in_onnx(weights: NDArray[np.float32]) -> NDArray[np.float32]:
    """Bring the gates from Keras's order (i, f, c, o) into ONNX's (i, o, f, c)."""
    i, f, c, o = np.split(weights, 4, axis=-1)
    return np.concatenate([i, o, f, c], axis=-1)
