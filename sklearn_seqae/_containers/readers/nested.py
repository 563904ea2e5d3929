"""Tables with a sequence in each cell: pandas frames and Series, 2-D object arrays."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sklearn_seqae._containers.kinds import Container, Levels
from sklearn_seqae._containers.ragged import RaggedArray
from sklearn_seqae._containers.readers.arrow import column_from_arrow
from sklearn_seqae._containers.readers.checks import by_label, by_position, describe
from sklearn_seqae._containers.readers.columns import (
    Column,
    named,
    ragged_from_columns,
    refuse_other_columns,
)
from sklearn_seqae._containers.readers.fields import time_field, without_field
from sklearn_seqae._containers.readers.lists import is_sequence, stack_any
from sklearn_seqae._containers.readers.names import stored_names
from sklearn_seqae.exceptions import InvalidSequenceError


def holds_sequences(X: pd.DataFrame | pd.Series) -> bool:
    """Return whether a column has a sequence in any of its cells.

    Parameters
    ----------
    X : pandas.DataFrame or pandas.Series
        Of any dtypes.

    Returns
    -------
    bool
    """
    return any(map(_has_sequences, _columns_of(X)))


def ragged_from_nested(
    X: pd.DataFrame | pd.Series,
) -> tuple[RaggedArray, Container]:
    """Read a frame whose columns hold a sequence in each cell.

    Parameters
    ----------
    X : pandas.DataFrame or pandas.Series
        One column with cells of shape (n_timesteps,) or (n_timesteps, n_features). Or
        several columns, one feature each, with cells of shape (n_timesteps,); the cells
        of a row have the same length. Cells are objects (arrays, Series, lists) or
        Arrow lists. A field of times is no feature; see `time_field`.

    Returns
    -------
    ragged : RaggedArray
        The sequences.
    container : Container
        Of kind "nested_dataframe" or "nested_series".

    Raises
    ------
    ValueError
        If only some columns hold sequences, or a sequence can't be used.
    TypeError
        If there is something other than numbers.
    """
    columns = _columns_of(X)
    if (times := time_field(X)) is not None:
        columns = [without_field(column, times) for column in columns]
    nested = [_has_sequences(column) for column in columns]
    refuse_other_columns(
        [column.name for column, yes in zip(columns, nested, strict=True) if yes],
        [column.name for column, yes in zip(columns, nested, strict=True) if not yes],
    )
    show = by_label(X.index)
    read = [_read(column, show) for column in columns]
    if len(read) == 1 and read[0].feature_names is None:
        stored = stored_names(X, read[0].ragged.n_features)
        read = [replace(read[0], feature_names=stored)]
    if len(read) == 1:
        read = [_with_stored_categories(read[0], X)]
    if isinstance(X, pd.Series):
        return ragged_from_columns(read, "nested_series", None, show=show)
    names = tuple(X.columns.names)
    return ragged_from_columns(read, "nested_dataframe", len(columns), names, show)


def is_nested_array(array: NDArray[Any]) -> bool:
    """Return whether an array is 2-D and has a sequence in any of its cells.

    Parameters
    ----------
    array : ndarray
        Of any shape and dtype.

    Returns
    -------
    bool
    """
    return array.ndim == 2 and array.dtype == object and _any_sequence(array.ravel())


def ragged_from_nested_array(
    array: NDArray[np.object_],
) -> tuple[RaggedArray, Container]:
    """Read a 2-D object array, such as NumPy makes of a nested frame.

    Parameters
    ----------
    array : ndarray of shape (n_sequences, n_columns), object
        With cells like those of a frame.

    Returns
    -------
    ragged : RaggedArray
        The sequences.
    container : Container
        Of kind "nested_array".
    """
    n_columns = array.shape[1]
    nested = [_any_sequence(column) for column in array.T]
    refuse_other_columns(
        [j for j in range(n_columns) if nested[j]],
        [j for j in range(n_columns) if not nested[j]],
    )
    read = [_read_cells(column, j) for j, column in enumerate(array.T)]
    return ragged_from_columns(read, "nested_array", n_columns)


def _with_stored_categories(column: Column, X: pd.DataFrame | pd.Series) -> Column:
    """Give features the categoricals that `to_sequences` stored, and their order."""
    stored, names = X.attrs.get("categories"), column.feature_names
    if not stored or not column.levels or names is None:
        return column
    levels, values = list(column.levels), column.ragged.values.copy()
    for j, (name, known) in enumerate(zip(names, column.levels, strict=True)):
        if known is None or name not in stored:
            continue
        order = dict.fromkeys([*stored[name]["values"], *known.values])
        places = {value: i for i, value in enumerate(order)}
        table = np.array([*(places[value] for value in known.values), np.nan])
        codes = np.nan_to_num(values[:, j], nan=len(known.values)).astype(np.int64)
        values[:, j] = table[codes]
        levels[j] = Levels(tuple(order), "category", bool(stored[name]["ordered"]))
    ragged = column.ragged.with_values(values)
    return replace(column, ragged=ragged, levels=tuple(levels))


def _columns_of(X: pd.DataFrame | pd.Series) -> list[pd.Series]:
    if isinstance(X, pd.Series):
        return [X]
    return [X.iloc[:, j] for j in range(X.shape[1])]


def _has_sequences(column: pd.Series) -> bool:
    if _is_arrow_list(column):
        return True
    return column.dtype == object and _any_sequence(column.to_numpy())


def _any_sequence(cells: NDArray[np.object_]) -> bool:
    return any(map(is_sequence, cells))


def _is_arrow_list(column: pd.Series) -> bool:
    # "list<item: double>", "large_list<...", "fixed_size_list<..."
    return "list<" in str(getattr(column.dtype, "pyarrow_dtype", ""))


def _read(column: pd.Series, show: Callable[[int], str]) -> Column:
    if _is_arrow_list(column):
        array = column.array.__arrow_array__()
        return column_from_arrow(array, column.name, show)
    cells = column.to_numpy()
    missing = pd.isna(cells)
    if missing.any():
        i = int(missing.argmax())
        with named(column.name):
            raise InvalidSequenceError(
                f"{show(i)} is {describe(cells[i])}: nothing was observed, as of "
                f"{missing.sum()} of {len(cells)}; leave them out: X = X.dropna(), "
                "and y = y.loc[X.index]."
            )
    return _read_cells(cells, column.name, show)


def _read_cells(
    cells: NDArray[np.object_], name: Any, show: Callable[[int], str] = by_position
) -> Column:
    with named(name):
        ragged, univariate, levels, form, names = stack_any(cells.tolist(), show)
    cell = "series" if isinstance(cells[0], pd.Series) else "array"
    if levels or form == "records":
        cell = form or cell
    return Column(name, ragged, univariate, (cell, str(ragged.dtype)), names, levels)
