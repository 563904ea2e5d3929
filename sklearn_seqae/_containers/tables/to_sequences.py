"""From a long table to a sequence for each series."""

from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.utils._param_validation import StrOptions, validate_params

from sklearn_seqae._containers.kinds import TimeAxis, titles_of
from sklearn_seqae._containers.ragged import Ints, cut, locate, offsets_from_lengths
from sklearn_seqae._containers.readers.levels import Feature
from sklearn_seqae._containers.tables import long_table
from sklearn_seqae._containers.tables.grouping import mean_of_runs, repeats, sort_rows
from sklearn_seqae._containers.tables.long_table import LongTable
from sklearn_seqae._containers.writers.arrays import records_with_times, to_records
from sklearn_seqae._containers.writers.categories import as_objects, stored

DUPLICATES = frozenset({"raise", "first", "last", "mean", "keep"})
_BLOCK = 2**14  # rows to gather at once, so that buffers stay small


@validate_params(
    {
        "duplicates": [StrOptions(DUPLICATES)],
        "return_times": ["boolean"],
        "keep_times": ["boolean"],
    },
    prefer_skip_nested_validation=True,
)
def to_sequences(
    frame: Any,
    *,
    by: Any,
    order: Any = None,
    columns: Any = None,
    duplicates: Literal["raise", "first", "last", "mean", "keep"] = "raise",
    return_times: bool = False,
    keep_times: bool = False,
) -> Any:
    """Cut a long table, with one row for each time step, into sequences.

    The result is a pandas Series with an array for each series, indexed by id.
    `LSTMAutoencoderTransformer` takes it, and scikit-learn can split it.

    Parameters
    ----------
    frame : DataFrame, LazyFrame, Table or relation
        A pandas DataFrame, a polars DataFrame or LazyFrame (collected), a pyarrow
        Table, a DuckDB relation, or another frame with ``__arrow_c_stream__``. Rows may
        have any order, unless `order` is None. The frame is never changed.
    by : label or list of labels
        Column that identifies the series of a row, or several columns that do so
        together. Any values that can be sorted, without nulls.
    order : label, default=None
        Column of times: numbers, dates or durations, without nulls. Beside categories,
        sequences keep them. None: the rows of a series are in the order of time
        already. Rows of other series may stand between them.
    columns : label or list of labels, default=None
        Columns of features, in this order: numbers, booleans, text or categoricals.
        Null and NaN are missing values. None takes all columns but `by` and `order`;
        there may be no others.
    duplicates : {"raise", "first", "last", "mean", "keep"}, default="raise"
        Treatment of several rows of a series at one time: raise an error, keep the
        first or the last row in the order of the frame, take the mean of each feature
        over its observed values, which needs numbers, or keep them all in the order of
        the frame, as of events that happen at once.
    return_times : bool, default=False
        Whether to return the times as well, for `to_frame` of sequences of numbers.

    keep_times : bool, default=False
        Whether sequences of numbers keep their times, as those with categories do, and
        those of times alone: as structured arrays. The estimator's ``time=True`` needs
        them.

    Returns
    -------
    X : pandas.Series of ndarrays of shape (n_timesteps, n_features)
        The series, sorted by id. The arrays are views of one array of all time
        steps: float32 if every feature is float32 or float16, else float64. If there
        are categories, or times to keep, they are structured arrays of shape
        (n_timesteps,), with a field for the times, as in `times`, and for each feature;
        ``X.attrs["categories"]``
        has the categories of categoricals, ``X.attrs["time_zone"]`` the zone of the
        times, if they have one. The index has the ids and the names in `by`; for
        several columns it is a MultiIndex. ``X.attrs["columns"]`` are the names of the
        features. ``X.attrs["order"]`` is `order`, unless that is None: it says which
        field has the times, and so does the title of the field, which stays in any
        frame that the sequences are put in.
    times : pandas.Series of ndarrays of shape (n_timesteps,)
        Times of each series, as NumPy stores them. Only if `return_times`. If the
        column has a time zone, times are in UTC and ``times.attrs["time_zone"]`` is the
        zone.

    Raises
    ------
    ValueError
        If a column does not exist or is named twice, if there are no rows, if an id or
        a time is null, if a series has two rows at one time, or if `columns` has
        `order` beside categories.
    TypeError
        If `frame` is no long table, a feature holds neither numbers nor text, ids can't
        be sorted, or `order` names a column that can't be times.
    ImportError
        If the frame needs pyarrow, which is not installed.

    See Also
    --------
    to_frame : Make a long table of sequences.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_seqae import to_sequences
    >>> frame = pd.DataFrame(
    ...     {
    ...         "patient": ["b", "a", "b", "b"],
    ...         "day": [3, 1, 1, 2],
    ...         "pulse": [66.0, 80.0, 61.0, 64.0],
    ...         "weight": [70.5, 58.0, 71.2, 70.9],
    ...     }
    ... )
    >>> X = to_sequences(frame, by="patient", order="day")
    >>> X["b"]
    array([[61. , 71.2],
           [64. , 70.9],
           [66. , 70.5]])
    >>> X.index.tolist(), X.attrs["columns"]
    (['a', 'b'], ['pulse', 'weight'])
    """
    check_has_order(
        order,
        return_times=return_times,
        keep_times=keep_times,
        duplicates=duplicates != "raise",
    )
    table = long_table.read_table(frame)
    by = long_table.as_labels(by, table.labels, "by")
    features = long_table.choose_columns(table, by, order, columns)
    keep_times = keep_times or not features
    keys = [*by, *long_table.given(order)]
    table = table.select(list(dict.fromkeys([*keys, *features])))
    long_table.check_rows(table, by, order)
    categories = {label: table.categories(label) for label in features}
    numeric = [label for label in features if categories[label] is None]
    dtypes = [table.feature_dtype(label) for label in numeric]
    dtype = np.result_type(*dtypes) if dtypes else np.dtype(np.float64)
    levels = [found and found.levels for found in categories.values()]
    attrs = {"columns": features, **stored(features, levels)}
    if order in categories and (keep_times or any(categories.values())):
        raise ValueError(
            f"columns has {order!r}, which is the column of times. Beside categories, "
            "sequences keep their times, and the estimator knows what to do with them; "
            "leave it out of columns."
        )

    when, time_zone = (None, None) if order is None else table.times(order)
    if when is not None and when.dtype.kind == "f" and np.isinf(when).any():
        row = int(np.isinf(when).argmax())
        raise ValueError(f"row {row} of the frame has the time {when[row]}; drop it.")
    codes, ids = _series_of_rows(table, by)
    offsets = offsets_from_lengths(np.bincount(codes, minlength=len(ids)))
    rows = sort_rows(codes, when)
    if when is None:
        return as_series(_stack(table, categories, dtype, rows), offsets, ids, attrs)

    when = when if rows is None else when[rows]
    repeated = repeats(when, offsets)
    if duplicates == "raise" and repeated.any():
        _raise_duplicates(repeated, rows, when, offsets, ids, order)
    values = _stack(table, categories, dtype, rows)
    if repeated.any() and duplicates != "keep":
        _check_mean(duplicates, categories)
        values, when, offsets = _one_row_a_time(
            values, when, offsets, repeated, duplicates
        )
    zone = {} if time_zone is None else {"time_zone": time_zone}
    attrs["order"] = order
    if values.dtype.names or keep_times:
        attrs |= {name: str(each) for name, each in zone.items()}
        axis = TimeAxis(order, str(when.dtype), None if not zone else str(time_zone))
        values = records_with_times(values, list(map(str, features)), when, axis)
    X = as_series(values, offsets, ids, attrs)
    if not return_times:
        return X
    return X, as_series(when, offsets, ids, {"order": order, **zone})


