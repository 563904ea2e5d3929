"""The contrastive loss: match each sequence with its crop among the others."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

TEMPERATURE = 0.2
Tensor = Any


def nt_xent(projected: Tensor, row_weight: Tensor) -> Tensor:
    """Sum the normalised, temperature-scaled cross entropies (NT-Xent) of pairs.

    The similarity of two rows is the cosine of the angle between them. Each row's
    partner is the positive, all other rows are negatives (Chen, Kornblith, Norouzi and
    Hinton, 2020).

    Parameters
    ----------
    projected : tensor of shape (2 * n_pairs, k)
        Rows ``i`` and ``i + n_pairs`` are partners.
    row_weight : tensor of shape (2 * n_pairs,)
        Weight of a row in the sum. A row of weight zero is no negative either.

    Returns
    -------
    scalar tensor
    """
    n_rows = int(projected.shape[0])
    length = tf.sqrt(tf.reduce_sum(projected * projected, -1, keepdims=True) + 1e-12)
    unit = projected / length
    similarity = tf.matmul(unit, unit, transpose_b=True) / TEMPERATURE
    counts = (row_weight > 0) & ~tf.eye(n_rows, dtype=tf.bool)
    similarity = tf.where(counts, similarity, similarity.dtype.min / 2)
    partner = tf.roll(tf.eye(n_rows, dtype=similarity.dtype), n_rows // 2, 1)
    positive = tf.reduce_sum(similarity * partner, -1)
    losses = tf.reduce_logsumexp(similarity, -1) - positive
    return tf.reduce_sum(tf.where(row_weight > 0, row_weight * losses, 0))
