"""Times of decoded sequences: in the index, or in a field of structured arrays."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sklearn_seqae._containers.kinds import Container, TimeAxis
from sklearn_seqae._containers.ragged import cut, offsets_from_lengths
from sklearn_seqae._containers.writers.arrays import as_objects
from sklearn_seqae._containers.writers.cells import to_records


def with_times(
    table: Any, container: Container, values: NDArray[Any], times: TimeAxis
) -> Any:
    """Give a long table, or sequences in cells, the times of their time steps.

    Parameters
    ----------
    table : pandas.DataFrame or pandas.Series
        Indexed by series and time, or with structured arrays; not used any more.
    container : Container
        What the table is.
    values : ndarray of shape (n_timesteps,)
        In the dtype that `fit` saw, in UTC.
    times : TimeAxis
        What `fit` saw.
    """
    if container.kind.startswith("nested"):
        return _in_cells(table, values, times)
    index = pd.Index(values)
    if times.zone is not None:
        index = pd.DatetimeIndex(values).tz_localize("UTC").tz_convert(times.zone)
    series = table.index.get_level_values(0)
    names = table.index.names
    table.index = pd.MultiIndex.from_arrays([series, index], names=names)
    return table


def _in_cells(table: Any, values: NDArray[Any], times: TimeAxis) -> Any:
    """Put a field of times before the others, as `to_sequences` does."""
    column = table if isinstance(table, pd.Series) else table.iloc[:, 0]
    whole = np.concatenate(column.tolist())
    names: Any = whole.dtype.names
    features = [values, *(whole[name] for name in names)]
    records = to_records(features, [str(times.name), *names])
    offsets = offsets_from_lengths(column.map(len).to_numpy(np.int64))
    cells = as_objects(list(cut(records, offsets)))
    found = pd.Series(cells, index=table.index, name=column.name)
    if isinstance(table, pd.DataFrame):
        found = found.to_frame().set_axis(table.columns, axis=1)
    zone = {} if times.zone is None else {"time_zone": times.zone}
    found.attrs.update(table.attrs | {"order": times.name} | zone)
    return found
