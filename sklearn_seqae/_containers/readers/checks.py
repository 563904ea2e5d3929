"""Checks and words that readers share: real numbers, present and finite; names."""

import calendar
import re
import reprlib
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sklearn_seqae._containers.kinds import Container
from sklearn_seqae._containers.ragged import (
    Floats,
    RaggedArray,
    Show,
    by_position,
    float_dtype,
    locate,
)
from sklearn_seqae.exceptions import InvalidSequenceError

Read = tuple[RaggedArray, Container]  # sequences, and what they were in
Names = tuple[str, ...]
MANY = 12  # names that a message can still show

CALENDAR = frozenset({*calendar.day_abbr, *calendar.month_abbr})
_TIME = re.compile(
    r"time|(?<!candi)date|hour|day|minute|second|week|month|year|step|^ts?$", re.I
)

_BRIEF = reprlib.Repr()
_BRIEF.maxlist = MANY

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

    Objects become float64, None and pandas.NA in them NaN. `place` begins messages.
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
    except (TypeError, ValueError, OverflowError) as error:
        kind = TypeError if isinstance(error, TypeError) else ValueError
        reason = str(error).rstrip(".")
        raise kind(
            f"{place} holds something that is not a real number: {reason}; every entry "
            "must be one number, or NaN where it is missing."
        ) from error


def is_real(dtype: Any) -> bool:
    """Return whether a dtype of pandas is of real numbers or of booleans."""
    if pd.api.types.is_complex_dtype(dtype):
        return False
    # Arrow's boolean is not numeric to pandas, while NumPy's is.
    return pd.api.types.is_numeric_dtype(dtype) or dtype.kind == "b"


def numbers_of(X: Any) -> NDArray[Any]:
    """Return the numbers of a frame or a column of pandas, NaN where one is missing.

    In the `float_dtype` of all columns; if some are no numbers, as pandas has it.
    """
    dtypes = X.dtypes.tolist() if isinstance(X, pd.DataFrame) else [X.dtype]
    if not all(map(is_real, dtypes)):
        return np.asarray(X)
    of_numpy = all(isinstance(dtype, np.dtype) for dtype in dtypes)
    missing: dict[str, Any] = {} if of_numpy else {"na_value": np.nan}
    # A longdouble beyond float64 becomes inf here; check_values reports it.
    with np.errstate(over="ignore"):
        return X.to_numpy(dtype=float_dtype(*dtypes), **missing)


def as_plain(X: Any) -> Any:
    """Fill a masked array with NaN, because `numpy.asarray` drops the mask."""
    if not isinstance(X, np.ma.MaskedArray):
        return X
    if X.dtype.kind in "iub":
        X = X.astype(np.float64)
    return X.filled(np.nan)


def as_float(array: NDArray[Any]) -> Floats:
    """Return float32 for float16 and float32, else float64; no copy if it is that."""
    # A longdouble beyond float64 becomes inf here; check_values reports it.
    with np.errstate(over="ignore"):
        return array.astype(float_dtype(array.dtype), copy=False)


def to_numpy(X: pd.DataFrame, reading: str) -> NDArray[Any]:
    """Return a frame of numbers as a 2-D array; `reading` says what a column means."""
    if all(map(is_real, X.dtypes)):
        return numbers_of(X)
    columns = [X.iloc[:, j] for j in range(X.shape[1])]
    return np.column_stack([column_to_numpy(column, reading) for column in columns])


def column_to_numpy(column: pd.Series, reading: str) -> NDArray[Any]:
    """Turn a column of numbers into an array; see `to_numpy`."""
    name, dtype = column.name, column.dtype
    if pd.api.types.is_object_dtype(dtype):
        return as_real(column.to_numpy(), f"column {name!r}")
    if not is_real(dtype):
        raise TypeError(
            f"column {name!r} has dtype {dtype}, but every column must be numeric: "
            f"{reading}; drop the column or convert it."
        )
    return numbers_of(column)


def by_label(index: pd.Index) -> Show:
    """Return a function that names sequences, as in "sequence 3 (id 'p7')"."""
    if isinstance(index, pd.RangeIndex):
        return by_position
    return lambda i: f"{by_position(i)} (id {index[[i]].tolist()[0]!r})"


def check_not_empty(shape: tuple[int, ...], nouns: Sequence[str]) -> None:
    """Raise if a container has nothing along one of its axes."""
    if 0 in shape:
        raise InvalidSequenceError(
            f"X has 0 {nouns[shape.index(0)]} (shape={shape}) while a minimum of 1 is "
            "required."
        )


