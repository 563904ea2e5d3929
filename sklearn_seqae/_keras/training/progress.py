"""The output of ``verbose``: a bar on a terminal, a few lines in a log."""

from __future__ import annotations

import sys

from keras.utils import Progbar

LINES_IN_A_LOG = 10


class Progress:
    """Progress of a fit.

    Parameters
    ----------
    epochs : int
        Epochs to come.
    verbose : int
        0 shows nothing; 1 is a bar on a terminal and in a notebook, and about ten lines
        elsewhere; 2 and more is a line whenever there is news.
    """

    def __init__(self, epochs: int, verbose: int) -> None:
        self.epochs, self.verbose = epochs, verbose
        self._shown = 0
        self._has_bar = verbose == 1 and _someone_watches()
        self._bar: Progbar | None = None

    def show(self, epoch: int, logs: dict[str, float]) -> None:
        """Say that ``epoch`` epochs are done."""
        if self._has_bar:
            self._update_bar(epoch, logs, finalize=False)
        elif self.verbose:
            step = 1 if self.verbose > 1 else max(1, self.epochs // LINES_IN_A_LOG)
            if epoch // step > self._shown // step:
                self._line(epoch, logs)

    def close(self, epoch: int, logs: dict[str, float]) -> None:
        """Say where it ended."""
        if self._has_bar:
            self._update_bar(epoch, logs, finalize=True)
        elif self.verbose and epoch > self._shown:
            self._line(epoch, logs)

    def _update_bar(self, epoch: int, logs: dict[str, float], finalize: bool) -> None:
        if self._bar is None:
            # Stateful: shown as it is. Keras shows running means of other losses.
            self._bar = Progbar(
                self.epochs, stateful_metrics=list(logs), unit_name="epoch"
            )
        self._bar.update(epoch, list(logs.items()), finalize=finalize)

    def _line(self, epoch: int, logs: dict[str, float]) -> None:
        losses = " - ".join(f"{name}: {value:.4f}" for name, value in logs.items())
        print(f"epoch {epoch}/{self.epochs} - {losses}", flush=True)
        self._shown = epoch


def _someone_watches() -> bool:
    return sys.stdout.isatty() or "ipykernel" in sys.modules
