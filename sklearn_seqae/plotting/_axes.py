"""Axes that plots draw into."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.gridspec import SubplotSpec

PANEL_WIDTH, PANEL_HEIGHT = 3.2, 1.5  # inches
MARGIN = 1.2  # inches for titles, labels and a legend


def check_matplotlib(caller: str) -> None:
    """Raise an ImportError that says what to install if Matplotlib is missing.

    Callers do so first, before they compute something that they could not draw.
    """
    try:
        import matplotlib  # noqa: F401
    except ImportError as error:
        raise ImportError(
            f"{caller} draws with Matplotlib, which is not installed; install it with "
            "pip install 'sklearn-seqae[plot]' or pip install matplotlib."
        ) from error


def single_axes(ax: Axes | None, caller: str) -> Axes:
    """Return `ax`, or the axes of a new figure."""
    check_matplotlib(caller)
    if ax is not None:
        return ax
    import matplotlib.pyplot as plt

    return plt.subplots(layout="constrained")[1]


def panels(
    ax: Any, n_rows: int, n_columns: int, caller: str
) -> tuple[NDArray[np.object_], Axes | None]:
    """Return a grid of axes: in a new figure, in the place of `ax`, or `ax` itself.

    Parameters
    ----------
    ax : Axes, array-like of Axes or None
        One Axes is switched off, and its place is divided. Several are used as they
        are. None makes a new figure.
    n_rows, n_columns : int
        Size of the grid. New axes share their x-axis in a column and their y-axis in a
        row.
    caller : str
        Name of the caller, for messages.

    Returns
    -------
    axes : ndarray of shape (n_rows, n_columns)
        The grid.
    bounding_ax : Axes or None
        The Axes that was divided.
    """
    check_matplotlib(caller)
    from matplotlib.axes import Axes

    if isinstance(ax, Axes):
        return _divide(ax, n_rows, n_columns, caller), ax
    if ax is not None:
        return _as_grid(ax, n_rows, n_columns, caller), None
    import matplotlib.pyplot as plt

    width = PANEL_WIDTH * max(n_columns, 1.5) + MARGIN
    height = PANEL_HEIGHT * max(n_rows, 1.5) + MARGIN
    _, axes = plt.subplots(
        n_rows,
        n_columns,
        sharex="col",
        sharey="row",
        squeeze=False,
        figsize=(width, height),
        layout="constrained",
    )
    return axes, None


def _divide(ax: Axes, n_rows: int, n_columns: int, caller: str) -> NDArray[np.object_]:
    place: SubplotSpec | None = ax.get_subplotspec()
    if place is None:
        raise ValueError(
            f"{caller} can only divide axes of a grid, as plt.subplots() makes them; "
            f"pass such axes, or an array of {n_rows * n_columns}."
        )
    if not ax.axison:
        raise ValueError(
            f"{caller} finds these axes switched off, perhaps because it divided them "
            "before; pass ax=display.axes_ to draw into the same panels again."
        )
    ax.set_axis_off()
    grid = place.subgridspec(n_rows, n_columns)
    return grid.subplots(sharex="col", sharey="row", squeeze=False)


def _as_grid(ax: Any, n_rows: int, n_columns: int, caller: str) -> NDArray[np.object_]:
    axes = np.asarray(ax, dtype=object)
    if axes.size != n_rows * n_columns:
        raise ValueError(
            f"{caller} draws {n_rows * n_columns} panels ({n_rows} x {n_columns}), but "
            f"ax holds {axes.size}; pass as many, or None."
        )
    return axes.reshape(n_rows, n_columns)
