"""From an embedding to a sequence, the last step first: the kinds of decoders."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, ClassVar

from sklearn_seqae._network.engine import (
    Engine,
    Error,
    Sequence,
    Sizes,
    TrainingEngine,
    Wanted,
)
from sklearn_seqae._network.layers import DecoderSpec, Embedding
from sklearn_seqae._patches.steps import StepLayout

Tensor = Any

LARGEST = 1e30  # a wild vector saturates the network before it overflows float32


@dataclass(frozen=True)
class DecoderBase(ABC):
    """From embeddings to steps, by any engine; holds no weights.

    Steps are in the decoder's order, the last first. `engine` explains the shapes.
    """

    spec: DecoderSpec
    takes_noise: ClassVar[bool] = False  # standard normal numbers, in training
    # Into a part for each LSTM step of the longest sequence in `fit`, so none is longer
    cuts: ClassVar[bool] = False
    at_once: ClassVar[bool] = False  # all steps are written from the last state
    feeds_back: ClassVar[bool] = False  # reads what it has written

    @staticmethod
    def n_read(step: int, embedding: int, n_parts: int) -> int:
        """Width of what the first LSTM layer reads, from that of a step, and sizes."""
        return embedding // n_parts if n_parts else embedding

    @abstractmethod
    def decode(
        self, engine: Engine, embedding: Tensor, n_steps: int, lengths: Tensor
    ) -> Tensor:
        """Decode embeddings (B, C) to T steps; only a row's own mean anything.

        A step has ``n_outputs`` values, see `HEADS`.
        """

    def trained(
        self, engine: TrainingEngine, embedding: Tensor, target: Tensor
    ) -> Tensor:
        """Decode as training does; decoders with teacher forcing read the target."""
        return self.decode(engine, embedding, engine.n_steps(target), None)

    def error(self, engine: TrainingEngine, embedding: Tensor, wanted: Wanted) -> Error:
        """Return the sum of weighted errors of what `decode` returns, over T steps."""
        n_steps = engine.n_steps(wanted.target)
        decoded = self.decode(engine, embedding, n_steps, wanted.lengths)
        return engine.error(self.spec, decoded, wanted)

    def training_error(
        self, engine: TrainingEngine, embedding: Tensor, wanted: Wanted, noise: Tensor
    ) -> Error:
        """Return the sum that training minimises.

        ``noise`` are T steps of standard normal numbers, for decoders that take noise;
        None for none.
        """
        return self.error(engine, embedding, wanted)

    def states(self, engine: Engine, sequence: Sequence) -> Sequence:
        """Run the LSTM layers, one on top of the other."""
        for layer in self.spec.lstm:
            sequence = engine.lstm(layer, sequence)
        return sequence

    def n_buffer_steps(self, n_steps: int) -> int:
        """LSTM steps that the layers run to write ``n_steps``."""
        return n_steps


class OpenLoop(DecoderBase):
    """A decoder that reads nothing of what it has written."""

    @abstractmethod
    def read(
        self, engine: Engine, embedding: Tensor, n_steps: int, lengths: Tensor
    ) -> Sequence:
        """Return the sequence that the first LSTM layer reads."""

    def decode(
        self, engine: Engine, embedding: Tensor, n_steps: int, lengths: Tensor
    ) -> Tensor:
        states = self.states(engine, self.read(engine, embedding, n_steps, lengths))
        return engine.write(self.spec.output, states)

    def error(self, engine: TrainingEngine, embedding: Tensor, wanted: Wanted) -> Error:
        """Return the same sum without a step beyond the longest row."""
        n_steps = engine.n_steps(wanted.target)
        sequence = self.read(engine, embedding, n_steps, wanted.lengths)
        return engine.written_error(self.spec, self.states(engine, sequence), wanted)


class Repeat(OpenLoop):
    """LSTM layers read the embedding at every step, as after Keras's RepeatVector."""

    def read(
        self, engine: Engine, embedding: Tensor, n_steps: int, lengths: Tensor
    ) -> Sequence:
        return engine.repeat(embedding, n_steps, lengths)


class Reshape(OpenLoop):
    """LSTM layers read one part of the embedding after the other, as after Reshape."""

    cuts: ClassVar[bool] = True

    def read(
        self, engine: Engine, embedding: Tensor, n_steps: int, lengths: Tensor
    ) -> Sequence:
        return engine.parts(embedding, self.spec.n_parts, n_steps, lengths)


class SingleShot(DecoderBase):
    """LSTM layers read the parts of the embedding; a Dense layer writes all steps.

    TensorFlow's tutorial on time series calls such models single-shot.
    """

    cuts: ClassVar[bool] = True
    at_once: ClassVar[bool] = True

    def decode(
        self, engine: Engine, embedding: Tensor, n_steps: int, lengths: Tensor
    ) -> Tensor:
        n_parts = self.spec.n_parts
        # It reads every part, however short the sequence that it writes.
        every = engine.every_step(n_parts, lengths)
        states = engine.parts(embedding, n_parts, engine.n_buffer_steps(n_parts), every)
        for layer in self.spec.lstm[:-1]:
            states = engine.lstm(layer, states)
        last = engine.last_state(self.spec.lstm[-1], states)
        written = engine.dense(self.spec.output, last)
        return engine.as_steps(written, n_parts, n_steps)

    def n_buffer_steps(self, n_steps: int) -> int:
        return self.spec.n_parts


