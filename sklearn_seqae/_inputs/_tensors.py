"""Ragged tensors of TensorFlow."""

from typing import Any

import numpy as np

from sklearn_seqae._inputs._columns import (
    check_lengths,
    column_from_lists,
    common_width,
    ragged_from_columns,
)
from sklearn_seqae._inputs._container import Container
from sklearn_seqae._inputs._libraries import comes_from
from sklearn_seqae._ragged import RaggedArray


def is_ragged_tensor(X: Any) -> bool:
    """Tell whether `X` is a ragged tensor of TensorFlow.

    Parameters
    ----------
    X : object
        Anything.

    Returns
    -------
    bool
    """
    return comes_from(X, "tensorflow", "RaggedTensor")


def ragged_from_tensor(X: Any) -> tuple[RaggedArray, Container]:
    """Read a ragged tensor.

    Parameters
    ----------
    X : tf.RaggedTensor of shape (n_sequences, None) or (n_sequences, None, n_features)
        Of numbers. The features may be a ragged dimension, too, as
        ``tf.ragged.constant`` makes one, if it is everywhere of the same size.

    Returns
    -------
    ragged : RaggedArray
        The sequences.
    container : Container
        Of kind "ragged_tensor".

    Raises
    ------
    ValueError
        If it has another number of dimensions.
    """
    lengths, *further = (np.diff(s.numpy()) for s in X.nested_row_splits)
    numbers = X.flat_values.numpy()
    if numbers.ndim + len(further) not in (1, 2):
        raise ValueError(
            f"X is a RaggedTensor of shape {tuple(X.shape)}; expected (n_sequences, "
            "None), or (n_sequences, None, n_features)."
        )
    check_lengths(lengths)
    width = None
    if further:
        width = common_width(further[0], lengths)
    elif numbers.ndim == 2:
        width = numbers.shape[1]
    column = column_from_lists(None, (), lengths, width, numbers)
    return ragged_from_columns([column], "ragged_tensor", None)
