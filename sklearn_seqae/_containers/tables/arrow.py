"""Long tables in Arrow. Imported only for a table that Arrow reads or writes."""

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from sklearn_seqae._containers.readers.nested import Times
from sklearn_seqae._containers.tables.long_table import (
    LongTable,
    not_a_feature,
    not_a_time,
    not_an_id,
    sorted_ids,
)


class ArrowTable(LongTable):
    """A pyarrow Table."""

    @property
    def labels(self) -> list[Any]:
        return self._frame.column_names

    def first_null(self, label: Any) -> int | None:
        column = self._frame[label]
        if column.null_count == 0 and not pa.types.is_floating(column.type):
            return None
        null = column.is_null(nan_is_null=True).to_numpy()
        return int(null.argmax()) if null.any() else None

    def ids(self, label: Any) -> tuple[NDArray[np.integer], pd.Index]:
        column = self._frame[label]
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
        column = self._frame[label]
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

    def feature_dtype(self, label: Any) -> np.dtype[Any]:
        kind = self._frame[label].type
        if not (
            _is_native(kind) or pa.types.is_boolean(kind) or pa.types.is_decimal(kind)
        ):
            raise not_a_feature(label, kind)
        narrow = pa.types.is_float16(kind) or pa.types.is_float32(kind)
        return np.dtype(np.float32 if narrow else np.float64)

    def feature(self, label: Any) -> NDArray[Any]:
        column = self._frame[label]
        if not _is_native(column.type):
            column = column.cast(pa.float64())
        return column.to_numpy()


def repeated(ids: pd.Index, lengths: NDArray[np.int64]) -> pa.Array:
    """Return the ids of the rows of series of these lengths."""
    return pa.array(ids).take(np.repeat(np.arange(len(lengths)), lengths))


def column_of_times(times: Times) -> pa.Array:
    """Return times as a column, in their time zone."""
    column = pa.array(times.values)
    if times.time_zone is None:
        return column
    return column.cast(pa.timestamp(column.type.unit, str(times.time_zone)))


def _is_native(kind: pa.DataType) -> bool:
    """Return whether NumPy stores these numbers as Arrow does."""
    return pa.types.is_integer(kind) or pa.types.is_floating(kind)
