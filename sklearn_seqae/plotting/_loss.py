"""Plot of training: the loss of every epoch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sklearn_seqae.plotting import _style
from sklearn_seqae.plotting._base import AxesDisplay, as_vector

if TYPE_CHECKING:
    from matplotlib.axes import Axes

STYLES = (
    {"color": _style.BLUE, "linestyle": "-", "marker": "o", "markersize": 4},
    {"color": _style.ORANGE, "linestyle": "--", "marker": "s", "markersize": 4},
)
STAR = {"color": _style.BLACK, "marker": "*", "markersize": 13, "linestyle": "none"}


@dataclass(kw_only=True, eq=False, repr=False)
class LossDisplay(AxesDisplay):
    """Loss of every epoch, in training and on held-out sequences.

    Parameters
    ----------
    loss : array-like of shape (n_epochs,)
        Training loss at the end of every epoch.
    val_loss : array-like of shape (n_epochs,), default=None
        Loss on held-out sequences, NaN where an epoch has none.
    val_objective : array-like of shape (n_epochs,), default=None
        Objective of early stopping, if it has more terms than `val_loss`. It is not
        drawn, but it decides which epoch was the best.
    loss_name : str, default="Mean squared error (scaled units)"
        Label of the y-axis.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes with the curves.
    figure_ : matplotlib Figure
        Figure with the axes.
    lines_ : list of matplotlib Line2D
        The training loss, and the validation loss if there is one.
    best_epoch_ : int or None
        Epoch with the lowest validation loss (or objective), counted from 1. Early
        stopping keeps its weights. None without validation loss; then the last weights
        are kept.
    best_marker_ : matplotlib Line2D or None
        Marker of the best epoch.

    See Also
    --------
    LSTMAutoencoderTransformer : Its ``history_`` is drawn by `from_estimator`.

    Examples
    --------
    >>> from sklearn_seqae.plotting import LossDisplay
    >>> display = LossDisplay(loss=[0.9, 0.5, 0.3, 0.2], val_loss=[0.9, 0.6, 0.5, 0.7])
    >>> display.plot(log=True).best_epoch_
    3
    """

    loss: ArrayLike
    val_loss: ArrayLike | None = None
    val_objective: ArrayLike | None = None
    loss_name: str = "Mean squared error (scaled units)"

    @classmethod
    def from_estimator(cls, estimator: Any, X: Any = None, **plot_kwargs: Any) -> Self:
        """Draw the losses in ``history_`` of a fitted estimator.

        Parameters
        ----------
        estimator : LSTMAutoencoderTransformer or Pipeline
            Fitted estimator, or a pipeline with such a step.
        X : Ignored
            Not used, present for API consistency by convention.
        **plot_kwargs : dict
            Keywords of `plot`, such as `ax` and `log`.

        Returns
        -------
        display : LossDisplay
            The display, drawn.
        """
        estimator, _ = cls._find(estimator, None, "history_")
        history = estimator.history_
        if not history["loss"]:
            raise ValueError("There is no loss: epochs was 0; fit with at least 1.")
        is_scaled = getattr(estimator, "scaler_", None) is not None
        unit = "scaled units" if is_scaled else "original units, squared"
        if "instance_norm" in getattr(estimator, "exact_components_", ()):
            unit = "units of each sequence's own"
        name = "Mean squared error"
        if any(each.startswith("loss[") for each in history):
            name = "Squared error and cross-entropy"
        return cls(
            loss=history["loss"],
            val_loss=history.get("val_loss"),
            val_objective=history.get("val_objective"),
            loss_name=f"{name} ({unit})",
        ).plot(**plot_kwargs)

    def plot(
        self,
        ax: Axes | None = None,
        *,
        log: bool = False,
        mark_best: bool = True,
        line_kwargs: Mapping[str, Any] | None = None,
    ) -> Self:
        """Draw the curves.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw into. None makes a new figure.
        log : bool, default=False
            Whether the y-axis is logarithmic.
        mark_best : bool, default=True
            Whether to mark the epoch with the lowest validation loss.
        line_kwargs : dict, default=None
            Keywords for `matplotlib.axes.Axes.plot`, for both lines.

        Returns
        -------
        display : LossDisplay
            The display itself, drawn.

        Raises
        ------
        ValueError
            If a loss doesn't have a value for each epoch, or is not positive with
            `log`.
        """
        losses, best = self._losses(log), None
        watched = losses.get("validation")
        if watched is not None:
            if self.val_objective is not None:
                n = len(watched)
                watched = as_vector(self.val_objective, "val_objective", n, "epoch")
            best = int(np.nanargmin(watched)) + 1
        self.best_epoch_: int | None = best
        self.best_marker_ = None
        ax = self._start(ax)
        epochs = np.arange(1, len(losses["training"]) + 1)
        self.lines_ = [
            _style.line(
                ax, epochs, values, style={"label": name, **style}, given=line_kwargs
            )
            for (name, values), style in zip(losses.items(), STYLES, strict=False)
        ]
        if best is not None and mark_best:
            ax.axvline(best, color=_style.BLACK, linestyle=":", linewidth=1, zorder=1)
            star: Any = {"label": f"best epoch: {best}", **STAR}
            loss = losses["validation"][best - 1]
            (self.best_marker_,) = ax.plot(best, loss, **star)
        if log:
            ax.set_yscale("log")
        _style.whole_numbers(ax)
        texts = {"title": "Loss in training", "xlabel": "Epoch"}
        _style.title(ax, **texts, ylabel=self.loss_name)
        ax.legend()
        return self

    def _losses(self, log: bool) -> dict[str, NDArray[Any]]:
        losses = {"training": as_vector(self.loss, "loss")}
        if self.val_loss is not None:
            n_epochs = len(losses["training"])
            validation = as_vector(self.val_loss, "val_loss", n_epochs, "epoch")
            if np.isnan(validation).all():
                raise ValueError("val_loss is all NaN; pass None if there is none.")
            losses["validation"] = validation
        for name, values in losses.items():
            if log and (values <= 0).any():
                epoch = int((values <= 0).argmax())
                raise ValueError(
                    f"the {name} loss of epoch {epoch + 1} is {values[epoch]:g}, which "
                    "a logarithmic axis can't show; pass log=False."
                )
        return losses
