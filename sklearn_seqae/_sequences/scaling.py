"""Scaling of features, by any scikit-learn transformer, on all stacked time steps.

Only scaled values become float32, so a small signal on a large offset survives.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.preprocessing import MinMaxScaler, RobustScaler, StandardScaler
from sklearn.utils.validation import check_is_fitted, has_fit_parameter

from sklearn_seqae._containers.ragged import RaggedArray, locate
from sklearn_seqae.exceptions import InvalidSequenceError

SCALERS = {"standard": StandardScaler, "minmax": MinMaxScaler, "robust": RobustScaler}


def make_scaler(scaler: Any) -> Any:
    """Make an unfitted transformer; the user's instance is cloned and never fitted."""
    if isinstance(scaler, type):  # which has the methods that are asked for
        raise TypeError(
            f"scaler is the class {scaler.__name__}; pass an instance: "
            f"{scaler.__name__}()."
        )
    if scaler is None:
        return None
    return SCALERS[scaler]() if isinstance(scaler, str) else clone(scaler)


def fit_scaler(scaler: Any, ragged: RaggedArray, sample_weight: NDArray[Any]) -> Any:
    """Fit a scaler to the time steps of all sequences; codes are not scaled.

    The positive weight of a sequence is that of its time steps, if the `fit` of the
    scaler takes a `sample_weight`. Returns the scaler, or None if there are no numbers.
    """
    ragged = ragged.numbers
    if scaler is None or not ragged.n_features:
        return None
    values = ragged.values.astype(np.float64)  # a copy
    weight = np.repeat(sample_weight, ragged.lengths)
    fit = _fit_standard if type(scaler) is StandardScaler else _fit
    with _refusing_overflow(scaler, values):
        fit(scaler, values, weight)
    return scaler


class ScalerInChunks:
    """Fits a scaler to chunks, one after the other, unless it is fitted already."""

    def __init__(self, scaler: Any) -> None:
        self.scaler = scaler
        self._has_numbers = False
        self._origin: NDArray[np.float64] | None = None
        self._observed: NDArray[np.float64] | None = None  # a value of each feature
        self._is_given = scaler is None or _is_fitted(scaler)
        if not (self._is_given or hasattr(scaler, "partial_fit")):
            name = type(scaler).__name__
            raise TypeError(
                f"scaler is a {name}, which has no partial_fit, so it can't be fitted "
                "to one part of X after the other; use scaler='standard' or 'minmax', "
                f"or fit it on a sample: FrozenEstimator({name}().fit(...))."
            )

    def update(self, ragged: RaggedArray) -> None:
        ragged = ragged.numbers
        self._has_numbers = ragged.n_features > 0
        if self._is_given or not self._has_numbers:
            return
        values = ragged.values.astype(np.float64)
        with _refusing_overflow(self.scaler, values):
            if type(self.scaler) is StandardScaler:
                self._update_standard(values)
            else:
                self._update(values)

    def _update_standard(self, values: NDArray[np.float64]) -> None:
        """Fit to values relative to the first ones; see `_fit_standard`."""
        if self._origin is None:
            self._origin = np.nan_to_num(_first_observed(values))
        names = ("mean_", "var_", "scale_")
        before = {name: getattr(self.scaler, name, None) for name in names}
        with np.errstate(invalid="ignore"):  # nothing observed: a mean of 0 / 0
            self.scaler.partial_fit(values - self._origin)
        unobserved = np.isnan(values).all(axis=0)
        for name, earlier in before.items():  # the mean of none is NaN, and stays so
            now = getattr(self.scaler, name)
            if now is not None:
                now[unobserved] = 0 if earlier is None else earlier[unobserved]

    def _update(self, values: NDArray[np.float64]) -> None:
        """Fit to values; a feature without any gets one again that it had before.

        The least and the largest of none would be NaN, and stay so.
        """
        found = _first_observed(values)
        if self._observed is not None:
            found = np.where(np.isnan(found), self._observed, found)
        if np.isnan(found).any():
            raise ValueError(
                f"feature {int(np.isnan(found).argmax())} has no observed value so "
                f"far, and {type(self.scaler).__name__} can't be fitted in chunks "
                "without one; let a sequence with one come first, or use "
                "scaler='standard'."
            )
        unobserved = np.isnan(values).all(axis=0)
        values[0, unobserved] = found[unobserved]
        self._observed = found
        self.scaler.partial_fit(values)

    def fitted(self) -> Any:
        """Return the scaler, fitted to all that came; None if there are no numbers."""
        if not self._has_numbers:
            return None
        if self._origin is not None and self.scaler.mean_ is not None:
            self.scaler.mean_ = self.scaler.mean_ + self._origin
        return self.scaler


