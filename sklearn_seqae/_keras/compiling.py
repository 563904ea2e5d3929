"""SciKeras's share: build and compile a model, route optimizer and callbacks.

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

from sklearn_seqae._keras.architecture import Architecture, Layers, build_layers
from sklearn_seqae._keras.decoders import decoder_of
from sklearn_seqae._keras.models import call_as_it_is, encode_steps, reversed_steps

CLIP_NORM = 1.0  # of all gradients together; recurrent nets meet a cliff now and then


class _Wrapper(BaseWrapper):
    """``BaseWrapper`` without its data checks: ours are ragged and checked before."""

    def _validate_data(
        self, X: Any = None, y: Any = None, reset: bool = False, y_numeric: bool = False
    ) -> tuple[Any, Any]:
        return X, y


class CompiledModel:
    """One architecture's layers, its compiled Keras model and its optimizer.

    Attributes
    ----------
    layers : Layers
    model : keras.Model
        An autoencoder over steps, compiled; what callbacks see as ``self.model``.
    optimizer : keras.optimizers.Optimizer
        Built for the model's variables.
    """

    def __init__(
        self, architecture: Architecture, n_steps: int, optimizer: Any
    ) -> None:
        def build() -> keras.Model:
            self.layers = build_layers(architecture)
            return _autoencoder_over_steps(self.layers, architecture, n_steps)

        wrapper = _Wrapper(
            build,
            loss="mse",
            **_optimizer_parameters(optimizer),
        )
        wrapper.initialize(None)
        wrapper._ensure_compiled_model()
        self.model = wrapper.model_
        self.optimizer = self.model.optimizer
        self.optimizer.build(self.layers.variables)


def optimizer_key(optimizer: Any) -> Hashable:
    """Return what two optimizers must share to be served by one compiled program.

    A learning rate given to the estimator is a variable of the program, no part of it.
    """
    if isinstance(optimizer, keras.optimizers.Optimizer):
        config = optimizer.get_config()
        config.pop("name", None)  # numbered: no two instances have the same
        return type(optimizer), json.dumps(config, sort_keys=True, default=repr)
    return optimizer.lower() if isinstance(optimizer, str) else optimizer


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


def _optimizer_parameters(optimizer: Any) -> dict[str, Any]:
    """SciKeras's parameters for an optimizer by name or class, or for an instance."""
    if isinstance(optimizer, keras.optimizers.Optimizer):
        # A copy: the user's own instance keeps its state and serves no second fit.
        return {"optimizer": type(optimizer).from_config(optimizer.get_config())}
    if isinstance(optimizer, type) and not issubclass(
        optimizer, keras.optimizers.Optimizer
    ):
        raise TypeError(
            f"optimizer is the class {optimizer.__name__}; expected a name, class or "
            "instance of keras.optimizers.Optimizer."
        )
    return {"optimizer": optimizer, "optimizer__global_clipnorm": CLIP_NORM}


def _autoencoder_over_steps(
    built: Layers, architecture: Architecture, n_steps: int
) -> keras.Model:
    """Build what is trained: steps padded with NaN in, steps out, the last first.

    A decoder that is told the true step before in training is told it here.
    """
    steps = keras.Input((n_steps, architecture.encoder_inputs[0]), name="steps")
    missing = ops.isnan(steps)
    filled = ops.where(missing, ops.zeros_like(steps), steps)
    mask = ops.logical_not(ops.all(missing, axis=-1))
    code = encode_steps(built, architecture, filled, mask)
    decoder = decoder_of(architecture)
    count = ops.sum(ops.cast(mask, "float32"), axis=1, keepdims=True)
    target = reversed_steps(filled[..., : architecture.n_inputs], count)
    decoded = decoder.trained_through_layers(built, code, target, call_as_it_is)
    return keras.Model(steps, decoded, name="autoencoder")