def _series_of_rows(
    table: LongTable, by: list[Any]
) -> tuple[NDArray[np.integer], pd.Index]:
    """Return the code of the series of each row, and the ids of the series."""
    codes, ids = table.ids(by[0])
    if len(by) == 1:
        return codes, ids.rename(by[0])
    columns = [(codes, ids), *(table.ids(label) for label in by[1:])]
    for others, their_ids in columns[1:]:
        pairs = codes.astype(np.int64) * len(their_ids) + others
        codes, ids = long_table.sorted_ids(pairs, by)  # pairs that occur
    first_row = np.empty(len(ids), dtype=np.int64)
    first_row[codes] = np.arange(len(codes))  # any row of a series serves
    levels = [found[numbers[first_row]] for numbers, found in columns]
    return codes, pd.MultiIndex.from_arrays(levels, names=by)


def _raise_duplicates(
    repeated: NDArray[np.bool_],
    rows: Ints | None,
    when: NDArray[Any],
    offsets: Ints,
    ids: pd.Index,
    order: Any,
) -> None:
    second = int(repeated.argmax())
    i, _ = locate(offsets, second)
    places = [row if rows is None else int(rows[row]) for row in (second - 1, second)]
    moment = when[second]
    if isinstance(moment, np.datetime64):  # without zeros that only its unit asks for
        moment = np.datetime_as_string(moment, unit="auto")
    raise ValueError(
        f"series {ids.tolist()[i]!r} has two rows with {order!r} at {moment}: "
        f"rows {places[0]} and {places[1]} of the frame; in all, {repeated.sum()} of "
        f"{len(repeated)} rows repeat a time. Drop them, or pass "
        'duplicates="first", "last", "mean" or "keep".'
    )


