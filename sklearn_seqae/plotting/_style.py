"""Style of plots: readable in colour, in grey and for the colour-blind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.collections import PathCollection
    from matplotlib.legend import Legend
    from matplotlib.lines import Line2D

# Okabe and Ito's colours, which colour-blind readers can tell apart. Some are alike in
# grey print, so lines also differ in style and points in their markers.
BLUE, ORANGE, BLACK = "#0072B2", "#E69F00", "#000000"
GREY = "#999999"  # what belongs to no class
COLOURS = [BLUE, ORANGE, "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", BLACK]
MARKERS = ["o", "s", "^", "v", "D", "<", ">", "p", "P", "X", "*", "h"]
MARKED = 12  # markers along a line
N_STYLES = len(COLOURS) * len(MARKERS)

# The lightness of this scale rises evenly. So it keeps its order in grey and for the
# colour-blind. We leave out the yellow at its end, which is too light for white paper.
COLOUR_SCALE, END_OF_SCALE = "cividis", 0.85


def point_style(k: int) -> dict[str, str]:
    """Return the marker and colour of class k. The first `N_STYLES` pairs differ."""
    turn, marker = divmod(k, len(MARKERS))
    colour = (turn + k) % len(COLOURS)
    return {"marker": MARKERS[marker], "color": COLOURS[colour]}


def scale_colours(n: int) -> list[Any]:
    """Return n colours, from dark to light."""
    from matplotlib import colormaps

    return list(colormaps[COLOUR_SCALE](np.linspace(0, END_OF_SCALE, n)))


def scatter(
    ax: Axes,
    points: NDArray[Any],
    style: Mapping[str, Any],
    given: Mapping[str, Any] | None,
) -> PathCollection:
    """Draw points of shape (n, 2) in a style, updated with a user's keywords."""
    from matplotlib.collections import PathCollection

    keywords = _styled(style, given, PathCollection)
    if given and "c" in given:  # Matplotlib takes only one of the two
        keywords.pop("color", None)
    return ax.scatter(*points.T, **keywords)


def line(
    ax: Axes, *values: Any, style: Mapping[str, Any], given: Mapping[str, Any] | None
) -> Line2D:
    """Draw a line in a style, updated with a user's keywords; its markers stay few."""
    from matplotlib.lines import Line2D

    defaults = {"markevery": -(-len(values[0]) // MARKED), **style}
    return ax.plot(*values, **_styled(defaults, given, Line2D))[0]


def _styled(
    defaults: Mapping[str, Any], given: Mapping[str, Any] | None, kind: type[Artist]
) -> dict[str, Any]:
    """Update defaults with a user's keywords, also by alias: ``lw``, ``c``."""
    from matplotlib.cbook import normalize_kwargs

    return {**defaults, **normalize_kwargs(dict(given or {}), kind)}


def title(ax: Axes, **texts: str) -> None:
    """Set ``title``, ``xlabel`` and ``ylabel``, except those that the axes have."""
    for name, text in texts.items():
        if not getattr(ax, f"get_{name}")():
            getattr(ax, f"set_{name}")(text)


def whole_numbers(ax: Axes) -> None:
    """Put the ticks of the x-axis at integers only."""
    from matplotlib.ticker import MaxNLocator

    steps = [1, 2, 5, 10]  # not 3, 4 and 6, as Matplotlib's own
    ax.xaxis.set_major_locator(
        MaxNLocator("auto", steps=steps, integer=True, min_n_ticks=1)
    )


def legend_beside(ax: Axes, **keywords: Any) -> Legend:
    """Put the legend to the right of the axes, where it hides no data."""
    return ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), **keywords)
