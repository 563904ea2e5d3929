"""Frames and Series of polars."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._containers.readers.arrays import ragged_from_table_columns
from sklearn_seqae._containers.readers.checks import ACCEPTED, Read
from sklearn_seqae._containers.readers.columns import (
    Lists,
    check_all_nested,
    column_of_lists,
    joined_columns,
)
from sklearn_seqae._containers.readers.levels import Feature, feature_from_polars
from sklearn_seqae._containers.readers.misread import refuse_text
from sklearn_seqae._utils.libraries import comes_from

if TYPE_CHECKING:
    import polars as pl


def ragged_from_polars(X: "pl.DataFrame | pl.Series | pl.LazyFrame") -> Read:
    """Read lists or arrays of numbers, or a frame with a sequence in each row.

    Lists and Arrays hold numbers or, if sequences are multivariate, Lists or Arrays of
    numbers. Each of several columns of lists is a feature. One column in one chunk,
    without nulls, is not copied.
    """
    if comes_from(X, "polars", "LazyFrame"):
        raise TypeError("X is a polars LazyFrame; call X.collect() first.")
    if comes_from(X, "polars", "Series"):
        if not _kind(X):
            raise TypeError(
                f"X is a polars Series of dtype {X.dtype}; expected {ACCEPTED}."
            )
        name = X.name or None
        return joined_columns(
            [column_of_lists(_LISTS, X, "polars_series", name)], [name]
        )
    names, columns = X.columns, X.get_columns()
    nested = [bool(_kind(column)) for column in columns]
    if not any(nested):
        refuse_text(X)
        numbers = [column.to_numpy() for column in columns]
        return ragged_from_table_columns(names, numbers, kind="polars_wide")
    check_all_nested(names, nested)
    read = [column_of_lists(_LISTS, c, "polars_dataframe", c.name) for c in columns]
    return joined_columns(read, names, len(names))


def _kind(series: "pl.Series") -> str:
    kind = str(series.dtype.base_type()).lower()
    return kind if kind in ("list", "array") else ""


def _lengths(series: "pl.Series") -> NDArray[Any]:
    if _kind(series) == "array":
        return np.full(len(series), series.dtype.shape[0])
    return series.list.len().to_numpy()


def _feature(steps: "pl.Series", place: str) -> Feature | None:
    if str(steps.dtype).startswith("Struct"):
        raise TypeError(
            f"{place} holds {steps.dtype}, but real numbers are needed; make a column "
            "of lists for each field."
        )
    return feature_from_polars(steps, place)


_LISTS = Lists(
    _kind,
    is_null=lambda series: series.is_null().to_numpy(),
    lengths=_lengths,
    flattened=lambda series: series.explode(),
    feature=_feature,
    numbers=lambda series: series.to_numpy(),
)
