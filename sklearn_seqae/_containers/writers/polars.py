"""Frames and Series of polars."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._containers.kinds import Container, Layout, Levels
from sklearn_seqae._containers.ragged import RaggedArray
from sklearn_seqae._containers.writers.arrays import columns_of, to_table
from sklearn_seqae._containers.writers.categories import PURPOSE, as_polars, frame_of
from sklearn_seqae._utils.libraries import require

if TYPE_CHECKING:
    import polars as pl


def to_wide(ragged: RaggedArray, container: Container) -> "pl.DataFrame":
    """Return a frame with a univariate sequence in each row, padded with null."""
    columns = list(to_table(ragged, container).T)
    return frame_of("polars", container.column_labels(len(columns)), columns)


def to_dataframe(ragged: RaggedArray, container: Container) -> "pl.DataFrame":
    """Return a frame with a list in each cell."""
    lists = [_lists(*each, ragged) for each in columns_of(ragged, container)]
    return frame_of("polars", container.columns or (), lists)


def to_series(ragged: RaggedArray, container: Container) -> "pl.Series":
    """Return a Series of lists."""
    (column,) = columns_of(ragged, container)
    (name,) = container.columns or (None,)
    return _lists(*column, ragged).rename(name or "")


def _lists(
    column: NDArray[Any],
    layout: Layout,
    levels: tuple[Levels | None, ...],
    ragged: RaggedArray,
) -> "pl.Series":
    pl = require("polars", PURPOSE)
    *kinds, dtype = layout
    known = levels[0] if levels else None
    if known is None:
        steps = pl.Series(column.astype(dtype))  # of Array if the column is 2-D
    else:
        steps = as_polars(column, known)
    if kinds[1:] == ["list"]:
        steps = steps.arr.to_list()
    number = np.repeat(np.arange(len(ragged)), ragged.lengths)
    grouped = pl.DataFrame({"number": number, "steps": steps}).group_by(
        "number", maintain_order=True
    )
    lists = grouped.agg("steps")["steps"].alias("")
    lengths = ragged.lengths
    if kinds[0] == "array" and len(lengths) and np.all(lengths == lengths[0]):
        return lists.list.to_array(int(lengths[0]))
    return lists
