"""Labels of sequences, on the rows of their embeddings."""

from typing import Any

import pandas as pd
from numpy.typing import NDArray
from sklearn.utils._set_output import _get_output_config

from sklearn_seqae._inputs._dispatch import ids_of_sequences, is_long


def with_ids(Z: NDArray[Any], X: Any, estimator: Any) -> NDArray[Any] | pd.DataFrame:
    """Label embeddings by series, where scikit-learn would take the index of a table.

    What `set_output` wraps gets the index of a DataFrame `X`. That of a long table has
    an entry for each time step.

    Parameters
    ----------
    Z : ndarray of shape (n_sequences, n_components)
        The embeddings.

    X : object
        The sequences, as the user gave them.

    estimator : estimator
        Which knows the kind of output that the user wants.

    Returns
    -------
    ndarray or DataFrame
        A DataFrame with the ids for its index if `X` is a long table and "pandas" is
        what `set_output` asks for, else `Z`.
    """
    if (
        not is_long(X)
        or _get_output_config("transform", estimator)["dense"] != "pandas"
    ):
        return Z
    return pd.DataFrame(Z, index=ids_of_sequences(X))


def ids_of_rows(Z: Any) -> pd.Index | None:
    """Return the index of a DataFrame of embeddings.

    Parameters
    ----------
    Z : object
        Embeddings, as the user gave them.

    Returns
    -------
    pandas.Index or None
        None if `Z` is no DataFrame.
    """
    return Z.index if isinstance(Z, pd.DataFrame) else None
