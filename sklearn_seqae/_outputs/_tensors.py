"""Ragged tensors of TensorFlow."""

from typing import Any

from sklearn_seqae._inputs._container import Container
from sklearn_seqae._ragged import RaggedArray


def to_ragged_tensor(ragged: RaggedArray, container: Container) -> Any:
    """Return a ragged tensor, of fixed size along the features."""
    import tensorflow as tf

    values = ragged.values[:, 0] if container.univariate else ragged.values
    return tf.RaggedTensor.from_row_splits(
        values.astype(container.dtype), ragged.offsets, validate=False
    )
