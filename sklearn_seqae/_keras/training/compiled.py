"""SciKeras's share: build and compile the model that callbacks see, route callbacks.

SciKeras's ``BaseWrapper`` is used for what it does well, and in this file only. Two
things of it are not used. Its ``fit`` refuses 3-D targets, and its path through
``Model.fit`` costs more per epoch than a small epoch itself. Its seeding
(``random_state``) sets TF_DETERMINISTIC_OPS before it first asks TensorFlow whether
determinism is on, so that in a fresh process it leaves determinism on for good; our
layers carry explicit seeds instead, and nothing global is seeded. Tests pin what we
rely on.
"""

from __future__ import annotations

import json
from collections.abc import Hashable
from typing import Any

import keras
from keras import ops
from scikeras.wrappers import BaseWrapper

from sklearn_seqae._keras.network.keras_engine import (
    KerasEngine,
    KerasSequence,
    reversed_steps,
)
from sklearn_seqae._keras.network.keras_layers import KerasLayers
from sklearn_seqae._network import forward
from sklearn_seqae._network.architecture import Architecture
from sklearn_seqae._network.decoders import make_decoder

CLIP_NORM = 1.0  # of all gradients together; recurrent nets meet a cliff now and then


class _Wrapper(BaseWrapper):
    """``BaseWrapper`` without its data checks: ours are ragged and checked before."""

    def _validate_data(
        self, X: Any = None, y: Any = None, reset: bool = False, y_numeric: bool = False
    ) -> tuple[Any, Any]:
        return X, y


class CompiledModel:
    """The model that callbacks see, compiled, with its layers and optimizer.

    Parameters
    ----------
    architecture : Architecture
    n_steps : int
        LSTM steps that it reads.
    optimizer : keras.optimizers.Optimizer
        As from `new_optimizer`.

    Attributes
    ----------
    layers : KerasLayers
    model : keras.Model
        An autoencoder over LSTM steps. Callbacks see it as ``self.model``.
    """

    def __init__(
        self, architecture: Architecture, n_steps: int, optimizer: Any
    ) -> None:
        def build() -> keras.Model:
            self.layers = KerasLayers(architecture)
            return _autoencoder_over_steps(self.layers, architecture, n_steps)

        wrapper = _Wrapper(build, loss="mse", optimizer=optimizer)
        wrapper.initialize(None)
        wrapper._ensure_compiled_model()
        self.model = wrapper.model_
        self.optimizer.build(list(self.layers.variables.values()))

    @property
    def optimizer(self) -> keras.optimizers.Optimizer:
        """Built for the model's variables."""
        return self.model.optimizer

    @property
    def variables(self) -> list[keras.Variable]:
        """The weights by name, then the optimizer's variables."""
        return [*self.layers.variables.values(), *self.optimizer.variables]


def new_optimizer(given: Any) -> keras.optimizers.Optimizer:
    """Make an optimizer by name or class, or one like an instance.

    An instance given keeps its own state and serves no second fit.
    """
    if isinstance(given, keras.optimizers.Optimizer):
        return type(given).from_config(given.get_config())
    kind = type(keras.optimizers.get(given)) if isinstance(given, str) else given
    if not issubclass(kind, keras.optimizers.Optimizer):
        raise TypeError(
            f"optimizer is the class {kind.__name__}; expected a name, class or "
            "instance of keras.optimizers.Optimizer."
        )
    return kind(global_clipnorm=CLIP_NORM)


def optimizer_key(optimizer: Any) -> Hashable:
    """Return the key of an optimizer as given: equal keys share a compiled program.

    A learning rate given to the estimator is a variable of the program, no part of it.
    """
    if isinstance(optimizer, keras.optimizers.Optimizer):
        return type(optimizer), _config(optimizer)
    return optimizer.lower() if isinstance(optimizer, str) else optimizer


def optimizer_identity(optimizer: keras.optimizers.Optimizer) -> tuple[str, str]:
    """Return kind and configuration: an optimizer's state serves no other optimizer."""
    return type(optimizer).__name__, _config(optimizer, without=("learning_rate",))


def _config(optimizer: Any, without: tuple[str, ...] = ()) -> str:
    config = optimizer.get_config()
    for name in ("name", *without):  # names are numbered: each has its own
        config.pop(name, None)
    return json.dumps(config, sort_keys=True, default=repr)


def fit_callbacks(callbacks: Any) -> list[keras.callbacks.Callback]:
    """Return callbacks as a flat list of instances.

    Parameters
    ----------
    callbacks : Callback, list, tuple or dict of instances or classes, or None

    Raises
    ------
    TypeError
        If something is no Keras callback.
    """
    if isinstance(callbacks, tuple):
        callbacks = list(callbacks)
    wrapper = _Wrapper(_no_model, callbacks=callbacks)
    wrapper._initialize_callbacks()
    routed = wrapper._fit_callbacks
    return [c for item in routed for c in (item if isinstance(item, list) else [item])]


def _no_model() -> keras.Model:
    raise AssertionError("a wrapper that only routes callbacks builds no model")


def _autoencoder_over_steps(
    built: KerasLayers, architecture: Architecture, n_steps: int
) -> keras.Model:
    """Build the model that is trained: padded steps in, the last step first out.

    Padding is NaN. A decoder with teacher forcing reads the true steps.
    """
    steps = keras.Input((n_steps, architecture.n_packed), name="steps")
    missing = ops.isnan(steps)
    filled = ops.where(missing, ops.zeros_like(steps), steps)
    mask = ops.logical_not(ops.all(missing, axis=-1))
    engine = KerasEngine(built)
    sequence = KerasSequence(filled, mask)
    pooled = forward.pooled_states(engine, architecture, sequence)
    embedding = forward.embed(engine, architecture, pooled)
    count = ops.sum(ops.cast(mask, "float32"), axis=1, keepdims=True)
    target = reversed_steps(filled[..., : architecture.n_inputs], count)
    decoder = make_decoder(architecture.decoder_spec)
    decoded = decoder.trained(engine, embedding, target)
    return keras.Model(steps, decoded, name="autoencoder")
