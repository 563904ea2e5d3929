"""The interface of an engine: something that runs the layers of a specification.

The forward pass is written once, in calls of an engine. What is neither a layer nor a
sequence is a function of `ops`, which the engine brings along.

An engine has a layout of its own for steps: (T, B, F) for the fused one and ONNX's,
(B, T, F) for Keras's. ``T`` are LSTM steps of a buffer, ``B`` rows, ``F`` values of a
step, ``C`` numbers of a vector. ``lengths`` are LSTM steps of each row, int32 of shape
(B,); they are None where no engine needs them, in a symbolic decoder. In an ONNX graph
they are tensors, and so is a number of steps.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple, Protocol

from sklearn_seqae._network.layers import LSTM, DecoderSpec, Dense, Embedding

Tensor = Any
Kinds = tuple[str, ...]  # of pooling
Cell = Callable[[Tensor, Any], tuple[Tensor, Any]]
Step = Callable[[Tensor, list[Any]], tuple[Tensor, Tensor, list[Any]]]


class Error(NamedTuple):
    """A sum of weighted errors, to be minimised."""

    total: Tensor
    # (n_features,): its parts, without a gradient; None where there are only numbers
    by_feature: Tensor | None = None


class Wanted(NamedTuple):
    """Steps that a decoder should write, in the engine's layout."""

    target: Tensor
    weight: Tensor
    lengths: Tensor


class Sizes(NamedTuple):
    """Widths of what a decoder's step reads and writes, and units of its layers."""

    read: int
    written: int
    units: tuple[int, ...]


# The input of an LSTM layer, or its states: `values`, the steps in the engine's layout;
# `lengths`, own steps of each row, (B,), if the engine needs them; `pooled`, pooled
# states of each direction, by kinds that ran along; `directions`, a list of `States`
Sequence = Any


class Engine(Protocol):
    """Runs layers from a sequence to its embedding and back; it knows their weights."""

    @property
    def ops(self) -> Any:
        """Functions on tensors, by their names in ``keras.ops``."""

    # Layers

    def lstm(
        self, layer: LSTM, sequence: Any, pooling: Kinds = (), is_last: bool = False
    ) -> Any:
        """Run an LSTM layer.

        ``pooling`` are the kinds asked for next; after the last layer, nothing else is.
        """

    def last_state(self, layer: LSTM, sequence: Any) -> Tensor:
        """Run an LSTM layer for the last state of each row, (B, U)."""

    def dense(self, layer: Dense, x: Tensor) -> Tensor:
        """Run a Dense layer over the last axis."""

    def look_up(self, layer: Embedding, codes: Tensor, lengths: Tensor) -> Tensor:
        """Return the vectors of codes (..., P), side by side: (..., P * units).

        Zeros for code 0. With ``lengths``, codes are steps of rows of these lengths.
        """

    def write(self, output: Dense, states: Any) -> Tensor:
        """Run the output layer of a decoder on the states of every step."""

    def cell(self, layer: LSTM, constant: Tensor | None = None) -> Cell:
        """Return a step of an LSTM layer, which reads ``constant`` (B, C) as well."""

    def unroll(
        self, step: Step, embedding: Tensor, sizes: Sizes, n_steps: int, lengths: Tensor
    ) -> Tensor:
        """Repeat a step from states of zero, (B, units), and return what is written.

        A step takes what it reads, zero at first, and the states of its cells. It
        returns what it writes, what the next one reads, and new states.
        """

    # Sequences for LSTM layers

    def with_values(self, sequence: Any, values: Tensor) -> Any:
        """Return the same sequence with other values, which depend on weights."""
        return replace(sequence, values=values)

    def repeat(self, vector: Tensor, n_steps: int, lengths: Tensor) -> Any:
        """Return the sequence that is a vector (B, C) at every step."""

    def parts(self, vector: Tensor, n_parts: int, n_steps: int, lengths: Tensor) -> Any:
        """Cut a vector into parts; return the first ``n_steps``, zero beyond them."""

    # Steps

    def as_steps(self, written: Tensor, n_parts: int, n_steps: int) -> Tensor:
        """Cut what was written at once; the first ``n_steps``, zero beyond them."""

    def n_buffer_steps(self, n_steps: int) -> int:
        """Round a number of steps up to one that a buffer can have."""
        return n_steps

    def every_step(self, n_steps: int, lengths: Tensor) -> Tensor:
        """Return lengths of ``n_steps`` for all rows but those that hold nothing."""


class TrainingEngine(Engine, Protocol):
    """An engine that also trains: packed steps, forecasts and losses."""

    # Sequences for LSTM layers

    def sequence(self, x: Tensor, lengths: Tensor) -> Any:
        """Return what the encoder reads, of packed steps (T, 2, B, F)."""

    def beside(
        self, steps: Tensor, vector: Tensor, lengths: Tensor, is_data: bool
    ) -> Any:
        """Return steps followed by a vector; data depend on no weights."""

    # Steps

    def from_packed(self, steps: Tensor) -> Tensor:
        """Bring packed steps (T, B, F) into the engine's layout."""
        return steps

    def to_packed(self, steps: Tensor) -> Tensor:
        """Undo `from_packed`."""
        return steps

    def delayed(self, steps: Tensor) -> Tensor:
        """Return the step before each step, zero before the first."""

    def resized(self, steps: Tensor, n_steps: int) -> Tensor:
        """Return the first ``n_steps`` steps, zero beyond them."""

    def n_steps(self, steps: Tensor) -> int:
        """Count the steps of a buffer."""

    def full_length(self, n_steps: int, like: Tensor) -> Tensor:
        """Return lengths of ``n_steps`` for every row of a vector (B, C)."""

    # Losses

    def written_error(self, decoder: DecoderSpec, states: Any, wanted: Wanted) -> Error:
        """Return the `error` of what `write` would return."""

    def error(self, decoder: DecoderSpec, written: Tensor, wanted: Wanted) -> Error:
        """Sum the weighted errors of what a decoder wrote over rows' own steps.

        They are those of `HEADS`; beyond a row's end there are steps of other rows.
        """
