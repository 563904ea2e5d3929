"""Medians over seeds, their ranks, and what the ranks can tell apart.

Scores are frames with a row for each design and a column for each data set; NaN where
there is no result. They are compared at three decimals, as papers print them: else
0.9892 would beat a published 0.989.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import friedmanchisquare

from benchmarks.representations._results import Results
from benchmarks.representations._study import n_seeds
from benchmarks.representations.datasets import DATASETS
from benchmarks.representations.designs import DESIGNS, HEADLINE
from benchmarks.representations.protocols import OWN

# The designs of ours that are put forward, and all that are not ours
BESIDE = [name for name, d in DESIGNS.items() if name in HEADLINE or not d.ours]
PUBLISHED = pd.read_csv(Path(__file__).with_name("published.csv")).set_index("name")
PUBLISHED.index += np.where(
    PUBLISHED.pop("labels") == "yes", " (published, with labels)", " (published)"
)
DTW = "1-NN DTW (published, with labels)"


class Study:
    """Fresh results, asked for by design and data set."""

    def __init__(self, results: Results) -> None:
        self.results = results
        self.records = pd.DataFrame(results.fresh())
        known = {record["dataset"] for record in results.records}
        self.sets = [name for name in DATASETS if name in known]
        self.development = [name for name in self.sets if not DATASETS[name].held_out]
        self.held_out = [name for name in self.sets if DATASETS[name].held_out]

    def medians(self, measure: str, designs: Sequence[str]) -> pd.DataFrame:
        """Over seeds, of the designs that have any, on all data sets."""
        if measure not in self.records:
            return pd.DataFrame(columns=self.sets, dtype=float)
        found = self.records.groupby(["design", "dataset"])[measure].median().unstack()
        known = found.dropna(how="all").index
        return found.reindex([d for d in designs if d in known], columns=self.sets)

    def has(self, designs: Sequence[str]) -> bool:
        """Whether each design has a result."""
        return set(self.records["design"]).issuperset(designs)

    def scores(self, protocol: str, designs: Sequence[str]) -> pd.DataFrame:
        """Medians; a classifier that makes no embedding counts with its own accuracy.

        The Rand index has no such thing, so there it is left out.
        """
        found = self.medians(protocol, designs)
        if protocol != "kmeans" and not found.empty:
            found = found.combine_first(self.medians(OWN, designs))
        return found.reindex([d for d in designs if d in found.index])

    def beside_published(self) -> pd.DataFrame:
        """The SVM's scores and the complete published ones, on the sets of these.

        Of DTW those that were measured here.
        """
        scores = with_published(self.scores("svm", BESIDE), "svm").drop(index=DTW)
        return scores[scores.columns[scores.loc["T-Loss (published)"].notna()]].dropna()

    def few_seeds(self, designs: Sequence[str], sets: Sequence[str]) -> str:
        """Where fewer seeds than wanted were run, as ``design (set n, set n)``."""
        counts = self.records.value_counts(["design", "dataset"])
        few = []
        for design in (name for name in designs if DESIGNS[name].seeded):
            found = {name: counts.get((design, name), 0) for name in sets}
            short = [
                f"{DATASETS[name].short} {n}"
                for name, n in found.items()
                if 0 < n < n_seeds(name)
            ]
            few += [f"{design} ({', '.join(short)})"] if short else []
        return f"Fewer seeds: {', '.join(few)}." if few else ""


def with_published(scores: pd.DataFrame, protocol: str) -> pd.DataFrame:
    """The same and what others published for it, on the same data sets."""
    theirs = PUBLISHED[PUBLISHED.classifier.isin([protocol, OWN])]
    if protocol == "kmeans":
        return scores
    return pd.concat([scores, theirs.reindex(columns=scores.columns)])


def mean_ranks(scores: pd.DataFrame) -> pd.Series:
    """Mean over sets of the rank among the complete rows; 1 is best, ties share."""
    return scores.dropna().round(3).rank(ascending=False).mean(axis=1)


def friedman(scores: pd.DataFrame) -> float:
    """Probability of ranks as different as these if all complete rows were equal."""
    return float(friedmanchisquare(*scores.dropna().round(3).to_numpy()).pvalue)
