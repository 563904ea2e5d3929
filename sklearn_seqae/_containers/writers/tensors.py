"""Ragged tensors of TensorFlow."""

from typing import Any

from sklearn_seqae._containers.kinds import Container
from sklearn_seqae._containers.ragged import RaggedArray
from sklearn_seqae._containers.writers.arrays import values_of


def to_ragged_tensor(ragged: RaggedArray, container: Container) -> Any:
    """Return a ragged tensor with a fixed number of features."""
    import tensorflow as tf

    return tf.RaggedTensor.from_row_splits(
        values_of(ragged, container), ragged.offsets, validate=False
    )
