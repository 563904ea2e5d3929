"""Each step that is written as an input of the next one.

The embedding is an input of every step as well (Cho et al., 2014). So the states need
not carry it, and a decoder that ignores what it has written equals "repeat".

Training uses teacher forcing (Williams and Zipser, 1989): the decoder reads the true
step before. All inputs are known, so one pass over them is enough. But such a decoder
looks at the step before rather than at the embedding, and never meets its own errors,
which add up when it runs freely. So training adds noise to what it reads, as in the
rollouts of Sanchez-Gonzalez et al. (2020). Of categories it hides a quarter, as the
word dropout of Bowman et al. (2016).

The first patch that is written may be partial. Beyond the end of the sequence it is
zero under teacher forcing, and as written when it runs freely.
"""

from __future__ import annotations

from typing import Any, ClassVar

from sklearn_seqae._network.categories import most_likely, with_vectors
from sklearn_seqae._network.decoders._base import DecoderBase, Tensor
from sklearn_seqae._network.engine import Engine, Error, Sequence, TrainingEngine

NOISE = 0.3  # standard deviation, in scaled units
HIDDEN = 0.6745  # a quarter of normal numbers is larger: categories that are hidden
LIMIT = 1e30  # what is read again saturates gates before it overflows float32


class Decoder(DecoderBase):
    """LSTM layers read the embedding and the step before, and write a step."""

    takes_noise: ClassVar[bool] = True

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
            told = most_likely(engine, spec.step, written)
            told = engine.ops.clip(told, -LIMIT, LIMIT)
            return written, with_vectors(engine, spec.tables, spec.step, told), after

        units = [layer.units for layer in spec.lstm]
        widths = spec.step.n_read, spec.step.n_outputs
        return engine.unroll(step, embedding, widths, units, n_steps, lengths)

    def trained(
        self, engine: TrainingEngine, embedding: Tensor, target: Tensor
    ) -> Tensor:
        states = self._told(engine, embedding, target, None)
        return engine.write(self.spec.output, states)

    def training_error(
        self,
        engine: TrainingEngine,
        embedding: Tensor,
        lengths: Tensor,
        target: Tensor,
        weight: Tensor,
        noise: Tensor | None = None,
    ) -> Error:
        told = target if noise is None else self._noisy(engine, target, noise)
        states = self._told(engine, embedding, told, lengths)
        return engine.written_error(self.spec, states, target, weight, lengths)

    def _told(
        self, engine: TrainingEngine, embedding: Tensor, told: Tensor, lengths: Any
    ) -> Sequence:
        """Return the states, where each step reads the one before of those told."""
        spec = self.spec
        steps = with_vectors(engine, spec.tables, spec.step, told, lengths)
        before = engine.delayed(steps)
        sequence = engine.beside(before, embedding, lengths, is_data=not spec.tables)
        return self.states(engine, sequence)

    def _noisy(self, engine: TrainingEngine, target: Tensor, noise: Tensor) -> Tensor:
        """Add noise to numbers, and hide some categories."""
        step, ops = self.spec.step, engine.ops
        if not step.category_sizes:
            return target + NOISE * noise
        numbers, codes = ops.split(target, [step.n_numbers], axis=-1)
        of_numbers, of_codes = ops.split(noise, [step.n_numbers], axis=-1)
        told = ops.where(of_codes > HIDDEN, 0.0, codes)
        return ops.concatenate([numbers + NOISE * of_numbers, told], axis=-1)
