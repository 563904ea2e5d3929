"""Each step that is written as an input of the next one.

The embedding is an input of every step as well (Cho et al., 2014). So the states need
not carry it, and a decoder that ignores what it has written equals "repeat".

Training uses teacher forcing (Williams and Zipser, 1989): the decoder reads the true
step before. All inputs are known, so one pass over them is enough. But such a decoder
looks at the step before rather than at the embedding, and never meets its own errors,
which add up when it runs freely. So training adds noise to what it reads, as in the
rollouts of Sanchez-Gonzalez et al. (2020).

The first patch that is written may be partial. Beyond the end of the sequence it is
zero under teacher forcing, and as written when it runs freely.
"""

from __future__ import annotations

from typing import ClassVar

from sklearn_seqae._network.decoders._base import DecoderBase, Tensor
from sklearn_seqae._network.engine import Engine, Error, TrainingEngine

NOISE = 0.3  # standard deviation, in scaled units
LIMIT = 1e30  # what is read again saturates gates before it overflows float32


class Decoder(DecoderBase):
    """LSTM layers read the embedding and the step before, and write a step."""

    takes_noise: ClassVar[bool] = True

    def decode(
        self, engine: Engine, embedding: Tensor, n_steps: int, lengths: Tensor
    ) -> Tensor:
        """Run freely: each step reads what was written before."""
        first, *others = self.spec.lstm
        cells = [engine.cell(first, embedding), *map(engine.cell, others)]

        def step(written: Tensor, states: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
            below, after = engine.ops.clip(written, -LIMIT, LIMIT), []
            for cell, state in zip(cells, states, strict=True):
                below, state = cell(below, state)
                after.append(state)
            return engine.dense(self.spec.output, below), after

        units = [layer.units for layer in self.spec.lstm]
        return engine.unroll(
            step, embedding, self.spec.n_inputs, units, n_steps, lengths
        )

    def trained(
        self, engine: TrainingEngine, embedding: Tensor, target: Tensor
    ) -> Tensor:
        sequence = engine.beside(engine.delayed(target), embedding, None)
        return engine.write(self.spec.output, self.states(engine, sequence))

    def training_error(
        self,
        engine: TrainingEngine,
        embedding: Tensor,
        lengths: Tensor,
        target: Tensor,
        weight: Tensor,
        noise: Tensor | None = None,
    ) -> Error:
        told = target if noise is None else target + NOISE * noise
        sequence = engine.beside(engine.delayed(told), embedding, lengths)
        states = self.states(engine, sequence)
        return engine.written_error(self.spec, states, target, weight, lengths)
