"""Columns of categories: the codes of their time steps, and the categories."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sklearn_seqae._containers.kinds import Levels
from sklearn_seqae._containers.ragged import (
    Floats,
    Show,
    by_position,
    float_dtype,
    stack,
)
from sklearn_seqae._containers.readers.checks import as_real, describe
from sklearn_seqae._utils import comes_from


class Feature(NamedTuple):
    """A feature at all time steps."""

    values: NDArray[Any]  # numbers; or codes, float32, NaN where a category is missing
    levels: Levels | None = None  # None if these are numbers


def is_text(array: NDArray[Any]) -> bool:
    """Return whether an array has text among its values."""
    if array.dtype.kind != "O":
        return array.dtype.kind in "UT"
    return any(isinstance(value, str) for value in array.flat)


def feature_from_array(array: NDArray[Any], place: str) -> Feature:
    """Read a NumPy array of numbers, or of text; raise if it holds both.

    None, NaN and pandas.NA are missing. `place` begins messages, here and below.
    """
    if not is_text(array):
        return Feature(as_real(array, place))
    objects = array.astype(object)
    strangers = (v for v in objects if not isinstance(v, str) and not pd.isna(v))
    if (stranger := next(strangers, None)) is not None:
        text = next(v for v in objects if isinstance(v, str))
        raise TypeError(
            f"{place} mixes kinds: it holds {describe(str(text))} and "
            f"{describe(stranger)}, but a feature must be all numbers or all text; "
            "convert it first."
        )
    codes, values = pd.factorize(objects)
    dtype = "object" if array.dtype.kind == "O" else "U"
    return _feature(codes, values.tolist(), dtype, place)


def has_categories(column: pd.Series) -> bool:
    """Return whether a column of pandas is categorical, of strings, or has any."""
    dtype = column.dtype
    if isinstance(dtype, pd.CategoricalDtype | pd.StringDtype):
        return True
    arrow = str(getattr(dtype, "pyarrow_dtype", ""))
    if arrow:
        return arrow.startswith(("string", "large_string", "dictionary"))
    return pd.api.types.is_object_dtype(dtype) and is_text(column.to_numpy())


def feature_from_pandas(column: pd.Series, place: str) -> Feature | None:
    """Read a column of pandas that holds categories; None if it doesn't."""
    dtype = column.dtype
    if not has_categories(column):
        return None
    if isinstance(dtype, pd.CategoricalDtype):
        codes, values = column.cat.codes.to_numpy(), dtype.categories.tolist()
        return _feature(codes, values, "category", place, bool(dtype.ordered))
    if pd.api.types.is_object_dtype(dtype):
        return feature_from_array(column.to_numpy(), place)
    codes, values = pd.factorize(column)
    return _feature(codes, values.tolist(), str(dtype), place)


def feature_from_polars(column: Any, place: str) -> Feature | None:
    """Read a polars Series of text, Categorical or Enum; None if it is another."""
    import polars as pl

    dtype = column.dtype
    if dtype not in (pl.String, pl.Categorical, pl.Enum):
        return None
    text = column.cast(pl.String)
    is_enum = dtype == pl.Enum
    values = dtype.categories if is_enum else text.drop_nulls().unique().sort()
    if not len(values):
        return Feature(np.full(len(column), np.nan, np.float32))
    numbers = pl.int_range(len(values), dtype=pl.Int64, eager=True)
    codes = text.replace_strict(values, numbers, default=None).fill_null(-1)
    name = str(dtype.base_type())
    return _feature(codes.to_numpy(), values.to_list(), name, place, is_enum)


def feature_from_arrow(array: Any, place: str) -> Feature | None:
    """Read an Arrow array of text or of a dictionary; None if it is another."""
    import pyarrow as pa

    kind = array.type
    name = str(kind)
    if not pa.types.is_dictionary(kind):
        if not (pa.types.is_string(kind) or pa.types.is_large_string(kind)):
            if not name.startswith("string"):  # a view
                return None
            array = array.cast(pa.string())
        array = array.dictionary_encode()
    if isinstance(array, pa.ChunkedArray):
        array = array.unify_dictionaries().combine_chunks()
        if isinstance(array, pa.ChunkedArray):  # of no chunks
            return Feature(np.full(len(array), np.nan, np.float32))
    codes = array.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    ordered = pa.types.is_dictionary(kind) and kind.ordered
    return _feature(codes, array.dictionary.to_pylist(), name, place, ordered)


def categories_of(column: Any, place: str) -> Feature | None:
    """Read a column of any library that holds categories; None if it is another."""
    if isinstance(column, pd.Series):
        return feature_from_pandas(column, place)
    if comes_from(column, "polars", "Series"):
        return feature_from_polars(column, place)
    if comes_from(column, "pyarrow", "ChunkedArray", "Array"):
        return feature_from_arrow(column, place)
    return None


def joined(parts: Sequence[Feature], place: str, show: Show = by_position) -> Feature:
    """Put parts of a feature one after the other; they may have other levels."""
    known = [i for i, part in enumerate(parts) if part.levels is not None]
    if not known:
        return Feature(stack([part.values for part in parts]))
    first: Any = parts[known[0]].levels
    codes: dict[Any, int] = {}
    arrays: list[NDArray[Any]] = []
    for i, part in enumerate(parts):
        if part.levels is None:
            if not np.isnan(part.values.astype(np.float64)).all():
                raise TypeError(
                    f"{show(known[0])} holds categories in {place}, "
                    f"{first.values[0]!r} for example, but {show(i)} holds numbers; a "
                    "feature must be all numbers or all categories: convert it first."
                )
            arrays.append(part.values.astype(np.float32))
            continue
        table = [codes.setdefault(v, len(codes)) for v in part.levels.values]
        arrays.append(relabelled(part.values, table).astype(np.float32))
    levels = Levels(tuple(codes), first.dtype, first.ordered)
    return Feature(np.concatenate(arrays), levels)


def relabelled(codes: NDArray[Any], numbers: Sequence[Any]) -> NDArray[np.float64]:
    """Return a number in the place of each code; NaN, or -1, is a missing category."""
    places = np.nan_to_num(codes, nan=len(numbers)).astype(np.int64)
    return np.append(np.array(numbers, np.float64), np.nan)[places]


def stacked(features: Sequence[Feature]) -> tuple[Floats, tuple[Levels | None, ...]]:
    """Return features side by side, and the levels of each; none if all are numbers.

    float32 if all numbers are float16 or float32, else float64.
    """
    numbers = [f.values.dtype for f in features if f.levels is None]
    dtype = float_dtype(*numbers) if numbers else np.dtype(np.float64)
    with np.errstate(over="ignore"):
        values = np.stack([f.values for f in features], axis=1, dtype=dtype)
    levels = tuple(feature.levels for feature in features)
    return values, levels if any(levels) else ()


def _feature(
    codes: NDArray[Any], values: list, dtype: str, place: str, ordered: bool = False
) -> Feature:
    """Make a feature of codes, -1 for a missing category."""
    # NumPy's own text is no builtin
    known = tuple(str(v) if isinstance(v, str) else v for v in values)
    strange = [v for v in known if not isinstance(v, bool | int | float)]
    if strange and not all(isinstance(v, str) for v in known):
        raise TypeError(
            f"{place} has categories such as {describe(strange[0])}; expected text, or "
            "numbers only: convert them first."
        )
    as_floats = np.where(codes < 0, np.nan, codes).astype(np.float32)
    return Feature(as_floats, Levels(known, dtype, ordered) if known else None)
