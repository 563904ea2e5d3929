"""The tables of the page, as rows of text."""

from collections.abc import Collection, Mapping, Sequence

from benchmarks._stats import significant
from benchmarks.representations._ranks import Scores, against, complete, mean_ranks
from benchmarks.representations._results import Results
from benchmarks.representations._scores import Study
from benchmarks.representations.datasets import DATASETS

Rows = list[Sequence[str]]


def accuracies(
    scores: Scores, sets: Sequence[str], unranked: Collection[str] = ()
) -> Rows:
    """A row each, best of a column in bold, and the mean rank among complete rows."""
    ranked = {row: found for row, found in scores.items() if row not in unranked}
    ranks = mean_ranks(ranked, sets)
    best = {
        name: max(
            (round(found[name], 3) for found in scores.values() if name in found),
            default=0.0,
        )
        for name in sets
    }
    rows: Rows = [["", *(DATASETS[name].short for name in sets), "mean rank"]]
    for row, found in scores.items():
        if any(name in found for name in sets):
            cells = [_score(found.get(name), best[name]) for name in sets]
            rows.append([row, *cells, _two(ranks.get(row))])
    return rows


def ranks(groups: Mapping[str, tuple[Scores, Sequence[str]]]) -> Rows:
    """A column for each group of data sets; a row where any group has a rank."""
    found = {title: mean_ranks(*group) for title, group in groups.items()}
    names = dict.fromkeys(name for group in found.values() for name in group)
    rows: Rows = [["", *found]]
    rows += [[name, *(_two(g.get(name)) for g in found.values())] for name in names]
    return rows


def pairs(scores: Scores, ours: Sequence[str]) -> Rows:
    """Better / level / worse on the sets that both have, ours in the columns."""
    ours = [name for name in ours if name in scores]
    if not ours:
        return []
    rows: Rows = [["", *ours]]
    rows += [
        [row, *(against(scores[name], found) for name in ours)]
        for row, found in scores.items()
        if row not in ours
    ]
    return rows


def costs(study: Study, design: str) -> Rows:
    """Seconds, size and reconstruction on each data set."""
    header = (
        "",
        "first fit, s",
        "later fit, s",
        "compiling",
        "embedding, s",
        "size",
        "error",
        "exact lengths",
    )
    rows: Rows = [header]
    for name in study.sets:
        records = study.records(name, design)
        if not records:
            continue
        cold = {k: r for k, r in records.items() if r["cold"]}
        warm = {k: r for k, r in records.items() if not r["cold"]}
        first = study.results.median(cold, "fit_seconds")
        later = study.results.median(warm, "fit_seconds")
        exact = study.results.median(records, "exact_lengths")
        n_test = study.results.data[name]["n_test"]
        rows.append(
            [
                name,
                _figure(first),
                _figure(later),
                "" if first is None or later is None else f"{1 - later / first:.0%}",
                _figure(study.median(name, design, "transform_seconds")),
                _whole(study.median(name, design, "n_components")),
                _figure(study.median(name, design, "reconstruction_error")),
                "" if exact is None else f"{exact:.0f} of {n_test}",
            ]
        )
    return rows


def medians(study: Study, designs: Sequence[str], *path: str) -> Rows:
    """What stands at this path in the records, by design and data set."""
    rows: Rows = [["", *(DATASETS[name].short for name in study.sets)]]
    for design in designs:
        cells = [_figure(study.median(name, design, *path)) for name in study.sets]
        if any(cells):
            rows.append([design, *cells])
    return rows


def sizes(results: Results, sets: Sequence[str]) -> Rows:
    """What the data sets are."""
    header = ("", "column", "training", "test", "time steps", "features", "classes")
    rows: Rows = [header]
    for name in sets:
        size = results.data[name]
        low, high = size["shortest"], size["longest"]
        span = f"{low} to {high}, median {size['median']}"
        rows.append(
            [
                name,
                DATASETS[name].short,
                str(size["n_train"]),
                str(size["n_test"]),
                str(low) if low == high else span,
                str(size["n_features"]),
                str(size["n_classes"]),
            ]
        )
    return rows


def entrants(scores: Scores, sets: Sequence[str]) -> dict[str, float]:
    """Mean ranks for the picture, if there are enough rows and sets for one."""
    if len(complete(scores, sets)) < 3 or len(sets) < 2:
        return {}
    return mean_ranks(scores, sets)


def _score(value: float | None, best: float) -> str:
    if value is None:
        return ""
    return f"**{value:.3f}**" if round(value, 3) == best else f"{value:.3f}"


def _two(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def _figure(value: float | None) -> str:
    return "" if value is None else significant(value)


def _whole(value: float | None) -> str:
    return "" if value is None else f"{value:.0f}"
