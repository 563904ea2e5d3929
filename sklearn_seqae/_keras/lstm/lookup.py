"""Vectors of categories from a table, and the gradient of the table."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from sklearn_seqae._keras.lstm.gradients import with_gradient

Tensor = Any


def look_up(table: Tensor, codes: Tensor, lengths: Tensor | None = None) -> Tensor:
    """Return the vector of each code: its row of the table, zeros for code 0.

    Parameters
    ----------
    table : tensor of shape (n_categories, units)
        The first row is that of code 1.
    codes : tensor of shape (T, ..., B, P), or of any other without ``lengths``
        Whole numbers from 0 to ``n_categories``.
    lengths : int32 tensor of shape (B,), default=None
        Own steps of each row. Beyond them there are steps of others: zeros as well.

    Returns
    -------
    tensor of shape (T, ..., B, P, units)
    """
    index = tf.cast(codes, tf.int32)
    if lengths is not None:
        n_steps, *between, n_rows, _ = codes.shape
        inside = tf.range(int(n_steps))[:, None] < lengths
        inside = tf.reshape(inside, (n_steps, *[1] * len(between), n_rows, 1))
        index = tf.where(inside, index, 0)
    n_categories, units = (int(n) for n in table.shape)

    @with_gradient
    def run(table):  # type: ignore[no-untyped-def]
        rows = tf.concat([tf.zeros((1, units), table.dtype), table], 0)

        def gradient(upstream: Tensor) -> Tensor:
            # What comes from beyond a row's end need not be finite.
            known = tf.where(index[..., None] > 0, upstream, tf.zeros_like(upstream))
            return tf.math.unsorted_segment_sum(known, index, n_categories + 1)[1:]

        return tf.gather(rows, index), gradient

    return run(table)
