"""Frames and Series of pandas: wide, long or nested."""

import pandas as pd

from sklearn_seqae._containers.kinds import Container
from sklearn_seqae._containers.ragged import RaggedArray
from sklearn_seqae._containers.readers.long import ragged_from_long, series_of_long
from sklearn_seqae._containers.readers.nested import holds_sequences, ragged_from_nested
from sklearn_seqae._containers.readers.numpy import ragged_from_numpy
from sklearn_seqae._containers.readers.wide import ragged_from_wide


def ragged_from_pandas(
    X: pd.DataFrame | pd.Series,
) -> tuple[RaggedArray, Container]:
    """Read a frame or a Series.

    Parameters
    ----------
    X : pandas.DataFrame or pandas.Series
        With a sequence in each cell; else with an index of series and time; else with a
        univariate sequence in each row.

    Returns
    -------
    ragged : RaggedArray
        The sequences.
    container : Container
        Of a "nested" kind, a "long" kind or "dataframe".
    """
    if holds_sequences(X):
        return ragged_from_nested(X)
    if X.index.nlevels > 1:
        return ragged_from_long(X)
    if isinstance(X, pd.DataFrame):
        return ragged_from_wide(X)
    return ragged_from_numpy(X)  # which refuses a Series of numbers


def labels_of_pandas(X: pd.DataFrame | pd.Series) -> pd.Index:
    """Return the label of every sequence.

    Parameters
    ----------
    X : pandas.DataFrame or pandas.Series
        A container that `ragged_from_pandas` reads.

    Returns
    -------
    pandas.Index of shape (n_sequences,)
        The series of a long table, else the index.
    """
    is_long = X.index.nlevels > 1 and not holds_sequences(X)
    return series_of_long(X) if is_long else X.index
