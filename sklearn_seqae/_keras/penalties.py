"""What a vector costs in training beside its reconstruction."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

Tensor = Any


def divergence(mean: Tensor, log_variance: Tensor, row_weight: Tensor) -> Tensor:
    """Sum the Kullback-Leibler divergences from the standard normal distribution.

    Of normal distributions with diagonal covariances, in closed form (Kingma and
    Welling, 2014, appendix B).

    Parameters
    ----------
    mean, log_variance : tensors of shape (B, n_code)
    row_weight : tensor of shape (B,)

    Returns
    -------
    scalar tensor
        In nats.
    """
    each = tf.square(mean) + tf.exp(log_variance) - log_variance - 1
    return _weighted_sum(0.5 * tf.reduce_sum(each, -1), row_weight)


def activity(code: Tensor, row_weight: Tensor) -> Tensor:
    """Sum the absolute values of codes (B, n_code), each by the weight of its row."""
    return _weighted_sum(tf.reduce_sum(tf.abs(code), -1), row_weight)


def _weighted_sum(of_rows: Tensor, row_weight: Tensor) -> Tensor:
    return tf.reduce_sum(tf.where(row_weight > 0, row_weight * of_rows, 0))
