"""Long tables of any library, which is imported for its own only; their columns."""

import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.types import is_object_dtype

from sklearn_seqae._containers.ragged import float_dtype
from sklearn_seqae._containers.readers import checks
from sklearn_seqae._containers.readers.levels import Feature, categories_of
from sklearn_seqae._containers.readers.nested import Times
from sklearn_seqae._utils import comes_from, require

ACCEPTED = (
    "a pandas DataFrame, a polars DataFrame or LazyFrame, a pyarrow Table, a DuckDB "
    "relation or another frame with __arrow_c_stream__"
)
# Dtypes that NumPy stores as polars and Arrow do, and those that have an order in time
_NATIVE = re.compile(r"U?Int(8|16|32|64)|Float(32|64)|halffloat|float|double", re.I)
_TEMPORAL = ("Date", "Duration", "date", "timestamp", "duration")


class LongTable(ABC):
    """Columns of a frame as NumPy arrays, copied only where that is necessary."""

    def __init__(
        self, frame: Any, labels: Sequence[Any], levels: Sequence[Any] = ()
    ) -> None:
        self._frame = frame
        self.labels = list(labels)  # of the columns
        self.levels = list(levels)  # names of those of an index beside them

    def __len__(self) -> int:
        return len(self._frame)

    def select(self, labels: Sequence[Any]) -> Self:
        """Return the table in memory, with at least these columns."""
        return self

    @abstractmethod
    def missing(self, label: Any) -> NDArray[np.bool_]:
        """Mark the rows in which a column is null or NaN; empty if it can't be."""

    @abstractmethod
    def ids(self, label: Any) -> tuple[NDArray[np.integer], pd.Index]:
        """Return the code of each row, and the sorted ids; none may be null."""

    @abstractmethod
    def times(self, label: Any) -> Times:
        """Return a column of numbers, dates or durations. It must have no nulls."""

    def categories(self, label: Any) -> Feature | None:
        """Return a column of text, or of another kind of category; else None."""
        return categories_of(self._frame[label], f"column {label!r}")

    @abstractmethod
    def feature(self, label: Any) -> NDArray[Any]:
        """Return a column of numbers, NaN where it is null."""

    def feature_dtype(self, label: Any) -> np.dtype[Any]:
        """Return float32 for a column of float16 or float32, else float64."""
        no_rows = type(self)(self._frame[:0], self.labels)
        return float_dtype(no_rows.feature(label).dtype)


class PandasTable(LongTable):
    def missing(self, label: Any) -> NDArray[np.bool_]:
        return self._frame[label].isna().to_numpy()

    def ids(self, label: Any) -> tuple[NDArray[np.integer], pd.Index]:
        return sorted_ids(self._frame[label], label)

    def times(self, label: Any) -> Times:
        column = self._frame[label]
        if is_object_dtype(column.dtype):
            column = _from_objects(column, label)
        if isinstance(column.dtype, pd.ArrowDtype):
            return ArrowTable({label: column.array.__arrow_array__()}, []).times(label)
        time_zone = getattr(column.dtype, "tz", None)
        if time_zone is not None:
            column = column.dt.tz_convert(None)
        dtype = getattr(column.dtype, "numpy_dtype", column.dtype)  # of Int64, say
        if not isinstance(dtype, np.dtype) or dtype.kind not in "iufmM":
            raise _not_a_time(label, column.dtype)
        return Times(column.to_numpy(dtype=dtype), time_zone)

    def feature(self, label: Any) -> NDArray[Any]:
        column = self._frame[label]
        if not (is_object_dtype(column.dtype) or checks.is_real(column.dtype)):
            raise _not_a_feature(label, column.dtype)
        return checks.column_to_numpy(column, "")


