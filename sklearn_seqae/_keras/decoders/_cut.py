"""A vector cut into the steps of the longest sequence."""

from __future__ import annotations

from typing import Any

import tensorflow as tf
from keras import layers, ops

from sklearn_seqae._keras.decoders._base import Decoder

Tensor = Any


class CutsVector(Decoder):
    """A decoder whose first LSTM layer reads a part of the vector at each step.

    There are ``n_steps`` parts, and no more steps can be written.
    """

    @property
    def n_read(self) -> int:
        return self.architecture.n_code // self.architecture.n_steps

    def cut(self, code: Tensor) -> Tensor:
        """Cut codes (B, C) into parts (n_steps, 1, B, n_read)."""
        shape = (-1, self.architecture.n_steps, self.n_read)
        return tf.transpose(tf.reshape(code, shape), (1, 0, 2))[:, None]

    def cut_by_layers(self, code: Tensor) -> Tensor:
        """Cut codes (B, C) into parts (B, n_steps, n_read)."""
        shape = (self.architecture.n_steps, self.n_read)
        return layers.Reshape(shape, name="parts_of_the_vector")(code)


def at_size(steps: Tensor, size: int) -> Tensor:
    """Leave steps (T, ...) out at the end, or add zeros, until there are ``size``."""
    kept = steps[:size]
    missing = size - int(kept.shape[0])
    return tf.pad(kept, [(0, missing), *[(0, 0)] * (len(kept.shape) - 1)])


def at_size_by_layers(steps: Tensor, size: int) -> Tensor:
    """Do the same for steps (B, T, ...) of stock layers."""
    kept = steps[:, :size]
    missing = size - int(kept.shape[1])
    return ops.pad(kept, ((0, 0), (0, missing), (0, 0))) if missing else kept