def scale(scaler: Any, ragged: RaggedArray) -> RaggedArray:
    """Return scaled sequences, float32, with NaN for missing values.

    The scaler may change the number of features.
    """
    numbers = ragged.numbers
    with np.errstate(over="ignore"):
        scaled = _apply(scaler, "transform", numbers).astype(np.float32)
    _check_scaled(scaled, numbers, scaler)
    return ragged.with_numbers(scaled)


def unscale(scaler: Any, ragged: RaggedArray) -> RaggedArray:
    """Return scaled sequences in their own units, float64."""
    if scaler is not None and not hasattr(scaler, "inverse_transform"):
        raise TypeError(
            f"the scaler {type(scaler).__name__} has no inverse_transform, which is "
            "needed to return sequences in their own units; use one that has, or "
            "scaler=None."
        )
    numbers = ragged.numbers
    with np.errstate(over="ignore"):
        values = _apply(scaler, "inverse_transform", numbers)
    lost = np.logical_not(np.isfinite(values).all(axis=1))
    lost &= np.isfinite(numbers.values).all(axis=1)
    if lost.any():
        i, timestep = locate(ragged.offsets, int(lost.argmax()))
        raise InvalidSequenceError(
            f"decoded sequence {i} is not finite at time step {timestep} after "
            f"inverse_transform of {type(scaler).__name__}: its embedding is too far "
            "from those in fit, or its units are too large for float64."
        )
    return ragged.with_numbers(values)


@contextmanager
def _refusing_overflow(scaler: Any, values: NDArray[np.float64]) -> Iterator[None]:
    """Raise where an infinite range or variance would scale everything to zero."""
    try:
        with np.errstate(over="raise"):
            yield
    except FloatingPointError as error:
        raise ValueError(
            f"{type(scaler).__name__} can't be fitted to values as large as "
            f"{np.nanmax(np.abs(values)):.3g}: {error}; divide them by a constant."
        ) from error


def _fit(scaler: Any, values: NDArray[np.float64], weight: NDArray[Any]) -> None:
    if has_fit_parameter(scaler, "sample_weight"):
        scaler.fit(values, sample_weight=weight)
    else:
        scaler.fit(values)


def _fit_standard(
    scaler: StandardScaler, values: NDArray[np.float64], weight: NDArray[Any]
) -> None:
    """Fit a StandardScaler in place, on values relative to the first one.

    A feature is constant to StandardScaler if its variance is below
    ``(n * mean * eps) ** 2``. With n = 1e6 time steps around 1e9, that hides a standard
    deviation of 0.2. Variance doesn't depend on the origin, and the first observed
    value is near enough to the others for the rule to hold.
    """
    origin = _first_observed(values)
    _fit(scaler, values - origin, weight)
    if scaler.mean_ is not None:
        scaler.mean_ = scaler.mean_ + origin


def _first_observed(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the first observed value of each feature, NaN where there is none."""
    first = np.isfinite(values).argmax(axis=0)
    return values[first, np.arange(values.shape[1])]


def _is_fitted(scaler: Any) -> bool:
    try:
        check_is_fitted(scaler)
    except NotFittedError:
        return False
    return True


def _apply(scaler: Any, method: str, ragged: RaggedArray) -> NDArray[np.float64]:
    """Call a method of the scaler on a float64 copy of the time steps."""
    # A copy, because StandardScaler(copy=False) would write into the user's array.
    values = ragged.values.astype(np.float64)
    if scaler is None:
        return values
    result = getattr(scaler, method)(values)
    # np.asarray, because set_output or set_config may make it a DataFrame.
    array = None if sparse.issparse(result) else np.asarray(result, dtype=np.float64)
    if array is None or array.ndim != 2 or len(array) != ragged.n_timesteps:
        found = "a sparse matrix" if array is None else f"shape {array.shape}"
        raise ValueError(
            f"the {method} of the scaler {type(scaler).__name__} returned {found}; "
            f"expected a dense array with {ragged.n_timesteps} rows, one for each "
            "time step."
        )
    return array


def _check_scaled(
    scaled: NDArray[np.float32], ragged: RaggedArray, scaler: Any
) -> None:
    """Raise if scaling made an observed value infinite or NaN."""
    lost = np.logical_not(np.isfinite(scaled))
    if not lost.any():
        return
    missing = np.isnan(ragged.values)
    if scaled.shape != ragged.values.shape:  # features no longer correspond
        missing = np.any(missing, axis=1, keepdims=True)
    lost &= ~(np.isnan(scaled) & missing)
    if not lost.any():
        return
    row, feature = np.unravel_index(lost.argmax(), lost.shape)
    i, timestep = locate(ragged.offsets, row)
    by = "conversion to float32" if scaler is None else type(scaler).__name__
    raise InvalidSequenceError(
        f"sequence {i} has a value that is {scaled[row, feature]} after {by} (time "
        f"step {timestep}, feature {feature}); bring the values into a range "
        "that the scaler can map to float32."
    )
