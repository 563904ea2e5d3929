"""Where functions run: in sessions, which take what was compiled for them along.

TensorFlow's eager runtime keeps what XLA has compiled until the process ends. On a GPU,
XLA does not compile, and that runtime frees a function with its owner.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from tensorflow.python.eager import context
from tensorflow.python.ops.resource_variable_ops import UninitializedVariable

v1 = tf.compat.v1
Array = NDArray[Any]
AS_IT_IS = v1.GraphOptions()
AS_IT_IS.rewrite_options.disable_meta_optimizer = True


class Session:
    """Runs functions in a session of its own, on copies of their variables.

    Variables that are not given are buffers, see `buffer`: zero to begin with, and of
    no interest afterwards. ``n_threads`` run what does not depend on each other.
    TensorFlow need not ``optimize`` graphs that XLA optimises.
    """

    def __init__(
        self, variables: Sequence[Any] = (), n_threads: int = 1, optimize: bool = True
    ) -> None:
        self._optimize = optimize
        self._graph = tf.Graph()
        config = v1.ConfigProto(
            device_count={"GPU": 0},
            # -1 runs in the thread that calls
            inter_op_parallelism_threads=n_threads if n_threads > 1 else -1,
            use_per_session_threads=True,
            graph_options=AS_IT_IS,  # they hold little but calls of functions
        )
        self._session = v1.Session(graph=self._graph, config=config)
        with self._graph.as_default():
            self._zero = v1.placeholder(tf.float32, ())
        self._copies = {id(v): self._new(v) for v in variables}
        if variables:
            self.write([variable.numpy() for variable in variables], variables)

    def function(
        self, compute: Callable[..., Any], signature: Sequence[Any], jit: bool = False
    ) -> Callable[..., Any]:
        """Return a function of arrays; the signature has trees of TensorSpecs."""
        # One that calls another, which XLA may compile
        inside = tensor_function(compute, jit)
        traced = tensor_function(inside, False, signature).get_concrete_function()
        others = [v for v in traced.variables if id(v) not in self._copies]
        buffers = {id(v): self._new(v) for v in others}
        here = {id(v.handle): (self._copies | buffers)[id(v)] for v in traced.variables}
        outside = traced.captured_inputs  # they follow the arguments
        arguments = traced.inputs[: len(traced.inputs) - len(outside)]
        with self._graph.as_default():
            inputs = [v1.placeholder(t.dtype, t.shape) for t in arguments]
            captured = [  # what stands in the session for them
                here[id(t)].handle if t.dtype == tf.resource else tf.constant(t.numpy())
                for t in outside
            ]
            names = [tensor.name for tensor in traced.inputs]
            graph = traced.graph.as_graph_def()
            (output,) = tf.graph_util.import_graph_def(
                graph if self._optimize else _as_it_is(graph),
                dict(zip(names, [*inputs, *captured], strict=True)),
                [tensor.name for tensor in traced.outputs],
            )
        for buffer in buffers.values():  # in one run, equal zeros would share memory
            self._session.run(buffer.initializer, {self._zero: 0.0})
        run = self._session.make_callable(output, inputs)
        return lambda *arguments: run(*tf.nest.flatten(arguments))

    def read(self, variables: Sequence[Any]) -> list[Array]:
        values = self._session.run([self._copies[id(v)] for v in variables])
        return [np.asarray(value) for value in values]  # of a scalar too

    def write(self, values: Sequence[Any], variables: Sequence[Any]) -> None:
        initializers = [self._copies[id(v)].initializer for v in variables]
        initial = [initializer.inputs[1] for initializer in initializers]
        self._session.run(initializers, dict(zip(initial, values, strict=True)))

    def close(self) -> None:
        """Give back the memory, now rather than when Python collects its garbage.

        The eager runtime forgets all its kernels as well; new ones take microseconds.
        """
        self._session.close()
        context.context().clear_kernel_cache()

    def _new(self, like: Any) -> Any:
        """Make a variable, zero when initialized: known zeros would be kept."""
        with self._graph.as_default():
            zeros = tf.fill(like.shape, tf.cast(self._zero, like.dtype))
            return tf.Variable(zeros, trainable=False)


class Eager:
    """Runs functions by TensorFlow's eager runtime, on the variables themselves."""

    def function(
        self, compute: Callable[..., Any], signature: Sequence[Any], jit: bool = False
    ) -> Callable[..., Any]:
        function = tensor_function(compute, jit, signature)

        def run(*arguments: Any) -> Any:
            return function(*tf.nest.map_structure(tf.constant, arguments)).numpy()

        return run

    def read(self, variables: Sequence[Any]) -> list[Array]:
        return [np.array(variable.numpy()) for variable in variables]

    def write(self, values: Sequence[Any], variables: Sequence[Any]) -> None:
        for variable, value in zip(variables, values, strict=True):
            variable.assign(value)

    def close(self) -> None:
        """Do nothing: what nobody holds is freed."""


def open_session(
    gpu: bool, variables: Sequence[Any] = (), n_threads: int = 1, optimize: bool = True
) -> Session | Eager:
    """Return a place for functions to run, on a GPU or on the CPU."""
    return Eager() if gpu else Session(variables, n_threads, optimize)


def buffer(shape: Sequence[int]) -> Any:
    """Declare a buffer of functions, whose memory is that of their session."""
    return UninitializedVariable(trainable=False, shape=shape, dtype=tf.float32)


def stacked(
    compute: Callable[[Any], Any], n: Any, shape: tuple[int, ...], at_once: int = 1
) -> Any:
    """Stack what is computed, of a shape, of each number below ``n``."""
    out = tf.TensorArray(tf.float32, n, element_shape=shape)
    _, out = tf.while_loop(
        lambda i, _: i < n,
        lambda i, out: (i + 1, out.write(i, compute(i))),
        (0, out),
        parallel_iterations=at_once,
    )
    return out.stack()


def tensor_function(
    function: Callable[..., Any], jit: bool, signature: Sequence[Any] | None = None
) -> Any:
    """Return a `tf.function`, compiled by XLA or not.

    TensorFlow counts traces by a function's code, and warns of the fifth. Programs
    share that of their methods, so each gets a partial, which is counted for itself.
    """
    own = functools.partial(function)
    return tf.function(own, signature, jit_compile=jit, autograph=False)


def _as_it_is(graph: Any) -> Any:
    """Return a graph whose calls, which bring own options, run as they are."""
    options = v1.ConfigProto(graph_options=AS_IT_IS).SerializeToString()
    functions = (function.node_def for function in graph.library.function)
    for node in itertools.chain(graph.node, *functions):
        if "config_proto" in node.attr:
            node.attr["config_proto"].s = options
    return graph
