"""Which features are categories, and which categories they have.

Infrequent ones are told as by scikit-learn's `OneHotEncoder`.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._containers import Container, Levels
from sklearn_seqae._ragged import RaggedArray
from sklearn_seqae._vocabulary import (
    UNKNOWN,
    FeatureCategories,
    Vocabulary,
    feature_name,
    levels_of,
)
from sklearn_seqae.exceptions import InvalidSequenceError

MOST = 1000  # categories of a column that "auto" tells apart, the infrequent as one


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
        n_frequent = int(np.count_nonzero(~is_rare))
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
    counts: Any = np.bincount(positions, own, len(found))
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
        is_count = isinstance(min_frequency, int | np.integer)
        is_rare = counts < min_frequency * (1 if is_count else counts.sum())
    most: Any = MOST if max_categories == "auto" else max_categories
    if most is not None and most < len(counts) - is_rare.sum() + 1:
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
