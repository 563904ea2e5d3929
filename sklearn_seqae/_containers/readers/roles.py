"""Roles of the columns of a long table: which hold ids, which times."""

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sklearn_seqae._utils.libraries import comes_from

_ROWS = 1000  # the first rows tell enough
_CANDIDATES = 20  # columns of ids and times stand in front
_TIME = re.compile(r"time|date|hour|day|minute|second|week|month|year|step|^ts?$", re.I)


@dataclass(frozen=True)
class Roles:
    """Labels of the columns that seem to hold ids and times.

    Attributes
    ----------
    by, order : object or None
        None where no column seems to have the role.

    columns : list or None
        Columns of numbers and categories beside them, if there are others as well.

    in_index : bool
        Whether `by` or `order` is the index.
    """

    by: Any
    order: Any
    columns: list[Any] | None
    in_index: bool

    @property
    def advice(self) -> str:
        """The way out if each row is a time step."""
        if self.by is None:
            return (
                "If X is one sequence, with a row for each time step, put it in a "
                "list: [X]."
            )
        names = {"by": self.by, "order": self.order, "columns": self.columns}
        roles = [f"{key}={name!r}" for key, name in names.items() if name is not None]
        frame = "X.reset_index()" if self.in_index else "X"
        call = f"to_sequences({', '.join([frame, *roles])})"
        return f"If each row is a time step, pass {call}."


def head_of(X: Any) -> pd.DataFrame | None:
    """Return the first rows of a frame as one of pandas.

    Parameters
    ----------
    X : object
        A frame of pandas, polars or pyarrow, or something else.

    Returns
    -------
    pandas.DataFrame or None
        None if `X` is no such frame.
    """
    if isinstance(X, pd.DataFrame):
        return X.head(_ROWS)
    if comes_from(X, "polars", "DataFrame"):
        return pd.DataFrame({c.name: c.to_numpy() for c in X.head(_ROWS)})
    if comes_from(X, "pyarrow", "Table", "RecordBatch"):
        columns = {j: X.column(j)[:_ROWS].to_pandas() for j in range(X.num_columns)}
        return pd.DataFrame(columns).set_axis(X.schema.names, axis=1)
    return None


def refuse_text(X: Any) -> None:
    """Raise for a column that is not numeric, if rows share an id.

    Parameters
    ----------
    X : object
        A frame of pandas, polars or pyarrow, without sequences in its cells.

    Raises
    ------
    TypeError
        Names the call of `to_sequences`. Where no column looks like ids, the readers
        refuse the column.
    """
    frame = head_of(X)
    if frame is None or all(dtype.kind in "fiub" for dtype in frame.dtypes):
        return
    strange = next((c for _, c in frame.items() if not _is_numeric(c)), None)
    if strange is None or (roles := find_roles(frame)).by is None:
        return
    raise TypeError(
        f"column {strange.name!r} has dtype {strange.dtype}, but every column must be "
        f"numeric: each row is one univariate sequence. {roles.advice} Otherwise drop "
        "the column or convert it."
    )


def find_roles(frame: pd.DataFrame) -> Roles:
    """Guess which columns hold the ids and the times of a long table.

    Ids repeat. Times rise from row to row of one id. Where several columns would do,
    text is an id, and a date, or a name such as "hour", is a time.

    Parameters
    ----------
    frame : pandas.DataFrame
        The first rows of a table.

    Returns
    -------
    Roles
    """
    columns = [column for _, column in frame.items()]
    index = index_of(frame)
    if index is not None:
        columns.insert(0, index)
    ids = [c for c in columns if _repeats(c) and not _is_time(c)][:_CANDIDATES]
    ids.sort(key=lambda c: (_sounds_like_time(c), c is not index, _is_numeric(c)))
    times = [c for c in columns if c.notna().all() and _is_ordered(c)][:_CANDIDATES]
    times.sort(key=lambda c: (not _is_time(c), not _sounds_like_time(c)))
    by, order = _first_pair(ids, times)
    rest = [c for c in columns if c is not by and c is not order and c is not index]
    features = [c.name for c in rest if _is_numeric(c) or _is_category(c)]
    return Roles(
        by=None if by is None else by.name,
        order=None if order is None else order.name,
        columns=features if len(features) < len(rest) else None,
        in_index=index is not None and (by is index or order is index),
    )


def index_of(frame: pd.DataFrame) -> pd.Series | None:
    """Return the index as a column, named as `reset_index` would name it.

    Parameters
    ----------
    frame : pandas.DataFrame
        Any frame.

    Returns
    -------
    pandas.Series or None
        None if the index only numbers the rows.
    """
    index = frame.index
    if index.nlevels > 1 or isinstance(index, pd.RangeIndex):
        return None
    name = "index" if index.name is None else index.name
    return None if name in frame.columns else pd.Series(index, name=name)


def _first_pair(
    ids: list[pd.Series], times: list[pd.Series]
) -> tuple[pd.Series | None, pd.Series | None]:
    for by in ids:
        for order in times:
            if order is not by and _rises_within(by, order):
                return by, order
    by = ids[0] if ids else None
    apt = (c for c in times if c is not by and (_is_time(c) or _sounds_like_time(c)))
    return by, next(apt, None)


def _rises_within(ids: pd.Series, times: pd.Series) -> bool:
    """Return whether ids repeat, and times rise from each row of an id to the next."""
    series, ticks = _codes(ids), _codes(times)
    rows = np.argsort(series, kind="stable")
    same = np.diff(series[rows]) == 0
    return bool(same.any() and (np.diff(ticks[rows])[same] > 0).all())


def _repeats(column: pd.Series) -> bool:
    """Return whether a column holds whole numbers or text, some of it repeatedly."""
    if _is_numeric(column):
        values = column.to_numpy(dtype=np.float64, na_value=np.nan)
        if np.any(values != np.floor(values)):  # NaN, too
            return False
    return bool(column.notna().all() and column.duplicated().any())


def _is_numeric(column: pd.Series) -> bool:
    dtype = column.dtype
    if pd.api.types.is_object_dtype(dtype):
        kind = pd.api.types.infer_dtype(column)
        return kind in ("integer", "floating", "mixed-integer-float", "boolean")
    return pd.api.types.is_numeric_dtype(dtype) or dtype.kind == "b"


def _is_category(column: pd.Series) -> bool:
    """Return whether a column holds text or is a categorical."""
    return pd.api.types.infer_dtype(column) in ("string", "categorical")


def _is_time(column: pd.Series) -> bool:
    """Return whether a column holds dates or durations."""
    if pd.api.types.is_object_dtype(column.dtype):
        kind = pd.api.types.infer_dtype(column)
        return kind in ("datetime", "datetime64", "date", "timedelta", "period")
    return getattr(column.dtype, "kind", "") in "mM" or isinstance(
        column.dtype, pd.PeriodDtype
    )


def _is_ordered(column: pd.Series) -> bool:
    return _is_time(column) or _is_numeric(column)


def _sounds_like_time(column: pd.Series) -> bool:
    return bool(_TIME.search(str(column.name)))


def _codes(column: pd.Series) -> NDArray[np.intp]:
    codes: NDArray[np.intp] = pd.factorize(column, sort=True)[0]
    return codes