def _one_row_a_time(
    values: NDArray[Any],
    when: NDArray[Any],
    offsets: Ints,
    repeated: NDArray[np.bool_],
    keep: str,
) -> tuple[NDArray[Any], NDArray[Any], Ints]:
    """Merge the rows of a series that have the same time."""
    starts = np.flatnonzero(~repeated)
    lengths = np.add.reduceat(~repeated, offsets[:-1], dtype=np.int64)
    if keep == "mean":
        values = mean_of_runs(values, starts)
    elif keep == "first":
        values = values[starts]
    else:
        values = values[np.append(starts[1:], len(values)) - 1]
    return values, when[starts], offsets_from_lengths(lengths)


def _stack(
    table: LongTable,
    categories: dict[Any, Feature | None],
    dtype: np.dtype[Any],
    rows: Ints | None,
) -> NDArray[Any]:
    """Return all time steps, series after series.

    Of shape (n_rows, n_features), or with categories (n_rows,) and structured.
    """
    features = list(categories)
    if any(found is not None for found in categories.values()):
        order = slice(None) if rows is None else rows
        columns = [
            table.feature(label)[order].astype(dtype)
            if found is None
            else as_objects(found.values[order], found.levels)
            for label, found in categories.items()
        ]
        names = list(map(str, features))
        levels = [found and found.levels for found in categories.values()]
        return to_records(columns, names, titles_of(names, levels))
    values = np.empty((len(table), len(features)), dtype=dtype)
    for j, label in enumerate(features):
        column = table.feature(label)
        if rows is None:
            values[:, j] = column
            continue
        for start in range(0, len(rows), _BLOCK):
            block = slice(start, start + _BLOCK)
            values[block, j] = column[rows[block]]
    return values


def check_has_order(order: Any, **given: bool) -> None:
    """Raise if an argument is given that is about times, but there are none."""
    about_times = [name for name, is_given in given.items() if is_given]
    if order is None and about_times:
        raise ValueError(
            f"{about_times[0]} is about times, so it needs order=..., the column of "
            "times."
        )


def _check_mean(duplicates: str, categories: dict[Any, Feature | None]) -> None:
    """Raise if categories would have to be averaged."""
    text = [label for label, found in categories.items() if found is not None]
    if duplicates == "mean" and text:
        raise ValueError(
            f'duplicates="mean" takes the mean of numbers, but column {text[0]!r} '
            'holds categories; use "first" or "last".'
        )


def rows_of_series(
    frame: Any, by: list[Any], order: Any
) -> tuple[NDArray[np.integer], pd.Index]:
    """Return the number of the series of each row, and the sorted ids of the series."""
    table = long_table.read_table(frame)
    long_table.check_rows(table, by, order)
    return _series_of_rows(table, by)


def as_series(
    stacked: NDArray[Any], offsets: Ints, ids: pd.Index, attrs: dict[str, Any]
) -> pd.Series:
    """Return a Series with a view of `stacked` for each series, indexed by id."""
    views = np.fromiter(cut(stacked, offsets), dtype=object, count=len(ids))
    series = pd.Series(views, index=ids)
    series.attrs.update(attrs)
    return series
