"""Labels of sequences, as the index of their embeddings."""

from typing import Any

import pandas as pd
from numpy.typing import NDArray
from sklearn.utils._set_output import _get_output_config

from sklearn_seqae._containers.readers import ids_of_sequences


def with_ids(Z: NDArray[Any], X: Any, estimator: Any) -> NDArray[Any] | pd.DataFrame:
    """Label embeddings with the ids of their sequences, if pandas output is asked for.

    `set_output` would take the index of a DataFrame `X`. The index of a long table has
    an entry for each time step, so it is too long.

    Parameters
    ----------
    Z : ndarray of shape (n_sequences, n_components)
        The embeddings.

    X : object
        The sequences, as the user passed them.

    estimator : estimator
        Estimator whose `set_output` tells the kind of output.

    Returns
    -------
    ndarray or DataFrame
        A DataFrame indexed by id if `X` has labels and `set_output` asks for "pandas",
        else `Z`.
    """
    if _get_output_config("transform", estimator)["dense"] != "pandas":
        return Z
    ids = ids_of_sequences(X)
    return Z if ids is None else pd.DataFrame(Z, index=ids)


def ids_of_rows(Z: Any) -> pd.Index | None:
    """Return the index of a DataFrame of embeddings.

    Parameters
    ----------
    Z : object
        Embeddings, as the user passed them.

    Returns
    -------
    pandas.Index or None
        None if `Z` is no DataFrame.
    """
    return Z.index if isinstance(Z, pd.DataFrame) else None
