"""Checks that readers share: real numbers, present and finite."""

import reprlib
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sklearn_seqae._containers.ragged import Floats, RaggedArray, float_dtype
from sklearn_seqae.exceptions import InvalidSequenceError

ACCEPTED = (
    "a list of (n_timesteps, n_features) arrays, a NaN-padded 3-D array, a 2-D array "
    "or DataFrame with one univariate sequence in each row, or a frame with a sequence "
    "in each cell or with rows indexed by series and time"
)

# float() accepts some of these silently.
_NOT_REAL = (
    str,
    bytes,
    complex,
    np.complexfloating,
    np.datetime64,
    np.timedelta64,
    date,  # and datetime, Timestamp
    timedelta,
    pd.Period,
)


def as_real(array: NDArray[Any], place: str) -> NDArray[Any]:
    """Return an array with a boolean, integer or floating dtype, or raise.

    Parameters
    ----------
    array : ndarray of any dtype
        Objects are converted to float64; None and pandas.NA become NaN.

    place : str
        Place of the array, which begins the message.

    Returns
    -------
    ndarray
        `array` itself unless it holds objects.

    Raises
    ------
    ValueError
        If the numbers are complex, or an object is itself a sequence.
    TypeError
        If there is something other than numbers.
    """
    kind = array.dtype.kind
    if kind in "fiub":
        return array
    if kind == "c":
        raise ValueError(
            f"Complex data not supported: {place} has dtype {array.dtype}; "
            "pass real numbers, such as the real and imaginary parts as two features."
        )
    if kind == "O":
        return _objects_as_real(array, place)
    raise TypeError(
        f"{place} has dtype {array.dtype}, but real numbers are needed; "
        "convert or encode the values first."
    )


def _objects_as_real(array: NDArray[Any], place: str) -> NDArray[np.float64]:
    strangers = (v for v in array.flat if isinstance(v, _NOT_REAL) and v is not pd.NaT)
    if (stranger := next(strangers, None)) is not None:
        raise TypeError(
            f"{place} holds {describe(stranger)}, but real numbers are needed; "
            "convert or encode the values first."
        )
    try:
        return np.where(pd.isna(array), np.nan, array).astype(np.float64)
    except TypeError as error:
        raise TypeError(_not_a_number(place, error)) from error
    except (ValueError, OverflowError) as error:
        raise ValueError(_not_a_number(place, error)) from error


def _not_a_number(place: str, error: Exception) -> str:
    reason = str(error).rstrip(".")
    return (
        f"{place} holds something that is not a real number: {reason}; every entry "
        "must be one number, or NaN where it is missing."
    )


def is_real(dtype: Any) -> bool:
    """Return whether a dtype of pandas is of real numbers or of booleans."""
    if pd.api.types.is_complex_dtype(dtype):
        return False
    # Arrow's boolean is not numeric to pandas, while NumPy's is.
    return pd.api.types.is_numeric_dtype(dtype) or dtype.kind == "b"


def numbers_of(X: Any) -> NDArray[Any]:
    """Return the numbers of a frame or a column, NaN where one is missing.

    Parameters
    ----------
    X : pandas.DataFrame, Series, Index or array
        Of any dtypes.

    Returns
    -------
    ndarray
        Of the `float_dtype` of all columns. If some are no numbers, as pandas has it.
        No copy of columns of NumPy that have one floating dtype.
    """
    dtypes = X.dtypes.tolist() if isinstance(X, pd.DataFrame) else [X.dtype]
    if not all(map(is_real, dtypes)):
        return np.asarray(X)
    of_numpy = all(isinstance(dtype, np.dtype) for dtype in dtypes)
    missing: dict[str, Any] = {} if of_numpy else {"na_value": np.nan}
    # A longdouble beyond float64 becomes inf here; check_values reports it.
    with np.errstate(over="ignore"):
        array: NDArray[Any] = X.to_numpy(dtype=float_dtype(*dtypes), **missing)
    return array


