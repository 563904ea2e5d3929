"""Long tables in pandas."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.types import is_object_dtype

from sklearn_seqae._containers.ragged import float_dtype
from sklearn_seqae._containers.readers.checks import as_real, describe, is_real
from sklearn_seqae._containers.readers.nested import Times
from sklearn_seqae._containers.tables.long_table import (
    LongTable,
    not_a_feature,
    not_a_time,
    sorted_ids,
)


class PandasTable(LongTable):
    """A pandas DataFrame."""

    @property
    def labels(self) -> list[Any]:
        return self._frame.columns.tolist()

    @property
    def levels(self) -> list[Any]:
        return list(self._frame.index.names)

    def first_null(self, label: Any) -> int | None:
        null = self._frame[label].isna().to_numpy()
        return int(null.argmax()) if null.any() else None

    def ids(self, label: Any) -> tuple[NDArray[np.integer], pd.Index]:
        return sorted_ids(self._frame[label], label)

    def times(self, label: Any) -> Times:
        column = self._frame[label]
        if is_object_dtype(column.dtype):
            column = _from_objects(column, label)
        if isinstance(column.dtype, pd.ArrowDtype):
            return _in_arrow(column, label)
        time_zone = getattr(column.dtype, "tz", None)
        if time_zone is not None:
            column = column.dt.tz_convert(None)
        dtype = getattr(column.dtype, "numpy_dtype", column.dtype)  # of Int64, say
        if not isinstance(dtype, np.dtype) or dtype.kind not in "iufmM":
            raise not_a_time(label, column.dtype)
        return Times(column.to_numpy(dtype=dtype), time_zone)

    def feature_dtype(self, label: Any) -> np.dtype[Any]:
        dtype = self._frame[label].dtype
        if is_object_dtype(dtype):
            return np.dtype(np.float64)
        if not is_real(dtype):
            raise not_a_feature(label, dtype)
        return float_dtype(dtype)

    def feature(self, label: Any) -> NDArray[Any]:
        column = self._frame[label]
        if is_object_dtype(column.dtype):
            return as_real(column.to_numpy(), f"column {label!r}")
        if isinstance(column.dtype, np.dtype):
            return column.to_numpy()
        return column.to_numpy(dtype=self.feature_dtype(label), na_value=np.nan)


def repeated(ids: pd.Index, lengths: NDArray[np.int64]) -> pd.Index:
    """Return the ids of the rows of series of these lengths."""
    return ids.repeat(lengths)


def column_of_times(times: Times) -> pd.Series:
    """Return times as a column, in their time zone."""
    column = pd.Series(times.values)
    if times.time_zone is None:
        return column
    return column.dt.tz_localize("UTC").dt.tz_convert(times.time_zone)


def _from_objects(column: pd.Series, label: Any) -> pd.Series:
    """Convert a column of objects to the dtype of its values, or raise."""
    inferred = column.infer_objects()
    if not is_object_dtype(inferred.dtype):
        return inferred
    kind = pd.api.types.infer_dtype(column)
    if kind == "date":
        return pd.to_datetime(column)
    zones = {getattr(value, "tzinfo", None) for value in column}
    if kind == "datetime" and len(zones) > 1:
        names = sorted("none" if zone is None else str(zone) for zone in zones)
        raise TypeError(
            f"column {label!r} mixes time zones: {', '.join(names)}; give all times "
            "one zone, for example with "
            f"pandas.to_datetime(frame[{label!r}], utc=True)."
        )
    strangers = (value for value in column if not isinstance(value, int | float))
    stranger = next(strangers, None)
    raise not_a_time(
        label,
        "object" if stranger is None else f"object and holds {describe(stranger)}",
    )


def _in_arrow(column: pd.Series, label: Any) -> Times:
    """Read the times of a pandas column of an Arrow dtype."""
    import pyarrow as pa

    from sklearn_seqae._containers.tables.arrow import ArrowTable

    name = str(label)
    return ArrowTable(pa.table({name: pa.array(column)})).times(name)
