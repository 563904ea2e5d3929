"""Interface to a long table of any library."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sklearn_seqae._containers.readers.levels import Feature, categories_of
from sklearn_seqae._containers.readers.nested import Times


class LongTable(ABC):
    """Columns of a frame as NumPy arrays, copied only where that is necessary."""

    def __init__(self, frame: Any) -> None:
        self._frame = frame

    def __len__(self) -> int:
        return len(self._frame)

    @property
    @abstractmethod
    def labels(self) -> list[Any]:
        """Labels of the columns."""

    @property
    def levels(self) -> list[Any]:
        """Names of the index levels, which label the rows beside the columns."""
        return []

    def select(self, labels: Sequence[Any]) -> Self:
        """Return the table in memory, with at least these columns."""
        return self

    @abstractmethod
    def first_null(self, label: Any) -> int | None:
        """Return the first row in which a column is null or NaN, or None."""

    @abstractmethod
    def ids(self, label: Any) -> tuple[NDArray[np.integer], pd.Index]:
        """Return the code of each row and the sorted ids that codes point to.

        The column must have no nulls.
        """

    @abstractmethod
    def times(self, label: Any) -> Times:
        """Return a column of numbers, dates or durations. It must have no nulls."""

    def categories(self, label: Any) -> Feature | None:
        """Return a column of text, or of another kind of category; else None."""
        return categories_of(self._frame[label], f"column {label!r}")

    @abstractmethod
    def feature_dtype(self, label: Any) -> np.dtype[Any]:
        """Return float32 for a column of float16 or float32, else float64."""

    @abstractmethod
    def feature(self, label: Any) -> NDArray[Any]:
        """Return a column of numbers, NaN where it is null."""


def sorted_ids(values: Any, label: Any) -> tuple[NDArray[np.integer], pd.Index]:
    """Return the code of each row, and the unique and sorted ids that codes point to.

    Values have no nulls. Raise if ids can't be hashed or compared; `label` is that of
    the column in the message.
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
    """Return the error for a column that can't be ids."""
    why = "" if error is None else f" ({error})"
    return TypeError(
        f"column {label!r} holds {found}{why}; ids must be of one kind that can be "
        "sorted, such as numbers or text: convert them first."
    )


def not_a_time(label: Any, dtype: Any) -> TypeError:
    """Return the error for a column that can't be times."""
    return TypeError(
        f"column {label!r} has dtype {dtype}, but order must name a column of numbers, "
        "dates or durations: convert it first."
    )


def not_a_feature(label: Any, dtype: Any) -> TypeError:
    """Return the error for a column whose values are not numbers."""
    return TypeError(
        f"column {label!r} has dtype {dtype}, but every feature must be numeric, or "
        "text: convert it, or name the columns to take with columns=[...]."
    )
