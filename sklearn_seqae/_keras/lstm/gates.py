"""The arithmetic of LSTM gates, and the gradients of a layer's weights."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from sklearn_seqae._keras.lstm.dropout import drop

BLOCK = 16  # steps whose weight gradients are one matrix product
Tensor = Any


def weight_gradients(
    x: Tensor | None,
    hidden: Tensor,
    gates: Tensor,
    longest: Tensor,
    recurrent_mask: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """Return the gradients of [kernel; recurrent_kernel] and bias, block by block.

    Parameters
    ----------
    x : tensor of shape (T, D, B, F) or None
        Inputs; None where the kernel is not part of the recurrence.
    hidden : tensor of shape (T, D, B, U)
    gates : tensor of shape (T, D, B, 4U)
        Gradients of the gates.
    longest : int32 scalar tensor
        Steps that were run.
    recurrent_mask : tensor of shape (D, B, U), default=None
        Factors of the states where a step read them.

    Returns
    -------
    tensor of shape (D, F + U, 4U) and tensor of shape (D, 4U)
    """
    n_steps, n_directions, n_rows, units = (int(n) for n in hidden.shape)
    block = min(BLOCK, n_steps)
    if n_steps % block:
        raise ValueError(f"{n_steps} steps are not a multiple of {block}.")
    n_inputs = 0 if x is None else int(x.shape[-1])

    def cut(array: Tensor, t: Tensor, size: int) -> Tensor:
        return tf.slice(array, (t, 0, 0, 0), (size, *array.shape[1:]))

    def add(n, d_weights, d_bias):  # type: ignore[no-untyped-def]
        t = n * block
        before = tf.where(t > 0, hidden[tf.maximum(t - 1, 0)], 0)
        left = tf.concat([before[None], cut(hidden, t, block)[:-1]], 0)
        left = drop(left, recurrent_mask)
        if x is not None:
            left = tf.concat([cut(x, t, block), left], -1)
        # Steps beyond the longest row hold what an earlier call left there.
        ran = (t + tf.range(block) < longest)[:, None, None, None]
        right = tf.where(ran, cut(gates, t, block), 0)
        products = [
            tf.matmul(
                tf.reshape(left[:, d], (block * n_rows, -1)),
                tf.reshape(right[:, d], (block * n_rows, -1)),
                transpose_a=True,
            )
            for d in range(n_directions)
        ]
        d_bias = d_bias + tf.reduce_sum(right, (0, 2))
        return n + 1, d_weights + tf.stack(products), d_bias

    zeros = (
        tf.zeros((n_directions, n_inputs + units, 4 * units), hidden.dtype),
        tf.zeros((n_directions, 4 * units), hidden.dtype),
    )
    n_blocks = count_blocks(longest, block)
    return tf.while_loop(lambda n, *_: n < n_blocks, add, (0, *zeros))[1:]


def count_blocks(longest: Tensor, block: int) -> Tensor:
    """Count the blocks of steps up to the longest row.

    Loops over blocks count these, one by one. XLA leaves a loop out that goes to a
    constant 1 in strides of more.
    """
    return (longest + block - 1) // block


def advance(
    pre_activation: Tensor, cell: Tensor, activation: str
) -> tuple[Tensor, Tensor, Tensor]:
    """Return the next hidden and cell state, and the gates as they are stored.

    Parameters
    ----------
    pre_activation : tensor of shape (..., 4U)
    cell : tensor of shape (..., U)
    activation : {"tanh", "relu"}
    """
    units, dtype = int(cell.shape[-1]), cell.dtype.as_numpy_dtype
    is_cell = np.repeat([False, False, True, False], units)
    stored = tf.tanh(pre_activation * np.where(is_cell, 1.0, 0.5).astype(dtype))
    if activation == "relu":
        stored = tf.where(is_cell, tf.nn.relu(pre_activation), stored)
    i, f, k, o = split(stored)
    cell = f * cell + i * k
    return o * act(cell, activation), cell, stored


def split(stored: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Input, forget, candidate and output gate from the stored tanh values."""
    i, f, k, o = tf.split(stored, 4, -1)
    return 0.5 + 0.5 * i, 0.5 + 0.5 * f, k, 0.5 + 0.5 * o


def act(x: Tensor, activation: str) -> Tensor:
    return tf.tanh(x) if activation == "tanh" else tf.nn.relu(x)


def act_gradient(y: Tensor, activation: str) -> Tensor:
    """Return the activation's derivative, from its value."""
    return 1 - y * y if activation == "tanh" else tf.cast(y > 0, y.dtype)
