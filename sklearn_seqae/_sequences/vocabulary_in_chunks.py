"""Which features are categories, and which categories they have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._containers.kinds import Container, Levels
from sklearn_seqae._containers.ragged import RaggedArray
from sklearn_seqae._sequences import vocabulary
from sklearn_seqae._utils import warn_user
from sklearn_seqae.exceptions import InvalidSequenceError

MOST = 1000  # categories of a column that "auto" tells apart, the infrequent as one


class VocabularyInChunks:
    """Learns the categories of one chunk of sequences after the other, by counting."""

    def __init__(
        self, categorical_features: Any, max_categories: int | str | None
    ) -> None:
        self._named = categorical_features
        self._max_categories = max_categories
        self._features: list[_Counts] = []
        self._n_sequences = 0

    def update(
        self,
        ragged: RaggedArray,
        container: Container,
        sample_weight: NDArray[np.float64],
        place: str,
    ) -> None:
        """Learn from further sequences, as read; ``place`` says where from."""
        chosen = which_are_categories(self._named, ragged, container)
        counts = [
            _count(ragged, container, j, is_category, sample_weight, place)
            for j, is_category in enumerate(chosen.tolist())
        ]
        self._merge(counts, len(ragged))

    def merge(self, other: VocabularyInChunks) -> None:
        """Learn from the sequences of another one, which come later."""
        self._merge(other._features, other._n_sequences)

    def _merge(self, counts: list[_Counts], n_sequences: int) -> None:
        self._n_sequences += n_sequences
        if not self._features:
            self._features = counts
            return
        for ours, theirs in zip(self._features, counts, strict=True):
            ours.merge(theirs)

    @property
    def is_undecided(self) -> bool:
        """Whether a feature has no observed value so far, so it may be a category."""
        return any(not feature.kind for feature in self._features)

    @property
    def has_categories(self) -> bool:
        return any(feature.is_category for feature in self._features)

    @property
    def levels(self) -> tuple[Levels | None, ...]:
        """Levels of all chunks, joined; see `Container`."""
        levels = tuple(feature.levels for feature in self._features)
        return levels if any(levels) else ()

    def fitted(self) -> vocabulary.Vocabulary | None:
        """Return the vocabulary; None if all features are numbers."""
        if not self.has_categories:
            return None
        return vocabulary.Vocabulary(tuple(map(self._fitted, self._features)))

    def _fitted(self, feature: _Counts) -> vocabulary.FeatureCategories | None:
        if not feature.is_category:
            return None
        values = sorted(value for value, n in feature.by_value.items() if n > 0)
        if all(isinstance(value, float) and value.is_integer() for value in values):
            values = list(map(int, values))  # of an array of numbers
        if not values:
            raise InvalidSequenceError(
                f"{feature.name} has no category in any of {self._n_sequences} "
                "sequences: all are missing; leave it out."
            )
        if isinstance(self._named, str) and feature.levels is not None:
            vocabulary.warn_of_numbers(values, feature.levels, feature.name)
        counts = np.array([feature.by_value[value] for value in values])
        is_rare = _infrequent(counts, self._max_categories, feature.name)
        n_frequent = int(np.count_nonzero(~is_rare))
        codes = np.full(len(counts), n_frequent + 1)
        codes[~is_rare] = np.arange(n_frequent) + 1
        return vocabulary.FeatureCategories(
            tuple(values),
            tuple(counts.tolist()),
            tuple(codes.tolist()),
            n_frequent + 1 if is_rare.any() else vocabulary.UNKNOWN,
            int(codes.max()) + 1 if feature.n_missing > 0 else vocabulary.UNKNOWN,
        )


@dataclass
class _Counts:
    """Counts of the categories of a feature."""

    # {"text", "categories that are numbers", "numbers", ""}; of its values; "" where
    # nothing was observed
    kind: str
    is_category: bool
    levels: Levels | None  # None if there are none: categories may be numbers
    # Time steps of each category, weighted; also of levels that do not occur
    by_value: dict[Any, float]
    n_missing: float
    name: str  # of the feature
    place: str  # where something was observed first

    def merge(self, other: _Counts) -> None:
        if self.kind and other.kind and self.kind != other.kind:
            raise TypeError(
                f"{self.name} holds {other.described}, but {self.described} in "
                f"{self.place}; a feature must be all numbers or all categories, of "
                "one kind: convert it first."
            )
        if not self.kind:
            self.kind, self.place = other.kind, other.place
        self.is_category |= other.is_category
        self.n_missing += other.n_missing
        for value, n in other.by_value.items():
            self.by_value[value] = self.by_value.get(value, 0.0) + n
        if self.levels is None or other.levels is None:
            self.levels = self.levels or other.levels
        elif self.levels.values != other.levels.values:  # no order that all share
            self.levels = Levels(tuple(self.by_value), self.levels.dtype)

    @property
    def described(self) -> str:
        if self.levels is None:
            return self.kind
        return f"{self.kind} ({self.levels.values[0]!r} for example)"


def which_are_categories(
    categorical_features: Any, ragged: RaggedArray, container: Container
) -> NDArray[np.bool_]:
    """Return which features are categories; see `HistGradientBoostingClassifier`."""
    n_features = ragged.n_features
    has_levels = np.array([bool(container.levels_of(j)) for j in range(n_features)])
    if isinstance(categorical_features, str) and categorical_features == "from_dtype":
        return has_levels
    chosen = np.zeros(n_features, bool)
    if categorical_features is not None:
        chosen[_places(categorical_features, n_features, container)] = True
    strange = np.flatnonzero(has_levels & ~chosen)
    if strange.size:
        j = int(strange[0])
        levels: Any = container.levels_of(j)
        raise TypeError(
            f"{container.name_of(j)} holds categories, "
            f"{levels.values[0]!r} for example, but categorical_features is "
            f"{categorical_features!r}; name it there, use 'from_dtype', or leave it "
            "out."
        )
    return chosen


def _places(given: Any, n_features: int, container: Container) -> NDArray[np.int64]:
    """Return the positions of features that are named, numbered or marked."""
    what = np.asarray(given)
    if what.ndim == 1 and what.dtype.kind == "b" and len(what) == n_features:
        return np.flatnonzero(what)
    if what.ndim == 1 and what.dtype.kind in "iu":
        bad = what[(what < 0) | (what >= n_features)]
        if bad.size:
            raise ValueError(
                f"categorical_features has {bad[0]}, but there are {n_features} "
                f"features; expected numbers from 0 to {n_features - 1}."
            )
        return what.astype(np.int64)
    names = list(container.feature_names or ())
    if what.ndim == 1 and all(isinstance(name, str) for name in given):
        for name in given:
            if name not in names:
                known = names or "no names; number the features from 0"
                raise ValueError(
                    f"categorical_features has {name!r}, but the features have {known}."
                )
        return np.array([names.index(name) for name in given], np.int64)
    if not what.size:
        return np.arange(0)
    raise TypeError(
        f"categorical_features is {given!r}; expected 'from_dtype', None, names of "
        f"features, their numbers, or {n_features} booleans."
    )


def _count(
    ragged: RaggedArray,
    container: Container,
    j: int,
    is_category: bool,
    sample_weight: NDArray[np.float64],
    place: str,
) -> _Counts:
    column, levels = ragged.values[:, j], container.levels_of(j)
    of, is_missing = container.name_of(j), np.isnan(column)
    kind = "" if is_missing.all() else "numbers"
    if levels is not None:
        is_text = isinstance(levels.values[0], str)
        kind = "text" if is_text else "categories that are numbers"
    elif kind and not is_category:
        return _Counts(kind, False, None, {}, 0.0, of, place)
    weight = np.repeat(sample_weight, ragged.lengths)
    observed, own = column[~is_missing], weight[~is_missing]
    if levels is None:
        values, positions = np.unique(observed, return_inverse=True)
        found = values.tolist()
    else:
        found, positions = list(levels.values), observed.astype(np.int64)
    counts = np.bincount(positions, own, len(found)).tolist()
    by_value = dict(zip(found, counts, strict=True))
    n_missing = float(weight[is_missing].sum())
    return _Counts(kind, is_category, levels, by_value, n_missing, of, place)


def _infrequent(
    counts: NDArray[np.float64], max_categories: int | str | None, name: str
) -> NDArray[np.bool_]:
    """Return which categories are infrequent, as `OneHotEncoder` has it."""
    is_rare, is_auto = np.zeros(len(counts), bool), max_categories == "auto"
    most: Any = MOST if is_auto else max_categories
    if most is None or len(counts) < most + int(is_auto):
        return is_rare
    if is_auto:
        warn_user(
            f"{name} has {len(counts)} categories; the {MOST - 1} most frequent are "
            "told apart, and all others are one. Set max_categories to choose how "
            "many."
        )
    rarest_first = np.argsort(counts, kind="stable")
    is_rare[rarest_first[: len(counts) - (int(most) - 1)]] = True
    return is_rare
