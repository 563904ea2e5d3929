"""Long tables of any library, and the choice of their columns."""

from typing import Any

import numpy as np
import pandas as pd

from sklearn_seqae._containers.readers.checks import describe
from sklearn_seqae._containers.tables.long_table import LongTable
from sklearn_seqae._containers.tables.pandas import PandasTable
from sklearn_seqae._utils.libraries import comes_from, require

ACCEPTED = (
    "a pandas DataFrame, a polars DataFrame or LazyFrame, a pyarrow Table, a DuckDB "
    "relation or another frame with __arrow_c_stream__"
)


def read_table(frame: Any) -> LongTable:
    """Wrap a long table, importing no library but its own; it may be lazy still."""
    if isinstance(frame, pd.DataFrame):
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
    """Return the labels of the ids and of the features, at least one of each.

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
        if known.count(label) != 1:
            _raise_not_one(label, known, table)
    if not features:
        raise ValueError(
            f"frame has the columns {known}, all of them ids or times; it needs at "
            "least one feature."
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


def _raise_not_one(label: Any, known: list[Any], table: LongTable) -> None:
    if label in known:
        raise ValueError(
            f"frame has {known.count(label)} columns {label!r}; rename all but one."
        )
    advice = (
        "it is a level of the index: pass frame.reset_index()"
        if label in table.levels
        else f"it has {known}"
    )
    raise ValueError(f"column {label!r} is not in the frame; {advice}.")
