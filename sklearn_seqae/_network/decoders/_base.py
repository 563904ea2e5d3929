"""The parts that decoders share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

from sklearn_seqae._network.architecture import DecoderSpec
from sklearn_seqae._network.engine import Engine, Error, Sequence, TrainingEngine

Tensor = Any


@dataclass(frozen=True)
class DecoderBase(ABC):
    """From embeddings to steps, by any engine; holds no weights.

    Steps are in the decoder's order, the last first, and in the engine's layout. ``T``
    are LSTM steps of a buffer, ``B`` rows, ``F`` values of a step, ``C`` numbers of an
    embedding.
    """

    spec: DecoderSpec
    takes_noise: ClassVar[bool] = False  # standard normal numbers, in training

    @abstractmethod
    def decode(
        self, engine: Engine, embedding: Tensor, n_steps: int, lengths: Tensor
    ) -> Tensor:
        """Decode embeddings (B, C) to T steps; only a row's own mean anything.

        A step has ``n_outputs`` values: numbers, and logits of categories.
        """

    def trained(
        self, engine: TrainingEngine, embedding: Tensor, target: Tensor
    ) -> Tensor:
        """Decode as training does; decoders with teacher forcing read the target."""
        return self.decode(engine, embedding, engine.n_steps(target), None)

    def error(
        self,
        engine: TrainingEngine,
        embedding: Tensor,
        lengths: Tensor,
        target: Tensor,
        weight: Tensor,
    ) -> Error:
        """Return the sum of weighted errors of what `decode` returns.

        Parameters
        ----------
        engine : TrainingEngine
        embedding : tensor of shape (B, C)
        lengths : int32 tensor of shape (B,)
        target, weight : tensors of T steps
        """
        decoded = self.decode(engine, embedding, engine.n_steps(target), lengths)
        return engine.error(self.spec, decoded, target, weight, lengths)

    def training_error(
        self,
        engine: TrainingEngine,
        embedding: Tensor,
        lengths: Tensor,
        target: Tensor,
        weight: Tensor,
        noise: Tensor | None = None,
    ) -> Error:
        """Return the sum that training minimises.

        ``noise`` are T steps of standard normal numbers, for decoders that take noise.
        """
        return self.error(engine, embedding, lengths, target, weight)

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

    def error(
        self,
        engine: TrainingEngine,
        embedding: Tensor,
        lengths: Tensor,
        target: Tensor,
        weight: Tensor,
    ) -> Error:
        """Return the same sum without a step beyond the longest row."""
        sequence = self.read(engine, embedding, engine.n_steps(target), lengths)
        states = self.states(engine, sequence)
        return engine.written_error(self.spec, states, target, weight, lengths)
