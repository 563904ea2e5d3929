"""Wide frames of pandas: numbers, with a univariate sequence in each row."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sklearn_seqae._containers.kinds import Container
from sklearn_seqae._containers.ragged import RaggedArray
from sklearn_seqae._containers.readers.arrays import ragged_from_table
from sklearn_seqae._containers.readers.checks import as_real, is_real, numbers_of
from sklearn_seqae._containers.readers.roles import refuse_text


def ragged_from_wide(X: pd.DataFrame) -> tuple[RaggedArray, Container]:
    """Read a DataFrame whose rows are univariate sequences, padded with NaN.

    Parameters
    ----------
    X : pandas.DataFrame of shape (n_sequences, max_timesteps)
        Boolean, integer and floating columns, of NumPy's and pandas' own dtypes.

    Returns
    -------
    ragged : RaggedArray of 1 feature
        The sequences.
    container : Container
        Of kind "dataframe".

    Raises
    ------
    TypeError
        Names the first column that is not numeric. If rows share ids, names the call of
        `to_sequences` as well.
    """
    refuse_text(X)
    values = to_numpy(X, "each row is one univariate sequence")
    ragged, container = ragged_from_table(values)
    return ragged, replace(
        container,
        kind="dataframe",
        columns=tuple(X.columns.tolist()),
        column_names=tuple(X.columns.names),
    )


def to_numpy(X: pd.DataFrame, reading: str) -> NDArray[Any]:
    """Turn a frame of numbers into a 2-D array, with NaN for missing values.

    Parameters
    ----------
    X : pandas.DataFrame of shape (n_rows, n_columns)
        Boolean, integer and floating columns, of NumPy's and pandas' own dtypes.

    reading : str
        Meaning of rows and columns, for the message.

    Returns
    -------
    ndarray of shape (n_rows, n_columns), float32 or float64

    Raises
    ------
    TypeError
        Names the first column that is not numeric.
    """
    if all(map(is_real, X.dtypes)):
        return numbers_of(X)
    columns = [_column_to_numpy(X.iloc[:, j], reading) for j in range(X.shape[1])]
    return np.column_stack(columns)


def _column_to_numpy(column: pd.Series, reading: str) -> NDArray[Any]:
    name, dtype = column.name, column.dtype
    if pd.api.types.is_object_dtype(dtype):
        return as_real(column.to_numpy(), f"column {name!r}")
    if not is_real(dtype):
        raise TypeError(
            f"column {name!r} has dtype {dtype}, but every column must be numeric: "
            f"{reading}; drop the column or convert it."
        )
    return numbers_of(column)