def check_values(ragged: RaggedArray, show: Show = by_position) -> None:
    """Raise if a value is infinite, or no value of a sequence is observed.

    No sequence may be empty.
    """
    values = ragged.values
    # scikit-learn's trick: a finite sum needs no temporary array to be sure.
    with np.errstate(over="ignore", invalid="ignore"):
        if np.isfinite(values.sum(dtype=np.float64)):
            return
    infinite = np.isinf(values)
    if infinite.any():
        row, feature = np.unravel_index(infinite.argmax(), infinite.shape)
        i, timestep = locate(ragged.offsets, row)
        raise InvalidSequenceError(
            f"{show(i)} holds inf (or a value too large for {values.dtype}) at time "
            f"step {timestep}, feature {feature}; every value must be "
            "finite, or NaN where it is missing."
        )
    unobserved = np.isnan(values).all(axis=1)
    nothing = np.logical_and.reduceat(unobserved, ragged.offsets[:-1])
    if nothing.any():
        raise InvalidSequenceError(
            f"{show(int(nothing.argmax()))} has no observed value, only NaN; a "
            "sequence needs at least one: leave it out."
        )


def is_time(column: pd.Series | pd.Index) -> bool:
    """Return whether a column holds dates or durations."""
    dtype = column.dtype
    if pd.api.types.is_object_dtype(dtype):
        kind = pd.api.types.infer_dtype(column)
        return kind in ("datetime", "datetime64", "date", "timedelta", "period")
    return isinstance(dtype, pd.PeriodDtype) or getattr(dtype, "kind", "") in "mM"


def sounds_like_time(name: Any) -> bool:
    return name is not None and bool(_TIME.search(str(name)))


def order_of_columns(frame: pd.DataFrame) -> str:
    """Look for columns sorted as text, t10 before t2, or with the last time first."""
    names, key = frame.columns, ""
    if not is_time(names):
        parts = [re.fullmatch(r"(\D*)(\d+)", str(name)) for name in names]
        if len({part and part[1] for part in parts} | {None}) != 2 or None in parts:
            return ""
        names = pd.Index([int(part[2]) for part in parts if part])
        key = ", key=lambda name: int(re.sub('[^0-9]', '', str(name)))"
    if names.is_monotonic_increasing:
        return ""
    return (
        "the columns of X are read as time steps as they stand, from "
        f"{frame.columns[0]} to {frame.columns[-1]}, but their names tell another "
        f"order. Pass X[sorted(X.columns{key})], or numpy.asarray(X) if it is right."
    )


def check_dimensions(X: Any, axis: int) -> None:
    """Check that a DataArray of xarray, if it is one, has time as this dimension."""
    if not any(cls.__name__ == "DataArray" for cls in type(X).__mro__):
        return
    names = list(map(str, X.dims))
    times = [name for name in names if sounds_like_time(name)]
    if len(times) != 1 or names.index(times[0]) == axis:
        return
    order = [name for name in names if name != times[0]]
    order.insert(axis, times[0])
    what, x, alone = ("X", "X", "") if axis else ("a sequence", "x", "")
    if axis and len(names) == 2:
        alone = ", or [X.values] if it is one sequence"
    raise ValueError(
        f"{what} is a DataArray with the dimensions {names}, but time must be number "
        f"{axis} of them, from 0; pass {x}.transpose{tuple(order)}{alone}."
    )


def describe(X: Any) -> str:
    """Describe `X` in a few words, for messages: "the int 3", "a dict"."""
    if X is None:
        return "None"
    if isinstance(X, np.ndarray) and X.ndim > 0:
        return f"an array of shape {X.shape}"
    if np.isscalar(X) or (isinstance(X, np.ndarray) and X.dtype != object):
        return f"the {type(X).__name__} {reprlib.repr(X)}"
    return f"a {type(X).__name__}"


def as_names(labels: Any) -> Names | None:
    """Return labels as names, if all are strings, as scikit-learn does."""
    if not isinstance(labels, list | tuple) or not labels:
        return None
    return tuple(labels) if all(isinstance(name, str) for name in labels) else None


def shown(names: Names) -> str:
    """Return names for a message: "the features ['pulse', 'temp']"."""
    return f"the features {_BRIEF.repr(list(names))}"


def other_names(what: str, found: Names, has: str, expected: Names) -> str:
    """Return the message for features other than those that something else has."""
    remedy, columns = "select them by name, in that order", list(expected)
    if len(columns) <= MANY:
        remedy = (
            f"select them in that order: x[{columns}] of a frame, or to_sequences(..., "
            f"columns={columns})"
        )
    return f"{what} has {shown(found)}, but {has} {shown(expected)}; {remedy}."
