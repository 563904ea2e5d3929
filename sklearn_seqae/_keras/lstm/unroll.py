"""A loop over steps that each read what was written before."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

Tensor = Any


def unroll(
    step: Callable[[Tensor, list[Any]], tuple[Tensor, list[Any]]],
    n_rows: int,
    width: int,
    units: list[int],
    n_steps: int,
    lengths: Tensor,
) -> Tensor:
    """Repeat a step for as long as the longest row, from states of zero.

    Parameters
    ----------
    step : callable
        Takes the values written before (B, width), zero at first, and the states of its
        cells, pairs of tensors (B, units); returns both anew.
    n_rows, width : int
        B and the values of a step.
    units : list of int
        Of each cell.
    n_steps : int
        T, the size of the buffer.
    lengths : int32 tensor of shape (B,)

    Returns
    -------
    tensor of shape (T, B, width)
    """

    def advance_all(t, written, states, steps):  # type: ignore[no-untyped-def]
        live = (t < lengths)[:, None]  # else states of relu might overflow, see `fused`
        written, after = step(written, states)
        states = tf.nest.map_structure(
            lambda new, old: tf.where(live, new, old), after, states
        )
        return t + 1, written, states, steps.write(t, written)

    states = [(tf.zeros((n_rows, n)), tf.zeros((n_rows, n))) for n in units]
    shape = (n_rows, width)
    steps = tf.TensorArray(tf.float32, n_steps, element_shape=shape)
    longest = tf.reduce_max(lengths)
    *_, steps = tf.while_loop(
        lambda t, *_: t < longest, advance_all, (0, tf.zeros(shape), states, steps)
    )
    return steps.stack()
