"""Weights, optimizer and compiled functions: what trains, for one fit at a time."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator
from dataclasses import fields
from itertools import cycle
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from sklearn_seqae._keras.devices import has_gpu, n_threads, xla_compiles
from sklearn_seqae._keras.network.engines import engine_maker
from sklearn_seqae._keras.network.scratch import allocate_scratch
from sklearn_seqae._keras.sessions import open_session, tensor_function
from sklearn_seqae._keras.training.compiled import (
    CompiledModel,
    new_optimizer,
    optimizer_identity,
)
from sklearn_seqae._keras.training.draws import draw
from sklearn_seqae._keras.training.forward_pass import Shard
from sklearn_seqae._keras.training.objective import Objective
from sklearn_seqae._keras.training.parameters import Parameters
from sklearn_seqae._keras.training.program import (
    Program,
    ShardShape,
    UpdateSettings,
    packed_signature,
    update_signature,
)
from sklearn_seqae._layers import Weights
from sklearn_seqae._packing import ForecastTargets, PackedShards
from sklearn_seqae._state import OptimizerState, State

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
        self._functions: dict[Any, Any] = {}
        self._compiled: set[Any] = set()
        self._given = optimizer
        self._jit = not has_gpu() and xla_compiles()
        self._parameters = Parameters(program.architecture, optimizer)
        # A rate of one's own, not a schedule of Keras's, can be set for each batch.
        rate = getattr(self._optimizer, "_learning_rate", None)
        self._rate = rate if isinstance(rate, keras.Variable) else None
        self._session = open_session(
            has_gpu(), self._variables, min(program.usual.n_shards, n_threads())
        )
        self._fresh_optimizer: Any = self.state().optimizer
        objective = Objective(
            program.architecture,
            engine_maker(program.architecture, has_gpu()),
            [variable.value for variable in self._parameters.trained],
            self._parameters.by_name,
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
        weights = [state.weights[name] for name in self._parameters.names]
        arrays = [*weights, *(given or fresh).variables]
        self._session.write(self._parameters.from_keras(arrays))

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
            self._optimizer.finalize_variable_values(self._parameters.trained)
            self._session.write([variable.numpy() for variable in self._variables])

    def state(self) -> State:
        """Return weights and optimizer as they are now."""
        arrays = self._parameters.to_keras(self._session.read())
        n = len(self._parameters.names)
        identity = optimizer_identity(self._optimizer)
        return State(
            dict(zip(self._parameters.names, arrays[:n], strict=True)),
            OptimizerState(*identity, arrays[n:]),
        )

    def get_weights(self) -> Weights:
        values = self._session.read([v.value for v in self._parameters.trained])
        return dict(
            zip(self._parameters.names, self._parameters.to_keras(values), strict=True)
        )

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

    @property
    def _optimizer(self) -> keras.optimizers.Optimizer:
        return self._parameters.optimizer

    @property
    def _variables(self) -> list[Any]:
        return [variable.value for variable in self._parameters.variables]

    def close(self) -> None:
        """Give back the memory: it serves no more."""
        self._session.close()

    # What callbacks see ---------------------------------------------------------------

    @functools.cached_property
    def _seen(self) -> CompiledModel:
        program = self.program
        optimizer = new_optimizer(self._given)
        n_steps = (program.long or program.usual).n_steps
        return CompiledModel(program.architecture, n_steps, optimizer)

    @property
    def model(self) -> keras.Model:
        """A Keras model with weights and optimizer as `show` last copied them."""
        return self._seen.model

    def show(self) -> None:
        """Copy weights and optimizer to the model."""
        self._shown = self._parameters.to_keras(self._session.read())
        for variable, value in zip(self._seen.variables, self._shown, strict=True):
            variable.assign(value)

    def heed(self) -> None:
        """Take over from the model what has changed since it was shown."""
        now = [variable.numpy() for variable in self._seen.variables]
        if not all(map(np.array_equal, now, self._shown)):
            self._session.write(self._parameters.from_keras(now))

    # Work -----------------------------------------------------------------------------

    def train(
        self, packed: PackedShards, settings: UpdateSettings
    ) -> NDArray[np.float32]:
        """One update a batch; returns each batch's losses, (n_batches, n_losses).

        They are sums over its rows, in the order of ``program.losses``, followed by
        ``program.n_by_feature`` parts of the first.
        """
        return self._run(self._training_function, packed, *settings)

    def evaluate(self, packed: PackedShards) -> NDArray[np.float32]:
        """Return the same without an update."""
        return self._run(self._evaluation_function, packed)

    def _run(
        self, make: Any, packed: PackedShards, *arrays: Any
    ) -> NDArray[np.float32]:
        key = make.__name__, self.program.shape_for(int(packed.lengths.max()))
        self.is_sound = key in self._compiled
        if key not in self._functions:
            self._functions[key] = make(key[1])
        losses: NDArray[np.float32] = self._functions[key](*_arrays(packed), *arrays)
        self._compiled.add(key)
        self.is_sound = bool(np.isfinite(losses).all())
        return losses

    def _training_function(self, shape: ShardShape) -> Any:
        program = self.program
        # Without XLA nothing is updated in place; there buffers would only cost.
        scratch = [
            allocate_scratch(
                program.architecture, shape.n_steps, shape.n_rows, shape.n_prefix_rows
            )
            if self._jit
            else {}
            for _ in range(shape.n_buffers)
        ]
        buffers = tf.nest.flatten(scratch)
        self.n_bytes += sum(math.prod(v.shape) * v.dtype.size for v in buffers)
        signature = packed_signature(program, shape, shape.n_prefix_rows)
        return self._session.function(
            functools.partial(self._train_batches, shape, scratch),
            [*signature, *update_signature(program)],
        )

    def _evaluation_function(self, shape: ShardShape) -> Any:
        return self._session.function(
            functools.partial(self._evaluate_batches, shape),
            packed_signature(self.program, shape, 0),
        )

    def _train_batches(
        self, shape: ShardShape, scratch: list[Any], *tensors: Tensor
    ) -> Tensor:
        n = len(fields(PackedShards))
        packed, settings = PackedShards(*tensors[:n]), UpdateSettings(*tensors[n:])
        program = self.program

        def batch(b: Tensor, losses: Tensor) -> tuple[Tensor, Tensor]:
            draws = draw(
                program.architecture,
                program.stochastic,
                settings.seed[b],
                settings.dropout[b],
                shape.n_shards,
                shape.n_rows,
                shape.n_steps,
            )
            # Shards don't depend on each other: TensorFlow runs them side by side, but
            # for those that share buffers.
            results = [
                self._gradients_of_shard(shard, drawn, settings.scale[b], buffers)
                for shard, drawn, buffers in zip(
                    self._shards(b, packed, shape), draws, cycle(scratch), strict=False
                )
            ]
            if self._rate is not None:
                rate = settings.learning_rate[b]
                self._rate.assign(tf.where(rate > 0, rate, self._rate.value))
            gradients = zip(*(gradients for _, gradients in results), strict=True)
            self._update([list(shards) for shards in gradients])
            return b + 1, losses.write(b, tf.add_n([loss for loss, _ in results]))

        return self._over_batches(batch, packed.starts)

    def _evaluate_batches(self, shape: ShardShape, *tensors: Tensor) -> Tensor:
        packed = PackedShards(*tensors)

        def batch(b: Tensor, losses: Tensor) -> tuple[Tensor, Tensor]:
            shards = self._shards(b, packed, shape)
            return b + 1, losses.write(
                b, tf.add_n([self._losses_of_shard(shard) for shard in shards])
            )

        return self._over_batches(batch, packed.starts)

    def _over_batches(self, batch: Any, starts: Tensor) -> Tensor:
        n_batches = tf.shape(starts)[0]
        shape = (len(self.program.losses) + self.program.n_by_feature,)
        losses = tf.TensorArray(tf.float32, n_batches, element_shape=shape)
        _, losses = tf.while_loop(
            lambda b, _: b < n_batches, batch, (0, losses), parallel_iterations=1
        )
        return losses.stack()

    def _shards(
        self, b: Tensor, packed: PackedShards, shape: ShardShape
    ) -> Iterator[Shard]:
        """Cut the shards of batch ``b``, each of the size of the buffers."""
        size, width = shape.n_steps, self.program.architecture.n_inputs
        for s in range(shape.n_shards):

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
        self._optimizer.apply(totals, self._parameters.trained)


def _arrays(packed: PackedShards) -> list[Any]:
    return [getattr(packed, field.name) for field in fields(packed)]
