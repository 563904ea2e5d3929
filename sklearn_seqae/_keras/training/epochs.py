"""The epochs, many in one call while nobody looks on: batches in, weights out."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning

from sklearn_seqae._keras.devices import check_not_forked
from sklearn_seqae._keras.network.keras_layers import initial_weights
from sklearn_seqae._keras.training.cache import borrow
from sklearn_seqae._keras.training.callbacks import Callbacks, Progress, Tasks
from sklearn_seqae._keras.training.checkpoint import Best, Checkpoint, CheckpointFile
from sklearn_seqae._keras.training.feeding import STEPS_PER_CALL, Feed
from sklearn_seqae._keras.training.partitions import PartitionedFeed
from sklearn_seqae._keras.training.program import plan_program
from sklearn_seqae._keras.training.settings import (
    DivergedError,
    Result,
    Settings,
    beats_mean,
    check_finite,
    warn_unless_learnt,
)
from sklearn_seqae._keras.training.workspace import Workspace
from sklearn_seqae._network.architecture import Architecture
from sklearn_seqae._network.layers import State
from sklearn_seqae._patches.source.data import Partitions, TrainingSet
from sklearn_seqae.exceptions import _count

STEPS_PER_SNAPSHOT = 8000  # a second or two: a snapshot takes some milliseconds
TOLERANCE = 1e-4  # a validation loss that falls by less is no improvement


def train(
    architecture: Architecture,
    data: TrainingSet,
    settings: Settings,
    random_state: np.random.RandomState,
    start: State | None = None,
    file: CheckpointFile | None = None,
) -> Result:
    """Train for some epochs, from ``start`` or anew.

    With early stopping, the result is of the epoch with the best validation loss. After
    a KeyboardInterrupt, it is of the last epoch that was done, or of one shortly
    before; if none was, it is raised. To ``file`` it writes, now and then, how far it
    is, and goes on from what is there; if training diverges, it removes the file. An
    OSError, if it can't be written.
    """
    check_not_forked()
    state = start or State(initial_weights(architecture, random_state))
    if not settings.epochs:
        return Result(state, {"loss": []})
    program = plan_program(architecture, data, settings)
    with borrow(program, settings.optimizer) as workspace:
        loop = _Loop(workspace, state, data, settings, random_state, file)
        try:
            loop.run()
            return loop.result()
        except DivergedError:  # it would do so again
            if file is not None:
                file.remove()
            raise
        finally:
            loop.let_go_of_callbacks()


class _Loop:
    """Epochs over one workspace."""

    def __init__(
        self,
        workspace: Workspace,
        state: State,
        data: TrainingSet,
        settings: Settings,
        random_state: np.random.RandomState,
        file: CheckpointFile | None,
    ) -> None:
        self.workspace, self.settings, self._file = workspace, settings, file
        self._baselines, self._is_whole = data.baselines, data.is_whole
        workspace.load(state)
        make_feed = PartitionedFeed if isinstance(data, Partitions) else Feed
        self.feed = make_feed(
            data, settings, workspace.program, random_state, workspace.n_updates
        )
        workspace.start_at_rate(self.feed.rates.next)
        self.history: dict[str, list[float]] = {"loss": []}
        self.n_epochs = 0
        self._done: tuple[int, State] | None = None  # an epoch that was done
        self._updates_done, self._steps_since = 0, 0
        self._best: Best | None = None
        self._interrupt: KeyboardInterrupt | None = None
        self._progress = Progress(settings.epochs, settings.verbose)
        self._callbacks = None
        if settings.callbacks:
            workspace.seen.model.stop_training = False
            self._callbacks = Callbacks(
                settings.callbacks,
                add_history=False,
                model=workspace.seen.model,
                epochs=settings.epochs,
                steps=self.feed.n_batches,
                verbose=1,  # a ProgbarLogger is given to be seen
            )
        for callback in settings.callbacks:
            if isinstance(callback, Tasks):
                callback.result = self.result
        if file is not None and file.found is not None:
            self._go_on(file.found)

    def run(self) -> None:
        self._save_now_and_then()
        self._tell("on_train_begin")
        try:
            is_watched = self._callbacks or self.settings.early_stopping
            if is_watched or not self._is_whole:
                self._epoch_by_epoch()
            else:
                self._many_epochs_a_call()
        except KeyboardInterrupt as interrupt:
            if self.n_epochs and self.workspace.n_updates == self._updates_done:
                self._remember()  # no update has been made since
            if self._done is None:
                raise
            self._interrupt = interrupt
            self._return_to_done()
        except DivergedError as error:
            self.workspace.is_sound = False
            if self._done is None:
                raise
            self._return_to_done()
            if not beats_mean(self._kept_loss(), self._baselines):
                raise
            n = _count(self.n_epochs, "epoch")
            message = f"{error} What was learnt in {n} is kept."
            warnings.warn(message, ConvergenceWarning, stacklevel=2)
        else:
            warn_unless_learnt(
                self.settings,
                self._kept_loss(),
                self._baselines,
                self.n_epochs,
                self.workspace.n_updates,
                self.feed.rates.setting,
            )
        if self._best:
            self.workspace.load(self._best.state)
        self.workspace.average_weights()
        self._progress.show(self.n_epochs, self._logs(), is_over=True)
        self._tell("on_train_end", self._logs())

    def let_go_of_callbacks(self) -> None:
        """Take the model from the user's callbacks: it serves other fits next."""
        for callback in self._callbacks.callbacks if self._callbacks else ():
            callback._model = None

    def result(self) -> Result:
        state = self.workspace.state()
        self._check_finite(state.weights.values())  # a callback may set any
        history = {name: [*values] for name, values in self.history.items()}
        return Result(state, history, self.n_epochs, self._interrupt)

    # The two ways through the epochs --------------------------------------------------

    def _many_epochs_a_call(self) -> None:
        """Nobody looks between epochs: fill each call with as many as fit."""
        feed = self.feed
        epochs = [feed.epoch()]
        per_epoch = len(epochs[0])
        group = max(1, STEPS_PER_CALL // feed.n_steps(epochs[0]))
        while self.n_epochs < self.settings.epochs:
            n = min(group, self.settings.epochs - self.n_epochs)
            epochs += [feed.epoch() for _ in range(n - len(epochs))]
            sums = self._run_batches(np.concatenate(epochs[:n]))
            for of_epoch in sums.reshape(n, per_epoch, -1):
                self._end_epoch(feed.means(of_epoch))
            self._remember_now_and_then()
            self._save_now_and_then()
            self._progress.show(self.n_epochs, self._logs())
            epochs = []

    def _epoch_by_epoch(self) -> None:
        for epoch in range(self.n_epochs, self.settings.epochs):
            self._tell("on_epoch_begin", epoch)
            sums: list[NDArray[np.float64]] = []  # for each batch, see `sums_of`
            for shards in self.feed.turns():
                sums.append(self._run_batches(shards, first=sum(map(len, sums))))
            logs = self.feed.means(np.concatenate(sums))
            if self.feed.holds_out:
                self._tell("on_test_begin")
                held_out = self.feed.validate(self.workspace)
                self._tell("on_test_end", dict(held_out))
                logs |= held_out
            self._end_epoch(logs)
            self._remember_now_and_then()
            self._progress.show(self.n_epochs, logs)
            if self.settings.early_stopping:
                self._keep_best(logs.get("val_objective", logs["val_loss"]), epoch)
            self._tell("on_epoch_end", epoch, dict(logs))
            if self._callbacks and self.workspace.seen.model.stop_training:
                break
            if self.settings.early_stopping:
                last = self._best.last_improvement if self._best else 0
                if epoch - last >= self.settings.n_iter_no_change:
                    break
            self._save_now_and_then()

    def _keep_best(self, loss: float, epoch: int) -> None:
        """Remember the best weights, and the last epoch that was an improvement."""
        before, last = np.inf, 0
        if self._best:
            before, last = self._best.loss, self._best.last_improvement
        if loss < before:
            self._remember()
            assert self._done is not None
            last = epoch if loss < before - TOLERANCE else last
            self._best = Best(loss, epoch, last, self._done[1])

    # Pieces ---------------------------------------------------------------------------

    def _run_batches(
        self, shards: NDArray[np.int64], first: int = 0
    ) -> NDArray[np.float64]:
        """Train on batches in their order; sums for each, see `sums_of`."""
        sums: list[NDArray[np.float64]] = []
        self._steps_since += self.feed.n_steps(shards)
        watched = self._callbacks is not None and self._callbacks.look_at_batches
        calls = self.feed.training(shards, one_by_one=watched)
        for n, batches in enumerate(calls, first):
            if watched:
                self._tell("on_train_batch_begin", n)
            sums.append(self.feed.train(self.workspace, batches))
            self._check_finite([sums[-1]])
            if watched:
                self._tell("on_train_batch_end", n, self.feed.means(sums[-1]))
        return np.concatenate(sums)

    def _tell(self, hook: str, *arguments: Any) -> None:
        """Call callbacks, and heed changes; a rate that is set ends the schedule."""
        if not self._callbacks:
            return
        rate = self.workspace.learning_rate
        self.workspace.show()
        getattr(self._callbacks, hook)(*arguments)
        self.workspace.heed()
        if self.workspace.learning_rate != rate:
            self.feed.rates.stop()

    def _end_epoch(self, logs: dict[str, float]) -> None:
        self.n_epochs += 1
        for name, value in logs.items():
            self.history.setdefault(name, []).append(value)

    def _logs(self) -> dict[str, float]:
        return {name: values[-1] for name, values in self.history.items() if values}

    # Killed, and going on -------------------------------------------------------------

    def _save_now_and_then(self) -> None:
        """Write a checkpoint if it is time, `_done` is now, and there is more to do."""
        n = self.n_epochs
        is_now = self._done is None or self._done[0] == n
        file = self._file
        if file is None or n == self.settings.epochs or not (is_now and file.is_due):
            return
        state, history, feed = self.workspace.state(), self.history, self.feed.state()
        file.write(Checkpoint(state, n, history, feed, self._best, file.at_start))

    def _go_on(self, saved: Checkpoint) -> None:
        """Take over how far a fit was that was killed."""
        self.workspace.load(saved.state)
        self.feed.restore(saved.feed)
        self.n_epochs, self.history = saved.n_epochs, saved.history
        self._best = saved.best
        self._updates_done = self.workspace.n_updates
        if saved.n_epochs:
            self._done = saved.n_epochs, saved.state

    # How it ends ----------------------------------------------------------------------

    def _remember_now_and_then(self) -> None:
        """Keep the state at the end of the first epoch, and about once a second."""
        self._updates_done = self.workspace.n_updates
        if self._done is None or self._steps_since >= STEPS_PER_SNAPSHOT:
            self._remember()

    def _remember(self) -> None:
        """Keep the state at the end of an epoch: the next may end otherwise."""
        state = self.workspace.state()
        self._check_finite(state.weights.values())
        self._done, self._steps_since = (self.n_epochs, state), 0

    def _return_to_done(self) -> None:
        """Go back to the end of an epoch, history included."""
        assert self._done is not None
        self.n_epochs, state = self._done
        self.workspace.load(state)
        self.history = {
            name: values[: self.n_epochs] for name, values in self.history.items()
        }

    def _check_finite(self, arrays: Iterable[NDArray[np.floating]]) -> None:
        activation = self.workspace.program.architecture.activation
        check_finite(arrays, self.feed.rates.setting, activation)

    def _kept_loss(self) -> float:
        """Return the loss of the epoch whose weights are kept."""
        return self.history["loss"][self._best.epoch if self._best else -1]
