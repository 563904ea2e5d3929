"""The loss where there are numbers only, alone and with the output layer."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from sklearn_seqae._keras.lstm.dense_error import dense_error

Tensor = Any


def squared_error(
    decoded: Tensor, target: Tensor, weight: Tensor, lengths: Tensor
) -> Tensor:
    """Sum ``weight * (decoded - target) ** 2`` over rows' own steps.

    Parameters
    ----------
    decoded, target, weight : tensors of shape (T, B, F)
    lengths : int32 tensor of shape (B,)

    Returns
    -------
    scalar tensor
    """
    inside = tf.transpose(tf.sequence_mask(lengths, target.shape[0]))[:, :, None]
    # Chosen before the product: what stands beyond a row's end need not be finite.
    error = tf.where(inside, decoded - target, tf.zeros_like(target))
    return tf.reduce_sum(tf.where(inside, weight, 0) * tf.square(error))


def dense_squared_error(scratch: Any = None, **known: Tensor) -> Tensor:
    """Return the `squared_error` of ``states @ kernel + bias``, in one pass.

    Parameters
    ----------
    scratch : variable, default=None
    **known : tensors
        ``states``, ``kernel``, ``bias``, ``target``, ``weight`` and ``lengths``, as
        `dense_error` takes them.

    Returns
    -------
    scalar tensor
    """
    return dense_error(_errors, 1, scratch=scratch, **known)[0]


def _errors(
    written: Tensor, target: Tensor, weight: Tensor, inside: Tensor
) -> tuple[Tensor, Tensor]:
    """Return the sum of the weighted errors of rows, and their gradient."""
    weight = tf.where(inside, weight, 0)
    error = tf.where(inside, written - target, 0)
    return tf.reduce_sum(weight * error * error)[None], 2 * weight * error