class Unfold(DecoderBase):
    """LSTM layers read the embedding and the step before, and write a step.

    Training uses teacher forcing (Williams and Zipser, 1989): the decoder reads the
    true step before, so one pass is enough. But then it never meets its own errors,
    which add up when it runs freely. So training adds noise to what it reads
    (Sanchez-Gonzalez et al., 2020), and of categories hides a quarter (Bowman et al.,
    2016).

    The first patch that is written may be partial. Beyond the end of the sequence it is
    zero under teacher forcing, and as written when it runs freely.
    """

    takes_noise: ClassVar[bool] = True
    feeds_back: ClassVar[bool] = True

    @staticmethod
    def n_read(step: int, embedding: int, n_parts: int) -> int:
        return step + embedding

    def decode(
        self, engine: Engine, embedding: Tensor, n_steps: int, lengths: Tensor
    ) -> Tensor:
        """Run freely: each step reads what was written before."""
        spec = self.spec
        first, *others = spec.lstm
        cells = [engine.cell(first, embedding), *map(engine.cell, others)]

        def step(
            below: Tensor, states: list[Tensor]
        ) -> tuple[Tensor, Tensor, list[Tensor]]:
            after = []
            for cell, state in zip(cells, states, strict=True):
                below, state = cell(below, state)
                after.append(state)
            written = engine.dense(spec.output, below)
            told = told_values(engine, spec.step, written)
            told = engine.ops.clip(told, -LARGEST, LARGEST)
            return written, with_vectors(engine, spec.tables, spec.step, told), after

        units = tuple(layer.units for layer in spec.lstm)
        sizes = Sizes(spec.step.n_read, spec.step.n_outputs, units)
        return engine.unroll(step, embedding, sizes, n_steps, lengths)

    def trained(
        self, engine: TrainingEngine, embedding: Tensor, target: Tensor
    ) -> Tensor:
        states = self._told(engine, embedding, target, None)
        return engine.write(self.spec.output, states)

    def training_error(
        self, engine: TrainingEngine, embedding: Tensor, wanted: Wanted, noise: Tensor
    ) -> Error:
        told = wanted.target
        if noise is not None:
            told = self._noisy(engine.ops, told, noise)
        states = self._told(engine, embedding, told, wanted.lengths)
        return engine.written_error(self.spec, states, wanted)

    def _told(
        self, engine: TrainingEngine, embedding: Tensor, told: Tensor, lengths: Any
    ) -> Sequence:
        """Return the states, where each step reads the one before of those told."""
        spec = self.spec
        steps = with_vectors(engine, spec.tables, spec.step, told, lengths)
        before = engine.delayed(steps)
        sequence = engine.beside(before, embedding, lengths, is_data=not spec.tables)
        return self.states(engine, sequence)

    def _noisy(self, ops: Any, target: Tensor, noise: Tensor) -> Tensor:
        """Add noise to numbers, and hide some of the others."""
        found = [
            part.head.noisy(ops, target[..., part.values], noise[..., part.values])
            for part in self.spec.step.parts
        ]
        return ops.concatenate(found, axis=-1)


DECODERS: Mapping[str, type[DecoderBase]] = MappingProxyType(
    {"repeat": Repeat, "unfold": Unfold, "reshape": Reshape, "single_shot": SingleShot}
)


def make_decoder(spec: DecoderSpec) -> DecoderBase:
    """Return the decoder of a specification."""
    return DECODERS[spec.kind](spec)


def with_vectors(
    engine: Engine,
    tables: tuple[Embedding, ...],
    layout: StepLayout,
    steps: Tensor,
    lengths: Tensor | None = None,
) -> Tensor:
    """Replace the values in steps by what an LSTM layer reads: vectors for codes.

    (..., width + n_extra) to (..., n_read + n_extra). Lengths are given where these are
    the steps of rows.
    """
    if not layout.columns:
        return steps
    read, table = [], iter(tables)
    for part in layout.parts:
        values = steps[..., part.values]
        if part.head.is_finite:
            read.append(engine.look_up(next(table), values, lengths))
        else:
            read.append(part.head.read(engine.ops, values))
    return engine.ops.concatenate([*read, steps[..., layout.width :]], axis=-1)


def told_values(engine: Engine, layout: StepLayout, written: Tensor) -> Tensor:
    """Replace what a decoder wrote by values: the most likely codes, for example.

    (..., n_outputs) to (..., width).
    """
    if not layout.columns:
        return written
    values = []
    for part in layout.parts:
        n = part.head.n_written
        for start in range(part.written.start, part.written.stop, n):
            piece = written[..., start : start + n]
            values.append(part.head.tell(engine.ops, piece))
    return engine.ops.concatenate(values, axis=-1)
