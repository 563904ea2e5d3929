"""Long tables of any library, and the choice of their columns."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sklearn_seqae._containers.readers.checks import describe
from sklearn_seqae._containers.readers.levels import Feature, categories_of
from sklearn_seqae._containers.readers.nested import Times
from sklearn_seqae._utils.libraries import comes_from, require

ACCEPTED = (
    "a pandas DataFrame, a polars DataFrame or LazyFrame, a pyarrow Table, a DuckDB "
    "relation or another frame with __arrow_c_stream__"
)


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


def read_table(frame: Any) -> LongTable:
    """Wrap a long table, importing no library but its own; it may be lazy still."""
    if isinstance(frame, pd.DataFrame):
        from sklearn_seqae._containers.tables.pandas import PandasTable

        return PandasTable(frame)
    if comes_from(frame, "polars", "DataFrame", "LazyFrame"):
        from sklearn_seqae._containers.tables.polars import PolarsTable

        return PolarsTable(frame)
    # A single column has a stream, too, but neither attribute.
    is_table = hasattr(frame, "columns") or hasattr(frame, "schema")
    if is_table and hasattr(frame, "__arrow_c_stream__"):
        pa = require("pyarrow", f"Reading {describe(frame)}")
        from sklearn_seqae._containers.tables.arrow import ArrowTable

        return ArrowTable(frame if isinstance(frame, pa.Table) else pa.table(frame))
    raise TypeError(f"frame is {describe(frame)}; expected {ACCEPTED}.")


def choose_columns(
    table: LongTable, by: Any, order: Any, columns: Any
) -> tuple[list[Any], list[Any]]:
    """Return the labels of the ids and of the features; none beside times, perhaps.

    The arguments are those of `to_sequences`. The table need not be in memory. Raise if
    a label doesn't name exactly one column.
    """
    known = table.labels
    by = _as_labels(by, known, "by")
    if columns is None:
        taken = [*by, *given(order)]
        features = [label for label in known if label not in taken]
    else:
        features = _as_labels(columns, known, "columns")
    for label in [*by, *given(order), *features]:
        if label not in known:
            advice = f"it has {known}"
            if label in table.levels:
                advice = "it is a level of the index: pass frame.reset_index()"
            raise ValueError(f"column {label!r} is not in the frame; {advice}.")
        if (n := known.count(label)) > 1:
            raise ValueError(f"frame has {n} columns {label!r}; rename all but one.")
    if not features and order is None:
        raise ValueError(
            f"frame has the columns {known}, all of them ids; it needs at least one "
            "feature, or order=..., a column of times."
        )
    return by, features


def check_rows(table: LongTable, by: list[Any], order: Any) -> None:
    """Raise if there are no rows, or if a row has no id or no time."""
    if len(table) == 0:
        raise ValueError("frame has no rows: there is no series in it.")
    for label in [*by, *given(order)]:
        row = table.first_null(label)
        if row is not None:
            missing = "id" if label in by else "time"
            raise ValueError(
                f"row {row} of the frame has no {missing}: column {label!r} is null "
                "there; drop such rows or fill them in."
            )


def given(order: Any) -> list[Any]:
    """Return a list with the label, or an empty list for None."""
    return [] if order is None else [order]


def _as_labels(labels: Any, known: list[Any], argument: str) -> list[Any]:
    """Return a list of labels. In pandas, a tuple may be one label."""
    several = isinstance(labels, list | np.ndarray | pd.Index) or (
        isinstance(labels, tuple) and labels not in known
    )
    chosen = list(labels) if several else [labels]
    if not chosen:
        raise ValueError(f"{argument} is empty; name one column at least.")
    for label in chosen:
        if chosen.count(label) > 1:
            raise ValueError(f"{argument} names {label!r} twice; name it once.")
    return chosen


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
    return np.argsort(order)[codes], ids[order]


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
