"""Frames and Series of polars."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._containers.kinds import Container
from sklearn_seqae._containers.ragged import RaggedArray
from sklearn_seqae._containers.readers.arrays import ragged_from_table_columns
from sklearn_seqae._containers.readers.checks import ACCEPTED, by_position
from sklearn_seqae._containers.readers.columns import (
    Column,
    check_lengths,
    column_from_lists,
    column_of_categories,
    common_width,
    named,
    ragged_from_columns,
    refuse_null,
    refuse_null_step,
    refuse_other_columns,
)
from sklearn_seqae._containers.readers.levels import feature_from_polars
from sklearn_seqae._containers.readers.roles import refuse_text
from sklearn_seqae._utils.libraries import comes_from

if TYPE_CHECKING:
    import polars as pl


def ragged_from_polars(
    X: "pl.DataFrame | pl.Series | pl.LazyFrame",
) -> tuple[RaggedArray, Container]:
    """Read lists or arrays of numbers, or a frame with a sequence in each row.

    Parameters
    ----------
    X : polars.DataFrame or polars.Series
        Of dtype List or Array. They hold numbers or, if sequences are multivariate,
        Lists or Arrays of numbers. Each of several columns of a frame is one feature. A
        frame may also have columns of numbers; then each row is a univariate sequence.

    Returns
    -------
    ragged : RaggedArray
        The sequences. One column in one chunk, without nulls, is not copied.
    container : Container
        Of kind "polars_dataframe", "polars_series" or "polars_wide".

    Raises
    ------
    TypeError
        If `X` is lazy, or holds something other than lists or numbers.
    """
    if comes_from(X, "polars", "LazyFrame"):
        raise TypeError("X is a polars LazyFrame; call X.collect() first.")
    if comes_from(X, "polars", "Series"):
        return ragged_from_columns([_read(X, X.name or None)], "polars_series", None)
    names = X.columns
    nested = [name for name in names if _kind(X[name])]
    if not nested:
        refuse_text(X)
        columns = [column.to_numpy() for column in X.get_columns()]
        return ragged_from_table_columns(names, columns, kind="polars_wide")
    refuse_other_columns(nested, [name for name in names if name not in nested])
    read = [_read(X[name], name) for name in names]
    return ragged_from_columns(read, "polars_dataframe", len(names))


def _read(series: "pl.Series", name: str | None) -> Column:
    layout = [_kind(series)]
    if not layout[0]:
        raise TypeError(
            f"X is a polars Series of dtype {series.dtype}; expected {ACCEPTED}."
        )
    with named(name):
        if series.null_count():
            refuse_null(by_position(_first(series.is_null())))
        lengths = _lengths(series)
        check_lengths(lengths)  # before explode, which turns an empty list into null
        steps, width = series.explode(), None
        if inner := _kind(steps):
            if steps.null_count():
                refuse_null_step(_first(steps.is_null()), lengths)
            layout.append(inner)
            width = common_width(_lengths(steps), lengths)
            steps = steps.explode()
        if _base(steps) == "struct":
            raise TypeError(
                f"X holds {steps.dtype}, but real numbers are needed; make a column of "
                "lists for each field."
            )
        place = "X" if name is None else f"column {name!r}"
        if found := feature_from_polars(steps, place):
            return column_of_categories(name, layout, lengths, width, found)
    return column_from_lists(name, layout, lengths, width, steps.to_numpy())


def _kind(series: "pl.Series") -> str:
    """Return "list" or "array", or "" for another dtype."""
    kind = _base(series)
    return kind if kind in ("list", "array") else ""


def _base(series: "pl.Series") -> str:
    return str(series.dtype.base_type()).lower()


def _lengths(series: "pl.Series") -> NDArray[Any]:
    if _kind(series) == "array":
        return np.full(len(series), series.dtype.shape[0])
    return series.list.len().to_numpy()


def _first(mask: "pl.Series") -> int:
    return int(np.argmax(mask.to_numpy()))
