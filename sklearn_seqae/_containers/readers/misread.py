"""Signs that a frame of numbers is a long table, which would be read row by row."""

from math import lgamma, log
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from sklearn_seqae._containers.readers.roles import find_roles, head_of, index_of
from sklearn_seqae._containers.readers.wide import to_numpy
from sklearn_seqae._utils.libraries import comes_from
from sklearn_seqae._utils.warning import warn_user

# An order of rows that is rarer than this is no accident.
_RARE = log(1000)


def refuse_long_table(X: Any) -> None:
    """Raise or warn if the rows of a frame of numbers look like time steps.

    If each row is a univariate sequence, columns are alike and rows have no order.

    Parameters
    ----------
    X : object
        A frame of pandas, polars or pyarrow, read row by row. Arrays pass.

    Raises
    ------
    ValueError
        If columns differ in kind, or one looks like ids or times.

    Warns
    -----
    UserWarning
        If the index of a pandas frame repeats.
    """
    frame = head_of(X)
    if frame is None or len(frame) < 2:
        return
    sign = _sign(frame)
    if sign:
        arrow = comes_from(X, "pyarrow", "Table", "RecordBatch")
        array = "numpy.asarray(X)" if arrow else "X.to_numpy()"
        raise ValueError(
            "X looks like a table with a row for each time step, not for each "
            f"sequence: {sign}. {find_roles(frame).advice} If each row is one "
            "univariate sequence, leave out the columns that are no time steps of it, "
            f"or pass {array}."
        )
    if frame.index.has_duplicates and _differ_under_a_label(frame):
        warn_user(
            "each row of X is read as one univariate sequence, but its index repeats: "
            f"{frame.index[frame.index.duplicated()].tolist()[0]!r} labels several "
            f"rows. {find_roles(frame).advice} If each row is a sequence, pass "
            "X.reset_index(drop=True)."
        )


def _sign(frame: pd.DataFrame) -> str:
    """Say what in the columns looks like a long table; "" if nothing does."""
    values = to_numpy(frame, "each row is one univariate sequence").astype(np.float64)
    return (
        _rises_within_ids(frame, values)
        or _rows_are_in_order(frame, values)
        or _kinds_differ(frame, values)
    )


def _rises_within_ids(frame: pd.DataFrame, values: NDArray[np.float64]) -> str:
    """Look for ids whose rows stand together, and a column that rises within each."""
    # Blocks of equal values are no more than the values between the extremes.
    n_blocks = 1 + np.count_nonzero(np.diff(values, axis=0), axis=0)
    few = n_blocks <= values.max(axis=0) - values.min(axis=0) + 1
    ids = [frame.iloc[:, j] for j in np.flatnonzero(_is_whole(values) & few)]
    ids = [column for column in ids if _in_blocks(column)]
    index = index_of(frame)
    if index is not None and index.duplicated().any():
        ids.insert(0, index)
    for column in ids:
        series = pd.factorize(column)[0]
        if _surprise(np.bincount(series)) < _RARE + log(len(ids) * values.shape[1]):
            continue
        rows = np.argsort(series, kind="stable")
        same = np.diff(series[rows]) == 0
        rises = (np.diff(values[rows], axis=0)[same] > 0).all(axis=0)
        features = values.shape[1] - 1 - (column is not index)
        if rises.any() and features:
            time = frame.columns[int(rises.argmax())]
            return f"column {time!r} rises within each {column.name!r}"
    return ""


def _rows_are_in_order(frame: pd.DataFrame, values: NDArray[np.float64]) -> str:
    """Look for a column in which rows are sorted, as by an id or a time."""
    n_rows, n_columns = values.shape
    steps = np.diff(values, axis=0)
    varies = (steps != 0).any(axis=0)
    even = np.isclose(steps, steps[:1]).all(axis=0)
    is_sorted = (steps >= 0).all(axis=0) & varies & (even | _is_whole(values))
    if is_sorted[varies].all():  # all columns are alike
        return ""
    for j in np.flatnonzero(is_sorted):
        _, sizes = np.unique(values[:, j], return_counts=True)
        by_chance = _surprise([n_rows]) - _surprise(sizes)
        unlike_others = len(sizes) == n_rows or _is_fractional(values).any()
        if unlike_others and by_chance >= _RARE + log(n_columns):
            return f"column {frame.columns[j]!r} rises from row to row"
    return ""


def _kinds_differ(frame: pd.DataFrame, values: NDArray[np.float64]) -> str:
    """Look for a column of integers beside a column of fractions."""
    kinds = (getattr(dtype, "numpy_dtype", dtype).kind for dtype in frame.dtypes)
    is_integer = np.fromiter((kind in "iub" for kind in kinds), dtype=bool)
    varies = (np.diff(values, axis=0) != 0).any(axis=0)
    integer, fraction = is_integer & varies, _is_fractional(values)
    if not (integer.any() and fraction.any()):
        return ""
    first, second = (
        frame.columns[int(found.argmax())] for found in (integer, fraction)
    )
    return f"column {first!r} holds whole numbers, but {second!r} does not"


def _is_whole(values: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return whether each column holds whole numbers, none of them missing."""
    return (values == np.floor(values)).all(axis=0)


def _is_fractional(values: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return whether most numbers of each column are not whole."""
    observed = ~np.isnan(values)
    fractions = observed & (values != np.floor(values))
    return 2 * fractions.sum(axis=0) > observed.sum(axis=0)


def _in_blocks(column: pd.Series) -> bool:
    """Return whether some values repeat, and equal ones stand together."""
    n_blocks = 1 + int(np.count_nonzero(np.diff(pd.factorize(column)[0])))
    return 1 < n_blocks < len(column) and n_blocks == column.nunique()


def _surprise(sizes: ArrayLike) -> float:
    """Return the logarithm of the number of orders of groups of these sizes."""
    return sum(lgamma(size + 1) for size in np.asarray(sizes).tolist())


def _differ_under_a_label(frame: pd.DataFrame) -> bool:
    """Return whether rows of one label differ. Rows drawn repeatedly do not."""
    repeated = frame.index.duplicated()
    rows = pd.DataFrame(to_numpy(frame, "each row is one univariate sequence"))
    rows["label"] = pd.factorize(frame.index)[0]
    return bool((repeated & ~rows.duplicated().to_numpy()).any())
