"""The critical-difference diagram of Demsar (2006)."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks._process import ROOT
from benchmarks.representations._ranks import cliques

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PATH = ROOT / "docs" / "_static" / "critical_difference.svg"
WIDTH = 8.0  # inches, as are the heights; labels take a third on either side
LINE = 0.28  # from one name to the next
BAR = 0.13  # from one bar to the next
ABOVE = 0.85  # for the scale and the critical difference
GREY = "0.35"


def draw(
    ranks: Mapping[str, float],
    difference: float,
    emphasized: Collection[str],
    path: Path,
) -> None:
    """Mean ranks on a line, best on the left; bars join what can't be told apart.

    Black and one grey: it prints, and no colour carries a meaning. What is emphasized
    is bold, with a filled dot.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context({"svg.hashsalt": "sklearn_seqae", "font.size": 11}):
        figure = Figure()
        bars = cliques(ranks.values(), difference)
        names_from = 0.42 + BAR * len(bars)
        height = ABOVE + names_from + LINE * ((len(ranks) + 1) // 2)
        figure.set_size_inches(WIDTH, height)
        axes = figure.add_axes((0, 0, 1, 1))
        _set_scale(axes, len(ranks), height)
        _draw_line(axes, len(ranks), difference)
        for k, (first, last) in enumerate(bars):
            y = -0.22 - BAR * k
            axes.plot(
                [first - 0.04, last + 0.04], [y, y], color="k", linewidth=3.5, zorder=3
            )
        _draw_names(axes, ranks, names_from, emphasized)
        # No date in the file, so that the same results give the same bytes
        dated = {"Date": None} if path.suffix == ".svg" else None
        figure.savefig(path, metadata=dated, dpi=150)


def _set_scale(axes: "Axes", n_rows: int, height: float) -> None:
    """Ranks along x, in the middle third; inches along y, from the line of ranks."""
    span = max(1, n_rows - 1)
    axes.set_xlim(1 - span, n_rows + span)
    axes.set_ylim(ABOVE - height, ABOVE)
    axes.set_axis_off()


def _draw_line(axes: "Axes", n_rows: int, difference: float) -> None:
    axes.plot([1, n_rows], [0, 0], color="k", linewidth=1)
    for rank in range(1, n_rows + 1):
        axes.plot([rank, rank], [0, 0.07], color="k", linewidth=1)
        axes.text(rank, 0.1, str(rank), ha="center", va="bottom")
    axes.text(n_rows + 0.3, 0, "mean rank", ha="left", va="center")
    axes.plot([1, 1 + difference], [0.48, 0.48], color="k", linewidth=1)
    for end in (1, 1 + difference):
        axes.plot([end, end], [0.43, 0.53], color="k", linewidth=1)
    axes.text(
        1 + difference / 2,
        0.53,
        f"critical difference {difference:.2f}",
        ha="center",
        va="bottom",
    )


def _draw_names(
    axes: "Axes", ranks: Mapping[str, float], below: float, emphasized: Collection[str]
) -> None:
    """The better half on the left, from the outside in, so that no lines cross."""
    ordered = sorted(ranks, key=lambda name: ranks[name])
    half = (len(ordered) + 1) // 2
    left, right = ordered[:half], ordered[half:][::-1]
    places = [(name, 0.7, k) for k, name in enumerate(left)]
    places += [(name, len(ranks) + 0.3, k) for k, name in enumerate(right)]
    for name, end, k in places:
        rank, y = ranks[name], -below - LINE * k
        bold = name in emphasized
        axes.plot([rank, rank, end], [0, y, y], color=GREY, linewidth=0.8)
        dot = {"markerfacecolor": "k" if bold else "w", "zorder": 4 if bold else 3}
        axes.plot(rank, 0, "o", color="k", markersize=6, **dot)
        on_left = name in left
        axes.text(
            end - 0.1 if on_left else end + 0.1,
            y,
            f"{name}  {rank:.2f}" if on_left else f"{rank:.2f}  {name}",
            ha="right" if on_left else "left",
            va="center",
            fontweight="bold" if bold else "normal",
        )
