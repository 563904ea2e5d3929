"""Signs that a frame is a long table, and the roles of its columns."""

import re
from math import lgamma, log
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from sklearn_seqae._containers.readers import checks
from sklearn_seqae._utils import comes_from, warn_user

_ROWS = 1000  # the first rows tell enough
_CANDIDATES = 20  # columns of ids and times stand in front
_FEW = 8  # columns that may be features, though they are numbered
_READING = "each row is one univariate sequence"
_COUNTS = re.compile(
    r"period|slot|tick|frame|index|pos|order|seq|epoch|round|cycle|bin|lap|obs|num|"
    r"row|sample|^[ijkn]$|^no$",
    re.I,
)
# An order of rows that is rarer than this is no accident.
_RARE = log(1000)


def refuse_long_table(X: Any) -> None:
    """Raise or warn if the rows of a frame of numbers look like time steps.

    If each row is a univariate sequence, columns are alike and rows have no order.
    Arrays pass.
    """
    frame = head_of(X)
    if frame is None or len(frame) < 2:
        return
    values = checks.to_numpy(frame, _READING).astype(np.float64)
    sign = (
        _index_is_time(frame)
        or _rises_within_ids(frame, values)
        or _rows_are_in_order(frame, values)
        or _kinds_differ(frame, values)
    )
    if sign:
        arrow = comes_from(X, "pyarrow", "Table", "RecordBatch")
        array = "numpy.asarray(X)" if arrow else "X.to_numpy()"
        advice = _advice(frame)
        if frame.iloc[-1].isna().any() and frame.iloc[0].notna().all():
            turned = "X.T" if isinstance(X, pd.DataFrame) else f"{array}.T"
            advice = f"If each column is one sequence, pass {turned}. {advice}"
        raise ValueError(
            "X looks like a table with a row for each time step, not for each "
            f"sequence: {sign}. {advice} If each row is one "
            "univariate sequence, leave out the columns that are no time steps of it, "
            f"or pass {array}."
        )
    if frame.index.has_duplicates and _differ_under_a_label(frame):
        warn_user(
            "each row of X is read as one univariate sequence, but its index repeats: "
            f"{frame.index[frame.index.duplicated()].tolist()[0]!r} labels several "
            f"rows. {_advice(frame)} If each row is a sequence, pass "
            "X.reset_index(drop=True)."
        )


def warn_of_ids(X: pd.DataFrame) -> None:
    """Warn if columns of a table of time steps look like ids or times."""
    frame = X.head(_ROWS)
    if len(frame) < 2 or not all(_is_numeric(column) for _, column in frame.items()):
        return
    values = checks.to_numpy(frame, _READING).astype(np.float64)
    if sign := _rises_within_ids(frame, values) or _rows_are_in_order(frame, values):
        warn_user(
            f"all columns of X are read as features of one recording, but {sign}. If a "
            "column has ids of several recordings, or times, put them in the index: "
            "X.set_index([id, time]), or X.set_index(time) of one recording."
        )


def refuse_text(X: Any) -> None:
    """Raise for a column that is not numeric, if rows share an id.

    The message names the call of `to_sequences`. Where no column looks like ids, the
    readers refuse the column.
    """
    frame = head_of(X)
    if frame is None or all(dtype.kind in "fiub" for dtype in frame.dtypes):
        return
    strange = next((c for _, c in frame.items() if not _is_numeric(c)), None)
    if strange is None or (call := _call(frame)) is None:
        return
    raise TypeError(
        f"column {strange.name!r} has dtype {strange.dtype}, but every column must be "
        "numeric: each row is one univariate sequence. If each row is a time step, "
        f"pass {call}. Otherwise drop the column or convert it."
    )


def _advice(frame: pd.DataFrame) -> str:
    """Return the way out if each row is a time step."""
    call = _call(frame)
    if call is None:
        return (
            "If X is one sequence, with a row for each time step, put it in a list: "
            "[X]."
        )
    return f"If each row is a time step, pass {call}."


def _call(frame: pd.DataFrame) -> str | None:
    """Return the call that cuts a long table; None where no column seems to have ids.

    Ids repeat. Times rise from row to row of one id. Where several columns would do,
    text is an id, and a date, or a name such as "hour", is a time.
    """
    columns = [column for _, column in frame.items()]
    index = index_of(frame)
    if index is not None:
        columns.insert(0, index)
    ids = [c for c in columns if _repeats(c) and not checks.is_time(c)][:_CANDIDATES]
    ids.sort(
        key=lambda c: (checks.sounds_like_time(c.name), c is not index, _is_numeric(c))
    )
    ordered = [c for c in columns if checks.is_time(c) or _is_numeric(c)]
    times = [c for c in ordered if c.notna().all()][:_CANDIDATES]
    times.sort(
        key=lambda c: (not checks.is_time(c), not checks.sounds_like_time(c.name))
    )
    by, order = _first_pair(ids, times)
    if by is None:
        return None
    in_index = index is not None and (by is index or order is index)
    arguments = ["X.reset_index()" if in_index else "X", f"by={by.name!r}"]
    if order is not None:
        arguments.append(f"order={order.name!r}")
    rest = [c for c in columns if c is not by and c is not order and c is not index]
    categories = ("string", "categorical")
    features = [
        c.name
        for c in rest
        if _is_numeric(c) or pd.api.types.infer_dtype(c) in categories
    ]
    if len(features) < len(rest):
        arguments.append(f"columns={features!r}")
    return f"to_sequences({', '.join(arguments)})"


