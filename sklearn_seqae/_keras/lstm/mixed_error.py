"""The loss where there are categories; and the output layer and it in one pass.

Squared errors of numbers, and cross-entropies of categories: the softmax of their
logits. `squared_error` has the loss where there are numbers only, which is faster.
"""

from __future__ import annotations

import functools
from typing import Any

import tensorflow as tf

from sklearn_seqae._keras.lstm.dense_error import dense_error
from sklearn_seqae._keras.lstm.gradients import with_gradient
from sklearn_seqae._patches.steps import CategoryColumn, StepLayout

Tensor = Any


def mixed_error(
    written: Tensor, target: Tensor, weight: Tensor, lengths: Tensor, step: StepLayout
) -> tuple[Tensor, Tensor]:
    """Sum the weighted errors over rows' own steps.

    Parameters
    ----------
    written : tensor of shape (T, B, n_outputs)
        Numbers and logits.
    target, weight : tensors of shape (T, B, width)
        Numbers and codes.
    lengths : int32 tensor of shape (B,)
    step : StepLayout

    Returns
    -------
    total : scalar tensor
    by_feature : tensor of shape (n_features,)
        Its parts. They have no gradient of their own.
    """
    inside = tf.transpose(tf.sequence_mask(lengths, target.shape[0]))
    inside = tf.reshape(inside, (-1, 1))
    target, weight = (_rows(array) for array in (target, weight))

    @with_gradient
    def run(written):  # type: ignore[no-untyped-def]
        sums, slopes = _errors(_rows(written), target, weight, inside, step)
        slopes = tf.reshape(slopes, tf.shape(written))

        def gradient(upstream: Tensor, _: Tensor) -> Tensor:
            return upstream * slopes

        return [tf.reduce_sum(sums), sums], gradient

    total, by_feature = run(written)
    return total, by_feature


def dense_mixed_error(
    step: StepLayout, scratch: Any = None, **known: Tensor
) -> tuple[Tensor, Tensor]:
    """Return the `mixed_error` of ``states @ kernel + bias``, in one pass.

    Parameters
    ----------
    step : StepLayout
    scratch : variable, default=None
    **known : tensors
        ``states``, ``kernel``, ``bias``, ``target``, ``weight`` and ``lengths``, as
        `dense_error` takes them.
    """
    errors = functools.partial(_errors, step=step)
    return dense_error(errors, step.n_features, scratch=scratch, **known)


def _rows(steps: Tensor) -> Tensor:
    """Return steps (T, B, F) one after the other."""
    return tf.reshape(steps, (-1, steps.shape[-1]))


def _errors(
    written: Tensor, target: Tensor, weight: Tensor, inside: Tensor, step: StepLayout
) -> tuple[Tensor, Tensor]:
    """Return the weighted errors, summed by feature, and their gradient.

    Parameters
    ----------
    written : tensor of shape (R, n_outputs)
    target, weight : tensors of shape (R, width)
    inside : bool tensor of shape (R, 1)
        Rows that count; others need not be finite.
    step : StepLayout
    """
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
