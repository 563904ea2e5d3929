"""Plot of decoded lengths against true lengths."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sklearn_seqae._containers.readers import to_ragged
from sklearn_seqae.exceptions import _count
from sklearn_seqae.plotting._axes import check_matplotlib, single_axes
from sklearn_seqae.plotting._checks import as_vector, check_offers
from sklearn_seqae.plotting._style import (
    BLACK,
    BLUE,
    count_in_whole_numbers,
    scatter,
    styled,
    title,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.legend import Legend

SMALLEST, LARGEST = 20, 200  # area of a point, in points squared


class LengthErrorDisplay:
    """Decoded length of sequences against their true length.

    Sequences with the same two lengths are one point. Its size grows with their number.

    Parameters
    ----------
    true_lengths : array-like of shape (n_samples,), int
        Time steps of each sequence.
    decoded_lengths : array-like of shape (n_samples,), int
        Time steps of each sequence decoded from its embedding.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes with the points.
    figure_ : matplotlib Figure
        Figure with the axes.
    scatter_ : matplotlib PathCollection
        The points.
    line_ : matplotlib Line2D
        Line of exact lengths.
    legend_ : matplotlib Legend
        Legend of the line and of the sizes of points.
    counts_ : ndarray of shape (n_points,), int
        Number of sequences at each point.
    exact_ : float
        Share of sequences whose decoded length is exact.
    mean_absolute_error_ : float
        Mean absolute error of the lengths, in time steps.

    See Also
    --------
    ReconstructionDisplay : Original and decoded values.

    Examples
    --------
    >>> from sklearn_seqae.plotting import LengthErrorDisplay
    >>> display = LengthErrorDisplay(
    ...     true_lengths=[7, 9, 9, 12], decoded_lengths=[7, 9, 9, 10]
    ... ).plot()
    >>> display.exact_, display.mean_absolute_error_
    (0.75, 0.5)
    """

    def __init__(self, *, true_lengths: ArrayLike, decoded_lengths: ArrayLike) -> None:
        self.true_lengths = true_lengths
        self.decoded_lengths = decoded_lengths

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        *,
        ax: Axes | None = None,
        scatter_kwargs: Mapping[str, Any] | None = None,
        line_kwargs: Mapping[str, Any] | None = None,
    ) -> Self:
        """Embed sequences, decode the embeddings and draw the lengths.

        Parameters
        ----------
        estimator : LSTMAutoencoderTransformer or Pipeline
            Fitted estimator with ``transform`` and ``inverse_transform``.
        X : list of arrays, array or DataFrame
            Sequences, as `estimator` takes them.
        ax : matplotlib Axes, default=None
            Axes to draw into. None makes a new figure.
        scatter_kwargs : dict, default=None
            Keywords for `matplotlib.axes.Axes.scatter`.
        line_kwargs : dict, default=None
            Keywords for `matplotlib.axes.Axes.plot`, for the line.

        Returns
        -------
        display : LengthErrorDisplay
            The display, drawn.
        """
        caller = f"{cls.__name__}.from_estimator"
        check_matplotlib(caller)
        check_offers(estimator, "transform", "inverse_transform", caller=caller)
        true, _ = to_ragged(X)
        decoded, _ = to_ragged(estimator.inverse_transform(estimator.transform(X)))
        display = cls(true_lengths=true.lengths, decoded_lengths=decoded.lengths)
        return display.plot(ax, scatter_kwargs=scatter_kwargs, line_kwargs=line_kwargs)

    def plot(
        self,
        ax: Axes | None = None,
        *,
        scatter_kwargs: Mapping[str, Any] | None = None,
        line_kwargs: Mapping[str, Any] | None = None,
    ) -> Self:
        """Draw the points.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw into. None makes a new figure.
        scatter_kwargs : dict, default=None
            Keywords for `matplotlib.axes.Axes.scatter`.
        line_kwargs : dict, default=None
            Keywords for `matplotlib.axes.Axes.plot`, for the line.

        Returns
        -------
        display : LengthErrorDisplay
            The display itself, drawn.

        Raises
        ------
        ValueError
            If the numbers of decoded and true lengths differ.
        """
        true = as_vector(self.true_lengths, "true_lengths")
        decoded = as_vector(self.decoded_lengths, "decoded_lengths", len(true))
        self.exact_ = float(np.mean(decoded == true))
        self.mean_absolute_error_ = float(np.mean(np.abs(decoded - true)))
        ax = single_axes(ax, f"{type(self).__name__}.plot")
        from matplotlib.lines import Line2D

        pairs = np.column_stack([true, decoded])
        points, self.counts_ = np.unique(pairs, axis=0, return_counts=True)
        dots = {"color": BLUE, "edgecolor": BLACK, "linewidth": 0.4, "s": self._areas()}
        self.scatter_ = scatter(ax, points, dots, scatter_kwargs)
        ends = [pairs.min(), pairs.max()]
        dashes = {"color": BLACK, "linestyle": "--", "linewidth": 1, "zorder": 0}
        dashes |= {"label": "exact"}
        (self.line_,) = ax.plot(ends, ends, **styled(dashes, line_kwargs, Line2D))
        self.legend_ = self._legend(ax, sizes="s" not in (scatter_kwargs or {}))
        count_in_whole_numbers(ax, "xy")
        title(
            ax,
            title=f"Decoded length: {(decoded == true).sum()} of {len(true)} exact,\n"
            f"mean absolute error {self.mean_absolute_error_:.3g} time steps",
            xlabel="True length (time steps)",
            ylabel="Decoded length (time steps)",
        )
        self.ax_, self.figure_ = ax, ax.figure
        return self

    def _areas(self) -> NDArray[np.float64]:
        return _area(self.counts_, self.counts_.max())

    def _legend(self, ax: Axes, sizes: bool) -> Legend:
        """Make a legend of the line and, with `sizes`, of the range of points."""
        from matplotlib.lines import Line2D

        handles = [self.line_]
        most = self.counts_.max()
        for count in np.unique([self.counts_.min(), most]) if sizes else ():
            handles += [
                Line2D(
                    [],
                    [],
                    label=_count(count, "sequence"),
                    color=BLUE,
                    markeredgecolor=BLACK,
                    markeredgewidth=0.4,
                    marker="o",
                    markersize=np.sqrt(_area(count, most)),
                    linestyle="none",
                )
            ]
        return ax.legend(handles=handles)


def _area(count: Any, most: int) -> Any:
    """Return the area of a point: `SMALLEST` for one sequence, `LARGEST` for most."""
    return SMALLEST + (LARGEST - SMALLEST) * (count - 1) / max(most - 1, 1)
