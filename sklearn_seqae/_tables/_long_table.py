"""What is asked of a long table, whichever library holds it."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, NamedTuple, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray


class Times(NamedTuple):
    """When each row of a table was.

    Attributes
    ----------
    values : ndarray of shape (n_rows,), int, float, datetime64 or timedelta64
        Comparable numbers; UTC if there is a time zone.

    time_zone : tzinfo, str or None
        The zone of the column.
    """

    values: NDArray[Any]
    time_zone: Any = None


class LongTable(ABC):
    """Columns of a frame as NumPy arrays, with nothing copied that need not be."""

    @property
    @abstractmethod
    def labels(self) -> list[Any]:
        """Labels of the columns."""

    @property
    def levels(self) -> list[Any]:
        """Names of what the rows are labelled with beside the columns."""
        return []

    @abstractmethod
    def select(self, labels: Sequence[Any]) -> Self:
        """Return the table in memory, with these columns at least."""

    @abstractmethod
    def __len__(self) -> int:
        """Return the number of rows."""

    @abstractmethod
    def first_null(self, label: Any) -> int | None:
        """Return the first row in which a column is null or NaN, None if none is."""

    @abstractmethod
    def ids(self, label: Any) -> tuple[NDArray[np.integer], pd.Index]:
        """Return the code of each row, and the id that each code means, sorted.

        The column must have no nulls.
        """

    @abstractmethod
    def times(self, label: Any) -> Times:
        """Return a column of numbers, dates or durations that has no nulls."""

    @abstractmethod
    def channel_dtype(self, label: Any) -> np.dtype[Any]:
        """Return float32 if that holds the numbers of a column, else float64."""

    @abstractmethod
    def channel(self, label: Any) -> NDArray[Any]:
        """Return a column of numbers, NaN where it is null."""


def float_dtype(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """Return the floating dtype that sequences get from numbers of `dtype`."""
    narrow = dtype in (np.float16, np.float32)
    return np.dtype(np.float32 if narrow else np.float64)


def sorted_ids(values: Any, label: Any) -> tuple[NDArray[np.integer], pd.Index]:
    """Find the unique ids of a column, sorted, and which each row has.

    Parameters
    ----------
    values : ndarray or pandas.Series of shape (n_rows,)
        Without nulls.

    label : object
        Of the column, for messages.

    Returns
    -------
    codes : ndarray of shape (n_rows,), int
        So that ``ids[codes]`` are the values.
    ids : pandas.Index
        Unique and sorted.

    Raises
    ------
    TypeError
        If they can't be hashed, or can't be compared.
    """
    try:
        codes, found = pd.factorize(values)
    except TypeError as error:
        raise not_an_id(label, "values that can't be hashed", error) from error
    ids = pd.Index(found)
    if ids.is_monotonic_increasing:
        return codes, ids
    try:
        order = np.asarray(ids.argsort())
    except TypeError as error:
        names = " and ".join(sorted({type(value).__name__ for value in ids}))
        raise not_an_id(label, f"{names}, which can't be sorted", error) from error
    ranks = np.empty(len(order), dtype=np.int64)
    ranks[order] = np.arange(len(order))
    return ranks[codes], ids[order]


def not_an_id(label: Any, found: str, error: object = None) -> TypeError:
    """Return the error for a column that can't say which series a row is of."""
    why = "" if error is None else f" ({error})"
    return TypeError(
        f"column {label!r} holds {found}{why}; ids must be of one kind that can be "
        "sorted, such as numbers or text: convert them first."
    )


def not_a_time(label: Any, dtype: Any) -> TypeError:
    """Return the error for a column that can't say when a row was."""
    return TypeError(
        f"column {label!r} has dtype {dtype}, but order must name a column of numbers, "
        "dates or durations: convert it first."
    )


def not_a_channel(label: Any, dtype: Any) -> TypeError:
    """Return the error for a column whose values are not numbers."""
    return TypeError(
        f"column {label!r} has dtype {dtype}, but every channel must be numeric: "
        "convert it, or name the columns to take with columns=[...]."
    )
