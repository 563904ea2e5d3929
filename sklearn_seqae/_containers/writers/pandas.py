"""Frames and Series of pandas."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sklearn_seqae._containers.kinds import Container, TimeAxis
from sklearn_seqae._containers.ragged import RaggedArray, cut, offsets_from_lengths
from sklearn_seqae._containers.writers import arrays, categories
from sklearn_seqae._containers.writers.columnar import LISTS, arrow_lists


def to_wide(ragged: RaggedArray, container: Container, ids: pd.Index) -> pd.DataFrame:
    """Return a frame with a univariate sequence in each row, padded with NaN."""
    table = arrays.to_table(ragged, container)
    columns = _columns(container, table.shape[1])
    return pd.DataFrame(table, index=ids, columns=columns)


def to_long(ragged: RaggedArray, container: Container, ids: pd.Index) -> Any:
    """Return a frame or a Series with a row for each time step, counted from 0."""
    index = _series_and_time(ragged, ids, container.index_names)
    frame = pd.DataFrame(ragged.values.astype(container.dtype))
    for j, (dtype, *_) in enumerate(container.layouts):
        if levels := container.levels_of(j):
            frame[j] = categories.as_pandas(ragged.values[:, j], levels)
        elif dtype != container.dtype:
            frame[j] = frame[j].astype(dtype)
    frame.index, frame.columns = index, _columns(container, frame.shape[1])
    return _as_it_was(frame, container)


def to_nested(ragged: RaggedArray, container: Container, ids: pd.Index) -> Any:
    """Return a frame or a Series with a sequence in each cell, and stored names."""
    columns = list(map(_cells, arrays.columns_of(ragged, container)))
    frame = pd.DataFrame(dict(enumerate(columns))).set_axis(ids)
    frame.columns = _columns(container, len(columns))
    names, levels = container.feature_names, container.levels
    if names is not None and names != container.columns:  # a cell holds them
        frame.attrs["columns"] = list(names)
        if levels and container.layouts[0][0] == "records":
            frame.attrs.update(categories.stored(names, levels))
    return _as_it_was(frame, container)


def with_times(
    table: Any, container: Container, values: NDArray[Any], times: TimeAxis
) -> Any:
    """Give a long table, or sequences in cells, the times of their time steps.

    ``values`` are in the dtype that `fit` saw, in UTC. The table, indexed by series and
    time or with structured arrays, is not used any more.
    """
    if container.kind.startswith("nested"):
        return _in_cells(table, values, times)
    levels = [table.index.get_level_values(0), index_of_times(values, times)]
    table.index = pd.MultiIndex.from_arrays(levels, names=table.index.names)
    return table


def index_of_times(values: NDArray[Any], times: TimeAxis) -> pd.Index:
    """Return times in UTC as an index, in their time zone if they have one."""
    index = pd.Index(values, name=times.name)
    if times.zone is None:
        return index
    return pd.DatetimeIndex(index).tz_localize("UTC").tz_convert(times.zone)


def _in_cells(table: Any, values: NDArray[Any], times: TimeAxis) -> Any:
    """Put a field of times before the others, as `to_sequences` does."""
    column = table if isinstance(table, pd.Series) else table.iloc[:, 0]
    whole = np.concatenate(column.tolist())
    records = arrays.records_with_times(whole, whole.dtype.names or (), values, times)
    offsets = offsets_from_lengths(column.map(len).to_numpy(np.int64))
    cells = arrays.as_objects(list(cut(records, offsets)))
    found = pd.Series(cells, index=table.index, name=column.name)
    if isinstance(table, pd.DataFrame):
        found = found.to_frame().set_axis(table.columns, axis=1)
    zone = {} if times.zone is None else {"time_zone": times.zone}
    found.attrs.update(table.attrs | {"order": times.name} | zone)
    return found


def _as_it_was(frame: pd.DataFrame, container: Container) -> Any:
    """Return the only column as a Series, if there was one."""
    if not container.kind.endswith("series"):
        return frame
    return frame.iloc[:, 0].rename(container.columns[0] if container.columns else None)


def _columns(container: Container, width: int) -> pd.Index:
    """Return the columns that came in, with new ones up to `width`."""
    labels = container.column_labels(width)
    if labels == list(range(width)):
        return pd.RangeIndex(width, name=container.column_names[0])
    if len(container.column_names) > 1 and len(labels) == len(container.columns or ()):
        return pd.MultiIndex.from_tuples(labels, names=container.column_names)
    return pd.Index(labels, name=container.column_names[0])


def _series_and_time(
    ragged: RaggedArray, ids: pd.Index, names: tuple[Any, ...]
) -> pd.MultiIndex:
    if ids.nlevels > 1:
        ids = ids.to_flat_index()
    lengths = ragged.lengths
    series = pd.MultiIndex.from_arrays([ids])  # sorts the labels, if they can be sorted
    return pd.MultiIndex(
        levels=[series.levels[0], pd.RangeIndex(lengths.max(initial=0))],
        codes=[np.repeat(series.codes[0], lengths), ragged.positions],
        names=names,
    )


def _cells(column: arrays.Column) -> pd.Series:
    if column.layout[0] in LISTS:  # Arrow lists within pandas
        lists = arrow_lists(column)
        return pd.Series(lists, dtype=pd.ArrowDtype(lists.type))
    cells = arrays.cells_of(column)
    if column.layout[0] == "series":
        if column.known is not None:
            codes = cut(column.values, column.offsets)
            cells = [categories.as_pandas(cell, column.known) for cell in codes]
        cells = list(map(pd.Series, cells))
    return pd.Series(arrays.as_objects(cells))
