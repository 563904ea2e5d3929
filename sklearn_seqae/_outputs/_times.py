"""Times of decoded sequences."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sklearn_seqae._containers import TimeAxis


def with_times(table: Any, ticks: NDArray[np.float64], times: TimeAxis) -> Any:
    """Give a long table the times of its rows.

    Parameters
    ----------
    table : pandas.DataFrame or pandas.Series
        Indexed by series and time; not used any more.
    ticks : ndarray of shape (n_rows,)
        In the unit of the dtype, in UTC.
    times : TimeAxis
        What `fit` saw.
    """
    dtype = np.dtype(times.dtype)
    values: Any = ticks.astype(dtype)
    if dtype.kind in "iumM":
        values = np.rint(ticks).astype(np.int64)
        values = values.view(dtype) if dtype.kind in "mM" else values.astype(dtype)
    index = pd.Index(values)
    if times.zone is not None:
        index = pd.DatetimeIndex(values).tz_localize("UTC").tz_convert(times.zone)
    series = table.index.get_level_values(0)
    names = table.index.names
    table.index = pd.MultiIndex.from_arrays([series, index], names=names)
    return table
