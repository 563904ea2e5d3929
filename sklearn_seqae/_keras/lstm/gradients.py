"""Functions that bring a gradient of their own, and are forgotten with their graph."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import tensorflow as tf

NAME = "SklearnSeqae"  # of TensorFlow's entry, and of the collection in each graph
Tensor = Any


def with_gradient(function: Callable[..., Any]) -> Callable[..., Any]:
    """Do as `tf.custom_gradient` does, for graphs that come and go.

    That one keeps each function and its graph for ever. Here one entry serves all: it
    finds a function's gradient in a collection of its graph. So in a graph,
    `tf.gradients` finds it and a tape does not. ``function`` returns a tensor or a
    list, and a function from their gradients to those of the arguments, None for none.
    """

    @functools.wraps(function)
    def call(*inputs: Tensor) -> Any:
        if tf.executing_eagerly():
            return tf.custom_gradient(function)(*inputs)
        outputs, gradient = function(*inputs)
        flat = tf.nest.flatten(outputs)
        graph = tf.compat.v1.get_default_graph()
        with graph.gradient_override_map({"IdentityN": NAME}):
            tied = tf.identity_n([*flat, *inputs])
        graph.add_to_collection(NAME, (tied[0].op.name, len(flat), gradient))
        return tf.nest.pack_sequence_as(outputs, tied[: len(flat)])

    return call


@tf.RegisterGradient(NAME)
def _gradient(op: Any, *upstream: Tensor) -> list[Tensor | None]:
    """Return no gradient of the outputs, which are tied as well, and the inputs'."""
    n, gradient = next(
        (n, gradient)
        for name, n, gradient in op.graph.get_collection(NAME)
        if name == op.name
    )
    found = gradient(*upstream[:n])
    of_inputs = list(found) if isinstance(found, (tuple, list)) else [found]
    return [*[None] * n, *of_inputs]


def look_up(table: Tensor, codes: Tensor, lengths: Tensor | None = None) -> Tensor:
    """Return the vector of each code: its row of the table, zeros for code 0.

    The table's first row is that of code 1. With the ``lengths`` of rows (B,), codes
    are (T, ..., B, P); beyond a row's end there are steps of others: zeros as well.
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
