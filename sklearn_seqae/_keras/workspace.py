"""Compiled training programs that outlive the estimator, lent to one fit at a time.

XLA takes seconds to compile what may train in one. So a program is kept when its fit
ends, and the next fit of the same architecture loads its own weights into it.

The cache below is the one piece of module-level mutable state of the package. Its owner
is this module; its bounds are `MAX_IDLE` idle workspaces and, but for the last one
used, `MAX_IDLE_BYTES` of their buffers, the least recently used going first. A
workspace is never used by two threads: `lend` takes it out of the cache. A forked child
starts with an empty cache; processes of joblib's loky backend start their own.
"""

from __future__ import annotations

import math
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from sklearn_seqae._batching import Stream
from sklearn_seqae._keras.architecture import Architecture, Weights
from sklearn_seqae._keras.compiling import CompiledModel, optimizer_key
from sklearn_seqae._keras.devices import has_gpu, own_function, xla_compiles
from sklearn_seqae._keras.network import make_network

MAX_IDLE = 8
MAX_IDLE_BYTES = 2**29
Tensor = Any


@dataclass(frozen=True)
class Program:
    """All that decides whether a compiled training program can serve a fit.

    Attributes
    ----------
    architecture : Architecture
    n_shards, n_rows : int
        How a batch is run, see `sklearn_seqae._batching`.
    n_buffer_steps : int
        Longest sequence that the program serves, in steps.
    """

    architecture: Architecture
    n_shards: int
    n_rows: int
    n_buffer_steps: int


