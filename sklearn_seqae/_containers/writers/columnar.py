"""Frames, Series, tables and arrays of polars and of pyarrow."""

from typing import Any

import numpy as np

from sklearn_seqae._containers.kinds import Container
from sklearn_seqae._containers.ragged import Ints, RaggedArray, offsets_from_lengths
from sklearn_seqae._containers.writers import arrays, categories
from sklearn_seqae._utils import require

LISTS = ("list", "large_list", "fixed_size_list")  # of Arrow


def to_rows(ragged: RaggedArray, container: Container) -> Any:
    """Return a frame with a univariate sequence in each row, padded with null."""
    library = _library(container)
    table = arrays.to_table(ragged, container)
    columns = [categories.column_of(library, column, None) for column in table.T]
    return categories.frame_of(library, container.column_labels(len(columns)), columns)


def to_frame(ragged: RaggedArray, container: Container) -> Any:
    """Return a frame with a list in each cell."""
    columns = _columns(ragged, container)
    return categories.frame_of(_library(container), container.columns or (), columns)


def to_column(ragged: RaggedArray, container: Container) -> Any:
    """Return a Series of polars, or an array of pyarrow, of lists."""
    (column,) = _columns(ragged, container)
    if container.kind == "arrow_chunked_array":
        return require("pyarrow", categories.PURPOSE).chunked_array([column])
    if container.kind == "arrow_array":
        return column
    (name,) = container.columns or (None,)
    return column.rename(name or "")


def _library(container: Container) -> str:
    return "polars" if container.kind.startswith("polars") else "pyarrow"


def _columns(ragged: RaggedArray, container: Container) -> list[Any]:
    in_lists = arrow_lists if _library(container) == "pyarrow" else _polars_lists
    return [in_lists(each) for each in arrays.columns_of(ragged, container)]


def arrow_lists(column: arrays.Column) -> Any:
    """Return lists of numbers or categories, or lists of lists for a 2-D column."""
    *kinds, dtype = column.layout
    steps, known = column.values.reshape(-1), column.known
    if known is None:
        lists = require("pyarrow", categories.PURPOSE).array(steps.astype(dtype))
    else:  # all features of lists of lists have one dtype
        lists = categories.as_arrow(steps, known)
    if len(kinds) == 2:
        lists = _in_lists(lists, kinds[1], np.full(*column.values.shape))
    return _in_lists(lists, kinds[0], np.diff(column.offsets))


def _in_lists(items: Any, kind: str, lengths: Ints) -> Any:
    pa = require("pyarrow", categories.PURPOSE)
    if kind == "fixed_size_list":
        if len(lengths) and np.all(lengths == lengths[0]):
            return pa.FixedSizeListArray.from_arrays(items, int(lengths[0]))
        kind = "list"
    offsets = offsets_from_lengths(lengths)
    if kind == "large_list" or offsets[-1] > np.iinfo(np.int32).max:
        return pa.LargeListArray.from_arrays(pa.array(offsets), items)
    return pa.ListArray.from_arrays(pa.array(offsets.astype(np.int32)), items)


def _polars_lists(column: arrays.Column) -> Any:
    pl = require("polars", categories.PURPOSE)
    *kinds, dtype = column.layout
    if column.known is None:
        steps = pl.Series(column.values.astype(dtype))  # of Array if it is 2-D
    else:
        steps = categories.as_polars(column.values, column.known)
    if kinds[1:] == ["list"]:
        steps = steps.arr.to_list()
    lengths = np.diff(column.offsets)
    number = np.repeat(np.arange(len(lengths)), lengths)
    table = pl.DataFrame({"number": number, "steps": steps})
    grouped = table.group_by("number", maintain_order=True).agg("steps")
    lists = grouped["steps"].alias("")
    if kinds[0] == "array" and len(lengths) and np.all(lengths == lengths[0]):
        return lists.list.to_array(int(lengths[0]))
    return lists
