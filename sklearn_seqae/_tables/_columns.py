"""Which columns of a long table are ids, times and channels."""

from typing import Any

import numpy as np
import pandas as pd

from sklearn_seqae._tables._long_table import LongTable


def choose_columns(
    table: LongTable, by: Any, order: Any, columns: Any
) -> tuple[list[Any], list[Any]]:
    """Return the labels of the ids and of the channels.

    Parameters
    ----------
    table : LongTable
        Need not be in memory.

    by, order, columns : object
        As `to_sequences` takes them.

    Returns
    -------
    by : list of labels
        One at least.
    channels : list of labels
        One at least.

    Raises
    ------
    ValueError
        If a label is not that of exactly one column, or none is left to be a channel.
    """
    known = table.labels
    by = _as_labels(by, known, "by")
    if columns is None:
        taken = [*by, *given(order)]
        channels = [label for label in known if label not in taken]
    else:
        channels = _as_labels(columns, known, "columns")
    for label in [*by, *given(order), *channels]:
        if known.count(label) != 1:
            _raise_not_one(label, known, table)
    if not channels:
        raise ValueError(
            f"frame has no columns but {known}: none of them is left to be a channel."
        )
    return by, channels


def check_rows(table: LongTable, by: list[Any], order: Any) -> None:
    """Raise if there are no rows, or if one has no id or no time.

    Parameters
    ----------
    table : LongTable
        In memory.

    by : list of labels
        The ids.

    order : label or None
        The time.

    Raises
    ------
    ValueError
        Naming the first such row.
    """
    if len(table) == 0:
        raise ValueError("frame has no rows: there is no series in it.")
    for label in [*by, *given(order)]:
        row = table.first_null(label)
        if row is not None:
            what = "id" if label in by else "time"
            raise ValueError(
                f"row {row} of the frame has no {what}: column {label!r} is null "
                "there; drop such rows or fill them in."
            )


def given(order: Any) -> list[Any]:
    """Return a list of the label, empty if it is None.

    Parameters
    ----------
    order : label or None
        The time.

    Returns
    -------
    list
        Of one label at most.
    """
    return [] if order is None else [order]


def _as_labels(labels: Any, known: list[Any], argument: str) -> list[Any]:
    """Return a list of labels; a tuple may be one label in pandas."""
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
