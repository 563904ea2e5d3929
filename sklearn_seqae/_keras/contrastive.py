"""Agreement between a sequence and a crop of it, against the others of the shard."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

TEMPERATURE = 0.2
Tensor = Any


def contrastive_loss(projected: Tensor, row_weight: Tensor) -> Tensor:
    """Sum the normalised, temperature-scaled cross entropies (NT-Xent) of pairs.

    Each row is to recognise its partner, by the cosine of the angle between them, among
    all other rows (Chen, Kornblith, Norouzi and Hinton, 2020).

    Parameters
    ----------
    projected : tensor of shape (2 * n_pairs, k)
        Row ``i`` and row ``i + n_pairs`` are partners.
    row_weight : tensor of shape (2 * n_pairs,)
        What a row counts in the sum. A row of weight zero is nobody's rival either.

    Returns
    -------
    scalar tensor
    """
    n_rows = int(projected.shape[0])
    length = tf.sqrt(tf.reduce_sum(projected * projected, -1, keepdims=True) + 1e-12)
    unit = projected / length
    similarity = tf.matmul(unit, unit, transpose_b=True) / TEMPERATURE
    rival = (row_weight > 0) & ~tf.eye(n_rows, dtype=tf.bool)
    similarity = tf.where(rival, similarity, similarity.dtype.min / 2)
    partner = tf.roll(tf.eye(n_rows, dtype=similarity.dtype), n_rows // 2, 1)
    right = tf.reduce_sum(similarity * partner, -1)
    losses = tf.reduce_logsumexp(similarity, -1) - right
    return tf.reduce_sum(tf.where(row_weight > 0, row_weight * losses, 0))
