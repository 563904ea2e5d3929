"""The field of times in structured arrays, as `to_sequences` makes them."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sklearn_seqae._containers.readers.checks import by_label
from sklearn_seqae.exceptions import InvalidSequenceError


def time_field(X: Any) -> str | None:
    """Return the field of the cells of `X` that has times.

    Parameters
    ----------
    X : object
        A Series of structured arrays, or a DataFrame with such a column alone, has one
        if ``X.attrs["order"]`` names it.

    Returns
    -------
    str or None
        None if there is no such field.
    """
    column = _column(X)
    if column is None or column.dtype != object or "order" not in X.attrs:
        return None
    field = str(X.attrs["order"])
    first = next((cell for cell in column if isinstance(cell, np.ndarray)), None)
    return field if _has(first, field) else None


def without_field(column: pd.Series, field: str) -> pd.Series:
    """Return structured arrays without a field, as views.

    Parameters
    ----------
    column : pandas.Series
        Cells without the field stay as they are.
    field : str
    """
    return column.map(
        lambda cell: (
            cell[[name for name in cell.dtype.names if name != field]]
            if _has(cell, field)
            else cell
        )
    )


def times_of_cells(X: Any) -> NDArray[Any] | None:
    """Return the times of all time steps, sequence after sequence.

    Parameters
    ----------
    X : object
        Sequences that could be read.

    Returns
    -------
    ndarray of shape (n_timesteps,) or None
        As the field has them; None if there is none.

    Raises
    ------
    InvalidSequenceError
        If a sequence does not have the field that others have.
    TypeError
        If there are no times in it, or times of several kinds.
    """
    column, field = _column(X), time_field(X)
    if column is None or field is None:
        return None
    show = by_label(X.index)
    first: Any = None
    for i, cell in enumerate(column):
        if not _has(cell, field):
            raise InvalidSequenceError(
                f"{show(i)} has no field {field!r}, where others have their times "
                f"(X.attrs['order'] is {field!r}); every sequence needs it."
            )
        dtype = cell.dtype[field]
        first = first or dtype
        if dtype.kind not in "iufmM":
            raise TypeError(
                f"{show(i)} has times of dtype {dtype} in the field {field!r}; "
                "expected numbers, dates or durations: convert them."
            )
        if _kind(dtype) != _kind(first):
            raise TypeError(
                f"{show(i)} has times of dtype {dtype} in the field {field!r}, but "
                f"{show(0)} has {first}; convert them to one dtype."
            )
    return np.concatenate([cell[field] for cell in column])


def _column(X: Any) -> pd.Series | None:
    """Return the only column of a frame, or the Series itself."""
    if isinstance(X, pd.DataFrame) and X.shape[1] == 1:
        return X.iloc[:, 0]
    return X if isinstance(X, pd.Series) else None


def _kind(dtype: np.dtype[Any]) -> str:
    return dtype.kind if dtype.kind in "mM" else "number"


def _has(cell: Any, field: str) -> bool:
    return isinstance(cell, np.ndarray) and field in (cell.dtype.names or ())
