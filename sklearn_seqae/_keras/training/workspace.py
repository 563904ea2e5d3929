"""Weights, optimizer and compiled functions: what trains, for one fit at a time."""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from sklearn_seqae._keras.devices import has_gpu, n_threads, xla_compiles
from sklearn_seqae._keras.network import keras_layers
from sklearn_seqae._keras.network.engines import declare_scratch, engine_maker
from sklearn_seqae._keras.optimizers import new_optimizer, optimizer_identity
from sklearn_seqae._keras.sessions import open_session, tensor_function
from sklearn_seqae._keras.training.callbacks import CompiledModel
from sklearn_seqae._keras.training.objective import Objective
from sklearn_seqae._keras.training.parameters import Parameters
from sklearn_seqae._keras.training.program import (
    Program,
    ShardShape,
    UpdateSettings,
    packed_signature,
)
from sklearn_seqae._network.layers import OptimizerState, State
from sklearn_seqae._patches.packing import PackedShards

Tensor = Any


class Workspace:
    """Weights, optimizer and compiled functions of one `Program`.

    It is sound if it may serve again: no buffer holds what isn't finite, and
    nothing has interrupted its compilation.
    """

    def __init__(self, program: Program, optimizer: Any) -> None:
        self.program = program
        self.is_sound = True
        self._functions: dict[Any, Any] = {}
        self._compiled: set[Any] = set()
        self._given = optimizer
        self._jit = not has_gpu() and xla_compiles()
        parameters = Parameters(program.architecture, optimizer)
        self._parameters, self._optimizer = parameters, parameters.optimizer
        self._variables = [variable.value for variable in parameters.variables]
        self._trained = [variable.value for variable in parameters.trained]
        self._shapes = [tuple(variable.shape) for variable in parameters.trained]
        # A rate of one's own, not a schedule of Keras's, can be set for each batch.
        rate = getattr(self._optimizer, "_learning_rate", None)
        self._rate = None if callable(rate) else rate
        self._session = open_session(
            has_gpu(),
            self._variables,
            min(program.usual.n_shards, n_threads()),
            optimize=not self._jit,
        )
        self.close = self._session.close  # gives back the memory
        self._fresh_optimizer: Any = self.state().optimizer
        self._objective = Objective(
            program,
            engine_maker(program.architecture, has_gpu()),
            self._trained,
            parameters.by_name,
            self._jit,
        )
        self._update = tensor_function(self._apply, self._jit)
        self.n_bytes = 0

    # State ----------------------------------------------------------------------------

    def load(self, state: State) -> None:
        """Start from a state; a ValueError, if it is of another optimizer."""
        fresh, given = self._fresh_optimizer, state.optimizer
        if given is not None and not given.fits(fresh):
            raise ValueError(
                f"optimizer is {fresh.described_beside(given)}, but the fit to go on "
                f"from had {given.described_beside(fresh)}; set it back, or start anew "
                "with fit and warm_start=False."
            )
        weights = [state.weights[name] for name in self._parameters.names]
        arrays = [*weights, *(given or fresh).variables]
        self._session.write(self._parameters.from_keras(arrays), self._variables)

    def start_at_rate(self, learning_rate: float | None) -> None:
        """Set the learning rate; None leaves the optimizer's own."""
        if learning_rate is not None and self._rate is not None:
            self._session.write([learning_rate], [self._rate.value])

    def average_weights(self) -> None:
        """Set each weight to its moving average, if the optimizer keeps one."""
        if getattr(self._optimizer, "use_ema", False):
            now = self._session.read(self._variables)
            for variable, value in zip(self._variables, now, strict=True):
                variable.assign(value)
            self._optimizer.finalize_variable_values(self._parameters.trained)
            averaged = [variable.numpy() for variable in self._variables]
            self._session.write(averaged, self._variables)

    def state(self) -> State:
        arrays = self._parameters.to_keras(self._session.read(self._variables))
        n = len(self._parameters.names)
        identity = optimizer_identity(self._optimizer)
        return State(
            dict(zip(self._parameters.names, arrays[:n], strict=True)),
            OptimizerState(*identity, arrays[n:]),
        )

    @property
    def learning_rate(self) -> float:
        if self._rate is None:
            return float(self._optimizer._learning_rate(self.n_updates))
        (rate,) = self._session.read([self._rate.value])
        return float(rate)

    @property
    def n_updates(self) -> int:
        """Updates that the optimizer has made, those of earlier fits included."""
        (iterations,) = self._session.read([self._optimizer.iterations.value])
        return int(iterations)

    # What callbacks see ---------------------------------------------------------------

    @functools.cached_property
    def seen(self) -> CompiledModel:
        """A Keras model with weights and optimizer as `show` last copied them."""
        program = self.program
        optimizer = new_optimizer(self._given)
        n_steps = (program.long or program.usual).n_steps
        return CompiledModel(program.architecture, n_steps, optimizer)

    def show(self) -> None:
        self._shown = self._parameters.to_keras(self._session.read(self._variables))
        for variable, value in zip(self.seen.variables, self._shown, strict=True):
            variable.assign(value)

    def heed(self) -> None:
        """Take over from the model what has changed since it was shown."""
        now = [variable.numpy() for variable in self.seen.variables]
        if not all(map(np.array_equal, now, self._shown)):
            self._session.write(self._parameters.from_keras(now), self._variables)

    # Work -----------------------------------------------------------------------------

    def train(
        self, packed: PackedShards, settings: UpdateSettings
    ) -> NDArray[np.float32]:
        """One update a batch; returns each batch's losses, (n_batches, n_losses).

        Sums over rows by ``program.losses``, then ``n_by_feature`` parts of the first.
        """
        return self._run(self._train_batches, packed, settings)

    def evaluate(self, packed: PackedShards) -> NDArray[np.float32]:
        """Return the same without an update."""
        return self._run(self._evaluate_batches, packed)

    def gradient(
        self, packed: PackedShards, settings: UpdateSettings
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return losses of a batch, and their weighted gradient, like `vector`."""
        found = self._run(self._gradient_of_batch, packed, settings)
        n = len(self.program.losses) + self.program.n_by_feature
        return found[:n], found[n:]

    def apply(self, gradient: NDArray[np.float32], learning_rate: np.float32) -> None:
        """Make an update, with a gradient from `gradient`; a rate of 0 is no rate."""
        if "apply" not in self._functions:
            signature = tf.TensorSpec(gradient.shape), tf.TensorSpec(())
            function = self._session.function(self._apply_vector, signature)
            self._functions["apply"] = function
        self._functions["apply"](gradient, learning_rate)

    @property
    def vector(self) -> NDArray[np.float32]:
        """All weights, as one vector."""
        return keras_layers.to_vector(self._session.read(self._trained))

    @vector.setter
    def vector(self, weights: NDArray[np.float32]) -> None:
        arrays = keras_layers.from_vector(weights, self._shapes)
        self._session.write(arrays, self._trained)

    def _run(
        self, function: Any, packed: PackedShards, *settings: UpdateSettings
    ) -> NDArray[np.float32]:
        key = function.__name__, self.program.shape_for(int(packed.lengths.max()))
        self.is_sound = key in self._compiled
        if key not in self._functions:
            self._functions[key] = self._compile(function, key[1], bool(settings))
        found: NDArray[np.float32] = self._functions[key](packed, *settings)
        self._compiled.add(key)
        self.is_sound = bool(np.isfinite(found).all())
        return found

    def _compile(self, function: Any, shape: ShardShape, trains: bool) -> Any:
        architecture, one = self.program.architecture, tf.TensorSpec((None,))
        if not trains:
            signature = [packed_signature(architecture, shape, 0)]
            return self._session.function(functools.partial(function, shape), signature)
        sizes = shape.n_steps, shape.n_rows, shape.n_prefix_rows
        # Without XLA nothing is updated in place; there buffers would only cost.
        scratch = [
            declare_scratch(architecture, *sizes) if self._jit else {}
            for _ in range(shape.n_buffers)
        ]
        buffers = tf.nest.flatten(scratch)
        self.n_bytes += sum(math.prod(v.shape) * v.dtype.size for v in buffers)
        of_losses = tf.TensorSpec((None, len(self.program.losses)))
        of_seeds = tf.TensorSpec((None, 2), tf.int32)
        signature = [
            packed_signature(architecture, shape, shape.n_prefix_rows),
            UpdateSettings(of_losses, one, one, of_seeds),
        ]
        run = functools.partial(function, shape, scratch)
        return self._session.function(run, signature)

    def _train_batches(
        self, shape: ShardShape, scratch: list[Any], packed: Any, settings: Any
    ) -> Tensor:
        def losses_of(b: Tensor) -> Tensor:
            losses, gradients = self._objective.gradients_of_batch(
                b, packed, settings, shape, scratch
            )
            self._set_rate(settings.learning_rate[b])
            self._update(gradients)
            return losses

        return self._objective.one_by_one(losses_of, packed.starts)

    def _gradient_of_batch(
        self, shape: ShardShape, scratch: list[Any], packed: Any, settings: Any
    ) -> Tensor:
        """Return the losses and the gradient of one batch, all as one vector."""
        losses, gradients = self._objective.gradients_of_batch(
            0, packed, settings, shape, scratch
        )
        totals = [tf.reshape(tf.add_n(shards), [-1]) for shards in gradients]
        return tf.concat([losses, *totals], 0)

    def _evaluate_batches(self, shape: ShardShape, packed: Any) -> Tensor:
        of = self._objective.losses_of_batch
        losses_of = functools.partial(of, packed=packed, shape=shape)
        return self._objective.one_by_one(losses_of, packed.starts)

    def _apply_vector(self, gradient: Tensor, learning_rate: Tensor) -> Tensor:
        self._set_rate(learning_rate)
        parts = keras_layers.tensors_from_vector(gradient, self._shapes)
        self._update([[part] for part in parts])
        return tf.convert_to_tensor(self._optimizer.iterations.value)

    def _set_rate(self, rate: Tensor) -> None:
        if self._rate is not None:
            self._rate.assign(tf.where(rate > 0, rate, self._rate.value))

    def _apply(self, gradients: list[list[Tensor]]) -> None:
        totals = [tf.add_n(shards) for shards in gradients]

        def apply(_: Any) -> None:
            self._optimizer.apply(totals, self._parameters.trained)

        # As one replica of several, Keras would sum over them, by a function with a
        # gradient of its own. TensorFlow keeps those, and their graph, for ever.
        replica = tf.distribute.get_replica_context()
        apply(None) if replica is None else replica.merge_call(apply)
