"""``docs/representations.rst``, from ``page.rst`` and the results."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks._figures import significant
from benchmarks._page import csv_table, fields
from benchmarks._worker import ROOT
from benchmarks.representations import _scores
from benchmarks.representations._scores import BESIDE, DTW, Study
from benchmarks.representations.datasets import DATASETS
from benchmarks.representations.designs import BUDGETS, DEFAULTS, OURS, SIZES

PATH = ROOT / "docs" / "representations.rst"
TEMPLATE = Path(__file__).with_name("page.rst")
TITLES = {
    "svm": "SVM, accuracy",
    "logistic": "Logistic regression, accuracy",
    "forest": "Random forest, accuracy",
    "neighbor": "Nearest neighbour, accuracy",
    "kmeans": "k-means, adjusted Rand index",
}
MEASURES = {
    "reconstruction_error": "Reconstruction error",
    "relative_error": "Reconstruction error, relative to each sequence's own variance",
    "fit_seconds": "Seconds to fit",
    "transform_seconds": "Seconds to embed the test sequences (DTW: to classify them)",
    "n_components": "Numbers of an embedding",
    "exact_lengths": "Share of the test sequences decoded at their exact length",
}
SECONDS = """.. figure:: _static/seconds.svg
   :alt: Accuracy and relative error against seconds, for several numbers of updates

   Means over the development sets, against the seconds of a fit in a new process. The
   line is ours: untrained, and with 125 to 2,000 updates (seed 0). The defaults make
   500.
"""
OF_SIZES = ("svm", "logistic", "reconstruction_error")
FOUR = (DEFAULTS, "statistics", "catch22", "MiniRocket")


def page(study: Study) -> str:
    """The template with its tables."""
    parameters = {
        name: ", ".join(f"``{k}={v!r}``" for k, v in given.items())
        for name, given in OURS.items()
    }
    run = study.scores("svm", list(OURS)).index
    groups = {"Development": study.development, "Held out": study.held_out}
    published = study.beside_published()
    return TEMPLATE.read_text().format(
        sizes=_table(_sizes(study)),
        machines=_join(map(fields, study.results.machines)),
        n_sets=published.shape[1],
        friedman=f"{_scores.friedman(published):.2g}",
        ranks=_table(_text(_ranks(study)), "Mean ranks"),
        accuracies=_join(
            _accuracies(study, BESIDE, protocol, sets, f"{group}: {title}")
            for protocol, title in TITLES.items()
            for group, sets in groups.items()
        ),
        few_seeds=study.few_seeds(BESIDE, study.sets),
        seconds=SECONDS if study.has(BUDGETS) else "",
        measures=_medians(study, BESIDE, study.sets),
        designs=_table(pd.DataFrame({"parameters": parameters}).loc[run]),
        designs_accuracies=_join(
            _accuracies(study, list(OURS), protocol, study.development, title)
            for protocol, title in TITLES.items()
        ),
        designs_measures=_medians(study, list(OURS), study.development),
        designs_few_seeds=study.few_seeds(list(OURS), study.development),
    )


def tables_of_sizes(study: Study) -> dict[str, pd.DataFrame]:
    """What embeddings of fewer numbers cost, on the development sets."""
    tables = {}
    for measure in OF_SIZES:
        found = study.medians(measure, list(SIZES))[study.development].dropna()
        found = found.rename(index=SIZES)
        form = significant if measure == "reconstruction_error" else "{:.3f}"
        text = _text(found, form).reset_index(names="n_components")
        tables[(TITLES | MEASURES)[measure]] = text
    return tables


def _ranks(study: Study) -> pd.DataFrame:
    """Mean ranks over all data sets, and beside published figures."""
    ranked = {title: study.scores(p, BESIDE) for p, title in TITLES.items()}
    published = ranked["SVM beside published"] = study.beside_published()
    kmeans = ranked.pop(TITLES["kmeans"])
    ranked["k-means, of four"] = kmeans[kmeans.index.isin(FOUR)]
    means = pd.DataFrame({name: _scores.mean_ranks(f) for name, f in ranked.items()})
    known = [name for name in [*BESIDE, *published.index] if name in means.index]
    return means.reindex(dict.fromkeys(known)).dropna(axis=1, how="all")


def _accuracies(
    study: Study, designs: Sequence[str], protocol: str, sets: Sequence[str], title: str
) -> str:
    """A row each, best of a column in bold; mean, and mean rank, of complete rows."""
    scores = study.scores(protocol, designs)[sets]
    if scores.empty:
        return ""
    if "MiniRocket" in designs:  # not only ours
        scores = _scores.with_published(scores, protocol).dropna(how="all")
    # Measured here as well, the published DTW would be ranked twice
    ranks = _scores.mean_ranks(scores.drop(index=DTW, errors="ignore"))
    rounded, text = scores.round(3), _text(scores, "{:.3f}")
    text = text.mask(rounded == rounded.max(), "**" + text + "**")
    text["mean"] = _text(scores.mean(axis=1, skipna=False), "{:.3f}")
    text["mean rank"] = _text(ranks.reindex(text.index))
    return _table(_short(text), title)


def _medians(study: Study, designs: Sequence[str], sets: Sequence[str]) -> str:
    """A table for each measure that is no score."""
    found = {t: study.medians(name, designs)[sets] for name, t in MEASURES.items()}
    return _join(_table(_short(_text(f, significant)), t) for t, f in found.items())


def _sizes(study: Study) -> pd.DataFrame:
    """What the data sets are."""
    sizes = pd.DataFrame(study.results.data).T.loc[study.sets]
    sizes.insert(0, "column", [DATASETS[name].short for name in sizes.index])
    return sizes


def _short(table: pd.DataFrame) -> pd.DataFrame:
    return table.rename(columns={name: d.short for name, d in DATASETS.items()})


def _text(numbers: Any, form: str | Callable[[float], str] = "{:.2f}") -> Any:
    """A frame or series as text, empty where it is NaN."""
    form = form.format if isinstance(form, str) else form
    return numbers.map(form, na_action="ignore").astype(object).fillna("")


def _table(table: pd.DataFrame, title: str = "") -> str:
    """With the index as the first column."""
    return csv_table(table.reset_index(names=""), title)


def _join(tables: Any) -> str:
    return "\n\n".join(filter(None, tables))
