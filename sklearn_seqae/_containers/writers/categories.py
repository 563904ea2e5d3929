"""Columns of numbers, or of categories from their codes, as each library has them."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sklearn_seqae._containers.kinds import Levels
from sklearn_seqae._containers.ragged import Ints
from sklearn_seqae._utils import require

PURPOSE = "Giving sequences back as fit saw them"


def column_of(library: str, column: NDArray[Any], levels: Levels | None) -> Any:
    """Return a feature as a column that `frame_of` takes.

    A missing number is NaN in pandas and null in polars and pyarrow.
    """
    if levels is not None:
        of = {"pandas": as_pandas, "polars": as_polars, "pyarrow": as_arrow}
        return of[library](column, levels)
    if library == "pyarrow":
        return require("pyarrow", PURPOSE).array(column, from_pandas=True)
    return column


def frame_of(library: str, names: Sequence[str], columns: Sequence[Any]) -> Any:
    """Return a frame of columns, as `column_of` returns them."""
    if library == "pandas":  # whose names may be alike
        return pd.DataFrame(dict(enumerate(columns))).set_axis(names, axis=1)
    if library == "polars":
        pl = require("polars", PURPOSE)  # NaN of arrays becomes null
        return pl.DataFrame(dict(zip(names, columns, strict=True)), nan_to_null=True)
    return require("pyarrow", PURPOSE).table(columns, names=names)


def repeated(library: str, ids: pd.Index, lengths: Ints) -> Any:
    """Return the ids of the rows of series of these lengths, as such a column."""
    if library == "pandas":
        return ids.repeat(lengths)
    rows = np.repeat(np.arange(len(lengths)), lengths)
    if library == "pyarrow":
        return require("pyarrow", PURPOSE).array(ids).take(rows)
    if isinstance(ids.dtype, pd.DatetimeTZDtype):
        column = column_of_times(library, ids.tz_convert(None).to_numpy(), ids.tz)
    elif isinstance(ids.dtype, np.dtype) and ids.dtype != object:
        column = column_of_times(library, ids.to_numpy(), None)
    else:
        column = require("polars", PURPOSE).Series(ids.tolist())
    return column.gather(rows)


def column_of_times(library: str, values: NDArray[Any], zone: Any) -> Any:
    """Return times in UTC as such a column, in a time zone if there is one."""
    if library == "pandas":
        column = pd.Series(values)
        if zone is not None:
            column = column.dt.tz_localize("UTC").dt.tz_convert(zone)
        return column
    if library == "pyarrow":
        pa = require("pyarrow", PURPOSE)
        column = pa.array(values)
        if zone is not None:
            column = column.cast(pa.timestamp(column.type.unit, str(zone)))
        return column
    unit = np.datetime_data(values.dtype)[0] if values.dtype.kind in "mM" else None
    if unit in ("h", "m", "s"):  # polars has no unit of seconds or longer
        values = values.astype(f"{values.dtype.kind}8[ms]")
    column = require("polars", PURPOSE).Series(values)
    if zone is None:
        return column
    return column.dt.replace_time_zone("UTC").dt.convert_time_zone(str(zone))


def stored(
    names: Sequence[Any], levels: Sequence[Levels | None]
) -> dict[str, dict[str, Any]]:
    """Return what to store of categoricals, whose categories have an order."""
    known = {
        str(name): {"values": list(own.values), "ordered": own.ordered}
        for name, own in zip(names, levels, strict=True)
        if own is not None and own.is_categorical
    }
    return {"categories": known} if known else {}


def as_objects(codes: NDArray[Any], levels: Levels | None) -> NDArray[Any]:
    """Return categories in a NumPy array, None where one is missing.

    Of objects, or of text of a fixed width if `fit` saw such. Without levels, all are
    missing.
    """
    levels = levels or Levels((), "object")
    positions = _positions(codes)
    if levels.dtype == "U" and not np.any(positions < 0):
        return np.array(levels.values)[positions]
    values = np.empty(len(levels.values) + 1, dtype=object)
    values[:-1] = levels.values  # the last is None
    return values[positions]


def as_pandas(codes: NDArray[Any], levels: Levels) -> Any:
    """Return categories as values of a pandas column, in its dtype."""
    known = list(levels.values)
    positions = _positions(codes)
    if levels.dtype == "category":
        return pd.Categorical.from_codes(positions, known, ordered=levels.ordered)
    if levels.dtype.startswith("dictionary"):
        return pd.arrays.ArrowExtensionArray(as_arrow(codes, levels))
    objects = as_objects(codes, levels)
    if levels.dtype in ("object", "U"):
        return pd.Series(objects, dtype=object)
    return pd.array(objects, dtype=levels.dtype)


def as_polars(codes: NDArray[Any], levels: Levels) -> Any:
    """Return categories as a polars Series."""
    pl = require("polars", PURPOSE)
    dtype: Any = pl.Enum(list(levels.values))
    if levels.dtype != "Enum":
        dtype = pl.Categorical if levels.dtype == "Categorical" else pl.String
    objects = as_objects(codes, levels)
    return pl.Series(objects.tolist(), dtype=pl.String).cast(dtype)


def as_arrow(codes: NDArray[Any], levels: Levels) -> Any:
    """Return categories as an Arrow array."""
    pa = require("pyarrow", PURPOSE)
    positions = pa.array(_positions(codes), mask=np.isnan(codes))
    known = pa.array(list(levels.values))
    if levels.dtype.startswith("dictionary"):
        index = levels.dtype.partition("indices=")[2].partition(",")[0]
        kind = pa.dictionary(getattr(pa, index)(), known.type, levels.ordered)
        codes = positions.cast(kind.index_type)
        return pa.DictionaryArray.from_arrays(codes, known, ordered=levels.ordered)
    text = pa.large_string() if levels.dtype == "large_string" else known.type
    return known.take(positions).cast(text)


def _positions(codes: NDArray[Any]) -> Ints:
    """Return codes as positions, -1 where one is missing."""
    return np.nan_to_num(codes, nan=-1).astype(np.int64)
