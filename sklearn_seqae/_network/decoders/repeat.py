"""The embedding as the input of every step, as after Keras's RepeatVector."""

from __future__ import annotations

from sklearn_seqae._network.decoders._base import OpenLoop, Tensor
from sklearn_seqae._network.engine import Engine, Sequence


class Decoder(OpenLoop):
    """LSTM layers read the embedding at every step and write a step each time."""

    def read(
        self, engine: Engine, embedding: Tensor, n_steps: int, lengths: Tensor
    ) -> Sequence:
        return engine.repeat(embedding, n_steps, lengths)
