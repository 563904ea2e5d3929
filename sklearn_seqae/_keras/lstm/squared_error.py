"""The loss; and the output layer and the loss in one pass over a batch's steps.

Like the recurrence, it runs for as many steps as the longest row has, and not for the
size of the buffer. The gradients come out of the same pass, while states and errors are
at hand.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from sklearn_seqae._keras.lstm.gates import BLOCK, count_blocks
from sklearn_seqae._keras.lstm.gradients import with_gradient

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


def dense_squared_error(
    states: Tensor,
    kernel: Tensor,
    bias: Tensor,
    target: Tensor,
    weight: Tensor,
    lengths: Tensor,
    scratch: Any = None,
) -> Tensor:
    """Sum ``weight * (states @ kernel + bias - target) ** 2`` over rows' own steps.

    Parameters
    ----------
    states : tensor of shape (T, 1, B, U)
        Of the last decoder layer.
    kernel, bias : tensors of shape (U, F) and (F,)
    target, weight : tensors of shape (T, B, F)
    lengths : int32 tensor of shape (B,)
    scratch : variable of shape (T / BLOCK, BLOCK * B, U), default=None
        Where the gradient of ``states`` is put.

    Returns
    -------
    scalar tensor
    """
    n_steps, _, n_rows, units = (int(n) for n in states.shape)
    n_outputs = int(kernel.shape[1])
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

        def block(n, loss, d_kernel, d_bias, d_states):  # type: ignore[no-untyped-def]
            t = n * size
            state = cut(states, t)
            inside = tf.reshape(t + tf.range(size)[:, None] < lengths[None], (-1, 1))
            mass = tf.where(inside, cut(weight, t), 0)
            error = tf.matmul(state, kernel) + bias - cut(target, t)
            error = tf.where(inside, error, 0)
            loss = loss + tf.reduce_sum(mass * error * error)
            d = 2 * mass * error
            return (
                n + 1,
                loss,
                d_kernel + tf.matmul(state, d, transpose_a=True),
                d_bias + tf.reduce_sum(d, 0),
                d_states.write(n, tf.matmul(d, kernel, transpose_b=True)),
            )

        zeros = [
            tf.zeros(shape, states.dtype)
            for shape in ((), (units, n_outputs), n_outputs)
        ]
        *_, loss, d_kernel, d_bias, d_states = tf.while_loop(
            lambda n, *_: n < n_run, block, (0, *zeros, d_states)
        )
        d_states = d_states.stack()
        if scratch is not None:
            scratch.assign(d_states)
        d_states = tf.reshape(d_states, states.shape)

        def gradient(upstream: Tensor) -> tuple[Tensor, Tensor, Tensor]:
            return upstream * d_states, upstream * d_kernel, upstream * d_bias

        return loss, gradient

    return run(states, kernel, bias)
