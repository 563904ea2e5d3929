"""The epochs: batches in, weights out.

Batches of many epochs go to TensorFlow in one call where nobody looks in between, so
that a small problem is not all overhead. Early stopping, callbacks and a validation
loss look at the end of every epoch; a callback with batch hooks looks at every batch.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning

from sklearn_seqae._batching import (
    Patches,
    as_shards,
    buffer_steps,
    chunks,
    pack,
    plan_epoch,
    shard_shape,
)
from sklearn_seqae._keras.architecture import Architecture, Weights, initial_weights
from sklearn_seqae._keras.compiling import fit_callbacks
from sklearn_seqae._keras.devices import has_gpu, n_cores
from sklearn_seqae._keras.progress import Progress
from sklearn_seqae._keras.workspace import Program, Workspace, lend

STEPS_PER_CALL = 2000  # a few tenths of a second: a progress bar moves, Ctrl-C is heard
TINY = np.finfo(np.float32).tiny  # of a batch where nothing is observed
BATCH_HOOKS = (
    "on_batch_begin",
    "on_batch_end",
    "on_train_batch_begin",
    "on_train_batch_end",
)
Indices = NDArray[np.int64]


@dataclass(frozen=True)
class Settings:
    """How to train; the estimator's parameters of the same names."""

    epochs: int
    batch_size: int
    optimizer: Any
    learning_rate: float
    early_stopping: bool
    n_iter_no_change: int
    tol: float
    callbacks: Any
    verbose: int


@dataclass(frozen=True)
class Data:
    """What to train on.

    Attributes
    ----------
    patches : Patches
    sample_weight : ndarray of shape (n_sequences,), float32
    train, validation : ndarray of int
        Sequences by index; ``validation`` may be empty.
    """

    patches: Patches
    sample_weight: NDArray[np.float32]
    train: Indices
    validation: Indices


@dataclass
class State:
    """What training starts from and ends with, as NumPy arrays.

    An empty optimizer state is a fresh optimizer.
    """

    weights: Weights
    optimizer: list[NDArray[Any]] = field(default_factory=list)


@dataclass
class Result:
    """A trained state, and how it came about."""

    state: State
    history: dict[str, list[float]] = field(default_factory=dict)
    n_epochs: int = 0


def train(
    architecture: Architecture,
    data: Data,
    settings: Settings,
    random_state: np.random.RandomState,
    start: State | None = None,
) -> Result:
    """Train for some epochs.

    Parameters
    ----------
    architecture : Architecture
    data : Data
    settings : Settings
    random_state : RandomState
        Draws initial weights and the batches of every epoch.
    start : State, default=None
        Where to go on from; None starts anew.

    Returns
    -------
    Result
        With early stopping, of the epoch with the best validation loss. After a
        KeyboardInterrupt, of the epochs until then.
    """
    state = start or State(initial_weights(architecture, random_state))
    program = _program(architecture, data, settings)
    learning_rate: float | None = settings.learning_rate
    if isinstance(settings.optimizer, keras.optimizers.Optimizer):
        learning_rate = None  # an instance brings its own
    with lend(program, settings.optimizer) as workspace:
        workspace.load(state.weights, state.optimizer, learning_rate)
        loop = _Loop(workspace, data, settings, random_state)
        try:
            loop.run()
        finally:
            loop.let_go_of_callbacks()
        loop.check_finite(workspace.get_weights())
        return Result(loop.final_state(), loop.history, loop.n_epochs)


def _program(architecture: Architecture, data: Data, settings: Settings) -> Program:
    n_shards, n_rows = shard_shape(len(data.train), settings.batch_size, n_cores())
    if has_gpu():  # one large batch is what a GPU likes
        n_shards, n_rows = 1, n_shards * n_rows
    return Program(
        architecture, n_shards, n_rows, buffer_steps(int(data.patches.lengths.max()))
    )


