"""One part of the embedding as the input of each step, as after Keras's Reshape."""

from __future__ import annotations

from sklearn_seqae._network.decoders._base import OpenLoop, Tensor
from sklearn_seqae._network.engine import Engine, Sequence


class Decoder(OpenLoop):
    """LSTM layers read one part of the embedding after the other, and write a step."""

    def read(
        self, engine: Engine, embedding: Tensor, n_steps: int, lengths: Tensor
    ) -> Sequence:
        return engine.parts(embedding, self.spec.n_parts, n_steps, lengths)
