"""From a RaggedArray back to the kind of container that came in."""

from typing import Any

import pandas as pd
from numpy.typing import NDArray
from sklearn.utils._set_output import _get_output_config

from sklearn_seqae._containers.kinds import KINDS, Container, load
from sklearn_seqae._containers.ragged import RaggedArray
from sklearn_seqae._containers.readers import ids_of_sequences
from sklearn_seqae._containers.writers.pandas import with_times

__all__ = ["from_ragged", "ids_of_rows", "with_ids", "with_times"]


def from_ragged(
    ragged: RaggedArray, container: Container, ids: pd.Index | None = None
) -> Any:
    """Return sequences in the kind of container that `to_ragged` read, in a copy.

    `ids` are for pandas; None numbers the sequences. Times of a long table count from
    0. A table of rows is at least as wide as the one that came in.
    """
    writer = KINDS[container.kind].writer
    write = load("writers", writer)
    if not writer.startswith("pandas."):
        return write(ragged, container)
    return write(ragged, container, pd.RangeIndex(len(ragged)) if ids is None else ids)


def with_ids(Z: NDArray[Any], X: Any, estimator: Any) -> NDArray[Any] | pd.DataFrame:
    """Label embeddings with the ids of their sequences, if pandas output is asked for.

    `set_output` would take the index of a long table: an entry for each time step.
    """
    if _get_output_config("transform", estimator)["dense"] != "pandas":
        return Z
    ids = ids_of_sequences(X)
    return Z if ids is None else pd.DataFrame(Z, index=ids)


def ids_of_rows(Z: Any) -> pd.Index | None:
    """Return the index of a DataFrame of embeddings, None for anything else."""
    return Z.index if isinstance(Z, pd.DataFrame) else None
