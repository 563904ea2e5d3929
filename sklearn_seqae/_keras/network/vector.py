"""A network's weights as one vector: the runtime takes time for each array it is given.

XLA, too, computes a kernel for each array, and TensorFlow traces operations for it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

Shape = tuple[int, ...]


def size_of(shapes: Iterable[Shape]) -> int:
    """Return the number of values in arrays of these shapes."""
    return sum(math.prod(shape) for shape in shapes)


def to_vector(arrays: Iterable[NDArray[Any]]) -> NDArray[Any]:
    """Join arrays, of any shapes, to one vector."""
    return np.concatenate([np.ravel(array) for array in arrays])


def from_vector(vector: NDArray[Any], shapes: Sequence[Shape]) -> list[NDArray[Any]]:
    """Cut a vector into arrays, which are copies."""
    ends = np.cumsum([math.prod(shape) for shape in shapes])
    pieces = zip(np.split(vector, ends[:-1]), shapes, strict=True)
    return [piece.reshape(shape).copy() for piece, shape in pieces]


def tensors_from_vector(vector: Any, shapes: Sequence[Shape]) -> list[Any]:
    """Cut a tensor of rank 1 into tensors."""
    pieces = tf.split(vector, [math.prod(shape) for shape in shapes])
    return [
        tf.reshape(piece, shape) for piece, shape in zip(pieces, shapes, strict=True)
    ]
