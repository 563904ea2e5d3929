"""Compiled training programs that outlive the estimator; each serves one fit at a time.

XLA takes seconds to compile what may train in one. So a program is kept when its fit
ends, and the next fit of the same architecture loads its own weights into it.

The cache below is the one piece of module-level mutable state of the package. Its owner
is this module; its bounds are `MAX_IDLE` idle workspaces and, but for the last one
used, `MAX_IDLE_BYTES` of their buffers; the least recently used goes first. Two threads
never share a workspace: `borrow` takes it out of the cache. Processes of joblib's loky
backend start their own.
"""

from __future__ import annotations

import functools
import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from sklearn_seqae._architecture import Weights
from sklearn_seqae._keras.devices import has_gpu, n_threads, xla_compiles
from sklearn_seqae._keras.network.engines import engine_maker
from sklearn_seqae._keras.network.scratch import allocate_scratch
from sklearn_seqae._keras.sessions import open_session, tensor_function
from sklearn_seqae._keras.training.compiled import (
    CompiledModel,
    new_optimizer,
    optimizer_identity,
    optimizer_key,
)
from sklearn_seqae._keras.training.draws import draw
from sklearn_seqae._keras.training.forward_pass import Shard
from sklearn_seqae._keras.training.objective import Objective
from sklearn_seqae._keras.training.program import (
    Program,
    UpdateSettings,
    packed_signature,
    update_signature,
)
from sklearn_seqae._packing import ForecastTargets, PackedShards
from sklearn_seqae._state import OptimizerState, State

MAX_IDLE = 8
MAX_IDLE_BYTES = 2**29
Tensor = Any