class Workspace:
    """Weights, optimizer and compiled functions of one `Program`."""

    def __init__(self, program: Program, optimizer: Any) -> None:
        self.program = program
        compiled = CompiledModel(
            program.architecture, program.n_buffer_steps, optimizer
        )
        self.layers, self.model = compiled.layers, compiled.model
        self.optimizer = compiled.optimizer
        self._fresh_optimizer = self.get_optimizer_state()
        self._network = make_network(program.architecture, has_gpu())
        self._jit = not has_gpu() and xla_compiles()
        self._variables = [variable.value for variable in self.layers.variables]
        # Without XLA nothing is updated in place, so there the buffers would only cost.
        self._scratch = [
            self._network.scratch(program.n_buffer_steps, program.n_rows)
            if self._jit
            else []
            for _ in range(program.n_shards)
        ]
        self._gradients_of_shard = self._function(self._shard_gradients)
        self._loss_of_shard = self._function(self._shard_loss)
        self._update = self._function(self._apply)
        signature = self._signature()
        self._train, self._evaluate = (
            tf.function(own_function(over_batches), signature, autograph=False)
            for over_batches in (self._train_batches, self._evaluate_batches)
        )

    # State ----------------------------------------------------------------------------

    def load(
        self,
        weights: Weights,
        optimizer_state: list[NDArray[Any]],
        learning_rate: float | None,
    ) -> None:
        """Start from these weights; an empty optimizer state is a fresh optimizer."""
        self.layers.set_weights(weights)
        state = optimizer_state or self._fresh_optimizer
        if [v.shape for v in self._fresh_optimizer] != [v.shape for v in state]:
            raise ValueError(
                f"optimizer is {self.optimizer.name}, but the fit to go on from had "
                "another kind; set it back, or start anew with fit and "
                "warm_start=False."
            )
        for variable, value in zip(self.optimizer.variables, state, strict=True):
            variable.assign(value)
        if learning_rate is not None:
            self.optimizer.learning_rate.assign(learning_rate)

    def get_weights(self) -> Weights:
        return self.layers.get_weights()

    def get_optimizer_state(self) -> list[NDArray[Any]]:
        return [variable.numpy().copy() for variable in self.optimizer.variables]

    @property
    def n_bytes(self) -> int:
        """Size of the buffers."""
        variables = tf.nest.flatten(self._scratch)
        return sum(math.prod(v.shape) * v.dtype.size for v in variables)

    # Work -----------------------------------------------------------------------------

    def train(self, stream: Stream, scales: NDArray[np.float32]) -> NDArray[np.float32]:
        """One update a batch; returns each batch's sum of weighted squared errors."""
        return self._train(*self._tensors(stream), tf.constant(scales)).numpy()

    def evaluate(self, stream: Stream) -> NDArray[np.float32]:
        """Each batch's sum of weighted squared errors, without an update."""
        scales = tf.ones(len(stream.starts))
        return self._evaluate(*self._tensors(stream), scales).numpy()

    @staticmethod
    def _tensors(stream: Stream) -> tuple[Tensor, ...]:
        return tuple(
            tf.convert_to_tensor(a)
            for a in (stream.x, stream.weight, stream.starts, stream.lengths)
        )

    def _signature(self) -> list[tf.TensorSpec]:
        program = self.program
        rows, width = program.n_rows, program.architecture.n_inputs
        return [
            tf.TensorSpec((None, 2, rows, width), tf.float32),
            tf.TensorSpec((None, rows, width), tf.float32),
            tf.TensorSpec((None, program.n_shards), tf.int32),
            tf.TensorSpec((None, program.n_shards, rows), tf.int32),
            tf.TensorSpec((None,), tf.float32),
        ]

    def _function(self, python_function: Any) -> Any:
        return tf.function(
            own_function(python_function), jit_compile=self._jit, autograph=False
        )

    def _train_batches(
        self, x: Tensor, weight: Tensor, starts: Tensor, lengths: Tensor, scales: Tensor
    ) -> Tensor:
        def batch(b: Tensor, losses: Tensor) -> tuple[Tensor, Tensor]:
            # The shards don't depend on each other: TensorFlow runs them side by side.
            results = [
                self._gradients_of_shard(*piece, scales[b], self._scratch[s])
                for s, piece in enumerate(self._pieces(b, x, weight, starts, lengths))
            ]
            gradients = zip(*(gradients for _, gradients in results), strict=True)
            self._update([list(shards) for shards in gradients])
            return b + 1, losses.write(b, tf.add_n([loss for loss, _ in results]))

        return self._over_batches(batch, starts)

    def _evaluate_batches(
        self,
        x: Tensor,
        weight: Tensor,
        starts: Tensor,
        lengths: Tensor,
        scales: Tensor,
    ) -> Tensor:
        def batch(b: Tensor, losses: Tensor) -> tuple[Tensor, Tensor]:
            pieces = self._pieces(b, x, weight, starts, lengths)
            return b + 1, losses.write(
                b, tf.add_n([self._loss_of_shard(*p) for p in pieces])
            )

        return self._over_batches(batch, starts)

    def _over_batches(self, batch: Any, starts: Tensor) -> Tensor:
        n_batches = tf.shape(starts)[0]
        losses = tf.TensorArray(tf.float32, n_batches, element_shape=())
        _, losses = tf.while_loop(
            lambda b, _: b < n_batches, batch, (0, losses), parallel_iterations=1
        )
        return losses.stack()

    def _pieces(
        self, b: Tensor, x: Tensor, weight: Tensor, starts: Tensor, lengths: Tensor
    ) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
        """Cut the shards of batch ``b``, each of the size of the program's buffers."""
        size = self.program.n_buffer_steps
        for s in range(self.program.n_shards):
            start = starts[b, s]
            yield (
                tf.slice(x, (start, 0, 0, 0), (size, *x.shape[1:])),
                tf.slice(weight, (start, 0, 0), (size, *weight.shape[1:])),
                lengths[b, s],
            )

    def _shard_loss(
        self, x: Tensor, weight: Tensor, lengths: Tensor, scratch: Any = None
    ) -> Tensor:
        """Sum of weighted squared errors; padding and missing values weigh zero."""
        network, weights = self._network, self._variables
        code = network.encode(weights, x, lengths, scratch)
        return network.squared_error(weights, code, lengths, x[:, 1], weight, scratch)

    def _shard_gradients(
        self, x: Tensor, weight: Tensor, lengths: Tensor, scale: Tensor, scratch: Any
    ) -> tuple[Tensor, list[Tensor]]:
        with tf.GradientTape() as tape:
            loss = self._shard_loss(x, weight, lengths, scratch)
            objective = loss * scale
        return loss, tape.gradient(objective, self._variables)

    def _apply(self, gradients: list[list[Tensor]]) -> None:
        totals = [tf.add_n(shards) for shards in gradients]
        self.optimizer.apply(totals, self.layers.variables)


class _Cache:
    """Idle workspaces, least recently used first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: list[tuple[Any, Workspace]] = []

    def take(self, key: Any) -> Workspace | None:
        with self._lock:
            for i in reversed(range(len(self._idle))):
                if self._idle[i][0] == key:
                    return self._idle.pop(i)[1]
        return None

    def give_back(self, key: Any, workspace: Workspace) -> None:
        with self._lock:
            self._idle.append((key, workspace))
            while len(self._idle) > MAX_IDLE or (
                len(self._idle) > 1
                and sum(idle.n_bytes for _, idle in self._idle) > MAX_IDLE_BYTES
            ):
                self._idle.pop(0)

    def clear(self) -> None:
        self._lock = threading.Lock()
        self._idle = []


_cache = _Cache()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_cache.clear)


@contextmanager
def lend(program: Program, optimizer: Any) -> Iterator[Workspace]:
    """Lend a workspace for the time of a ``with`` block: an idle one, or a new one.

    After an error it is not kept, as its buffers may hold values that aren't finite.
    """
    key = (program, optimizer_key(optimizer), has_gpu(), xla_compiles())
    workspace = _cache.take(key)
    if workspace is None:
        workspace = Workspace(program, optimizer)
    yield workspace
    if all(np.isfinite(w).all() for w in workspace.get_weights()):
        _cache.give_back(key, workspace)


def clear_workspaces() -> None:
    """Drop all idle workspaces."""
    _cache.clear()
