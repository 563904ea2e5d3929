"""Checks that plots share, of data and estimators."""

from __future__ import annotations

from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import check_is_fitted

from sklearn_seqae.exceptions import _count

MAX_FEATURES = 6  # features drawn by default


def check_offers(estimator: Any, *names: str, caller: str) -> None:
    """Raise if an estimator is not fitted, or lacks an attribute or a method."""
    check_is_fitted(estimator)
    lacking = [name for name in names if not hasattr(estimator, name)]
    if lacking:
        raise TypeError(
            f"{caller} needs an estimator with {' and '.join(names)}, such as "
            f"LSTMAutoencoderTransformer, but {type(estimator).__name__} has no "
            f"{lacking[0]}. For a pipeline, pass the step that has it."
        )


def as_vector(
    values: ArrayLike, name: str, n: int | None = None, noun: str = "sequence"
) -> NDArray[Any]:
    """Return 1-D numbers: at least one, and exactly n if n is given."""
    array = np.asarray(values)
    if array.dtype.kind not in "iuf":
        raise TypeError(f"{name} has dtype {array.dtype}; expected real numbers.")
    return check_1d(array, name, n, noun)


def check_1d(
    array: NDArray[Any], name: str, n: int | None, noun: str = "sequence"
) -> NDArray[Any]:
    """Check that an array is 1-D with n entries (None: at least one); return it."""
    if array.ndim != 1:
        raise ValueError(f"{name} is {array.ndim}-D; expected 1-D.")
    if len(array) == 0:
        raise ValueError(f"{name} is empty; at least 1 entry is needed.")
    if n is not None and len(array) != n:
        raise ValueError(
            f"{name} has length {len(array)}, but there "
            f"{'is' if n == 1 else 'are'} {_count(n, noun)}; expected one for each."
        )
    return array


def choose_features(
    features: Any, n_features: int, names: list[str] | None
) -> list[int]:
    """Return the positions of features given by position or name; None: the first.

    Raises
    ------
    ValueError
        If a feature does not exist. Names it.
    """
    if features is None:
        return list(range(min(n_features, MAX_FEATURES)))
    chosen = []
    for feature in np.atleast_1d(np.asarray(features, dtype=object)):
        is_position = isinstance(feature, Integral) and not isinstance(feature, bool)
        if names is not None and feature in names:
            chosen.append(names.index(feature))
        elif is_position and -n_features <= feature < n_features:
            chosen.append(int(feature) % n_features)
        else:
            known = "" if names is None else f" or names of {names}"
            raise ValueError(
                f"features holds {feature!r}; expected positions from 0 to "
                f"{n_features - 1}{known}."
            )
    if not chosen:
        raise ValueError("features is empty; pass at least one, or None.")
    return chosen


def count_drawn(features: Any, drawn: list[int], n_features: int) -> str:
    """Return how many features were drawn by default, "" if all or as asked for."""
    if features is not None or len(drawn) == n_features:
        return ""
    return f"{len(drawn)} of {_count(n_features, 'feature')}"


def check_names(names: Any, n_features: int) -> list[str] | None:
    """Check the number of feature names; return them as a list of str."""
    if names is None:
        return None
    array = np.asarray(names, dtype=object)
    return [
        str(name) for name in check_1d(array, "feature_names", n_features, "feature")
    ]


def feature_label(feature: int, names: list[str] | None) -> str:
    """Return the label of an axis: the name of the feature, or its position."""
    return f"Feature {feature}\n(original unit)" if names is None else names[feature]
