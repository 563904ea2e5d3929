"""One frame for each sequence, as in a list of frames."""

from typing import Any

import pandas as pd
from numpy.typing import NDArray

from sklearn_seqae._libraries import require
from sklearn_seqae._outputs._labels import PURPOSE


def to_frame_of(library: str, sequence: NDArray[Any], names: list[str]) -> Any:
    """Return a sequence as a frame.

    Parameters
    ----------
    library : {"pandas", "polars", "pyarrow"}
        Library of the frame.

    sequence : ndarray of shape (n_timesteps, n_features)
        The sequence.

    names : list of str
        Names of the columns.

    Returns
    -------
    pandas.DataFrame, polars.DataFrame or pyarrow.Table
        Missing values are NaN in pandas and null in the others.
    """
    if library == "pandas":
        return pd.DataFrame(sequence, columns=names)
    if library == "polars":
        pl = require("polars", PURPOSE)
        return pl.DataFrame(dict(zip(names, sequence.T, strict=True)), nan_to_null=True)
    pa = require("pyarrow", PURPOSE)
    columns = [pa.array(column, from_pandas=True) for column in sequence.T]
    return pa.table(columns, names=names)
