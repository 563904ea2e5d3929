"""Long tables in Arrow. Imported only where there is one, or one is asked for."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from sklearn_seqae._tables._long_table import (
    LongTable,
    Times,
    not_a_channel,
    not_a_time,
    not_an_id,
    sorted_ids,
)


class ArrowTable(LongTable):
    """A pyarrow Table, or any frame that hands its columns over as Arrow does.

    Parameters
    ----------
    frame : object with ``__arrow_c_stream__``
        Such as a DuckDB relation, which is run here.
    """

    def __init__(self, frame: Any) -> None:
        self._table = frame if isinstance(frame, pa.Table) else pa.table(frame)

    @property
    def labels(self) -> list[Any]:
        """Labels of the columns."""
        return self._table.column_names

    def select(self, labels: Sequence[Any]) -> Self:
        """Return the table itself: all of it is in memory."""
        return self

    def __len__(self) -> int:
        return self._table.num_rows

    def first_null(self, label: Any) -> int | None:
        """Return the first row in which a column is null or NaN, None if none is."""
        column = self._table[label]
        if column.null_count == 0 and not pa.types.is_floating(column.type):
            return None
        null = column.is_null(nan_is_null=True).to_numpy()
        return int(null.argmax()) if null.any() else None

    def ids(self, label: Any) -> tuple[NDArray[np.integer], pd.Index]:
        """Return the code of each row, and the id that each code means, sorted."""
        column = self._table[label]
        if pa.types.is_dictionary(column.type):
            column = column.cast(column.type.value_type)  # it may name an id twice
        if pa.types.is_nested(column.type):
            raise not_an_id(label, f"ids of type {column.type}")
        if _is_native(column.type):
            return sorted_ids(column.to_numpy(), label)
        encoded = column.dictionary_encode().combine_chunks()
        ranks, ids = sorted_ids(encoded.dictionary.to_pandas(), label)
        return ranks[encoded.indices.to_numpy()], ids

    def times(self, label: Any) -> Times:
        """Return a column of numbers, dates or durations that has no nulls."""
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

    def channel_dtype(self, label: Any) -> np.dtype[Any]:
        """Return float32 if that holds the numbers of a column, else float64."""
        kind = self._table[label].type
        if not (
            _is_native(kind) or pa.types.is_boolean(kind) or pa.types.is_decimal(kind)
        ):
            raise not_a_channel(label, kind)
        narrow = pa.types.is_float16(kind) or pa.types.is_float32(kind)
        return np.dtype(np.float32 if narrow else np.float64)

    def channel(self, label: Any) -> NDArray[Any]:
        """Return a column of numbers, NaN where it is null."""
        column = self._table[label]
        if not _is_native(column.type):
            column = column.cast(pa.float64())
        return column.to_numpy()


def write_arrow(
    ids: Sequence[tuple[Any, pd.Index]],
    lengths: NDArray[np.int64],
    times: tuple[Any, Times],
    channels: Sequence[tuple[Any, NDArray[Any]]],
) -> pa.Table:
    """Make a long table of Arrow; see `write_pandas`.

    Parameters
    ----------
    ids : sequence of (label, Index of shape (n_series,))
        The columns that say which series a row is of.

    lengths : ndarray of shape (n_series,), int64
        How many rows each series has.

    times : (label, Times of shape (n_rows,))
        The column that says when a row was.

    channels : sequence of (label, ndarray of shape (n_rows,))
        The columns of numbers.

    Returns
    -------
    pyarrow.Table
        In which a missing value is null.
    """
    rows = np.repeat(np.arange(len(lengths)), lengths)
    label, (values, time_zone) = times
    when = pa.array(values)
    if time_zone is not None:
        when = when.cast(pa.timestamp(when.type.unit, str(time_zone)))
    return pa.table(
        {
            **{name: pa.array(level).take(rows) for name, level in ids},
            label: when,
            **{name: pa.array(column, from_pandas=True) for name, column in channels},
        }
    )


def _is_native(kind: pa.DataType) -> bool:
    """Tell whether NumPy holds these numbers as Arrow does."""
    return pa.types.is_integer(kind) or pa.types.is_floating(kind)
