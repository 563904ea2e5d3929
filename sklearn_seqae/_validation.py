"""The gate for all data that enter the estimator."""

import inspect
import warnings
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import check_array, check_consistent_length, check_random_state
from sklearn.utils.validation import (
    _check_feature_names,
    _num_samples,
    validate_data,
)

from sklearn_seqae._inputs import Container, to_ragged
from sklearn_seqae._inputs._checks import ACCEPTED, as_float, as_plain, as_real
from sklearn_seqae._lengths import MAX_LENGTH
from sklearn_seqae._prefixes import Prefixes
from sklearn_seqae._ragged import Floats, RaggedArray
from sklearn_seqae.exceptions import InvalidSequenceError, _count


def validate_sequences(
    estimator: Any, X: Any, *, reset: bool
) -> tuple[RaggedArray, Container]:
    """Convert `X`, and set or check the attributes that describe its features.

    Parameters
    ----------
    estimator : BaseEstimator instance
        With `reset`, it gets `n_features_in_`: the columns of a 2-D array or a frame, 1
        for a Series, else the features of a time step. It gets `feature_names_in_` if
        `X` is a frame with names. For later checks, it gets `_n_features` and, if each
        row of a table is a sequence, `_n_columns`.

    X : list, tuple, array-like or DataFrame
        As `to_ragged` takes it.

    reset : bool
        Whether to set the attributes (`fit`) or to check `X` against them.

    Returns
    -------
    ragged : RaggedArray
        The sequences.
    container : Container
        Note on what `X` was.

    Raises
    ------
    ValueError
        If the sequences can't be used, or differ in features from those in `fit`.
    TypeError
        If `X` is no container of sequences of numbers.
    """
    ragged, container = to_ragged(X)
    if reset:
        _set_features(estimator, X, ragged, container)
    else:
        _check_features(estimator, X, ragged, container)
    return ragged, container


def check_one_each(ragged: RaggedArray, *, y: Any, sample_weight: Any) -> None:
    """Check that `y` and `sample_weight` have an entry for each sequence.

    A user with a long table may pass an entry for each row instead. The message then
    says how to convert it.

    Parameters
    ----------
    ragged : RaggedArray
        The sequences.

    y : array-like or None
        Targets. The estimator ignores them, but a pipeline passes them on.

    sample_weight : array-like, number or None
        Weights. This function only refuses one for each time step; `merge_repeated`
        checks the rest.

    Raises
    ------
    ValueError
        If there are more or fewer entries.
    """
    for name, given in (("y", y), ("sample_weight", sample_weight)):
        if given is None or np.isscalar(given):
            continue
        n = _num_samples(given)
        if n == ragged.n_timesteps != len(ragged):
            raise ValueError(
                f"{name} has {n} entries, one for each time step, but X holds "
                f"{_count(len(ragged), 'sequence')}; pass one for each sequence, in "
                f"the order of X. With an index like that of a long table: "
                f"{name}.groupby(level=0, sort=False).first()."
            )
    if y is not None:
        check_consistent_length(range(len(ragged)), y)


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
        If the shape is wrong, or a value is not finite. Names its row.
    TypeError
        If `Z` doesn't hold numbers.
    """
    Z = check_array(as_plain(Z), ensure_all_finite=False, input_name="Z")
    Z = as_float(as_real(Z, "Z"))
    name = type(estimator).__name__
    # The number in fit: a user may have set n_components since.
    expected = getattr(estimator, "_n_features_out", estimator.n_components)
    if Z.shape[1] != expected:
        raise ValueError(
            f"Z has {_count(Z.shape[1], 'component')}, but {name} is expecting "
            f"{expected}; pass vectors like those that transform returns."
        )
    bad = ~np.isfinite(Z)
    if bad.any():
        row, component = np.unravel_index(bad.argmax(), bad.shape)
        raise ValueError(
            f"row {row} of Z has {Z[row, component]} as component {component}; an "
            "embedding must be finite to be decoded."
        )
    return Z


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
    >>> from sklearn_seqae._validation import validate_lengths
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
    unobserved = np.isnan(ragged.values).all(axis=0)
    if unobserved.any():
        raise InvalidSequenceError(
            f"feature {int(unobserved.argmax())} has no observed value in any of "
            f"{_count(len(ragged), 'sequence')}, only NaN; leave it out."
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
        warnings.warn(
            f"learning_rate={rate!r} is ignored: optimizer is an instance of "
            f"{type(optimizer).__name__}, which has its own; set it there, or pass the "
            "optimizer by name or class.",
            UserWarning,
            stacklevel=4,
        )


def _set_features(
    estimator: Any, X: Any, ragged: RaggedArray, container: Container
) -> None:
    if container.n_columns is not None:
        validate_data(estimator, X, skip_check_array=True, reset=True)
    else:
        # A ColumnTransformer counts a selected column as one feature.
        estimator.n_features_in_ = 1 if container.is_column else ragged.n_features
        if hasattr(estimator, "feature_names_in_"):
            del estimator.feature_names_in_
    estimator._n_features = ragged.n_features
    estimator._n_columns = container.n_columns if container.tabular else None


def _check_features(
    estimator: Any, X: Any, ragged: RaggedArray, container: Container
) -> None:
    fitted_on_rows = estimator._n_columns is not None
    if container.tabular and fitted_on_rows:
        validate_data(estimator, X, skip_check_array=True, reset=False)
        return
    if not (container.tabular or fitted_on_rows):  # columns are features in both
        _check_feature_names(estimator, X, reset=False)
    expected = estimator._n_features
    if ragged.n_features == expected:
        return
    remedy = (
        f"each row of X is one univariate sequence; for more features pass {ACCEPTED}"
        if container.tabular
        else "pass the features that fit saw, in the same order"
    )
    raise InvalidSequenceError(
        f"sequence 0 has {_count(ragged.n_features, 'feature')}, but "
        f"{type(estimator).__name__} is expecting {_count(expected, 'feature')} as "
        f"input; {remedy}."
    )
