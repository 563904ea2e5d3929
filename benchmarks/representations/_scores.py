"""Medians over seeds, their ranks, and what the ranks can tell apart.

Scores are frames with a row for each design and a column for each data set; NaN where
there is no result. They are compared at three decimals, as papers print them: else
0.9892 would beat a published 0.989.
"""

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.stats import friedmanchisquare, studentized_range

from benchmarks.representations._results import Results
from benchmarks.representations.datasets import DATASETS
from benchmarks.representations.designs import DESIGNS, HEADLINE
from benchmarks.representations.protocols import OWN
from benchmarks.representations.published import DTW, PUBLISHED


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
            return pd.DataFrame(columns=self.sets)
        found = self.records.groupby(["design", "dataset"])[measure].median().unstack()
        known = found.dropna(how="all").index
        return found.reindex([d for d in designs if d in known], columns=self.sets)

    def scores(self, protocol: str, designs: Sequence[str]) -> pd.DataFrame:
        """Medians; a classifier that makes no embedding counts with its own accuracy.

        The Rand index has no such thing, so there it is left out.
        """
        found = self.medians(protocol, designs)
        if protocol != "kmeans":
            found = found.combine_first(self.medians(OWN, designs))
        return found.reindex([d for d in designs if d in found.index])

    def beside_published(self) -> pd.DataFrame:
        """The SVM's scores and the published; of DTW those that were measured here."""
        return with_published(self.scores("svm", BESIDE)).drop(index=DTW)

    def few_seeds(
        self, designs: Sequence[str], wanted: int, sets: Sequence[str] | None = None
    ) -> str:
        """Where fewer seeds than wanted were run, as ``design (n on set, set)``."""
        few = []
        for design in (name for name in designs if DESIGNS[name].seeded):
            counts = self.records.dataset[self.records.design == design].value_counts()
            counts = counts.reindex(sets or self.sets).dropna().astype(int)
            for n, group in counts[counts < wanted].groupby(counts):
                short = [DATASETS[name].short for name in group.index]
                few.append(f"{design} ({n} on {', '.join(short)})")
        return f"Fewer than {wanted} seeds: {', '.join(few)}." if few else ""


# The designs of ours that are put forward, and all that are not ours
BESIDE = [name for name, d in DESIGNS.items() if name in HEADLINE or not d.ours]


def with_published(scores: pd.DataFrame) -> pd.DataFrame:
    """The same and the published rows, on the same data sets."""
    published = pd.DataFrame(PUBLISHED).T.reindex(columns=scores.columns)
    return pd.concat([scores, published])


def mean_ranks(scores: pd.DataFrame) -> pd.Series:
    """Mean over sets of the rank among the complete rows; 1 is best, ties share."""
    return scores.dropna().round(3).rank(ascending=False).mean(axis=1)


def friedman(scores: pd.DataFrame) -> float:
    """Probability of ranks as different as these if all complete rows were equal."""
    return float(friedmanchisquare(*scores.dropna().round(3).to_numpy()).pvalue)


def critical_difference(n_rows: int, n_sets: int, alpha: float = 0.05) -> float:
    """Mean ranks nearer than this are not told apart by Nemenyi's test [1]_.

    .. [1] Demsar, J. (2006). Statistical comparisons of classifiers over multiple data
       sets. Journal of Machine Learning Research 7.
    """
    quantile = studentized_range.ppf(1 - alpha, n_rows, np.inf) / math.sqrt(2)
    return float(quantile * math.sqrt(n_rows * (n_rows + 1) / (6 * n_sets)))


def against(ours: pd.Series, theirs: pd.Series) -> str:
    """On how many of the shared sets ours is better, level and worse."""
    signs = np.sign(ours.round(3) - theirs.round(3)).dropna().tolist()
    return f"{signs.count(1)} / {signs.count(0)} / {signs.count(-1)}"
