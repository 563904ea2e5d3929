"""The loss of what a decoder writes, and the output layer with it in one pass."""

from __future__ import annotations

from typing import Any

import tensorflow as tf
from keras import ops

from sklearn_seqae._keras.lstm.gradients import with_gradient
from sklearn_seqae._keras.lstm.recurrence import BLOCK, count_blocks
from sklearn_seqae._network.engine import Error
from sklearn_seqae._patches.steps import StepLayout

Tensor = Any


def error(
    step: StepLayout, written: Tensor, target: Tensor, weight: Tensor, lengths: Tensor
) -> Error:
    """Sum weighted errors of what is written, (T, B, F), over rows' own steps."""
    inside = tf.transpose(tf.sequence_mask(lengths, target.shape[0]))[:, :, None]

    def rows(steps: Tensor) -> Tensor:
        return tf.reshape(steps, (-1, steps.shape[-1]))

    @with_gradient
    def run(written):  # type: ignore[no-untyped-def]
        sums, slopes = _of_rows(step, *map(rows, (written, target, weight, inside)))
        slopes = tf.reshape(slopes, tf.shape(written))

        def gradient(upstream: Tensor, _: Tensor) -> Tensor:
            return upstream * slopes

        return [tf.reduce_sum(sums), sums], gradient

    total, sums = run(written)
    return Error(total, sums if step.columns else None)


def dense_error(
    step: StepLayout,
    states: Tensor,
    kernel: Tensor,
    bias: Tensor,
    target: Tensor,
    weight: Tensor,
    lengths: Tensor,
    scratch: Any = None,
) -> Error:
    """Return the `error` of ``states @ kernel + bias``, of states (T, 1, B, U).

    It runs for as many steps as the longest row has. In the same pass, the gradient of
    the states is put in ``scratch``, a variable of shape (T / BLOCK, BLOCK * B, U).
    """
    n_sums = step.n_features if step.columns else 1
    n_steps, _, n_rows, units = (int(n) for n in states.shape)
    size = min(BLOCK, n_steps)
    n_blocks = n_steps // size
    n_run = count_blocks(tf.reduce_max(lengths), size)

    def cut(array: Tensor, t: Tensor) -> Tensor:
        rest = array.shape[1:]
        piece = tf.slice(array, (t, *[0] * len(rest)), (size, *rest))
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
            found, d = _of_rows(step, written, cut(target, t), cut(weight, t), inside)
            return (
                n + 1,
                sums + found,
                d_kernel + tf.matmul(state, d, transpose_a=True),
                d_bias + tf.reduce_sum(d, 0),
                d_states.write(n, tf.matmul(d, kernel, transpose_b=True)),
            )

        shapes = (n_sums,), kernel.shape, bias.shape
        zeros = [tf.zeros(shape, states.dtype) for shape in shapes]
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
    return Error(total, sums if step.columns else None)


def _of_rows(
    step: StepLayout, written: Tensor, target: Tensor, weight: Tensor, inside: Tensor
) -> tuple[Tensor, Tensor]:
    """Return the sum of the weighted errors of rows (R, F), and its gradient.

    By feature where there are columns. Rows not ``inside``, (R, 1), need not be finite.
    """
    weight, written = tf.where(inside, weight, 0), tf.where(inside, written, 0)
    sums, slopes = [], []
    for part in step.parts:
        loss, slope = part.head.error(
            ops,
            _pieces(written, part.written, part.n),
            _pieces(target, part.values, part.n),
            _pieces(weight, part.values, part.n),
        )
        if step.columns and loss.shape[1] > 1:
            loss = tf.reshape(tf.reduce_sum(loss, 0), (step.n_timesteps, -1))
            sums.append(tf.reduce_sum(loss, 0))
        else:
            sums.append(tf.reduce_sum(loss)[None])
        slopes.append(tf.reshape(slope, (-1, part.n * slope.shape[1])))
    return tf.concat(sums, 0), tf.concat(slopes, 1)


def _pieces(rows: Tensor, place: slice, n: int) -> Tensor:
    """Cut a part of rows (R, F) into so many: (R * n, ...)."""
    return tf.reshape(rows[:, place], (-1, (place.stop - place.start) // n))
