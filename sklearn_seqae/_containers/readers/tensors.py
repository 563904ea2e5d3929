"""Ragged tensors of TensorFlow."""

from typing import Any

import numpy as np

from sklearn_seqae._containers.kinds import Container
from sklearn_seqae._containers.ragged import RaggedArray
from sklearn_seqae._containers.readers.columns import (
    check_lengths,
    column_from_lists,
    common_width,
    ragged_from_columns,
)


def ragged_from_tensor(X: Any) -> tuple[RaggedArray, Container]:
    """Read a ragged tensor.

    Parameters
    ----------
    X : tf.RaggedTensor of shape (n_sequences, None) or (n_sequences, None, n_features)
        Numbers. The features may be a ragged dimension of constant size, as
        ``tf.ragged.constant`` makes one.

    Returns
    -------
    ragged : RaggedArray
        The sequences.
    container : Container
        Of kind "ragged_tensor".

    Raises
    ------
    ValueError
        If `X` has another number of dimensions.
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
