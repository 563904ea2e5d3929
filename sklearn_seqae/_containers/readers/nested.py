"""Frames and Series of pandas with a sequence in each cell; their field of times."""

from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sklearn_seqae._containers.chunks import naming
from sklearn_seqae._containers.kinds import TIMES, Container, Levels, title_of
from sklearn_seqae._containers.ragged import RaggedArray, Show
from sklearn_seqae._containers.readers.arrays import any_sequence, read_cells
from sklearn_seqae._containers.readers.checks import Read, by_label, describe
from sklearn_seqae._containers.readers.columnar import read_column
from sklearn_seqae._containers.readers.columns import (
    check_all_nested,
    column_named,
    joined_columns,
    with_stored_names,
)
from sklearn_seqae._containers.readers.levels import relabelled
from sklearn_seqae.exceptions import InvalidSequenceError


class Times(NamedTuple):
    """Time of each row of a table, or of each time step."""

    values: NDArray[Any]  # comparable numbers, in UTC if there is a time zone
    time_zone: Any = None  # tzinfo or str


def holds_sequences(X: pd.DataFrame | pd.Series) -> bool:
    """Return whether a column has a sequence in any of its cells."""
    return any(map(_has_sequences, _columns_of(X)))


def ragged_from_nested(X: pd.DataFrame | pd.Series) -> Read:
    """Read a frame or a Series with a sequence in each cell.

    Of one column, cells have shape (n_timesteps,) or (n_timesteps, n_features). Each of
    several is a feature, but a field of times is none; see `time_field`.
    """
    columns = _columns_of(X)
    if (times := time_field(X)) is not None:
        columns = [c.map(lambda cell: _without_field(cell, times)) for c in columns]
    labels, show = [column.name for column in columns], by_label(X.index)
    check_all_nested(labels, list(map(_has_sequences, columns)))
    is_series = isinstance(X, pd.Series)
    kind = "nested_series" if is_series else "nested_dataframe"
    cells = _columns_of(X)[0]
    if times is not None and cells.iloc[0].dtype.names == (times,):
        ragged = RaggedArray.from_list([np.empty((len(x), 0)) for x in cells], show)
        read = [(ragged, Container(kind, "float64", layouts=(("array", "float64"),)))]
    else:
        read = [_read(column, kind, show) for column in columns]
    if len(read) == 1:
        read = [_with_stored_categories(X, with_stored_names(X, read[0]))]
    if is_series:
        return joined_columns(read, labels, show=show)
    return joined_columns(read, labels, len(labels), tuple(X.columns.names), show)


def time_field(X: Any) -> str | None:
    """Return the field of the cells of `X` that has times, None if there is none.

    A Series of structured arrays, or a DataFrame with such a column alone, has one if
    ``X.attrs["order"]`` names it, or its title says so: `to_sequences` makes them so.
    """
    column = _column(X)
    if column is None or column.dtype != object:
        return None
    first = next((cell for cell in column if isinstance(cell, np.ndarray)), None)
    field = str(X.attrs["order"]) if "order" in X.attrs else _titled(first)[0]
    return field if field is not None and _has(first, field) else None


def _titled(cell: Any) -> tuple[str | None, str | None]:
    """Return the field that is titled as times, and their zone."""
    names = (cell.dtype.names or ()) if isinstance(cell, np.ndarray) else ()
    for name in names:
        title = title_of(cell.dtype, name)
        if title.startswith(TIMES):
            return name, title.partition(" in ")[2] or None
    return None, None


def times_of_cells(X: Any) -> Times | None:
    """Return the times of all time steps, sequence after sequence; None without any."""
    column, field = _column(X), time_field(X)
    if column is None or field is None:
        return None
    show = by_label(X.index)
    first: Any = None
    for i, cell in enumerate(column):
        if not _has(cell, field):
            raise InvalidSequenceError(
                f"{show(i)} has no field {field!r}, where others have their times "
                f"(X.attrs['order'] is {field!r}); every sequence needs it."
            )
        dtype, wrong = cell.dtype[field], ""
        first = first or dtype
        if dtype.kind not in "iufmM":
            wrong = "; expected numbers, dates or durations: convert them."
        elif _kind(dtype) != _kind(first):
            wrong = f", but {show(0)} has {first}; convert them to one dtype."
        if wrong:
            raise TypeError(
                f"{show(i)} has times of dtype {dtype} in the field {field!r}{wrong}"
            )
    zone = X.attrs.get("time_zone")
    if "order" not in X.attrs:
        zone = _titled(column.iloc[0])[1]
    return Times(np.concatenate([cell[field] for cell in column]), zone)


def _with_stored_categories(X: pd.DataFrame | pd.Series, column: Read) -> Read:
    """Give features the categoricals that `to_sequences` stored, and their order."""
    ragged, container = column
    stored, names = X.attrs.get("categories"), container.feature_names
    if not stored or names is None:
        return column
    levels = list(container.levels) or [None] * len(names)
    values = ragged.values.copy()
    for j, name in enumerate(names):
        own = levels[j]
        known = () if own is None else own.values
        if name not in stored or not (known or np.isnan(values[:, j]).all()):
            continue
        order = dict.fromkeys([*stored[name]["values"], *known])
        places = {value: i for i, value in enumerate(order)}
        values[:, j] = relabelled(values[:, j], [places[v] for v in known])
        levels[j] = Levels(tuple(order), "category", bool(stored[name]["ordered"]))
    return ragged.with_values(values), replace(container, levels=tuple(levels))


def _columns_of(X: pd.DataFrame | pd.Series) -> list[pd.Series]:
    return [X] if isinstance(X, pd.Series) else [column for _, column in X.items()]


def _has_sequences(column: pd.Series) -> bool:
    if _is_arrow_list(column):
        return True
    return column.dtype == object and any_sequence(column.to_numpy())


def _is_arrow_list(column: pd.Series) -> bool:
    # "list<item: double>", "large_list<...", "fixed_size_list<..."
    return "list<" in str(getattr(column.dtype, "pyarrow_dtype", ""))


def _read(column: pd.Series, kind: str, show: Show) -> Read:
    if _is_arrow_list(column):
        array = column.array.__arrow_array__()
        return read_column(array, kind, column.name, show)
    cells = column.to_numpy()
    missing = pd.isna(cells)
    if missing.any():
        i = int(missing.argmax())
        with naming(column_named(column.name)):
            raise InvalidSequenceError(
                f"{show(i)} is {describe(cells[i])}: nothing was observed, as of "
                f"{missing.sum()} of {len(cells)}; leave them out: X = X.dropna(), "
                "and y = y.loc[X.index]."
            )
    return read_cells(cells, kind, column.name, show)


def _without_field(cell: Any, field: str) -> Any:
    """Return a structured array without a field, as a view."""
    if not _has(cell, field):
        return cell
    return cell[[name for name in cell.dtype.names if name != field]]


def _column(X: Any) -> pd.Series | None:
    """Return the only column of a frame, or the Series itself."""
    if isinstance(X, pd.DataFrame) and X.shape[1] == 1:
        return X.iloc[:, 0]
    return X if isinstance(X, pd.Series) else None


def _kind(dtype: np.dtype[Any]) -> str:
    return dtype.kind if dtype.kind in "mM" else "number"


def _has(cell: Any, field: str) -> bool:
    return isinstance(cell, np.ndarray) and field in (cell.dtype.names or ())