def head_of(X: Any) -> pd.DataFrame | None:
    """Return the first rows of a frame as one of pandas, None for other objects."""
    if isinstance(X, pd.DataFrame):
        return X.head(_ROWS)
    if comes_from(X, "polars", "DataFrame"):
        return pd.DataFrame({c.name: c.to_numpy() for c in X.head(_ROWS)})
    if comes_from(X, "pyarrow", "Table", "RecordBatch"):
        columns = {j: X.column(j)[:_ROWS].to_pandas() for j in range(X.num_columns)}
        return pd.DataFrame(columns).set_axis(X.schema.names, axis=1)
    return None


def swapped_levels(X: Any) -> str:
    """Look for an index of time and series, as panels have it."""
    if not isinstance(X, pd.DataFrame | pd.Series) or X.index.nlevels != 2:
        return ""
    series, times = X.index.levels
    if _may_be_time(times):
        return ""
    counts = _COUNTS.search(str(times.name)) is not None
    is_text = pd.api.types.infer_dtype(times) == "string"
    says_so = is_text or not (times.name is None or counts)
    if not _may_be_time(series):
        if counts or not pd.api.types.is_numeric_dtype(series.dtype):
            return ""
        says_so = False
    if not (says_so or _starts_differ(*X.index.codes)):
        return ""
    labels, (level, other) = X.index[:1].tolist()[0], map(_level, X.index.names, "01")
    return (
        f"X is read as one series for each label of {level}, {labels[0]!r} for "
        f"example, and {other} as its times, {labels[1]!r} for example; the level of "
        f"the series must come first. If that is {other}, pass "
        "X.swaplevel().sort_index()."
    )


def _level(name: Any, number: str) -> str:
    return f"level {number} of its index" if name is None else f"level {name!r}"


def _starts_differ(first: NDArray[Any], second: NDArray[Any]) -> bool:
    """Return whether labels of the first level are times of those of the second.

    Those have no gaps, though series begin and end at different times.
    """
    several = len(first) > 2 * (int(second.max()) + 1)
    return several and _are_gapless(second, first) and not _are_gapless(first, second)


def _are_gapless(groups: NDArray[Any], ranks: NDArray[Any]) -> bool:
    """Return whether each group has all ranks from its least to its largest."""
    found = pd.Series(ranks).groupby(np.asarray(groups)).agg(["min", "max", "size"])
    return bool((found["max"] - found["min"] + 1 == found["size"]).all())


def index_of(frame: pd.DataFrame) -> pd.Series | None:
    """Return the index as a column, named as `reset_index` would name it.

    None if the index only numbers the rows.
    """
    index = frame.index
    if index.nlevels > 1 or isinstance(index, pd.RangeIndex):
        return None
    name = "index" if index.name is None else index.name
    return None if name in frame.columns else pd.Series(index, name=name)


def _index_is_time(frame: pd.DataFrame) -> str:
    """Look for times as index, unless columns are named as times are, or many numbers.

    A row with a date may be the sequence of a day.
    """
    index, columns = frame.index, frame.columns
    if index.nlevels > 1 or not _may_be_time(index):
        return ""
    names = [str(name) for name in columns]
    are_times = checks.is_time(columns) or all(
        name[:3].title() in checks.CALENDAR for name in names
    )
    are_numbered = all(re.search(r"\d", name) for name in names)
    are_steps = are_numbered and (len(names) >= _FEW or columns.name is not None)
    if are_times or are_steps or not index.is_monotonic_increasing:
        return ""
    return f"its index holds times, such as {index[0]}"


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
        rises = _rising(series, values)
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
    first, second = (frame.columns[found.argmax()] for found in (integer, fraction))
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
    rows = pd.DataFrame(checks.to_numpy(frame, _READING))
    rows["label"] = pd.factorize(frame.index)[0]
    return bool((repeated & ~rows.duplicated().to_numpy()).any())


def _first_pair(
    ids: list[pd.Series], times: list[pd.Series]
) -> tuple[pd.Series | None, pd.Series | None]:
    for by in ids:
        for order in times:
            codes = [pd.factorize(c, sort=True)[0] for c in (by, order)]
            if order is not by and _rising(*codes):
                return by, order
    by = ids[0] if ids else None
    return by, next((c for c in times if c is not by and _may_be_time(c)), None)


def _rising(series: NDArray[Any], values: NDArray[Any]) -> Any:
    """Return whether series repeat, and which values rise from row to row of each."""
    rows = np.argsort(series, kind="stable")
    same = np.diff(series[rows]) == 0
    return same.any() & (np.diff(values[rows], axis=0)[same] > 0).all(axis=0)


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


def _may_be_time(column: pd.Series | pd.Index) -> bool:
    return checks.is_time(column) or checks.sounds_like_time(column.name)