class PolarsTable(LongTable):
    """A polars DataFrame, or a LazyFrame, which `select` collects."""

    def select(self, labels: Sequence[Any]) -> Self:
        import polars as pl

        if isinstance(self._frame, pl.DataFrame):
            return self
        places = map(self.labels.index, labels)
        chosen = pl.selectors.by_index(*places)  # polars may read a name as a pattern
        return type(self)(self._frame.select(chosen).collect(), labels)

    def missing(self, label: Any) -> NDArray[np.bool_]:
        column = self._frame[label]
        if column.dtype.is_float():
            return column.is_nan().fill_null(True).to_numpy()
        return column.is_null().to_numpy() if column.null_count() else np.zeros(0, bool)

    def ids(self, label: Any) -> tuple[NDArray[np.integer], pd.Index]:
        import polars as pl

        column = self._frame[label]
        if _NATIVE.fullmatch(str(column.dtype)):
            return sorted_ids(column.to_numpy(), label)
        if column.dtype.is_nested() or column.dtype == pl.Object:
            raise _not_an_id(label, f"ids of dtype {column.dtype}")
        if column.dtype == pl.Categorical:
            column = column.cast(pl.String)  # sorts alike in every table
        ids = column.unique().sort()
        numbers = pl.int_range(len(ids), dtype=pl.UInt32, eager=True)
        codes = column.replace_strict(ids, numbers, return_dtype=pl.UInt32)
        return codes.to_numpy(), pd.Index(ids.to_list())

    def times(self, label: Any) -> Times:
        column = self._frame[label]
        if column.dtype.is_decimal():
            column = column.cast(float)
        kind = str(column.dtype.base_type())
        if not (kind.startswith(_TEMPORAL) or _NATIVE.fullmatch(kind)):
            raise _not_a_time(label, column.dtype)
        time_zone = getattr(column.dtype, "time_zone", None)
        if time_zone is not None:
            column = column.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
        return Times(column.to_numpy(), time_zone)

    def feature(self, label: Any) -> NDArray[Any]:
        import polars as pl

        column = self._frame[label]
        dtype = column.dtype
        if not (dtype.is_numeric() or dtype == pl.Boolean):
            raise _not_a_feature(label, dtype)
        has_nulls = not dtype.is_float() and column.null_count()  # of what has no NaN
        if _NATIVE.fullmatch(str(dtype)) and not has_nulls:
            return column.to_numpy()
        narrow = str(dtype) in ("Float16", "Float32")
        return column.cast(pl.Float32 if narrow else pl.Float64).to_numpy()


class ArrowTable(LongTable):
    def missing(self, label: Any) -> NDArray[np.bool_]:
        column = self._frame[label]
        if not (column.null_count or str(column.type).endswith(("float", "double"))):
            return np.zeros(0, bool)
        return column.is_null(nan_is_null=True).to_numpy()

    def ids(self, label: Any) -> tuple[NDArray[np.integer], pd.Index]:
        column = self._frame[label]
        if str(column.type).startswith("dictionary"):
            column = column.cast(column.type.value_type)  # may hold an id twice
        if column.type.num_fields:
            raise _not_an_id(label, f"ids of type {column.type}")
        if _NATIVE.fullmatch(str(column.type)):
            return sorted_ids(column.to_numpy(), label)
        encoded = column.dictionary_encode().combine_chunks()
        ranks, ids = sorted_ids(encoded.dictionary.to_pandas(), label)
        return ranks[encoded.indices.to_numpy()], ids

    def times(self, label: Any) -> Times:
        column = self._frame[label]
        kind = str(column.type)
        if kind.startswith("decimal"):
            column = column.cast("float64")
        elif not (kind.startswith(_TEMPORAL) or _NATIVE.fullmatch(kind)):
            raise _not_a_time(label, kind)
        return Times(column.to_numpy(), getattr(column.type, "tz", None))

    def feature(self, label: Any) -> NDArray[Any]:
        column = self._frame[label]
        kind = str(column.type)
        if _NATIVE.fullmatch(kind):
            return column.to_numpy()
        if not kind.startswith(("bool", "decimal")):
            raise _not_a_feature(label, kind)
        return column.cast("float64").to_numpy()


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
    stranger = next((v for v in column if not isinstance(v, int | float)), None)
    holds = "" if stranger is None else f" and holds {checks.describe(stranger)}"
    raise _not_a_time(label, f"object{holds}")


