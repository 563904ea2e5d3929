"""Scores of all rows on all sets, their ranks, and what the ranks can tell apart."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import friedmanchisquare, rankdata, studentized_range

Scores = dict[str, dict[str, float]]  # row -> data set -> score; some may be missing


def complete(scores: Scores, sets: Sequence[str]) -> list[str]:
    """The rows that have a score on each of the sets."""
    return [row for row, found in scores.items() if all(name in found for name in sets)]


def mean_ranks(scores: Scores, sets: Sequence[str]) -> dict[str, float]:
    """Mean over sets of the rank among the complete rows; 1 is best, ties share.

    >>> two = {"a": {"X": 0.9, "Y": 0.5}, "b": {"X": 0.8, "Y": 0.5}, "c": {"X": 1.0}}
    >>> mean_ranks(two, ["X", "Y"])
    {'a': 1.25, 'b': 1.75}
    """
    rows = complete(scores, sets)
    if not rows or not sets:
        return {}
    ranks = rankdata(-_matrix(scores, rows, sets), axis=1).mean(axis=0)
    return dict(zip(rows, ranks.tolist(), strict=True))


def friedman(scores: Scores, sets: Sequence[str]) -> float:
    """Probability of ranks as different as these if all complete rows were equal."""
    table = _matrix(scores, complete(scores, sets), sets)
    if (table == table[:, :1]).all():  # all tied everywhere
        return 1.0
    return float(friedmanchisquare(*table.T).pvalue)


def critical_difference(n_rows: int, n_sets: int, alpha: float = 0.05) -> float:
    """Mean ranks nearer than this are not told apart by Nemenyi's test [1]_.

    aeon's diagram takes the quantile of one row more (1.6).

    .. [1] Demsar, J. (2006). Statistical comparisons of classifiers over multiple data
       sets. Journal of Machine Learning Research 7.
    """
    quantile = studentized_range.ppf(1 - alpha, n_rows, np.inf) / math.sqrt(2)
    return float(quantile * math.sqrt(n_rows * (n_rows + 1) / (6 * n_sets)))


def cliques(ranks: Iterable[float], difference: float) -> list[tuple[float, float]]:
    """First and last of each longest run of ranks that are not told apart.

    >>> cliques([1.0, 2.0, 2.5, 5.0], 1.5)
    [(1.0, 2.5)]
    """
    ordered = sorted(ranks)
    runs: list[tuple[float, float]] = []
    for first in ordered:
        last = max(rank for rank in ordered if rank - first <= difference)
        if last > first and (not runs or last > runs[-1][1]):
            runs.append((first, last))
    return runs


def against(ours: Mapping[str, float], theirs: Mapping[str, float]) -> str:
    """On how many of the shared sets ours is better, level and worse."""
    shared = [name for name in ours if name in theirs]
    signs = [np.sign(_rounded(ours[s]) - _rounded(theirs[s])) for s in shared]
    return f"{signs.count(1)} / {signs.count(0)} / {signs.count(-1)}"


def _matrix(scores: Scores, rows: Iterable[str], sets: Sequence[str]) -> NDArray[Any]:
    """Scores of shape (n_sets, n_rows)."""
    return np.array([[_rounded(scores[row][name]) for row in rows] for name in sets])


def _rounded(score: float) -> float:
    """At three decimals, as papers print: else 0.9892 would beat a published 0.989."""
    return round(score, 3)
