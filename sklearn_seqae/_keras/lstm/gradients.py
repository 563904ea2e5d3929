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

    In a graph, that one makes an entry for each function which keeps it for ever, and
    the graph as well. Here one entry serves all: it finds a function's gradient in a
    collection of its graph. So in a graph, `tf.gradients` finds it and a tape does not.

    Parameters
    ----------
    function : callable
        Takes tensors; returns a tensor, or a list of them, and a function of the
        gradients of these that returns those of the arguments, None for none.
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
