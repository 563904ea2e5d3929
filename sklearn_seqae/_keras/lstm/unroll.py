"""A loop over steps that each read what follows from the one before."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

Tensor = Any


def unroll(
    step: Callable[[Tensor, list[Any]], tuple[Tensor, Tensor, list[Any]]],
    n_rows: int,
    widths: tuple[int, int],
    units: list[int],
    n_steps: int,
    lengths: Tensor,
) -> Tensor:
    """Repeat a step for as long as the longest row, from states of zero.

    Parameters
    ----------
    step : callable
        Takes what it reads, zero at first, and the states of its cells, pairs of
        tensors (B, units); returns what it writes, what the next one reads, and states.
    n_rows : int
        B.
    widths : tuple of int
        Values that a step reads, and that it writes.
    units : list of int
        Of each cell.
    n_steps : int
        T, the size of the buffer.
    lengths : int32 tensor of shape (B,)

    Returns
    -------
    tensor of shape (T, B, widths[1])
    """

    def advance_all(t, read, states, steps):  # type: ignore[no-untyped-def]
        live = (t < lengths)[:, None]  # else states of relu might overflow, see `fused`
        written, read, after = step(read, states)
        states = tf.nest.map_structure(
            lambda new, old: tf.where(live, new, old), after, states
        )
        return t + 1, read, states, steps.write(t, written)

    states = [(tf.zeros((n_rows, n)), tf.zeros((n_rows, n))) for n in units]
    first, shape = tf.zeros((n_rows, widths[0])), (n_rows, widths[1])
    steps = tf.TensorArray(tf.float32, n_steps, element_shape=shape)
    longest = tf.reduce_max(lengths)
    *_, steps = tf.while_loop(
        lambda t, *_: t < longest, advance_all, (0, first, states, steps)
    )
    return steps.stack()
