"""The output layer and the loss in one pass over a batch's steps.

Like the recurrence, it runs for as many steps as the longest row has, and not for the
size of the buffer. The gradients come out of the same pass, while states and errors are
at hand.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from sklearn_seqae._keras.lstm.gates import BLOCK, count_blocks
from sklearn_seqae._keras.lstm.gradients import with_gradient

Tensor = Any


def dense_error(
    errors: Callable[..., tuple[Tensor, Tensor]],
    n_sums: int,
    states: Tensor,
    kernel: Tensor,
    bias: Tensor,
    target: Tensor,
    weight: Tensor,
    lengths: Tensor,
    scratch: Any = None,
) -> tuple[Tensor, Tensor]:
    """Sum the weighted errors of ``states @ kernel + bias`` over rows' own steps.

    Parameters
    ----------
    errors : callable
        Takes what is written, target and weight of R rows, and which of them count, a
        bool tensor of shape (R, 1). Returns the sums of weighted errors, a tensor of
        shape (n_sums,), and the gradient of their total by what is written.
    n_sums : int
    states : tensor of shape (T, 1, B, U)
        Of the last decoder layer.
    kernel, bias : tensors of shape (U, n_outputs) and (n_outputs,)
    target, weight : tensors of shape (T, B, width)
    lengths : int32 tensor of shape (B,)
    scratch : variable of shape (T / BLOCK, BLOCK * B, U), default=None
        Where the gradient of ``states`` is put.

    Returns
    -------
    total : scalar tensor
    sums : tensor of shape (n_sums,)
        Its parts. They have no gradient of their own.
    """
    n_steps, _, n_rows, units = (int(n) for n in states.shape)
    size = min(BLOCK, n_steps)
    n_blocks = n_steps // size
    n_run = count_blocks(tf.reduce_max(lengths), size)

    def cut(array: Tensor, t: Tensor) -> Tensor:
        piece = tf.slice(
            array, (t, *[0] * (len(array.shape) - 1)), (size, *array.shape[1:])
        )
        return tf.reshape(piece, (size * n_rows, -1))

    @with_gradient
    def run(states, kernel, bias):  # type: ignore[no-untyped-def]
        d_states = tf.TensorArray(
            states.dtype, n_blocks, element_shape=(size * n_rows, units)
        )
        if scratch is not None:
            d_states = d_states.unstack(scratch.read_value())

        def block(n, sums, d_kernel, d_bias, d_states):  # type: ignore[no-untyped-def]
            t = n * size
            state = cut(states, t)
            inside = tf.reshape(t + tf.range(size)[:, None] < lengths[None], (-1, 1))
            written = tf.matmul(state, kernel) + bias
            of_block, d = errors(written, cut(target, t), cut(weight, t), inside)
            return (
                n + 1,
                sums + of_block,
                d_kernel + tf.matmul(state, d, transpose_a=True),
                d_bias + tf.reduce_sum(d, 0),
                d_states.write(n, tf.matmul(d, kernel, transpose_b=True)),
            )

        zeros = [
            tf.zeros(shape, states.dtype)
            for shape in ((n_sums,), kernel.shape, bias.shape)
        ]
        _, sums, d_kernel, d_bias, d_states = tf.while_loop(
            lambda n, *_: n < n_run, block, (0, *zeros, d_states)
        )
        d_states = d_states.stack()
        if scratch is not None:
            scratch.assign(d_states)
        d_states = tf.reshape(d_states, states.shape)

        def gradient(upstream: Tensor, _: Tensor) -> tuple[Tensor, Tensor, Tensor]:
            return upstream * d_states, upstream * d_kernel, upstream * d_bias

        return [tf.reduce_sum(sums), sums], gradient

    total, sums = run(states, kernel, bias)
    return total, sums
