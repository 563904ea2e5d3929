"""Lists of polars and of Arrow; awkward arrays by way of these."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._containers.ragged import Show, by_position
from sklearn_seqae._containers.readers import levels
from sklearn_seqae._containers.readers.arrays import ragged_from_table
from sklearn_seqae._containers.readers.checks import ACCEPTED, Read, as_real
from sklearn_seqae._containers.readers.columns import (
    Lists,
    check_all_nested,
    column_of_lists,
    joined_columns,
    with_stored_names,
)
from sklearn_seqae._containers.readers.misread import refuse_text
from sklearn_seqae._utils import comes_from, require


def ragged_from_polars(X: Any) -> Read:
    """Read a Series of Lists or Arrays, a frame of such, or one of numbers.

    In Lists of Lists, sequences are multivariate. Each of several columns is a feature.
    """
    if comes_from(X, "polars", "LazyFrame"):
        raise TypeError("X is a polars LazyFrame; call X.collect() first.")
    if comes_from(X, "polars", "Series"):
        name = X.name or None
        return joined_columns([read_column(X, "polars_series", name)], [name])
    kinds = "polars_wide", "polars_dataframe"
    return _from_frame(_POLARS, X, X.columns, X.get_columns(), *kinds)


def ragged_from_arrow(X: Any) -> Read:
    """Read an array of lists of any kind, a table of such, or one of numbers."""
    if not comes_from(X, "pyarrow", "Table", "RecordBatch"):
        chunked = comes_from(X, "pyarrow", "ChunkedArray")
        kind = "arrow_chunked_array" if chunked else "arrow_array"
        return joined_columns([read_column(X, kind)])
    kinds = "arrow_wide", "arrow_table"
    return _from_frame(_ARROW, X, X.schema.names, X.columns, *kinds)


def ragged_from_awkward(X: Any) -> Read:
    """Read an awkward array, ``n * var * number`` or ``n * var * m * number``."""
    require("pyarrow", "Reading an awkward array")
    return joined_columns([read_column(X.__arrow_array__(), "awkward")])


def read_column(
    lists: Any, kind: str, name: Any = None, show: Show = by_position
) -> Read:
    """Read a column of lists of either library, see `column_of_lists`."""
    if comes_from(lists, "polars", "Series"):
        of, what = _POLARS, f"a polars Series of dtype {lists.dtype}"
    else:
        of, what = _ARROW, f"Arrow data of type {lists.type}"
    if comes_from(lists, "pyarrow", "ChunkedArray"):  # combine_chunks copies even one
        one = lists.num_chunks == 1
        lists = lists.chunk(0) if one else lists.combine_chunks()
    if not of.kind(lists):
        raise TypeError(f"X is {what}; expected {ACCEPTED}.")
    return column_of_lists(of, lists, kind, name, show)


def _from_frame(
    of: Lists,
    X: Any,
    names: Sequence[str],
    columns: Sequence[Any],
    kind_of_rows: str,
    kind_of_lists: str,
) -> Read:
    """Read a frame of lists, or one of numbers with a univariate sequence a row."""
    nested = [bool(of.kind(column)) for column in columns]
    pairs = list(zip(columns, names, strict=True))
    if any(nested):
        check_all_nested(names, nested)
        read = [read_column(column, kind_of_lists, name) for column, name in pairs]
        if len(read) == 1 and of is _ARROW:
            read = [with_stored_names(X, read[0])]
        return joined_columns(read, names, len(names))
    refuse_text(X)
    real = [as_real(of.numbers(column), f"column {name!r}") for column, name in pairs]
    table = np.column_stack(real) if real else np.empty((0, 0))
    ragged, container = ragged_from_table(table)
    return ragged, replace(container, kind=kind_of_rows, columns=tuple(names))


def _kind_in_polars(series: Any) -> str:
    kind = str(series.dtype.base_type()).lower()
    return kind if kind in ("list", "array") else ""


def _kind_in_arrow(array: Any) -> str:
    kind = str(array.type).partition("<")[0].removesuffix("_view")
    return kind if kind in ("list", "large_list", "fixed_size_list") else ""


def _lengths_in_polars(series: Any) -> NDArray[Any]:
    if _kind_in_polars(series) == "array":
        return np.full(len(series), series.dtype.shape[0])
    return series.list.len().to_numpy()


def _feature_of_polars(steps: Any, place: str) -> levels.Feature | None:
    if str(steps.dtype).startswith("Struct"):
        raise TypeError(
            f"{place} holds {steps.dtype}, but real numbers are needed; make a column "
            "of lists for each field."
        )
    return levels.feature_from_polars(steps, place)


_POLARS = Lists(
    _kind_in_polars,
    is_null=lambda series: series.is_null().to_numpy(),
    lengths=_lengths_in_polars,
    flattened=lambda series: series.explode(),
    feature=_feature_of_polars,
    numbers=lambda series: series.to_numpy(),
)
_ARROW = Lists(
    _kind_in_arrow,
    is_null=lambda array: array.is_null().to_numpy(zero_copy_only=False),
    lengths=lambda array: array.value_lengths().to_numpy(),
    flattened=lambda array: array.flatten(),
    feature=levels.feature_from_arrow,
    numbers=np.asarray,
)
