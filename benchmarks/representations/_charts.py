"""Pictures for the page on choosing parameters: what each choice did, and for whom."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks._process import ROOT
from benchmarks.representations._ranks import Scores, complete
from benchmarks.representations._scores import Study
from benchmarks.representations.designs import HEADLINE, STEPS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FOLDER = ROOT / "docs" / "_static"
BESIDE = ("MiniRocket", "statistics", "PCA-16", "1-NN DTW")
# Okabe and Ito's colours, for colour-blind readers; the markers help in grey print
COLOURS = ("#000000", "#0072B2", "#D55E00", "#009E73", "#CC79A7")
MARKERS = ("o", "s", "^", "D", "v")


def draw_charts(study: Study, folder: Path = FOLDER) -> list[Path]:
    """Draw those for which there are results; return where they are."""
    from matplotlib import rc_context

    drawn = []
    for name, draw in {"choices": _steps, "beside_others": _beside}.items():
        figure = draw(study)
        if figure is not None:
            path = folder / f"{name}.svg"
            # No date in the file, so that the same results give the same bytes
            with rc_context({"svg.hashsalt": "sklearn_seqae"}):
                figure.savefig(path, metadata={"Date": None})
            drawn.append(path)
    return drawn


def _steps(study: Study) -> "Figure | None":
    """Accuracy from one design to the next, a line for each development set."""
    scores = study.scores(list(STEPS), "svm")
    sets = study.development
    shown = complete(scores, sets)
    if len(shown) < 2:
        return None
    figure, axes = _axes(9.2, 3.8)
    for k, name in enumerate(sets):
        accuracy = [scores[row][name] for row in shown]
        style = {"color": COLOURS[k], "marker": MARKERS[k], "label": name}
        axes.plot(range(len(shown)), accuracy, **style)
    axes.set_xticks(range(len(shown)), [STEPS[row] for row in shown])
    axes.set_ylabel("accuracy of an SVM")
    axes.grid(axis="y", color="0.9")
    axes.legend(frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
    axes.set_title("What each choice adds, from left to right")
    return figure


def _beside(study: Study) -> "Figure | None":
    """Accuracy of ours and of others, a row for each data set."""
    (ours,) = HEADLINE
    scores = study.scores([ours, *BESIDE], "svm")
    sets = [name for name in study.sets if name in scores.get(ours, {})]
    if len(sets) < 2:
        return None
    figure, axes = _axes(7.5, 0.6 + 0.34 * len(sets))
    sets.sort(key=lambda name: _ahead(scores, ours, name))
    for k, row in enumerate(scores):
        known = [(scores[row][s], y) for y, s in enumerate(sets) if s in scores[row]]
        face = COLOURS[k] if row == ours else "white"
        axes.scatter(
            *zip(*known, strict=True),
            color=COLOURS[k],
            marker=MARKERS[k],
            facecolor=face,
            label=row,
            zorder=4 if row == ours else 3,
        )
    axes.set_yticks(range(len(sets)), [_title(study, name) for name in sets])
    axes.set_xlabel("accuracy (SVM; DTW: its own)")
    axes.grid(axis="y", color="0.9")
    axes.legend(frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
    axes.set_title("The defaults beside what one would use otherwise")
    return figure


def _title(study: Study, name: str) -> str:
    size = study.results.data[name]
    return f"{name}, unequal" if size["shortest"] < size["longest"] else name


def _ahead(scores: Scores, ours: str, name: str) -> float:
    others = [f[name] for row, f in scores.items() if row != ours and name in f]
    return scores[ours][name] - max(others, default=0.0)


def _axes(width: float, height: float) -> tuple["Figure", Any]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.subplots()
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes
