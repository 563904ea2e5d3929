"""Arrow lists: pyarrow tables and arrays, and awkward arrays by way of them."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from sklearn_seqae._containers.kinds import Container
from sklearn_seqae._containers.ragged import RaggedArray
from sklearn_seqae._containers.readers.arrays import ragged_from_table_columns
from sklearn_seqae._containers.readers.checks import ACCEPTED, by_position
from sklearn_seqae._containers.readers.columns import (
    Column,
    check_lengths,
    column_from_lists,
    column_of_categories,
    common_width,
    named,
    ragged_from_columns,
    refuse_null,
    refuse_null_step,
    refuse_other_columns,
)
from sklearn_seqae._containers.readers.levels import feature_from_arrow
from sklearn_seqae._containers.readers.names import stored_names
from sklearn_seqae._containers.readers.roles import refuse_text
from sklearn_seqae._utils.libraries import comes_from, require

if TYPE_CHECKING:
    import pyarrow as pa


def ragged_from_arrow(
    X: "pa.Table | pa.RecordBatch | pa.ChunkedArray | pa.Array",
) -> tuple[RaggedArray, Container]:
    """Read lists of numbers, or a table of numbers with a sequence in each row.

    Parameters
    ----------
    X : pyarrow.Table, RecordBatch, ChunkedArray or Array
        Of lists, large lists or fixed-size lists. They hold numbers or, if sequences
        are multivariate, such lists of numbers. Each of several columns of a table is
        one feature. A table may also have columns of numbers; then each row is a
        univariate sequence.

    Returns
    -------
    ragged : RaggedArray
        The sequences. One column in one chunk, without nulls, is not copied.
    container : Container
        Of kind "arrow_table", "arrow_wide", "arrow_array" or "arrow_chunked_array".
    """
    if not comes_from(X, "pyarrow", "Table", "RecordBatch"):
        chunked = comes_from(X, "pyarrow", "ChunkedArray")
        kind = "arrow_chunked_array" if chunked else "arrow_array"
        return ragged_from_columns([column_from_arrow(X, None)], kind, None)
    names = X.schema.names
    nested = [name for name, t in zip(names, X.schema.types, strict=True) if _kind(t)]
    if not nested:
        return _ragged_from_wide(X)
    refuse_other_columns(nested, [name for name in names if name not in nested])
    columns = [column_from_arrow(X.column(j), name) for j, name in enumerate(names)]
    if len(columns) == 1:
        stored = stored_names(X, columns[0].ragged.n_features)
        columns = [replace(columns[0], feature_names=stored)]
    return ragged_from_columns(columns, "arrow_table", len(names))


def ragged_from_awkward(X: Any) -> tuple[RaggedArray, Container]:
    """Read an awkward array by way of Arrow.

    Parameters
    ----------
    X : awkward.Array
        Of type ``n * var * number`` or ``n * var * m * number``.

    Returns
    -------
    ragged : RaggedArray
        The sequences.
    container : Container
        Of kind "awkward".

    Raises
    ------
    ImportError
        If pyarrow is not installed.
    """
    require("pyarrow", "Reading an awkward array")
    column = column_from_arrow(X.__arrow_array__(), None)
    return ragged_from_columns([column], "awkward", None)


def column_from_arrow(
    array: "pa.ChunkedArray | pa.Array",
    name: Any,
    show: Callable[[int], str] = by_position,
) -> Column:
    """Read a column of lists.

    Parameters
    ----------
    array : pyarrow.ChunkedArray or pyarrow.Array
        Of lists of numbers, or lists of lists of numbers.

    name : object
        Label of the column, or None.

    show : callable
        Function from the position of a sequence to its name in messages.

    Returns
    -------
    Column

    Raises
    ------
    InvalidSequenceError
        If a sequence is null or empty, or time steps differ in width.
    TypeError
        If there are no lists, or they don't hold numbers.
    """
    import pyarrow.compute as pc

    if comes_from(array, "pyarrow", "ChunkedArray"):  # combine_chunks copies even one
        one = array.num_chunks == 1
        array = array.chunk(0) if one else array.combine_chunks()
    layout = [_kind(array.type)]
    if not layout[0]:
        raise TypeError(f"X is Arrow data of type {array.type}; expected {ACCEPTED}.")
    with named(name):
        if array.null_count:
            refuse_null(show(_first_null(array)))
        lengths = pc.list_value_length(array).to_numpy()
        check_lengths(lengths, show)
        steps, width = array.flatten(), None
        if inner := _kind(steps.type):
            if steps.null_count:
                refuse_null_step(_first_null(steps), lengths)
            layout.append(inner)
            width = common_width(pc.list_value_length(steps).to_numpy(), lengths)
            steps = steps.flatten()
    place = "X" if name is None else f"column {name!r}"
    if found := feature_from_arrow(steps, place):
        return column_of_categories(name, layout, lengths, width, found)
    numbers = steps.to_numpy(zero_copy_only=False)
    return column_from_lists(name, layout, lengths, width, numbers)


def _kind(arrow_type: Any) -> str:
    """Return the kind of list of a type, "" if it is no list."""
    from pyarrow import types

    if types.is_fixed_size_list(arrow_type):
        return "fixed_size_list"
    if types.is_large_list(arrow_type) or types.is_large_list_view(arrow_type):
        return "large_list"
    if types.is_list(arrow_type) or types.is_list_view(arrow_type):
        return "list"
    return ""


def _first_null(array: "pa.Array") -> int:
    return int(np.argmax(array.is_null().to_numpy(zero_copy_only=False)))


def _ragged_from_wide(
    X: "pa.Table | pa.RecordBatch",
) -> tuple[RaggedArray, Container]:
    refuse_text(X)
    names = X.schema.names
    columns = [np.asarray(X.column(j)) for j in range(len(names))]
    return ragged_from_table_columns(names, columns, kind="arrow_wide")