class Workspace:
    """Weights, optimizer and compiled functions of one `Program`.

    Attributes
    ----------
    is_sound : bool
        Whether it may serve again: no buffer holds what isn't finite, and nothing has
        interrupted its compilation.
    n_bytes : int
        Size of the buffers.
    """

    def __init__(self, program: Program, optimizer: Any) -> None:
        self.program = program
        self.is_sound = True
        self._compiled: set[str] = set()
        self._given = optimizer
        self._jit = not has_gpu() and xla_compiles()
        self._weights = {
            weight.name: keras.Variable("zeros", weight.shape)
            for weight in program.architecture.weights
        }
        self._optimizer = new_optimizer(optimizer)
        self._optimizer.build(list(self._weights.values()))
        # A rate of one's own, not a schedule of Keras's, can be set for each batch.
        rate = getattr(self._optimizer, "_learning_rate", None)
        self._rate = rate if isinstance(rate, keras.Variable) else None
        self._session = open_session(
            has_gpu(), self._variables, min(program.n_shards, n_threads())
        )
        self._fresh_optimizer = self._optimizer_state()
        objective = Objective(
            program.architecture,
            engine_maker(program.architecture, has_gpu()),
            {name: v.value for name, v in self._weights.items()},
            program.losses,
        )
        self._gradients_of_shard = tensor_function(objective.gradients, self._jit)
        self._losses_of_shard = tensor_function(objective.losses, self._jit)
        self._update = tensor_function(self._apply, self._jit)
        self.n_bytes = 0

    # State ----------------------------------------------------------------------------

    def load(self, state: State) -> None:
        """Start from a state.

        Raises
        ------
        ValueError
            If its optimizer is another kind, or configured otherwise.
        """
        fresh, given = self._fresh_optimizer, state.optimizer
        if given is not None and not given.fits(fresh):
            raise ValueError(
                f"optimizer is {fresh.described_beside(given)}, but the fit to go on "
                f"from had {given.described_beside(fresh)}; set it back, or start anew "
                "with fit and warm_start=False."
            )
        weights = [state.weights[name] for name in self._weights]
        self._session.write([*weights, *(given or fresh).variables])

    def start_at_rate(self, learning_rate: float | None) -> None:
        """Set the learning rate; None leaves the optimizer's own."""
        if learning_rate is not None and self._rate is not None:
            self._session.write([learning_rate], [self._rate.value])

    def average_weights(self) -> None:
        """Set each weight to its moving average, if the optimizer keeps one."""
        if getattr(self._optimizer, "use_ema", False):
            for variable, value in zip(
                self._variables, self._session.read(), strict=True
            ):
                variable.assign(value)
            self._optimizer.finalize_variable_values(list(self._weights.values()))
            self._session.write([variable.numpy() for variable in self._variables])

    def state(self) -> State:
        """Return weights and optimizer as they are now."""
        return State(self.get_weights(), self._optimizer_state())

    def get_weights(self) -> Weights:
        values = self._session.read([v.value for v in self._weights.values()])
        return dict(zip(self._weights, values, strict=True))

    @property
    def learning_rate(self) -> float:
        """The rate of the next update."""
        if self._rate is None:
            return float(self._optimizer._learning_rate(self.n_updates))
        (rate,) = self._session.read([self._rate.value])
        return float(rate)

    @property
    def n_updates(self) -> int:
        """Updates that the optimizer has made, those of earlier fits included."""
        (iterations,) = self._session.read([self._optimizer.iterations.value])
        return int(iterations)

    def _optimizer_state(self) -> OptimizerState:
        variables = self._session.read([v.value for v in self._optimizer.variables])
        return OptimizerState(*optimizer_identity(self._optimizer), variables)

    @property
    def _variables(self) -> list[Any]:
        """Weights, then the optimizer's variables."""
        return [v.value for v in (*self._weights.values(), *self._optimizer.variables)]

    def close(self) -> None:
        """Give back the memory: it serves no more."""
        self._session.close()

    # What callbacks see ---------------------------------------------------------------

    @functools.cached_property
    def _seen(self) -> CompiledModel:
        program = self.program
        optimizer = new_optimizer(self._given)
        return CompiledModel(program.architecture, program.n_buffer_steps, optimizer)

    @property
    def model(self) -> keras.Model:
        """A Keras model with weights and optimizer as `show` last copied them."""
        return self._seen.model

    def show(self) -> None:
        """Copy weights and optimizer to the model."""
        self._shown = self._session.read()
        for variable, value in zip(self._seen.variables, self._shown, strict=True):
            variable.assign(value)

    def heed(self) -> None:
        """Take over from the model what has changed since it was shown."""
        now = [variable.numpy() for variable in self._seen.variables]
        if not all(map(np.array_equal, now, self._shown)):
            self._session.write(now)

    # Work -----------------------------------------------------------------------------

    def train(
        self, packed: PackedShards, settings: UpdateSettings
    ) -> NDArray[np.float32]:
        """One update a batch; returns each batch's losses, (n_batches, n_losses).

        They are sums over its rows, in the order of ``program.losses``.
        """
        return self._run("train", self._train, *_arrays(packed), *settings)

    def evaluate(self, packed: PackedShards) -> NDArray[np.float32]:
        """Return the same without an update."""
        return self._run("evaluate", self._evaluate, *_arrays(packed))

    def _run(self, name: str, function: Any, *arrays: Any) -> NDArray[np.float32]:
        self.is_sound = name in self._compiled
        losses: NDArray[np.float32] = function(*arrays)
        self._compiled.add(name)
        self.is_sound = bool(np.isfinite(losses).all())
        return losses

    @functools.cached_property
    def _train(self) -> Any:
        program = self.program
        # Without XLA nothing is updated in place; there buffers would only cost.
        scratch = [
            allocate_scratch(
                program.architecture,
                program.n_buffer_steps,
                program.n_rows,
                program.n_prefix_rows,
            )
            if self._jit
            else {}
            for _ in range(program.n_shards)
        ]
        buffers = tf.nest.flatten(scratch)
        self.n_bytes = sum(math.prod(v.shape) * v.dtype.size for v in buffers)
        signature = packed_signature(program, program.n_prefix_rows)
        return self._session.function(
            functools.partial(self._train_batches, scratch),
            [*signature, *update_signature(program)],
        )

    @functools.cached_property
    def _evaluate(self) -> Any:
        signature = packed_signature(self.program, 0)
        return self._session.function(self._evaluate_batches, signature)

    def _train_batches(self, scratch: list[Any], *tensors: Tensor) -> Tensor:
        n = len(fields(PackedShards))
        packed, settings = PackedShards(*tensors[:n]), UpdateSettings(*tensors[n:])
        program = self.program

        def batch(b: Tensor, losses: Tensor) -> tuple[Tensor, Tensor]:
            draws = draw(
                program.architecture,
                program.stochastic,
                settings.seed[b],
                settings.dropout[b],
                program.n_shards,
                program.n_rows,
                program.n_buffer_steps,
            )
            # The shards don't depend on each other: TensorFlow runs them side by side.
            results = [
                self._gradients_of_shard(shard, draws[s], settings.scale[b], scratch[s])
                for s, shard in enumerate(self._shards(b, packed))
            ]
            if self._rate is not None:
                rate = settings.learning_rate[b]
                self._rate.assign(tf.where(rate > 0, rate, self._rate.value))
            gradients = zip(*(gradients for _, gradients in results), strict=True)
            self._update([list(shards) for shards in gradients])
            return b + 1, losses.write(b, tf.add_n([loss for loss, _ in results]))

        return self._over_batches(batch, packed.starts)

    def _evaluate_batches(self, *tensors: Tensor) -> Tensor:
        packed = PackedShards(*tensors)

        def batch(b: Tensor, losses: Tensor) -> tuple[Tensor, Tensor]:
            shards = self._shards(b, packed)
            return b + 1, losses.write(
                b, tf.add_n([self._losses_of_shard(shard) for shard in shards])
            )

        return self._over_batches(batch, packed.starts)

    def _over_batches(self, batch: Any, starts: Tensor) -> Tensor:
        n_batches = tf.shape(starts)[0]
        shape = (len(self.program.losses),)
        losses = tf.TensorArray(tf.float32, n_batches, element_shape=shape)
        _, losses = tf.while_loop(
            lambda b, _: b < n_batches, batch, (0, losses), parallel_iterations=1
        )
        return losses.stack()

    def _shards(self, b: Tensor, packed: PackedShards) -> Iterator[Shard]:
        """Cut the shards of batch ``b``, each of the size of the program's buffers."""
        size = self.program.n_buffer_steps
        width = self.program.architecture.n_inputs
        for s in range(self.program.n_shards):

            def cut(array: Tensor, start: Tensor = packed.starts[b, s]) -> Tensor:
                rest = array.shape[1:]
                return tf.slice(array, (start, *[0] * len(rest)), (size, *rest))

            x = cut(packed.x)
            yield Shard(
                x,
                cut(packed.target) if self.program.corrupted else x[:, 1, :, :width],
                cut(packed.weight),
                packed.row_weight[b, s],
                packed.lengths[b, s],
                ForecastTargets(*(array[b, s] for array in packed.forecast)),
            )

    def _apply(self, gradients: list[list[Tensor]]) -> None:
        totals = [tf.add_n(shards) for shards in gradients]
        self._optimizer.apply(totals, list(self._weights.values()))


def _arrays(packed: PackedShards) -> list[Any]:
    return [getattr(packed, field.name) for field in fields(packed)]


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
                self._idle.pop(0)[1].close()

    def clear(self) -> None:
        with self._lock:
            for _, workspace in self._idle:
                workspace.close()
            self._idle = []


_cache = _Cache()


@contextmanager
def borrow(program: Program, optimizer: Any) -> Iterator[Workspace]:
    """Borrow a workspace for the time of a ``with`` block: an idle one, or a new one.

    An error of a callback does no harm to it. It is kept if it is sound.
    """
    key = (program, optimizer_key(optimizer), has_gpu(), xla_compiles())
    workspace = _cache.take(key)
    if workspace is None:
        workspace = Workspace(program, optimizer)
    try:
        yield workspace
    finally:
        weights = workspace.get_weights().values()
        if workspace.is_sound and all(np.isfinite(w).all() for w in weights):
            _cache.give_back(key, workspace)
        else:
            workspace.close()


def clear_workspaces() -> None:
    """Drop all idle workspaces."""
    _cache.clear()