class _Loop:
    """Epochs over one workspace."""

    def __init__(
        self,
        workspace: Workspace,
        data: Data,
        settings: Settings,
        random_state: np.random.RandomState,
    ) -> None:
        self.workspace, self.data, self.settings = workspace, data, settings
        self.random_state = random_state
        self.history: dict[str, list[float]] = {"loss": []}
        self.n_epochs = 0
        self._best: tuple[float, State] | None = None
        self._progress = Progress(settings.epochs, settings.verbose)
        self._callbacks = _callback_list(workspace, settings)
        # The loss is a mean over observed values: its sums are divided by their number.
        self._train_mass = self._mass(data.train)
        self._validation_mass = self._mass(data.validation)
        self._validation = (
            self._shards(data.validation) if len(data.validation) else None
        )

    def run(self) -> None:
        callbacks = self._callbacks
        if callbacks:
            callbacks.on_train_begin()
        try:
            if callbacks or self.settings.early_stopping:
                self._epoch_by_epoch()
            else:
                self._many_epochs_a_call()
        except KeyboardInterrupt:
            which = "best" if self.settings.early_stopping else "latest"
            warnings.warn(
                f"Training interrupted by user after {self.n_epochs} epochs; the "
                f"{which} weights are kept.",
                ConvergenceWarning,
                stacklevel=2,
            )
        self._progress.close(self.n_epochs, self._logs())
        if callbacks:
            callbacks.on_train_end(self._logs())

    def let_go_of_callbacks(self) -> None:
        """Take the model from the user's callbacks: it is lent to other fits next."""
        for callback in self._callbacks.callbacks if self._callbacks else ():
            callback._model = None

    def check_finite(self, arrays: list[NDArray[np.float32]]) -> None:
        """Stop where losses or weights are not numbers any more."""
        if not all(np.isfinite(array).all() for array in arrays):
            raise FloatingPointError(
                "training diverged: losses or weights are not finite after "
                f"{self.n_epochs} epochs. Lower "
                f"learning_rate={self.settings.learning_rate}, or scale the data."
            )

    def final_state(self) -> State:
        return self._best[1] if self._best else self._current_state()

    # The two ways through the epochs --------------------------------------------------

    def _many_epochs_a_call(self) -> None:
        """Nobody looks between epochs: fill each call with as many as fit."""
        epochs = [self._plan()]
        per_epoch = len(epochs[0])
        group = max(1, STEPS_PER_CALL // self._n_steps(epochs[0]))
        while self.n_epochs < self.settings.epochs:
            n = min(group, self.settings.epochs - self.n_epochs)
            epochs += [self._plan() for _ in range(n - len(epochs))]
            losses = self._run_batches(np.concatenate(epochs[:n]))
            for loss in losses.reshape(n, per_epoch).sum(axis=1):
                self._end_epoch({"loss": float(loss / self._train_mass)})
            self._progress.show(self.n_epochs, self._logs())
            epochs = []

    def _epoch_by_epoch(self) -> None:
        best_epoch = 0
        for epoch in range(self.settings.epochs):
            if self._callbacks:
                self._callbacks.on_epoch_begin(epoch)
            losses = self._run_batches(self._plan())
            logs = {"loss": float(losses.sum() / self._train_mass)}
            if self._validation is not None:
                logs["val_loss"] = self._validation_loss(self._validation)
            self._end_epoch(logs)
            self._progress.show(self.n_epochs, logs)
            if self.settings.early_stopping:
                best_epoch = self._keep_best(logs["val_loss"], epoch, best_epoch)
            if self._callbacks:
                self._callbacks.on_epoch_end(epoch, dict(logs))
                if self.workspace.model.stop_training:
                    break
            if (
                self.settings.early_stopping
                and epoch - best_epoch >= self.settings.n_iter_no_change
            ):
                break

    def _keep_best(self, loss: float, epoch: int, best_epoch: int) -> int:
        """Remember the best weights; returns the last epoch that was better by tol."""
        before = self._best[0] if self._best else np.inf
        if loss < before:
            self._best = (loss, self._current_state())
        return epoch if loss < before - self.settings.tol else best_epoch

    # Pieces ---------------------------------------------------------------------------

    def _plan(self) -> NDArray[np.int64]:
        """Shards of one epoch's batches: (n_batches, n_shards, n_rows)."""
        train, lengths = self.data.train, self.data.patches.lengths
        batches = plan_epoch(
            lengths[train], self.settings.batch_size, self.random_state
        )
        program = self.workspace.program
        return as_shards(
            [train[b] for b in batches], lengths, program.n_shards, program.n_rows
        )

    def _shards(self, indices: Indices) -> NDArray[np.int64]:
        program, lengths = self.workspace.program, self.data.patches.lengths
        order = indices[np.argsort(lengths[indices], kind="stable")]
        size = program.n_shards * program.n_rows
        batches = np.array_split(order, -(-len(order) // size))
        return as_shards(batches, lengths, program.n_shards, program.n_rows)

    def _run_batches(self, shards: NDArray[np.int64]) -> NDArray[np.float32]:
        """Train on batches in their order; sums of weighted squared errors."""
        # One epoch's gradient is the sum of its batches' over the whole mass.
        n_batches = -(-len(self.data.train) // self.settings.batch_size)
        scale = np.float32(n_batches / self._train_mass)
        losses: list[NDArray[np.float32]] = []
        for piece in self._cut(shards):
            stream = self._pack(piece)
            if self._callbacks and self._callbacks.look_at_batches:
                self._callbacks.on_train_batch_begin(len(losses))
            losses.append(self.workspace.train(stream, np.full(len(piece), scale)))
            self.check_finite(losses[-1:])
            if self._callbacks and self._callbacks.look_at_batches:
                mean = float(losses[-1].sum() / max(stream.weight.sum(), TINY))
                self._callbacks.on_train_batch_end(len(losses) - 1, {"loss": mean})
        return np.concatenate(losses)

    def _cut(self, shards: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
        if self._callbacks and self._callbacks.look_at_batches:
            return iter(shards[:, None])
        return chunks(shards, self.data.patches.lengths, STEPS_PER_CALL)

    def _validation_loss(self, shards: NDArray[np.int64]) -> float:
        total = 0.0
        for piece in chunks(shards, self.data.patches.lengths, STEPS_PER_CALL):
            total += float(self.workspace.evaluate(self._pack(piece)).sum())
        return total / self._validation_mass

    def _pack(self, shards: NDArray[np.int64]) -> Any:
        size = self.workspace.program.n_buffer_steps
        return pack(self.data.patches, shards, size, self.data.sample_weight)

    def _n_steps(self, shards: NDArray[np.int64]) -> int:
        lengths = self.data.patches.lengths
        return int(np.where(shards >= 0, lengths[shards], 0).max(axis=-1).sum())

    def _mass(self, indices: Indices) -> float:
        """Count observed values, each weighing as its sequence."""
        patches = self.data.patches
        observed = np.add.reduceat(patches.observed.sum(axis=1), patches.offsets[:-1])
        return float((observed * self.data.sample_weight)[indices].sum())

    def _end_epoch(self, logs: dict[str, float]) -> None:
        self.n_epochs += 1
        for name, value in logs.items():
            self.history.setdefault(name, []).append(value)

    def _logs(self) -> dict[str, float]:
        return {name: values[-1] for name, values in self.history.items() if values}

    def _current_state(self) -> State:
        return State(self.workspace.get_weights(), self.workspace.get_optimizer_state())


class _Callbacks(keras.callbacks.CallbackList):
    """Keras's list, which also tells whether a callback looks at batches."""

    @property
    def look_at_batches(self) -> bool:
        return any(
            getattr(getattr(callback, hook), "__func__", None)
            is not getattr(keras.callbacks.Callback, hook)
            for callback in self.callbacks
            for hook in BATCH_HOOKS
        )


def _callback_list(workspace: Workspace, settings: Settings) -> _Callbacks | None:
    callbacks = fit_callbacks(settings.callbacks)
    if not callbacks:
        return None
    workspace.model.stop_training = False
    return _Callbacks(
        callbacks,
        add_history=False,
        model=workspace.model,
        epochs=settings.epochs,
        verbose=0,
    )