def as_plain(X: Any) -> Any:
    """Fill a masked array with NaN, because `numpy.asarray` drops the mask.

    Parameters
    ----------
    X : object
        Any object.

    Returns
    -------
    object
        An ndarray for a masked array, else `X` itself.
    """
    if not isinstance(X, np.ma.MaskedArray):
        return X
    if X.dtype.kind in "iub":
        X = X.astype(np.float64)
    return X.filled(np.nan)


def as_float(array: NDArray[Any]) -> Floats:
    """Convert to the dtype of sequences, see `float_dtype`.

    Parameters
    ----------
    array : ndarray
        Booleans, integers or floats.

    Returns
    -------
    ndarray
        float32 for float16 and float32, else float64. No copy if it has that dtype.
    """
    # A longdouble beyond float64 becomes inf here; check_values reports it.
    with np.errstate(over="ignore"):
        return array.astype(float_dtype(array.dtype), copy=False)


def by_position(i: int) -> str:
    """Name sequence `i` in messages.

    Parameters
    ----------
    i : int
        Position of the sequence.

    Returns
    -------
    str
        For example "sequence 3".
    """
    return f"sequence {i}"


def by_label(index: pd.Index) -> Callable[[int], str]:
    """Name sequences in messages by position and id.

    Parameters
    ----------
    index : pandas.Index of shape (n_sequences,)
        The ids. A RangeIndex has none.

    Returns
    -------
    callable
        Function from a position to, for example, "sequence 3 (id 'p7')".
    """
    if isinstance(index, pd.RangeIndex):
        return by_position
    return lambda i: f"{by_position(i)} (id {index[[i]].tolist()[0]!r})"


def check_values(ragged: RaggedArray, show: Callable[[int], str] = by_position) -> None:
    """Raise if a value is infinite or a sequence has no observed value.

    Parameters
    ----------
    ragged : RaggedArray
        Of non-empty sequences.

    show : callable
        Function from the position of a sequence to its name in messages.

    Raises
    ------
    InvalidSequenceError
        Names the first such sequence.
    """
    values = ragged.values
    # scikit-learn's trick: a finite sum needs no temporary array to be sure.
    with np.errstate(over="ignore", invalid="ignore"):
        if np.isfinite(values.sum(dtype=np.float64)):
            return
    infinite = np.isinf(values)
    if infinite.any():
        row, feature = np.unravel_index(infinite.argmax(), infinite.shape)
        i, timestep = ragged.locate(row)
        raise InvalidSequenceError(
            f"{show(i)} holds inf (or a value too large for {values.dtype}) at time "
            f"step {timestep}, feature {feature}; every value must be "
            "finite, or NaN where it is missing."
        )
    unobserved = np.isnan(values).all(axis=1)
    nothing = np.logical_and.reduceat(unobserved, ragged.offsets[:-1])
    if nothing.any():
        raise_unobserved(show(int(nothing.argmax())))


def raise_unobserved(sequence: str) -> None:
    """Raise for a sequence in which every value is NaN.

    Parameters
    ----------
    sequence : str
        Name of the sequence in the message.

    Raises
    ------
    InvalidSequenceError
        Always.
    """
    raise InvalidSequenceError(
        f"{sequence} has no observed value, only NaN; a sequence needs at least one: "
        "leave it out."
    )


def is_missing(X: Any) -> bool:
    """Return whether an object stands for a missing value: None, NaN, NaT or NA.

    Parameters
    ----------
    X : object
        Any object.

    Returns
    -------
    bool
    """
    return bool(X is None or (pd.api.types.is_scalar(X) and pd.isna(X)))


def describe(X: Any) -> str:
    """Describe `X` in a few words, for messages.

    Parameters
    ----------
    X : object
        Any object.

    Returns
    -------
    str
        For example "the int 3" or "a dict".
    """
    if X is None:
        return "None"
    if isinstance(X, np.ndarray) and X.ndim > 0:
        return f"an array of shape {X.shape}"
    if np.isscalar(X) or (isinstance(X, np.ndarray) and X.dtype != object):
        return f"the {type(X).__name__} {reprlib.repr(X)}"
    return f"a {type(X).__name__}"
