"""From a RaggedArray back to the kind of container that came in."""

from itertools import count, islice, pairwise
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sklearn_seqae._inputs._container import Container
from sklearn_seqae._ragged import RaggedArray


def from_ragged(ragged: RaggedArray, container: Container) -> Any:
    """Give sequences back in the kind of container that `to_ragged` met.

    Parameters
    ----------
    ragged : RaggedArray
        The sequences.

    container : Container
        What to make of them.

    Returns
    -------
    list, tuple, ndarray or DataFrame
        Of the dtype that the container names, and sharing no memory with `ragged`:

        - lists, tuples and object arrays hold one array for each sequence, 1-D if
          `container.univariate`;
        - a 3-D array is as long as the longest sequence, padded with NaN;
        - a 2-D array or a DataFrame is as wide as the one that came in, or as the
          longest sequence if that is longer, padded with NaN.

    Examples
    --------
    >>> from sklearn_seqae._inputs import to_ragged
    >>> from sklearn_seqae._outputs import from_ragged
    >>> from_ragged(*to_ragged(([1, 2, 3], [4, 5])))
    (array([1., 2., 3.]), array([4., 5.]))
    """
    if container.kind == "array_3d":
        return _padded(ragged, container.dtype)
    if container.kind == "array_2d":
        return _table(ragged, container)
    if container.kind == "dataframe":
        table = _table(ragged, container)
        return pd.DataFrame(table, columns=_columns(container, table.shape[1]))
    sequences = _sequences(ragged, container)
    if container.kind == "object_array":
        return _object_array(sequences)
    return tuple(sequences) if container.kind == "tuple" else sequences


def _sequences(ragged: RaggedArray, container: Container) -> list[NDArray[Any]]:
    values = ragged.values.astype(container.dtype)  # a copy, for the user to write to
    if container.univariate:
        values = values[:, 0]
    offsets = ragged.offsets.tolist()
    return [values[start:stop] for start, stop in pairwise(offsets)]


def _object_array(sequences: list[NDArray[Any]]) -> NDArray[np.object_]:
    array = np.empty(len(sequences), dtype=object)
    for i, sequence in enumerate(sequences):  # NumPy would broadcast equal lengths
        array[i] = sequence
    return array


def _table(ragged: RaggedArray, container: Container) -> NDArray[Any]:
    return _padded(ragged, container.dtype, at_least=container.n_columns or 0)[:, :, 0]


def _padded(ragged: RaggedArray, dtype: str, *, at_least: int = 0) -> NDArray[Any]:
    """Return shape (n_sequences, max(longest, at_least), n_features), padded by NaN."""
    lengths = ragged.lengths
    width = max(at_least, lengths.max(initial=0))
    padded = np.full((len(ragged), width, ragged.n_features), np.nan, dtype=dtype)
    padded[np.arange(width) < lengths[:, np.newaxis]] = ragged.values
    return padded


def _columns(container: Container, width: int) -> pd.Index:
    """Return the columns that came in, with further ones up to `width`."""
    known = list(container.columns or ())
    labels = known + _further_labels(known, width - len(known))
    if labels == list(range(width)):
        return pd.RangeIndex(width, name=container.column_names[0])
    if len(container.column_names) > 1 and len(labels) == len(known):
        return pd.MultiIndex.from_tuples(labels, names=container.column_names)
    return pd.Index(labels, name=container.column_names[0])


def _further_labels(known: list[Any], n: int) -> list[Any]:
    """Return n new labels: integers go on counting, strings stay strings."""
    if all(isinstance(label, int) for label in known):
        start = max(known, default=-1) + 1
        return list(range(start, start + n))
    # scikit-learn refuses a mixture of strings and numbers.
    as_label = str if all(isinstance(label, str) for label in known) else int
    positions = (as_label(position) for position in count(len(known)))
    return list(islice((label for label in positions if label not in known), n))
