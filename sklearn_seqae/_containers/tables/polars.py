"""Long tables in polars. Imported only for a polars table."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import pandas as pd
import polars as pl
from numpy.typing import NDArray

from sklearn_seqae._containers.readers.nested import Times
from sklearn_seqae._containers.tables.long_table import (
    LongTable,
    not_a_feature,
    not_a_time,
    not_an_id,
    sorted_ids,
)

_NARROW = (pl.Float32, *([pl.Float16] if hasattr(pl, "Float16") else []))
# Dtypes that NumPy stores as polars does
_NATIVE = (
    *(pl.Int8, pl.Int16, pl.Int32, pl.Int64),
    *(pl.UInt8, pl.UInt16, pl.UInt32, pl.UInt64),
    *(pl.Float32, pl.Float64),
)
_TEMPORAL = (pl.Date, pl.Datetime, pl.Duration)


class PolarsTable(LongTable):
    """A polars DataFrame, or a LazyFrame, which `select` collects."""

    @property
    def labels(self) -> list[Any]:
        return self._frame.lazy().collect_schema().names()

    def select(self, labels: Sequence[Any]) -> Self:
        if isinstance(self._frame, pl.DataFrame):
            return self
        known = self.labels  # not by name, which polars may read as a pattern
        chosen = pl.selectors.by_index(*(known.index(label) for label in labels))
        return type(self)(self._frame.select(chosen).collect())

    def first_null(self, label: Any) -> int | None:
        column = self._frame[label]
        null = column.is_null()
        if column.dtype.is_float():
            null |= column.is_nan().fill_null(True)
        return null.arg_max() if null.any() else None

    def ids(self, label: Any) -> tuple[NDArray[np.integer], pd.Index]:
        column = self._frame[label]
        if column.dtype in _NATIVE:
            return sorted_ids(column.to_numpy(), label)
        if column.dtype.is_nested() or column.dtype == pl.Object:
            raise not_an_id(label, f"ids of dtype {column.dtype}")
        if column.dtype == pl.Categorical:
            column = column.cast(pl.String)  # sorts alike in every table
        ids = column.unique().sort()
        numbers = pl.int_range(len(ids), dtype=pl.UInt32, eager=True)
        codes = column.replace_strict(ids, numbers, return_dtype=pl.UInt32)
        return codes.to_numpy(), pd.Index(ids.to_list())

    def times(self, label: Any) -> Times:
        column = self._frame[label]
        if column.dtype.is_decimal():
            column = column.cast(pl.Float64)
        if column.dtype not in (*_NATIVE, *_TEMPORAL):
            raise not_a_time(label, column.dtype)
        time_zone = getattr(column.dtype, "time_zone", None)
        if time_zone is not None:
            column = column.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
        return Times(column.to_numpy(), time_zone)

    def feature_dtype(self, label: Any) -> np.dtype[Any]:
        dtype = self._frame[label].dtype
        if not (dtype.is_numeric() or dtype == pl.Boolean):
            raise not_a_feature(label, dtype)
        return np.dtype(np.float32 if dtype in _NARROW else np.float64)

    def feature(self, label: Any) -> NDArray[Any]:
        column = self._frame[label]
        if column.dtype in _NATIVE and (
            column.dtype.is_float() or not column.null_count()
        ):
            return column.to_numpy()
        narrow = self.feature_dtype(label) == np.float32
        return column.cast(pl.Float32 if narrow else pl.Float64).to_numpy()


def repeated(ids: pd.Index, lengths: NDArray[np.int64]) -> pl.Series:
    """Return the ids of the rows of series of these lengths."""
    if isinstance(ids.dtype, pd.DatetimeTZDtype):
        column = column_of_times(Times(ids.tz_convert(None).to_numpy(), ids.tz))
    elif isinstance(ids.dtype, np.dtype) and ids.dtype != object:
        column = column_of_times(Times(ids.to_numpy()))
    else:
        column = pl.Series(ids.tolist())
    return column.gather(np.repeat(np.arange(len(lengths)), lengths))


def column_of_times(times: Times) -> pl.Series:
    """Return times as a column, in their time zone."""
    values, time_zone = times
    unit = np.datetime_data(values.dtype)[0] if values.dtype.kind in "mM" else None
    if unit in ("h", "m", "s"):  # polars has no unit of seconds or longer
        values = values.astype(f"{values.dtype.kind}8[ms]")
    series = pl.Series(values)
    if time_zone is None:
        return series
    return series.dt.replace_time_zone("UTC").dt.convert_time_zone(str(time_zone))
