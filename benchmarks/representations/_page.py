"""``docs/representations.rst``, from ``page.rst`` and the results."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks._figures import significant
from benchmarks._page import fields, list_table
from benchmarks._worker import ROOT
from benchmarks.representations import _scores
from benchmarks.representations._scores import BESIDE, Study
from benchmarks.representations._study import SEEDS
from benchmarks.representations.datasets import DATASETS
from benchmarks.representations.designs import HEADLINE, OTHER_INPUTS, OURS
from benchmarks.representations.published import DTW

PATH = ROOT / "docs" / "representations.rst"
TITLES = {
    "svm": "SVM, accuracy",
    "logistic": "Logistic regression, accuracy",
    "kmeans": "k-means, adjusted Rand index",
}

TEMPLATE = Path(__file__).with_name("page.rst")


def page(study: Study) -> str:
    """The template with its tables."""
    machines = map(fields, study.results.machines.values())
    return TEMPLATE.read_text().format(
        n_seeds=len(SEEDS),
        sizes=list_table(_sizes(study)),
        machines="\n\n".join(machines),
        **_beside_others(study),
        **_costs(study),
        **_designs(study),
    )


def _beside_others(study: Study) -> dict[str, Any]:
    """The defaults, what one would use otherwise, and what others published."""
    scores = {protocol: study.scores(protocol, BESIDE) for protocol in TITLES}
    published = study.beside_published()
    common = published.dropna(axis=1)
    groups = {"Development": study.development, "Held out": study.held_out}
    ranked = {
        "development": scores["svm"][study.development],
        "held out": scores["svm"][study.held_out],
        "all": scores["svm"],
        "all, logistic": scores["logistic"],
        "all, k-means": scores["kmeans"],
        "beside published": common,
    }
    means = pd.DataFrame({name: _scores.mean_ranks(f) for name, f in ranked.items()})
    means = means.reindex([name for name in published.index if name in means.index])
    accuracies = [
        _table(_accuracies(scores[protocol][sets], protocol), f"{group}: {title}")
        for protocol, title in TITLES.items()
        for group, sets in groups.items()
    ]
    against = "SVM: sets on which ours is better / level / worse"
    return {
        "n_sets": common.shape[1],
        "friedman": f"{_scores.friedman(common):.2g}",
        "ranks": _table(
            _text(means), "Mean ranks, by the SVM where nothing else is said"
        ),
        "pairs": _table(_pairs(published), against),
        "accuracies": "\n\n".join(accuracies),
        "few_seeds": study.few_seeds(BESIDE, len(SEEDS)),
    }


def _accuracies(scores: pd.DataFrame, protocol: str = "") -> pd.DataFrame:
    """A row each, best of a column in bold, and the mean rank among complete rows."""
    # Measured here as well, the published DTW would be ranked twice
    ranked = scores
    if protocol == "svm":
        scores = _scores.with_published(scores)
        ranked = scores.drop(index=DTW)
    scores = scores.dropna(how="all")
    rounded, text = scores.round(3), _text(scores, "{:.3f}")
    text = text.mask(rounded == rounded.max(), "**" + text + "**")
    ranks = _scores.mean_ranks(ranked).reindex(text.index)
    return _short(text).assign(**{"mean rank": _text(ranks)})


def _pairs(scores: pd.DataFrame) -> pd.DataFrame:
    """Better / level / worse on the sets that both have, ours in the columns."""
    others = scores.drop(index=list(HEADLINE))
    return pd.DataFrame(
        {
            name: [
                _scores.against(scores.loc[name], row) for _, row in others.iterrows()
            ]
            for name in HEADLINE
        },
        index=others.index,
    )


def _costs(study: Study) -> dict[str, str]:
    """Seconds, size and reconstruction of the defaults, and seconds of the others."""
    (design,) = HEADLINE
    mine = study.records[study.records.design == design]
    by_set = mine.groupby("dataset").median(numeric_only=True)
    by_set = by_set.reindex([name for name in study.sets if name in by_set.index])
    fits = mine.pivot_table("fit_seconds", "dataset", "cold", aggfunc="median")
    first, later = fits[True], fits[False]
    n_test = {name: size["n_test"] for name, size in study.results.data.items()}
    columns = {
        "first fit, s": _text(first, significant),
        "later fit, s": _text(later, significant),
        "compiling": _text(1 - later / first, "{:.0%}"),
        "embedding, s": _text(by_set.transform_seconds, significant),
        "size": _text(by_set.n_components, "{:.0f}"),
        "error": _text(by_set.reconstruction_error, significant),
        "exact lengths": [
            f"{exact:.0f} of {n_test[name]}"
            for name, exact in by_set.exact_lengths.items()
        ],
    }
    fitting = "Fitting; the first of the seeds compiles, in seconds"
    embedding = "Embedding the test sequences (DTW: classifying), in seconds"
    table = pd.DataFrame(columns, index=by_set.index)
    return {
        "costs": _table(table, f"{design}, by data set"),
        "fit_seconds": _medians(study, "fit_seconds", BESIDE, fitting),
        "transform_seconds": _medians(study, "transform_seconds", BESIDE, embedding),
    }


def _designs(study: Study) -> dict[str, str]:
    """Ours among each other, on the development sets."""
    designs, sets = [*OURS, *OTHER_INPUTS], study.development
    given = {
        name: ", ".join(f"``{k}={v!r}``" for k, v in parameters.items())
        for name, parameters in OURS.items()
    }
    for name, wrapper in OTHER_INPUTS.items():
        given[name] = str(wrapper.__doc__).partition("\n")[0]
    run = study.scores("svm", designs).index
    accuracies = [
        _table(_accuracies(study.scores(protocol, designs)[sets]), title)
        for protocol, title in TITLES.items()
    ]
    errors = "Reconstruction error on the test sequences"
    seconds = "Seconds to fit; the first of the seeds compiles"
    return {
        "designs": _table(pd.DataFrame({"parameters": given}).loc[run]),
        "designs_accuracies": "\n\n".join(accuracies),
        "designs_errors": _medians(
            study, "reconstruction_error", designs, errors, sets
        ),
        "designs_seconds": _medians(study, "fit_seconds", designs, seconds, sets),
        "designs_few_seeds": study.few_seeds(designs, len(SEEDS), sets),
    }


def _medians(
    study: Study,
    measure: str,
    designs: Sequence[str],
    title: str,
    sets: Sequence[str] | None = None,
) -> str:
    found = study.medians(measure, designs)[list(sets or study.sets)]
    return _table(_short(_text(found, significant)), title)


def _sizes(study: Study) -> pd.DataFrame:
    """What the data sets are."""
    rows = []
    for name in study.sets:
        size = study.results.data[name]
        span = "{shortest} to {longest}, median {median}".format(**size)
        if size["shortest"] == size["longest"]:
            span = size["longest"]
        first = name, DATASETS[name].short, size["n_train"], size["n_test"]
        rows.append((*first, span, size["n_features"], size["n_classes"]))
    columns = ("", "column", "training", "test", "time steps", "features", "classes")
    return pd.DataFrame(rows, columns=columns)


def _short(table: pd.DataFrame) -> pd.DataFrame:
    return table.rename(columns={name: d.short for name, d in DATASETS.items()})


def _text(numbers: Any, form: str | Callable[[float], str] = "{:.2f}") -> Any:
    """A frame or series as text, empty where it is NaN."""
    form = form.format if isinstance(form, str) else form
    return numbers.map(form, na_action="ignore").astype(object).fillna("")


def _table(table: pd.DataFrame, title: str = "") -> str:
    """With the index as the first column."""
    return list_table(table.reset_index(names=""), title)
