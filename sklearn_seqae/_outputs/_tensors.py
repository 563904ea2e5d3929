"""Ragged tensors of TensorFlow."""

from typing import Any

from sklearn_seqae._containers import Container
from sklearn_seqae._outputs._arrays import values_of
from sklearn_seqae._ragged import RaggedArray


def to_ragged_tensor(ragged: RaggedArray, container: Container) -> Any:
    """Return a ragged tensor with a fixed number of features."""
    import tensorflow as tf

    return tf.RaggedTensor.from_row_splits(
        values_of(ragged, container), ragged.offsets, validate=False
    )
