"""Choice of the columns of a long table: ids, times and features."""

from typing import Any

import numpy as np
import pandas as pd

from sklearn_seqae._containers.tables.long_table import LongTable


def choose_columns(
    table: LongTable, by: Any, order: Any, columns: Any
) -> tuple[list[Any], list[Any]]:
    """Return the labels of the ids and of the features.

    Parameters
    ----------
    table : LongTable
        The table. It need not be in memory.

    by, order, columns : object
        As `to_sequences` takes them.

    Returns
    -------
    by : list of labels
        At least one.
    features : list of labels
        At least one.

    Raises
    ------
    ValueError
        If a label doesn't name exactly one column, or no column is left as a feature.
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
    """Raise if there are no rows, or if a row has no id or no time.

    Parameters
    ----------
    table : LongTable
        The table, in memory.

    by : list of labels
        Columns of ids.

    order : label or None
        Column of times.

    Raises
    ------
    ValueError
        Names the first such row.
    """
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
    """Return a list with the label, or an empty list for None.

    Parameters
    ----------
    order : label or None
        Column of times.

    Returns
    -------
    list
        At most one label.
    """
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
