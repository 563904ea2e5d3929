"""Those who look on: the user's callbacks, with the model that they see, and `verbose`.

SciKeras's ``BaseWrapper`` compiles the model and routes callbacks, in this file only.
Its ``fit`` is not used: it refuses 3-D targets, and costs more per epoch than a small
epoch itself. Nor is its seeding, which sets TF_DETERMINISTIC_OPS in a fresh process and
leaves determinism on for good. Tests pin what we rely on.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from typing import Any

import keras
from keras import ops
from keras.utils import Progbar
from scikeras.wrappers import BaseWrapper

from sklearn_seqae._keras.network import keras_engine
from sklearn_seqae._keras.network.keras_layers import KerasLayers
from sklearn_seqae._keras.training.settings import Result
from sklearn_seqae._network import forward
from sklearn_seqae._network.architecture import Architecture
from sklearn_seqae._network.decoders import make_decoder
from sklearn_seqae._utils.claim import is_backup

LINES_IN_A_LOG = 10
BATCH_HOOKS = (
    "on_batch_begin",
    "on_batch_end",
    "on_train_batch_begin",
    "on_train_batch_end",
)
# What these remember decides how a fit ends, and no checkpoint has it
REMEMBER = (
    keras.callbacks.EarlyStopping,
    keras.callbacks.ReduceLROnPlateau,
    keras.callbacks.SwapEMAWeights,
)
# What these write is Keras's model of the training: nothing of the estimator
SAVE_THE_NETWORK_ALONE = ("ModelCheckpoint", "OrbaxCheckpoint")


class Callbacks(keras.callbacks.CallbackList):
    """Keras's list, which also tells whether a callback looks at batches."""

    @property
    def look_at_batches(self) -> bool:
        return any(
            getattr(getattr(callback, hook), "__func__", None)
            is not getattr(keras.callbacks.Callback, hook)
            for callback in self.callbacks
            for hook in BATCH_HOOKS
        )


def checked_callbacks(
    given: Any, has_backup: bool = False
) -> list[keras.callbacks.Callback]:
    """Return callbacks as a list of instances, without `BackupAndRestore`.

    With a backup, a ValueError, if one would forget when a killed fit goes on.
    """
    wrapper = _Wrapper(callbacks=list(given) if isinstance(given, tuple) else given)
    wrapper._initialize_callbacks()  # it builds no model
    callbacks = [
        each
        for routed in wrapper._fit_callbacks
        for each in (routed if isinstance(routed, list) else [routed])
        if not is_backup(each)
    ]
    for callback in callbacks:
        name = type(callback).__name__
        if has_backup and isinstance(callback, REMEMBER):
            raise ValueError(
                f"callbacks has a {name} beside BackupAndRestore. What a callback "
                "remembers is not in a checkpoint, so a fit that goes on would end "
                "otherwise. Use early_stopping, a schedule as learning_rate or use_ema "
                "of the optimizer, or leave BackupAndRestore out."
            )
        if name in SAVE_THE_NETWORK_ALONE:
            warnings.warn(
                f"{name} saves the network of the training, which the estimator can't "
                "load: it has neither scaler nor lengths. To keep the best epoch, set "
                "early_stopping=True; to save a fit, save the estimator, with "
                "joblib.dump for example.",
                UserWarning,
                stacklevel=2,
            )
    return callbacks


# The model that callbacks see ---------------------------------------------------------


class _Wrapper(BaseWrapper):
    """``BaseWrapper`` without its data checks: ours are ragged and checked before."""

    def _validate_data(
        self, X: Any = None, y: Any = None, reset: bool = False, y_numeric: bool = False
    ) -> tuple[Any, Any]:
        return X, y


class CompiledModel:
    """The compiled autoencoder over ``n_steps`` LSTM steps that callbacks see."""

    def __init__(
        self, architecture: Architecture, n_steps: int, optimizer: Any
    ) -> None:
        self.layers = KerasLayers(architecture)
        model = _autoencoder_over_steps(self.layers, architecture, n_steps)
        wrapper = _Wrapper(lambda: model, loss="mse", optimizer=optimizer)
        wrapper.initialize(None)
        wrapper._ensure_compiled_model()
        self.model = wrapper.model_
        self.optimizer = self.model.optimizer
        self.optimizer.build(list(self.layers.variables.values()))

    @property
    def variables(self) -> list[keras.Variable]:
        """The weights by name, then the optimizer's variables."""
        return [*self.layers.variables.values(), *self.optimizer.variables]


