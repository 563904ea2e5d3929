"""The user's Keras callbacks, called at the times that Keras calls them."""

from __future__ import annotations

import warnings
from typing import Any

import keras

from sklearn_seqae._keras.training.compiled import fit_callbacks
from sklearn_seqae._keras.training.workspace import Workspace

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
    given: Any, has_checkpoints: bool = False
) -> list[keras.callbacks.Callback]:
    """Return callbacks as a list of instances.

    Parameters
    ----------
    given : Callback, list, tuple or dict of instances or classes, or None
    has_checkpoints : bool, default=False
        Whether the fit is to go on from a checkpoint if it is killed.

    Raises
    ------
    TypeError
        If something is no Keras callback.
    ValueError
        If one restores what it has saved, which would be half a fit, or would have
        forgotten, when a killed fit goes on, what it is to decide.
    """
    callbacks = fit_callbacks(given)
    for callback in callbacks:
        name = type(callback).__name__
        if isinstance(callback, keras.callbacks.BackupAndRestore):
            raise ValueError(
                f"callbacks has a {name}, which would restore weights, but neither "
                "the learning rate, nor the batches to come, nor the epochs that are "
                "left. To go on after a crash, set checkpoint_path."
            )
        if has_checkpoints and isinstance(callback, REMEMBER):
            raise ValueError(
                f"callbacks has a {name}, and checkpoint_path is set. What a callback "
                "remembers is not in a checkpoint, so a fit that goes on would end "
                "otherwise. Use early_stopping, learning_rate_schedule or use_ema of "
                "the optimizer, or set checkpoint_path=None."
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


def watch_validation(callbacks: list[keras.callbacks.Callback]) -> bool:
    """Whether one monitors a loss of held-out sequences, "val_loss" for example."""
    monitors = (getattr(callback, "monitor", None) for callback in callbacks)
    return any(isinstance(m, str) and m.startswith("val_") for m in monitors)


def callback_list(
    workspace: Workspace,
    callbacks: list[keras.callbacks.Callback],
    epochs: int,
    n_batches: int,
) -> Callbacks | None:
    """Prepare callbacks for one fit; None if there are none."""
    if not callbacks:
        return None
    workspace.model.stop_training = False
    return Callbacks(
        callbacks,
        add_history=False,
        model=workspace.model,
        epochs=epochs,
        steps=n_batches,
        verbose=1,  # a ProgbarLogger is given to be seen
    )
