"""Checks of embeddings and lengths, of parameters, and of what training needs."""

import inspect
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import check_array, check_random_state

from sklearn_seqae._containers.ragged import Floats, RaggedArray
from sklearn_seqae._containers.readers import Container
from sklearn_seqae._containers.readers.checks import (
    as_float,
    as_names,
    as_plain,
    as_real,
)
from sklearn_seqae._patches.lengths import MAX_LENGTH
from sklearn_seqae._patches.prefixes import Prefixes
from sklearn_seqae._utils.warning import warn_user
from sklearn_seqae.exceptions import InvalidSequenceError, _count


def own_random_state(random_state: Any) -> np.random.RandomState:
    """Return a random generator, never NumPy's global one.

    Parameters
    ----------
    random_state : int, RandomState instance or None
        As in scikit-learn, except that None takes a new seed from the system.
    """
    if random_state is None:  # check_random_state would take the global generator
        return np.random.RandomState()
    return check_random_state(random_state)


def validate_embedding(estimator: Any, Z: Any) -> Floats:
    """Check embeddings before they are decoded.

    Parameters
    ----------
    estimator : fitted estimator
        Estimator, which gives the number of components.

    Z : array-like or DataFrame of shape (n_samples, n_components)
        Embeddings: real and finite.

    Returns
    -------
    ndarray of shape (n_samples, n_components), float32 or float64
        `Z`, not copied if it is such an array.

    Raises
    ------
    ValueError
        If the shape is wrong, a value is not finite, or the columns of a frame are
        those of `transform` in another order.
    TypeError
        If `Z` doesn't hold numbers.
    """
    columns = as_names(list(getattr(Z, "columns", ())))
    Z = _as_table(Z)
    name = type(estimator).__name__
    # The number in fit: a user may have set n_components since.
    expected = getattr(estimator, "_n_features_out", estimator.n_components)
    if Z.shape[1] != expected:
        raise ValueError(
            f"Z has {_count(Z.shape[1], 'component')}, but {name} is expecting "
            f"{expected}; pass vectors like those that transform returns."
        )
    if columns is not None:
        names: Any = getattr(estimator, "get_feature_names_out", tuple)()
        if sorted(columns) == sorted(names) and list(columns) != list(names):
            raise ValueError(
                "Z has its components in another order than transform returns; pass "
                f"Z[estimator.get_feature_names_out()] of this {name}."
            )
    bad = ~np.isfinite(Z)
    if bad.any():
        row, component = np.unravel_index(bad.argmax(), bad.shape)
        raise ValueError(
            f"row {row} of Z has {Z[row, component]} as component {component}; an "
            "embedding must be finite to be decoded."
        )
    return Z


def _as_table(Z: Any) -> Floats:
    try:
        Z = np.asarray(Z) if isinstance(Z, list | tuple) else as_plain(Z)
    except ValueError as error:
        raise ValueError(
            "Z is not rectangular; pass vectors like those that transform returns, all "
            f"of one length. NumPy says: {error}"
        ) from error
    Z = check_array(Z, ensure_all_finite=False, input_name="Z")
    return as_float(as_real(Z, "Z"))


def validate_lengths(lengths: ArrayLike, n_sequences: int) -> NDArray[np.int64]:
    """Check the lengths at which sequences are decoded.

    Parameters
    ----------
    lengths : array-like of shape (n_sequences,), int
        Time steps of each sequence, from 1 to 2**20.

    n_sequences : int
        Number of sequences.

    Returns
    -------
    ndarray of shape (n_sequences,), int64
        The lengths.

    Raises
    ------
    ValueError
        If the shape is wrong, or a length is out of range. Names its row.
    TypeError
        If the lengths are not numbers.

    Examples
    --------
    >>> from sklearn_seqae._patches.validation import validate_lengths
    >>> validate_lengths([3, 1], n_sequences=2)
    array([3, 1])
    """
    array = _as_1d(lengths, n_sequences)
    bad = ~((array >= 1) & (array <= MAX_LENGTH) & (array == np.floor(array)))
    if bad.any():
        row = int(bad.argmax())
        raise ValueError(
            f"lengths[{row}] is {array[row]}; expected a whole number from 1 to "
            f"{MAX_LENGTH}."
        )
    return array.astype(np.int64)


def _as_1d(lengths: ArrayLike, n_sequences: int) -> NDArray[Any]:
    wanted = f"expected one whole number for each of {_count(n_sequences, 'sequence')}"
    try:
        array = np.asarray(as_plain(lengths))
    except ValueError as error:  # lists of unequal length inside
        raise ValueError(f"lengths is not 1-D; {wanted}.") from error
    if array.shape != (n_sequences,):
        raise ValueError(f"lengths has shape {array.shape}; {wanted}.")
    if array.dtype == bool:
        raise TypeError(f"lengths has dtype bool; {wanted}.")
    return as_real(array, "lengths")


def check_features_observed(ragged: RaggedArray) -> None:
    """Raise if a feature has no observed value in any sequence.

    Parameters
    ----------
    ragged : RaggedArray
        Sequences to train on. Those of weight zero don't count, so merge first.

    Raises
    ------
    InvalidSequenceError
        Names the first such feature.
    """
    refuse_unobserved(np.isnan(ragged.values).all(axis=0), len(ragged))


def refuse_unobserved(unobserved: Any, n_sequences: int) -> None:
    """Raise if a feature has no observed value; see `check_features_observed`."""
    if unobserved.any():
        raise InvalidSequenceError(
            f"feature {int(unobserved.argmax())} has no observed value in any of "
            f"{_count(n_sequences, 'sequence')}, only NaN; leave it out."
        )


def check_horizon(
    prefixes: Prefixes | None, container: Container, *, goes_on: bool
) -> None:
    """Check that there is something to train a forecaster on.

    Parameters
    ----------
    prefixes : Prefixes or None
        None if there is no forecaster.

    container : Container
        Note on what `X` was.

    goes_on : bool
        Whether an earlier fit has seen sequences as long as the horizon.

    Raises
    ------
    ValueError
        If no sequence goes on for `horizon` time steps after its first observed one.
    """
    if prefixes is None:
        return
    horizon, longest = prefixes.horizon, prefixes.longest_cut_off
    if longest >= (1 if goes_on else horizon):
        return
    where = f" (X has n_features = {container.n_columns})" if container.tabular else ""
    raise ValueError(
        f"forecast_horizon is {horizon}, but no sequence goes on for more than "
        f"{_count(longest, 'time step')} after its first observed one{where}; lower "
        "it, or pass longer sequences."
    )


def warn_of_ignored_rate(estimator: Any) -> None:
    """Warn of a learning rate beside an optimizer instance, which has its own.

    Parameters
    ----------
    estimator : BaseEstimator instance
        Has `optimizer` and `learning_rate`. The default rate is no reason to warn.
    """
    optimizer, rate = estimator.optimizer, estimator.learning_rate
    by_name = isinstance(optimizer, (str, type))
    default = inspect.signature(type(estimator)).parameters["learning_rate"].default
    if not by_name and rate is not default and rate != default:
        warn_user(
            f"learning_rate={rate!r} is ignored: optimizer is an instance of "
            f"{type(optimizer).__name__}, which has its own; set it there, or pass the "
            "optimizer by name or class."
        )
