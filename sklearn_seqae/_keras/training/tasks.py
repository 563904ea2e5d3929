"""Callbacks of scikit-learn, from 1.9 and experimental there.

A fit is a task, and an epoch a task in it. Keras tells its callbacks when these begin
and end, so this is one of them.
"""

from collections.abc import Callable
from typing import Any

import keras

from sklearn_seqae._keras.training.settings import Result


class Tasks(keras.callbacks.Callback):
    """Tell the callbacks of an estimator how far its fit is.

    ``fitted_by`` returns the `Fitted` of a result. So callbacks that ask for it get a
    fitted estimator of each epoch.
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