def _autoencoder_over_steps(
    built: KerasLayers, architecture: Architecture, n_steps: int
) -> keras.Model:
    """Build what is trained: of steps, padded with NaN, the last one first out."""
    steps = keras.Input((n_steps, architecture.n_packed), name="steps")
    missing = ops.isnan(steps)
    filled = ops.where(missing, ops.zeros_like(steps), steps)
    mask = ops.logical_not(ops.all(missing, axis=-1))
    engine = keras_engine.KerasEngine(built)
    sequence = keras_engine.KerasSequence(filled, mask)
    pooled = forward.pooled_states(engine, architecture, sequence)
    embedding = forward.embed(engine, architecture, pooled)
    count = ops.sum(ops.cast(mask, "float32"), axis=1, keepdims=True)
    target = keras_engine.reversed_steps(filled[..., : architecture.n_inputs], count)
    decoder = make_decoder(architecture.decoder_spec)
    decoded = decoder.trained(engine, embedding, target)
    return keras.Model(steps, decoded, name="autoencoder")


# Callbacks of scikit-learn, from 1.9 and experimental there ---------------------------


class Tasks(keras.callbacks.Callback):
    """Tell the callbacks of an estimator how far its fit is.

    A fit is a task, and an epoch a task in it. ``fitted_by`` returns the `Fitted` of a
    result. So callbacks that ask for it get a fitted estimator of each epoch.
    """

    result: Callable[[], Result]  # so far; the loop sets it

    def __init__(
        self, estimator: Any, fitted_by: Callable, X: Any, y: Any, sample_weight: Any
    ) -> None:
        super().__init__()
        self._estimator, self._fitted_by = estimator, fitted_by
        metadata = None if sample_weight is None else {"sample_weight": sample_weight}
        self._given = {"estimator": estimator, "X": X, "y": y, "metadata": metadata}

    def on_train_begin(self, logs: Any = None) -> None:
        epochs = self.params["epochs"]
        self._fit = self._estimator._init_callback_context(max_subtasks=epochs)
        self._fit.call_on_fit_task_begin(**self._given)

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self._epoch = self._fit.subcontext(task_name="epoch")
        self._epoch.call_on_fit_task_begin(**self._given)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        if self._ends(self._epoch):
            self.model.stop_training = True

    def on_train_end(self, logs: Any = None) -> None:
        self._ends(self._fit)

    def _ends(self, task: Any) -> bool:
        """Say that a task has ended; return whether a callback asks to stop."""
        fitted = lambda: {"_fitted": self._fitted_by(self.result())}  # noqa: E731
        return task.call_on_fit_task_end(
            **self._given, reconstruction_attributes=fitted
        )


# The output of `verbose`: a bar on a terminal, a few lines in a log -------------------


class Progress:
    """Progress of a fit.

    ``verbose`` of 0 shows nothing; 1 is a bar on a terminal and in a notebook, and
    about ten lines elsewhere; 2 and more is a line whenever there is news.
    """

    def __init__(self, epochs: int, verbose: int) -> None:
        self.epochs, self.verbose = epochs, verbose
        self._shown = 0
        is_watched = sys.stdout.isatty() or "ipykernel" in sys.modules
        self._has_bar = verbose == 1 and is_watched
        self._bar: Progbar | None = None

    def show(
        self, epoch: int, logs: dict[str, float], *, is_over: bool = False
    ) -> None:
        """Say that ``epoch`` epochs are done, and at last that no more will be."""
        if self._has_bar:
            # Stateful: shown as it is. Keras shows running means of other losses.
            self._bar = self._bar or Progbar(
                self.epochs, stateful_metrics=list(logs), unit_name="epoch"
            )
            self._bar.update(epoch, list(logs.items()), finalize=is_over)
            return
        step = max(1, self.epochs // LINES_IN_A_LOG) if self.verbose == 1 else 1
        is_news = epoch // step > self._shown // step
        if self.verbose and (is_news or (is_over and epoch > self._shown)):
            losses = " - ".join(f"{name}: {value:.4f}" for name, value in logs.items())
            print(f"epoch {epoch}/{self.epochs} - {losses}", flush=True)
            self._shown = epoch
