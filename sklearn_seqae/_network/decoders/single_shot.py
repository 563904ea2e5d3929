"""All steps at once, from the last state of LSTM layers that have read the embedding.

LSTM, Dense, Reshape: TensorFlow's tutorial on time series calls such models
single-shot, in contrast to those that go step by step.
"""

from __future__ import annotations

from sklearn_seqae._network.decoders._base import DecoderBase, Tensor
from sklearn_seqae._network.engine import Engine


class Decoder(DecoderBase):
    """LSTM layers read the parts of the embedding; a Dense layer writes all steps."""

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
