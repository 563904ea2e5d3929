"""Long tables in Arrow. Imported only for a table that Arrow reads or writes."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from sklearn_seqae._containers.readers.levels import Feature, feature_from_arrow
from sklearn_seqae._containers.tables.long_table import (
    LongTable,
    Rows,
    Times,
    not_a_feature,
    not_a_time,
    not_an_id,
    sorted_ids,
)


class ArrowTable(LongTable):
    """A pyarrow Table, or any frame with Arrow's C stream.

    Parameters
    ----------
    frame : object with ``__arrow_c_stream__``
        For example a DuckDB relation, which is run here.
    """

    def __init__(self, frame: Any) -> None:
        self._table = frame if isinstance(frame, pa.Table) else pa.table(frame)

    @property
    def labels(self) -> list[Any]:
        """Labels of the columns."""
        return self._table.column_names

    def select(self, labels: Sequence[Any]) -> Self:
        """Return the table itself, which is in memory."""
        return self

    def __len__(self) -> int:
        return self._table.num_rows

    def first_null(self, label: Any) -> int | None:
        """Return the first row in which a column is null or NaN, or None."""
        column = self._table[label]
        if column.null_count == 0 and not pa.types.is_floating(column.type):
            return None
        null = column.is_null(nan_is_null=True).to_numpy()
        return int(null.argmax()) if null.any() else None

    def ids(self, label: Any) -> tuple[NDArray[np.integer], pd.Index]:
        """Return the code of each row and the sorted ids that codes point to."""
        column = self._table[label]
        if pa.types.is_dictionary(column.type):
            column = column.cast(column.type.value_type)  # may hold an id twice
        if pa.types.is_nested(column.type):
            raise not_an_id(label, f"ids of type {column.type}")
        if _is_native(column.type):
            return sorted_ids(column.to_numpy(), label)
        encoded = column.dictionary_encode().combine_chunks()
        ranks, ids = sorted_ids(encoded.dictionary.to_pandas(), label)
        return ranks[encoded.indices.to_numpy()], ids

    def times(self, label: Any) -> Times:
        """Return a column of numbers, dates or durations. It must have no nulls."""
        column = self._table[label]
        if pa.types.is_decimal(column.type):
            column = column.cast(pa.float64())
        has_order_in_time = (
            pa.types.is_date(column.type)
            or pa.types.is_timestamp(column.type)
            or pa.types.is_duration(column.type)
        )
        if not (has_order_in_time or _is_native(column.type)):
            raise not_a_time(label, column.type)
        return Times(column.to_numpy(), getattr(column.type, "tz", None))

    def categories(self, label: Any) -> Feature | None:
        """Return a column of text, or of another kind of category; else None."""
        return feature_from_arrow(self._table[label], f"column {label!r}")

    def feature_dtype(self, label: Any) -> np.dtype[Any]:
        """Return float32 for a column of float16 or float32, else float64."""
        kind = self._table[label].type
        if not (
            _is_native(kind) or pa.types.is_boolean(kind) or pa.types.is_decimal(kind)
        ):
            raise not_a_feature(label, kind)
        narrow = pa.types.is_float16(kind) or pa.types.is_float32(kind)
        return np.dtype(np.float32 if narrow else np.float64)

    def feature(self, label: Any) -> NDArray[Any]:
        """Return a column of numbers, NaN where it is null."""
        column = self._table[label]
        if not _is_native(column.type):
            column = column.cast(pa.float64())
        return column.to_numpy()


def write_arrow(rows: Rows) -> pa.Table:
    """Make a long table of Arrow.

    Parameters
    ----------
    rows : Rows
        Columns of the table.

    Returns
    -------
    pyarrow.Table
        Missing values are null.
    """
    series = np.repeat(np.arange(len(rows.lengths)), rows.lengths)
    values, time_zone = rows.times
    times = pa.array(values)
    if time_zone is not None:
        times = times.cast(pa.timestamp(times.type.unit, str(time_zone)))
    return pa.table(
        {
            **{label: pa.array(ids).take(series) for label, ids in rows.ids},
            rows.order: times,
            **{
                label: x if isinstance(x, pa.Array) else pa.array(x, from_pandas=True)
                for label, x in rows.features
            },
        }
    )


def _is_native(kind: pa.DataType) -> bool:
    """Return whether NumPy stores these numbers as Arrow does."""
    return pa.types.is_integer(kind) or pa.types.is_floating(kind)
