"""Pictures of the page, and of the page on choosing parameters."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from benchmarks._worker import ROOT
from benchmarks.representations import _scores
from benchmarks.representations._scores import Study
from benchmarks.representations.designs import BUDGETS, DEFAULTS, STEPS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FOLDER = ROOT / "docs" / "_static"
QUICK = ("MiniRocket", "catch22", "TS2Vec")  # whose seconds are compared
OTHERS = ("MiniRocket", "statistics", "PCA-16", "1-NN DTW")
# Okabe and Ito's colours, for colour-blind readers; the markers help in grey print
COLOURS = ("#000000", "#0072B2", "#D55E00", "#009E73", "#CC79A7")
MARKERS = ("o", "s", "^", "D", "v")


def draw(study: Study, folder: Path = FOLDER) -> list[Path]:
    """Draw those whose designs have results; return where they are."""
    from matplotlib import rc_context

    pictures = {
        "critical_difference": (_critical_difference, [DEFAULTS]),
        "choices": (_choices, list(STEPS)),
        "beside_others": (_beside_others, [DEFAULTS]),
        "seconds": (_seconds, BUDGETS),
    }
    drawn = []
    for name, (picture, designs) in pictures.items():
        if not study.has(designs):
            continue
        drawn.append(folder / f"{name}.svg")
        # No date in the file, so that the same results give the same bytes
        with rc_context({"svg.hashsalt": "sklearn_seqae"}):
            picture(study).savefig(drawn[-1], metadata={"Date": None})
    return drawn


def _critical_difference(study: Study) -> "Figure":
    """Demsar's diagram: a bar joins what Nemenyi's test does not tell apart."""
    from scikit_posthocs import critical_difference_diagram, posthoc_nemenyi_friedman

    scores = study.beside_published().round(3)
    figure, axes = _axes(8, 3)
    drawn = critical_difference_diagram(
        _scores.mean_ranks(scores),
        posthoc_nemenyi_friedman(scores.T),
        ax=axes,
        label_fmt_left="{label}  {rank:.2f} ",
        label_fmt_right=" {rank:.2f}  {label}",
        elbow_props={"color": "k", "linewidth": 0.8},
        text_h_margin=0.2,
    )
    for label in drawn["labels"]:
        if DEFAULTS in label.get_text():
            label.set_fontweight("bold")
    for (bar,) in drawn["crossbars"]:  # drawn in the order of a set of names
        bar.set_xdata(sorted(bar.get_xdata()))
    axes.spines["top"].set_visible(True)
    axes.set_title("Mean ranks", fontsize=11)
    return figure


def _choices(study: Study) -> "Figure":
    """Accuracy from one design to the next, a line for each development set."""
    scores = study.scores("svm", list(STEPS))[study.development].dropna(how="all")
    figure, axes = _axes(9.2, 3.8)
    styles = [f"{marker}-" for marker in MARKERS]
    scores.rename(index=STEPS).plot(ax=axes, style=styles, color=COLOURS)
    axes.set(xlabel="", ylabel="accuracy of an SVM")
    return _finished(figure, axes, "What each choice adds, from left to right")


def _beside_others(study: Study) -> "Figure":
    """Accuracy of ours, drawn above the others, and of others: a row a data set."""
    scores = study.scores("svm", [*OTHERS, DEFAULTS]).T
    scores = scores.reindex(columns=[*OTHERS, DEFAULTS]).dropna(subset=[DEFAULTS])
    ahead = scores[DEFAULTS] - scores.drop(columns=DEFAULTS).max(axis=1).fillna(0)
    scores = scores.loc[ahead.sort_values(kind="stable").index]
    figure, axes = _axes(7.5, 1.5 + 0.27 * len(scores))
    styles = list(zip(MARKERS, COLOURS, strict=True))
    for name, (marker, colour) in zip(scores, styles[::-1], strict=False):
        face = colour if name == DEFAULTS else "white"
        rows = range(len(scores))
        axes.plot(scores[name], rows, marker, color=colour, mfc=face, label=name)
    sizes = pd.DataFrame(study.results.data).T.loc[scores.index]
    unequal = np.where(sizes.shortest < sizes.longest, ", unequal", "")
    axes.set_yticks(range(len(scores)), scores.index + unequal)
    axes.set_xlabel("accuracy (SVM; DTW: its own)")
    title = "The defaults beside what one would use otherwise"
    return _finished(figure, axes, title)


def _seconds(study: Study) -> "Figure":
    """Means over the development sets against seconds to fit, a panel a measure.

    Ours with several budgets of updates, joined by a line.
    """
    from matplotlib.ticker import LogLocator, NullLocator

    ours = ["untrained", *BUDGETS]
    panels = {
        "svm": "accuracy of an SVM",
        "logistic": "accuracy of logistic regression",
        "relative_error": "relative reconstruction error",
    }
    figure, grid = _axes(10, 3.6, n_columns=len(panels))
    for axes, (measure, title) in zip(grid, panels.items(), strict=True):
        x, y = (
            _means(study, name, [*ours, *QUICK]) for name in ("fit_seconds", measure)
        )
        points = pd.DataFrame({"x": x, "y": y}).dropna()
        line = points.reindex([name for name in ours if name in points.index])
        axes.plot(line.x, line.y, "o-", color=COLOURS[0], label="ours, by updates")
        for name, point in line.iterrows():
            options = {"textcoords": "offset points", "fontsize": 8, "ha": "center"}
            axes.annotate(name.removesuffix("-updates"), point, (0, 6), **options)
        for name, colour, marker in zip(QUICK, COLOURS[1:], MARKERS[1:], strict=False):
            if name in points.index:
                axes.plot(*points.loc[name], marker, color=colour, label=name)
        axes.set(xscale="log", xlabel="seconds to fit, cold", title=title)
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.xaxis.set_major_formatter("{x:g}")
        axes.xaxis.set_minor_locator(NullLocator())
        axes.grid(axis="y", color="0.9")
    figure.legend(*grid[0].get_legend_handles_labels(), loc="outside right center")
    return figure


def _means(study: Study, measure: str, designs: list[str]) -> pd.Series:
    """Over the development sets, of designs with results on all of them."""
    return study.medians(measure, designs)[study.development].dropna().mean(axis=1)


def _axes(width: float, height: float, n_columns: int = 1) -> tuple["Figure", Any]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    grid = figure.subplots(1, n_columns, squeeze=False)[0]
    for axes in grid:
        axes.spines[["top", "right"]].set_visible(False)
    return figure, grid if n_columns > 1 else grid[0]


def _finished(figure: "Figure", axes: Any, title: str) -> "Figure":
    axes.grid(axis="y", color="0.9")
    axes.legend(frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
    axes.set_title(title)
    return figure
