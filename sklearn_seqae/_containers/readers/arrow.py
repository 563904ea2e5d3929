"""Arrow lists: pyarrow tables and arrays, and awkward arrays by way of them."""

from typing import TYPE_CHECKING, Any

import numpy as np

from sklearn_seqae._containers.ragged import Show, by_position
from sklearn_seqae._containers.readers.arrays import ragged_from_table_columns
from sklearn_seqae._containers.readers.checks import ACCEPTED, Read
from sklearn_seqae._containers.readers.columns import (
    Lists,
    check_all_nested,
    column_of_lists,
    joined_columns,
    with_stored_names,
)
from sklearn_seqae._containers.readers.levels import feature_from_arrow
from sklearn_seqae._containers.readers.misread import refuse_text
from sklearn_seqae._utils.libraries import comes_from, require

if TYPE_CHECKING:
    import pyarrow as pa


def ragged_from_arrow(
    X: "pa.Table | pa.RecordBatch | pa.ChunkedArray | pa.Array",
) -> Read:
    """Read lists of numbers, or a table of numbers with a sequence in each row.

    Lists may be large or of fixed size. They hold numbers or, if sequences are
    multivariate, such lists of numbers. Each of several columns of lists is a feature.
    One column in one chunk, without nulls, is not copied.
    """
    if not comes_from(X, "pyarrow", "Table", "RecordBatch"):
        chunked = comes_from(X, "pyarrow", "ChunkedArray")
        kind = "arrow_chunked_array" if chunked else "arrow_array"
        return joined_columns([column_from_arrow(X, kind)])
    names, nested = X.schema.names, [bool(_kind(column)) for column in X.columns]
    if not any(nested):
        refuse_text(X)
        arrays = [np.asarray(column) for column in X.columns]
        return ragged_from_table_columns(names, arrays, kind="arrow_wide")
    check_all_nested(names, nested)
    columns = [
        column_from_arrow(column, "arrow_table", name)
        for column, name in zip(X.columns, names, strict=True)
    ]
    if len(columns) == 1:
        columns = [with_stored_names(X, columns[0])]
    return joined_columns(columns, names, len(names))


def ragged_from_awkward(X: Any) -> Read:
    """Read an awkward array by way of Arrow.

    Its type is ``n * var * number`` or ``n * var * m * number``.
    """
    require("pyarrow", "Reading an awkward array")
    return joined_columns([column_from_arrow(X.__arrow_array__(), "awkward")])


def column_from_arrow(
    array: "pa.ChunkedArray | pa.Array",
    kind: str,
    name: Any = None,
    show: Show = by_position,
) -> Read:
    """Read a column of lists, see `column_of_lists`."""
    if comes_from(array, "pyarrow", "ChunkedArray"):  # combine_chunks copies even one
        one = array.num_chunks == 1
        array = array.chunk(0) if one else array.combine_chunks()
    if not _kind(array):
        raise TypeError(f"X is Arrow data of type {array.type}; expected {ACCEPTED}.")
    return column_of_lists(_LISTS, array, kind, name, show)


def _kind(array: "pa.ChunkedArray | pa.Array") -> str:
    from pyarrow import types

    if types.is_fixed_size_list(array.type):
        return "fixed_size_list"
    if types.is_large_list(array.type) or types.is_large_list_view(array.type):
        return "large_list"
    if types.is_list(array.type) or types.is_list_view(array.type):
        return "list"
    return ""


_LISTS = Lists(
    _kind,
    is_null=lambda array: array.is_null().to_numpy(zero_copy_only=False),
    lengths=lambda array: array.value_lengths().to_numpy(),
    flattened=lambda array: array.flatten(),
    feature=feature_from_arrow,
    numbers=lambda array: array.to_numpy(zero_copy_only=False),
)
