"""The user's Keras callbacks, called at the times that Keras calls them."""

from __future__ import annotations

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


def callback_list(workspace: Workspace, given: Any, epochs: int) -> Callbacks | None:
    """Prepare callbacks for one fit; None if there are none."""
    callbacks = fit_callbacks(given)
    if not callbacks:
        return None
    workspace.model.stop_training = False
    return Callbacks(
        callbacks,
        add_history=False,
        model=workspace.model,
        epochs=epochs,
        verbose=0,
    )
