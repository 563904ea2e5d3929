"""One frame for each sequence, as in a list of frames."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
from numpy.typing import NDArray

from sklearn_seqae._containers.kinds import Levels
from sklearn_seqae._containers.writers import categories
from sklearn_seqae._containers.writers.labels import PURPOSE
from sklearn_seqae._utils.libraries import require

FRAMES = ("pandas", "polars", "pyarrow")


def to_frame_of(
    library: str,
    sequence: NDArray[Any],
    names: list[str],
    levels: Sequence[Levels | None] = (),
) -> Any:
    """Return a sequence as a frame.

    Parameters
    ----------
    library : {"pandas", "polars", "pyarrow"}
        Library of the frame.

    sequence : ndarray of shape (n_timesteps, n_features)
        The sequence.

    names : list of str
        Names of the columns.

    levels : sequence of Levels or None, default=()
        Of each column; see `Container`.

    Returns
    -------
    pandas.DataFrame, polars.DataFrame or pyarrow.Table
        Missing values are NaN in pandas and null in the others.
    """
    if any(levels):
        return _mixed_frame(library, sequence, names, levels)
    if library == "pandas":
        return pd.DataFrame(sequence, columns=names)
    if library == "polars":
        pl = require("polars", PURPOSE)
        return pl.DataFrame(dict(zip(names, sequence.T, strict=True)), nan_to_null=True)
    pa = require("pyarrow", PURPOSE)
    columns = [pa.array(column, from_pandas=True) for column in sequence.T]
    return pa.table(columns, names=names)


def _mixed_frame(
    library: str,
    sequence: NDArray[Any],
    names: list[str],
    levels: Sequence[Levels | None],
) -> Any:
    """Return a frame with columns of numbers and of categories."""
    columns = list(zip(names, sequence.T, levels, strict=True))
    if library == "pandas":
        return pd.DataFrame(
            {
                name: column if known is None else categories.as_pandas(column, known)
                for name, column, known in columns
            }
        )
    if library == "polars":
        pl = require("polars", PURPOSE)
        return pl.DataFrame(
            {
                name: pl.Series(column, nan_to_null=True)
                if known is None
                else categories.as_polars(column, known)
                for name, column, known in columns
            }
        )
    pa = require("pyarrow", PURPOSE)
    return pa.table(
        {
            name: pa.array(column, from_pandas=True)
            if known is None
            else categories.as_arrow(column, known)
            for name, column, known in columns
        }
    )