def read_table(frame: Any) -> LongTable:
    """Wrap a long table, importing no library but its own; it may be lazy still."""
    if isinstance(frame, pd.DataFrame):
        return PandasTable(frame, frame.columns.tolist(), frame.index.names)
    if comes_from(frame, "polars", "DataFrame", "LazyFrame"):
        return PolarsTable(frame, frame.lazy().collect_schema().names())
    # A single column has a stream, too, but neither attribute.
    is_table = hasattr(frame, "columns") or hasattr(frame, "schema")
    if is_table and hasattr(frame, "__arrow_c_stream__"):
        pa = require("pyarrow", f"Reading {checks.describe(frame)}")
        table = frame if isinstance(frame, pa.Table) else pa.table(frame)
        return ArrowTable(table, table.column_names)
    raise TypeError(f"frame is {checks.describe(frame)}; expected {ACCEPTED}.")


def choose_columns(
    table: LongTable, by: list[Any], order: Any, columns: Any
) -> list[Any]:
    """Return the labels of the features; none beside an order, perhaps.

    The table need not be in memory. Raise if a label doesn't name exactly one column.
    """
    known, keys = table.labels, [*by, *given(order)]
    features = [label for label in known if label not in keys]
    if columns is not None:
        features = as_labels(columns, known, "columns")
    for label in [*keys, *features]:
        if label not in known:
            advice = f"it has {known}"
            if label in table.levels:
                advice = "it is a level of the index: pass frame.reset_index()"
            raise ValueError(f"column {label!r} is not in the frame; {advice}.")
        if (n := known.count(label)) > 1:
            raise ValueError(f"frame has {n} columns {label!r}; rename all but one.")
    if not features and order is None:
        raise ValueError(
            f"frame has the columns {known}, all of them ids; it needs at least one "
            "feature, or order=..., a column of times."
        )
    return features


def check_rows(table: LongTable, by: list[Any], order: Any) -> None:
    """Raise if there are no rows, or if a row has no id or no time."""
    if len(table) == 0:
        raise ValueError("frame has no rows: there is no series in it.")
    for label in [*by, *given(order)]:
        missing = table.missing(label)
        if missing.any():
            noun = "id" if label in by else "time"
            raise ValueError(
                f"row {int(missing.argmax())} of the frame has no {noun}: column "
                f"{label!r} is null there; drop such rows or fill them in."
            )


def given(order: Any) -> list[Any]:
    """Return a list with the label, or an empty list for None."""
    return [] if order is None else [order]


def as_labels(labels: Any, known: list[Any], argument: str) -> list[Any]:
    """Return a list of labels. In pandas, a tuple may be one label."""
    several = isinstance(labels, list | np.ndarray | pd.Index) or (
        isinstance(labels, tuple) and labels not in known
    )
    chosen = list(labels) if several else [labels]
    if not chosen:
        raise ValueError(f"{argument} is empty; name one column at least.")
    for label in chosen:
        if chosen.count(label) > 1:
            raise ValueError(f"{argument} names {label!r} twice; name it once.")
    return chosen


def sorted_ids(values: Any, label: Any) -> tuple[NDArray[np.integer], pd.Index]:
    """Return the code of each row, and the unique and sorted ids; no value is null."""
    try:
        codes, found = pd.factorize(values)
    except TypeError as error:
        raise _not_an_id(label, "values that can't be hashed", error) from error
    ids = pd.Index(found)
    if ids.is_monotonic_increasing:
        return codes, ids
    try:
        order = np.asarray(ids.argsort())
    except TypeError as error:
        names = " and ".join(sorted({type(value).__name__ for value in ids}))
        raise _not_an_id(label, f"{names}, which can't be sorted", error) from error
    return np.argsort(order)[codes], ids[order]


def _not_an_id(label: Any, found: str, error: object = None) -> TypeError:
    why = "" if error is None else f" ({error})"
    return TypeError(
        f"column {label!r} holds {found}{why}; ids must be of one kind that can be "
        "sorted, such as numbers or text: convert them first."
    )


def _not_a_time(label: Any, dtype: Any) -> TypeError:
    return TypeError(
        f"column {label!r} has dtype {dtype}, but order must name a column of numbers, "
        "dates or durations: convert it first."
    )


def _not_a_feature(label: Any, dtype: Any) -> TypeError:
    return TypeError(
        f"column {label!r} has dtype {dtype}, but every feature must be numeric, or "
        "text: convert it, or name the columns to take with columns=[...]."
    )
