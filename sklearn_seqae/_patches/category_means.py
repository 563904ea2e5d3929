"""How much, and how long after: means of numbers by category. None is trained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._containers.ragged import RaggedArray
from sklearn_seqae._patches.exact import Standardized
from sklearn_seqae._patches.ngrams import delayed
from sklearn_seqae._utils.plain import Positive

N_COMPONENTS = 128  # at most, by default
FEWEST = 2  # groups of categories: the mean of all events is the level
LAGS = {0: "at", 1: "after"}  # events before, and how a mean of them is named
NEGLIGIBLE = 1e-6  # spread that may be rounding
LARGEST = 1e9  # of a number, so that no sum overflows


@dataclass(frozen=True)
class CategoryMeans(Standardized):
    """Means of each number at events of a category, and at those right after one.

    Of many categories, some share a mean, which ones is drawn. The fewer events, the
    closer a mean is to 0, the mean of all in common units. A component is its inverse
    hyperbolic sine, standardized, so no sequence is an outlier.
    """

    n_numbers: int
    category_sizes: tuple[int, ...]
    n_groups: int  # of a column's categories, at most
    mean: tuple[float, ...] = ()
    scale: tuple[Positive, ...] = ()

    @classmethod
    def fit(
        cls,
        n_groups: int,
        scaled: RaggedArray,
        sample_weight: NDArray[np.float64],
        category_sizes: tuple[int, ...],
    ) -> CategoryMeans:
        plain = cls(scaled.numbers.n_features, category_sizes, n_groups)
        return plain.standardized(scaled, sample_weight, NEGLIGIBLE)

    @property
    def n_components(self) -> int:
        return len(self.scale)

    @cached_property
    def groups(self) -> tuple[tuple[int, int, NDArray[np.int64]], ...]:
        """Lag, column, and the group of each of its codes; -1 for none."""
        random_state, found = np.random.RandomState(0), []
        for column, size in enumerate(self.category_sizes):
            groups = np.arange(size)
            if size > self.n_groups:
                groups = random_state.randint(self.n_groups, size=size)
            found.append((column, np.append(-1, groups)))
        return tuple((lag, *each) for lag, each in product(LAGS, found))

    def names(
        self,
        features: Sequence[str],
        columns: Sequence[str],
        categories: Sequence[Sequence[str]],
    ) -> list[str]:
        """Name the components, by the features and by the columns' categories."""
        found = list[str]()
        for lag, column, groups in self.groups:
            events = [f"{columns[column]}_{name}" for name in categories[column]]
            if len(events) > self.n_groups:
                events = [f"{columns[column]}{n}" for n in range(groups.max() + 1)]
            pairs = product(features, events)
            found += [f"{feature}_{LAGS[lag]}_{event}" for feature, event in pairs]
        return found

    def measured(self, ragged: RaggedArray) -> NDArray[np.float64]:
        """Return the means of scaled sequences, in which NaN is missing."""
        numbers, n = ragged.numbers.values.astype(np.float64), len(ragged)
        observed = np.logical_not(np.isnan(numbers))
        numbers = np.where(observed, np.clip(numbers, -LARGEST, LARGEST), 0)
        row, found = np.repeat(np.arange(n), ragged.lengths), []
        codes = {lag: delayed(ragged, lag) for lag in LAGS}
        for lag, column, groups in self.groups:
            size = int(groups.max()) + 2  # the first one is of no group
            place = row * size + 1 + groups[codes[lag][:, column]]
            for weights in zip(numbers.T, observed.T, strict=True):
                total, count = (np.bincount(place, w, n * size) for w in weights)
                found.append((total / (count + 1)).reshape(n, size)[:, 1:])
        return np.arcsinh(np.concatenate(found, axis=1))


def default_n_groups(room: float, n_numbers: int, n_columns: int) -> int:
    """Return how many groups of each column's categories there is room for."""
    n = int(min(N_COMPONENTS, room)) // (len(LAGS) * n_numbers * n_columns)
    return n if n >= FEWEST else 0
