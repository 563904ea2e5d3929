"""Categories: from those of a container to the codes of a fit, and back.

Stands beside the scaler. A fitted vocabulary brings the features of a time step into
the order of the network: scaled numbers first, then codes. It is our own and not
scikit-learn's `OrdinalEncoder`, since that takes no weights, and would look at every
time step where a container's own codes are at hand.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._containers import Container, Levels
from sklearn_seqae._ragged import RaggedArray
from sklearn_seqae.exceptions import InvalidSequenceError

MOST = 1000  # categories of a column that "auto" tells apart, the infrequent as one
UNKNOWN = 0  # code of what fit did not see, unless infrequent ones have a code


@dataclass(frozen=True)
class FeatureCategories:
    """The categories of one feature, as `fit` saw them.

    Attributes
    ----------
    values : tuple
        Sorted; without the missing one.
    counts : tuple of float
        Time steps of each, weighted.
    codes : tuple of int
        The code of each, from 1 on. Infrequent ones share one.
    infrequent_code : int
        The code of these, and of unknown ones; `UNKNOWN` if none is infrequent.
    missing_code : int
        The code of a missing category, `UNKNOWN` if there was none.
    """

    values: tuple[Any, ...]
    counts: tuple[float, ...]
    codes: tuple[int, ...]
    infrequent_code: int
    missing_code: int

    @property
    def size(self) -> int:
        """Number of codes."""
        return max(*self.codes, self.missing_code)

    @property
    def is_text(self) -> bool:
        return isinstance(self.values[0], str)

    @property
    def infrequent(self) -> list[int]:
        """Positions of the infrequent ones, the most frequent of them first."""
        own = self.infrequent_code
        rare = [i for i, code in enumerate(self.codes) if code == own]
        return sorted(rare, key=lambda i: -self.counts[i])

    def array(self, places: Sequence[int] | None = None) -> NDArray[Any]:
        """Return the categories, or some; the missing one is the last of all."""
        if places is not None:
            return np.array([self.values[i] for i in places], object)
        missing = [None] if self.missing_code else []
        return np.array([*self.values, *missing], object)

    def code_of(self, values: Sequence[Any]) -> NDArray[np.float64]:
        """Return the code of each value."""
        known = dict(zip(self.values, self.codes, strict=True))
        other = self.infrequent_code
        return np.array([known.get(value, other) for value in values], np.float64)

    def probabilities(self, of_codes: NDArray[Any]) -> NDArray[np.float64]:
        """Return the probability of each category, from that of each code 1, 2, ...

        Infrequent ones share that of theirs by their frequencies. The last column is
        for a missing category, where `fit` saw one.

        Parameters
        ----------
        of_codes : ndarray of shape (n_timesteps, size)
        """
        p = of_codes.astype(np.float64)
        p /= p.sum(axis=1, keepdims=True)  # to float64
        counts, codes, rare = np.array(self.counts), self.codes, self.infrequent
        share = np.ones(len(counts))
        share[rare] = counts[rare] / counts[rare].sum() if rare else 1
        columns: NDArray[np.float64] = p[:, np.array(codes) - 1] * share
        if self.missing_code:
            columns = np.column_stack([columns, p[:, self.missing_code - 1]])
        return columns

    def position_of_codes(self) -> NDArray[np.int64]:
        """Return the position of what each code 0, 1, ... means; -1 is missing.

        Of all infrequent ones the most frequent is the most likely.
        """
        places = np.full(self.size + 1, -1)
        places[list(self.codes)] = np.arange(len(self.codes))
        if self.infrequent_code:
            places[self.infrequent_code] = self.infrequent[0]
        return places


@dataclass(frozen=True)
class Vocabulary:
    """The categories of all features; None for a feature that is a number."""

    features: tuple[FeatureCategories | None, ...]

    @property
    def sizes(self) -> tuple[int, ...]:
        """Number of codes of each feature that has categories."""
        return tuple(each.size for each in self.features if each is not None)

    @property
    def order(self) -> list[int]:
        """The features in the order of the network: numbers first."""
        places = range(len(self.features))
        return sorted(places, key=lambda j: self.features[j] is not None)

    @property
    def n_numbers(self) -> int:
        """Features that are numbers."""
        return sum(each is None for each in self.features)

    def encode(self, ragged: RaggedArray, container: Container) -> RaggedArray:
        """Return numbers as they are, then the codes of categories.

        Raises
        ------
        TypeError
            If a feature holds text, and held numbers in fit, or the reverse.
        """
        columns = []
        for j in self.order:
            column, levels = ragged.values[:, j], levels_of(container, j)
            known = self.features[j]
            _check_kind(known, levels, column, feature_name(container, j))
            if known is not None:
                column = _encoded(known, column, levels)
            elif levels is not None:
                column = _numbers(column, levels)
            columns.append(column)
        return ragged.with_values(np.column_stack(columns).astype(ragged.dtype))

    def decode(
        self,
        ragged: RaggedArray,
        container: Container,
        random_state: np.random.RandomState | None = None,
    ) -> RaggedArray:
        """Undo `encode`, for a container with the levels of `fit`.

        Parameters
        ----------
        ragged : RaggedArray
            Numbers in their own units, then codes.
        container : Container
        random_state : RandomState, default=None
            Draws one of the infrequent categories by their frequencies. None takes the
            most frequent of them.
        """
        values = np.empty(ragged.values.shape)
        for place, j in enumerate(self.order):
            column, known = ragged.values[:, place], self.features[j]
            if known is not None:
                column = _decoded(known, column, levels_of(container, j), random_state)
            values[:, j] = column
        return ragged.with_values(values)


def encoded(
    vocabulary: Vocabulary | None, ragged: RaggedArray, container: Container
) -> RaggedArray:
    """Return sequences in the order of the network, see `Vocabulary.encode`.

    Raises
    ------
    TypeError
        If a feature holds categories, and held numbers in fit, or the reverse.
    """
    if vocabulary is None:
        vocabulary = Vocabulary((None,) * ragged.n_features)
        if not any(container.levels):
            return ragged
    return vocabulary.encode(ragged, container)


def fit_vocabulary(
    ragged: RaggedArray,
    container: Container,
    categorical: NDArray[np.bool_],
    sample_weight: NDArray[np.float64],
    max_categories: int | str | None,
    min_frequency: float | None,
) -> Vocabulary | None:
    """Learn the categories of sequences.

    Parameters
    ----------
    ragged : RaggedArray
        As read: codes are positions in the levels of the container.
    container : Container
    categorical : ndarray of shape (n_features,), bool
        Which features are categories; see `which_are_categories`.
    sample_weight : ndarray of shape (n_sequences,)
    max_categories, min_frequency
        The estimator's parameters.

    Returns
    -------
    Vocabulary or None
        None if all features are numbers.

    Raises
    ------
    InvalidSequenceError
        If every category of a feature is missing.

    Warns
    -----
    UserWarning
        If "auto" does not tell all categories of a feature apart.
    """
    if not categorical.any():
        return None
    weight = np.repeat(sample_weight, ragged.lengths)
    features: list[FeatureCategories | None] = []
    for j, is_category in enumerate(categorical):
        if not is_category:
            features.append(None)
            continue
        name = feature_name(container, j)
        column, levels = ragged.values[:, j], levels_of(container, j)
        values, counts, n_missing = _count(column, levels, weight)
        if not len(values):
            raise InvalidSequenceError(
                f"{name} has no category in any of {len(ragged)} sequences: all are "
                "missing; leave it out."
            )
        is_rare = _infrequent(counts, max_categories, min_frequency, name)
        n_frequent = np.count_nonzero(~is_rare)
        codes = np.full(len(counts), n_frequent + 1)
        codes[~is_rare] = np.arange(n_frequent) + 1
        features.append(
            FeatureCategories(
                tuple(values),
                tuple(counts.tolist()),
                tuple(codes.tolist()),
                n_frequent + 1 if is_rare.any() else UNKNOWN,
                int(codes.max()) + 1 if n_missing > 0 else UNKNOWN,
            )
        )
    return Vocabulary(tuple(features))


def which_are_categories(
    categorical_features: Any, ragged: RaggedArray, container: Container
) -> NDArray[np.bool_]:
    """Return which features are categories.

    Parameters
    ----------
    categorical_features : "from_dtype", array-like of str, int or bool, or None
        As in `HistGradientBoostingClassifier`.
    ragged : RaggedArray
    container : Container

    Raises
    ------
    TypeError
        If a feature holds text or the like, but is not among them.
    ValueError
        If one of them does not exist.
    """
    n_features = ragged.n_features
    has_levels = np.array([bool(levels_of(container, j)) for j in range(n_features)])
    if isinstance(categorical_features, str) and categorical_features == "from_dtype":
        return has_levels
    chosen = np.zeros(n_features, bool)
    if categorical_features is not None:
        chosen[_places(categorical_features, n_features, container)] = True
    strange = np.flatnonzero(has_levels & ~chosen)
    if strange.size:
        j = int(strange[0])
        levels: Any = levels_of(container, j)
        raise TypeError(
            f"{feature_name(container, j)} holds categories, "
            f"{levels.values[0]!r} for example, but categorical_features is "
            f"{categorical_features!r}; name it there, use 'from_dtype', or leave it "
            "out."
        )
    return chosen


def _places(given: Any, n_features: int, container: Container) -> NDArray[np.int64]:
    """Return the positions of features that are named, numbered or marked.

    Raises
    ------
    ValueError, TypeError
        If one does not exist, or they are none of these.
    """
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


def levels_of(container: Container, j: int) -> Levels | None:
    """Return the levels of a feature, None if it is a number."""
    return container.levels[j] if container.levels else None


def feature_name(container: Container, j: int) -> str:
    """Name a feature in messages."""
    names = container.feature_names
    return f"feature {j}" if names is None else f"column {names[j]!r}"


def _count(
    column: NDArray[Any], levels: Levels | None, weight: NDArray[np.float64]
) -> tuple[list[Any], NDArray[np.float64], float]:
    """Return sorted categories, how often each occurs, and how often one is missing."""
    is_missing = np.isnan(column)
    observed, own = column[~is_missing], weight[~is_missing]
    if levels is None:
        values, positions = np.unique(observed, return_inverse=True)
        found = values.tolist()
    else:
        found, positions = list(levels.values), observed.astype(np.int64)
    counts = np.bincount(positions, own, len(found))
    order = sorted(np.flatnonzero(counts > 0).tolist(), key=found.__getitem__)
    return [found[i] for i in order], counts[order], float(weight[is_missing].sum())


def _infrequent(
    counts: NDArray[np.float64],
    max_categories: int | str | None,
    min_frequency: float | None,
    name: str,
) -> NDArray[np.bool_]:
    """Return which categories are infrequent, as `OneHotEncoder` has it."""
    is_rare = np.zeros(len(counts), bool)
    if min_frequency is not None:
        least = float(min_frequency)
        if not isinstance(min_frequency, Integral):
            least *= counts.sum()
        is_rare = counts < least
    most = MOST if max_categories == "auto" else max_categories
    if isinstance(most, Integral) and most < len(counts) - is_rare.sum() + 1:
        if max_categories == "auto":
            if len(counts) <= MOST:
                return is_rare
            warnings.warn(
                f"{name} has {len(counts)} categories; the {MOST - 1} most frequent "
                "are told apart, and all others are one. Set max_categories or "
                "min_frequency to choose how many.",
                UserWarning,
                stacklevel=2,
            )
        rarest_first = np.argsort(counts, kind="stable")
        is_rare[rarest_first[: len(counts) - (int(most) - 1)]] = True
    return is_rare


def _encoded(
    known: FeatureCategories, column: NDArray[Any], levels: Levels | None
) -> NDArray[np.float64]:
    is_missing = np.isnan(column)
    if levels is None:
        values, positions = np.unique(column[~is_missing], return_inverse=True)
        table = known.code_of(values.tolist())
    else:
        table = known.code_of(levels.values)
        positions = column[~is_missing].astype(np.int64)
    codes = np.full(len(column), float(known.missing_code or known.infrequent_code))
    codes[~is_missing] = table[positions]
    return codes


def _numbers(column: NDArray[Any], levels: Levels) -> NDArray[np.float64]:
    """Return categories that are numbers as numbers."""
    values = np.append(np.array(levels.values, np.float64), np.nan)
    codes = np.nan_to_num(column, nan=len(levels.values)).astype(np.int64)
    found: NDArray[np.float64] = values[codes]
    return found


def _decoded(
    known: FeatureCategories,
    column: NDArray[Any],
    levels: Levels | None,
    random_state: np.random.RandomState | None,
) -> NDArray[np.float64]:
    """Return positions in the levels or, where there are none, the numbers."""
    codes = column.astype(np.int64)
    places = known.position_of_codes()[codes]
    rare = known.infrequent
    if random_state is not None and len(rare) > 1:
        share = np.array(known.counts)[rare]
        drawn = random_state.choice(rare, len(codes), p=share / share.sum())
        places = np.where(codes == known.infrequent_code, drawn, places)
    if levels is None:
        meant = np.array(known.values, np.float64)
    else:
        where = {value: i for i, value in enumerate(levels.values)}
        meant = np.array([where[value] for value in known.values], np.float64)
    found: NDArray[np.float64] = np.append(meant, np.nan)[places]
    return found


def _check_kind(
    known: FeatureCategories | None,
    levels: Levels | None,
    column: NDArray[Any],
    name: str,
) -> None:
    """Check that a feature holds categories where it did so in `fit`.

    Raises
    ------
    TypeError
        If it does not.
    """
    if known is None and levels is not None and isinstance(levels.values[0], str):
        raise TypeError(
            f"{name} holds categories, {levels.values[0]!r} for example, but numbers "
            "in fit; convert it, or fit anew."
        )
    if known is None or not known.is_text or np.isnan(column).all():
        return
    is_text = levels is not None and isinstance(levels.values[0], str)
    if not is_text:
        raise TypeError(
            f"{name} holds numbers, but categories in fit, {known.values[0]!r} for "
            "example; pass the categories as they were."
        )
