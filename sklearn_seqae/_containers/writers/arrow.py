"""Arrays and tables of pyarrow."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._containers.kinds import Container, Layout, Levels
from sklearn_seqae._containers.ragged import RaggedArray, offsets_from_lengths
from sklearn_seqae._containers.writers import arrays
from sklearn_seqae._containers.writers.categories import (
    PURPOSE,
    as_arrow,
    column_of,
    frame_of,
)
from sklearn_seqae._utils.libraries import require

if TYPE_CHECKING:
    import pyarrow as pa

LISTS = ("list", "large_list", "fixed_size_list")


def to_wide(ragged: RaggedArray, container: Container) -> "pa.Table":
    """Return a table with a univariate sequence in each row, padded with null."""
    columns = arrays.to_table(ragged, container).T
    cells = [column_of("pyarrow", column, None) for column in columns]
    return frame_of("pyarrow", container.column_labels(len(cells)), cells)


def to_table(ragged: RaggedArray, container: Container) -> "pa.Table":
    """Return a table with a list in each cell."""
    each_column = arrays.columns_of(ragged, container)
    columns = [lists_from_column(*column, ragged) for column in each_column]
    return frame_of("pyarrow", list(container.columns or ()), columns)


def to_array(ragged: RaggedArray, container: Container) -> "pa.Array":
    """Return an array of lists."""
    (column,) = arrays.columns_of(ragged, container)
    return lists_from_column(*column, ragged)


def to_chunked_array(ragged: RaggedArray, container: Container) -> "pa.ChunkedArray":
    """Return a chunked array of lists, in one chunk."""
    pa = require("pyarrow", PURPOSE)
    return pa.chunked_array([to_array(ragged, container)])


def lists_from_column(
    column: NDArray[Any],
    layout: Layout,
    levels: Sequence[Levels | None],
    ragged: RaggedArray,
) -> "pa.Array":
    """Return lists of numbers or categories, or lists of lists for a 2-D column.

    `layout` has the kinds of the lists, from the outside in, and the dtype. The lengths
    are those of `ragged`.
    """
    pa = require("pyarrow", PURPOSE)
    *kinds, dtype = layout
    known = levels[0] if levels else None
    if known is None:
        lists = pa.array(column.astype(dtype).reshape(-1))
    else:  # all features of lists of lists have one dtype
        lists = as_arrow(column.reshape(-1), known)
    if len(kinds) == 2:
        widths = np.full(ragged.n_timesteps, ragged.n_features)
        lists = _lists(lists, kinds[1], widths)
    return _lists(lists, kinds[0], ragged.lengths)


def _lists(items: "pa.Array", kind: str, lengths: NDArray[np.int64]) -> "pa.Array":
    pa = require("pyarrow", PURPOSE)
    if kind == "fixed_size_list":
        if len(lengths) and np.all(lengths == lengths[0]):
            return pa.FixedSizeListArray.from_arrays(items, int(lengths[0]))
        kind = "list"
    offsets = offsets_from_lengths(lengths)
    if kind == "large_list" or offsets[-1] > np.iinfo(np.int32).max:
        return pa.LargeListArray.from_arrays(pa.array(offsets), items)
    return pa.ListArray.from_arrays(pa.array(offsets.astype(np.int32)), items)
