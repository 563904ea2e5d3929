"""The loss of what a decoder writes; and the output layer and it in one pass.

Squared errors of numbers, and cross-entropies of categories: the softmax of their
logits. Where there are numbers only, a faster way is taken.
"""

from __future__ import annotations

import functools
from typing import Any

import tensorflow as tf

from sklearn_seqae._keras.lstm.gradients import with_gradient
from sklearn_seqae._keras.lstm.recurrence import BLOCK, count_blocks
from sklearn_seqae._network.engine import Error
from sklearn_seqae._patches.steps import CategoryColumn, StepLayout

Tensor = Any


def error(
    step: StepLayout, written: Tensor, target: Tensor, weight: Tensor, lengths: Tensor
) -> Error:
    """Sum the weighted errors of steps (T, B, F) over rows' own.

    ``written`` are numbers and logits, ``target`` numbers and codes.
    """
    inside = tf.transpose(tf.sequence_mask(lengths, target.shape[0]))[:, :, None]
    if step.category_sizes:
        return _mixed_error(step, written, target, weight, inside)
    # Chosen before the product: what stands beyond a row's end need not be finite.
    off = tf.where(inside, written - target, tf.zeros_like(target))
    return Error(tf.reduce_sum(tf.where(inside, weight, 0) * tf.square(off)))


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

    Like the recurrence, it runs for as many steps as the longest row has, and not for
    the size of the buffer. The gradients come out of the same pass, while states and
    errors are at hand: that of the states is put in ``scratch``, a variable of shape
    (T / BLOCK, BLOCK * B, U).
    """
    errors_of = functools.partial(_mixed, step) if step.category_sizes else _squared
    n_sums = step.n_features if step.category_sizes else 1
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
            of_block, d = errors_of(written, cut(target, t), cut(weight, t), inside)
            return (
                n + 1,
                sums + of_block,
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
    return Error(total, sums if step.category_sizes else None)


def _mixed_error(
    step: StepLayout, written: Tensor, target: Tensor, weight: Tensor, inside: Tensor
) -> Error:
    def rows(steps: Tensor) -> Tensor:
        return tf.reshape(steps, (-1, steps.shape[-1]))

    @with_gradient
    def run(written):  # type: ignore[no-untyped-def]
        sums, slopes = _mixed(step, *map(rows, (written, target, weight, inside)))
        slopes = tf.reshape(slopes, tf.shape(written))

        def gradient(upstream: Tensor, _: Tensor) -> Tensor:
            return upstream * slopes

        return [tf.reduce_sum(sums), sums], gradient

    return Error(*run(written))


# Of rows ------------------------------------------------------------------------------


def _squared(
    written: Tensor, target: Tensor, weight: Tensor, inside: Tensor
) -> tuple[Tensor, Tensor]:
    """Return the sum of the weighted errors of rows (R, F), and its gradient.

    Rows that are not ``inside``, (R, 1), don't count, and need not be finite.
    """
    weight = tf.where(inside, weight, 0)
    error = tf.where(inside, written - target, 0)
    return tf.reduce_sum(weight * error * error)[None], 2 * weight * error


def _mixed(
    step: StepLayout, written: Tensor, target: Tensor, weight: Tensor, inside: Tensor
) -> tuple[Tensor, Tensor]:
    """Return the same by feature, and the gradient of the total."""
    weight = tf.where(inside, weight, 0)
    sums, slopes = [], []
    if step.n_numbers:
        error = written[:, : step.n_numbers] - target[:, : step.n_numbers]
        error = tf.where(inside, error, 0)
        pull = weight[:, : step.n_numbers] * error
        each = tf.reduce_sum(pull * error, 0)
        sums.append(tf.reduce_sum(tf.reshape(each, (step.n_timesteps, -1)), 0))
        slopes.append(2 * pull)
    for column in step.columns:
        logits = tf.where(inside, written[:, column.logits], 0)
        codes, own = target[:, column.codes], weight[:, column.codes]
        loss, slope = _cross_entropy(logits, codes, own, column)
        sums.append(loss[None])
        slopes.append(slope)
    return tf.concat(sums, 0), tf.concat(slopes, 1)


def _cross_entropy(
    logits: Tensor, codes: Tensor, weight: Tensor, column: CategoryColumn
) -> tuple[Tensor, Tensor]:
    """Return the sum of the weighted cross-entropies, and its gradient."""
    shape = tf.shape(logits)
    logits = tf.reshape(logits, (-1, column.n_categories))
    code, own = tf.reshape(codes, (-1, 1)), tf.reshape(weight, (-1, 1))
    numbers = tf.range(1, column.n_categories + 1)
    is_it = tf.equal(tf.cast(numbers, code.dtype), code)
    shifted = logits - tf.reduce_max(logits, 1, keepdims=True)
    powers = tf.exp(shifted)
    total = tf.reduce_sum(powers, 1, keepdims=True)
    of_it = tf.reduce_sum(tf.where(is_it, shifted, 0), 1, keepdims=True)
    loss = tf.reduce_sum(own * (tf.math.log(total) - of_it))
    slope = own * (powers / total - tf.cast(is_it, logits.dtype))
    return loss, tf.reshape(slope, shape)
