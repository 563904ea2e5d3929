"""The mirror of the dispatch on the way in."""

from collections.abc import Callable
from typing import Any

import pandas as pd

from sklearn_seqae._inputs._container import Container, Kind
from sklearn_seqae._outputs import _arrays, _arrow, _awkward, _pandas, _polars, _tensors
from sklearn_seqae._ragged import RaggedArray

WITHOUT_IDS: dict[Kind, Callable[[RaggedArray, Container], Any]] = {
    "list": _arrays.to_list,
    "tuple": _arrays.to_tuple,
    "object_array": _arrays.to_object_array,
    "array_3d": _arrays.to_array_3d,
    "array_2d": _arrays.to_table,
    "nested_array": _arrays.to_nested_array,
    "polars_wide": _polars.to_wide,
    "polars_dataframe": _polars.to_dataframe,
    "polars_series": _polars.to_series,
    "arrow_wide": _arrow.to_wide,
    "arrow_table": _arrow.to_table,
    "arrow_array": _arrow.to_array,
    "arrow_chunked_array": _arrow.to_chunked_array,
    "awkward": _awkward.to_awkward,
    "ragged_tensor": _tensors.to_ragged_tensor,
}
WITH_IDS: dict[Kind, Callable[[RaggedArray, Container, pd.Index], Any]] = {
    "dataframe": _pandas.to_wide,
    "long_dataframe": _pandas.to_long,
    "long_series": _pandas.to_long,
    "nested_dataframe": _pandas.to_nested,
    "nested_series": _pandas.to_nested_series,
}


def from_ragged(
    ragged: RaggedArray, container: Container, ids: pd.Index | None = None
) -> Any:
    """Give sequences back in the kind of container that `to_ragged` met.

    Parameters
    ----------
    ragged : RaggedArray
        The sequences.

    container : Container
        What to make of them.

    ids : pandas.Index of shape (n_sequences,), default=None
        Their labels, for pandas: the index, or, of a long table, its level of series.
        None numbers them.

    Returns
    -------
    container of the same kind
        Of the dtype that the container names, and sharing no memory with `ragged`:

        - lists, tuples and object arrays hold one array for each sequence, 1-D if
          `container.univariate`;
        - a 3-D array is as long as the longest sequence, padded with NaN;
        - a 2-D array or a DataFrame is as wide as the one that came in, or as the
          longest sequence if that is longer, padded with NaN (null for polars and
          Arrow);
        - a long table has times that count from 0 in each series;
        - cells of frames are arrays or Series, or lists of the kinds they were; where
          they were of fixed size, they are so again if all are equally long.

    Raises
    ------
    ImportError
        If the library of the container is not installed any more.

    Examples
    --------
    >>> from sklearn_seqae._inputs import to_ragged
    >>> from sklearn_seqae._outputs import from_ragged
    >>> from_ragged(*to_ragged(([1, 2, 3], [4, 5])))
    (array([1., 2., 3.]), array([4., 5.]))
    """
    if container.kind in WITHOUT_IDS:
        return WITHOUT_IDS[container.kind](ragged, container)
    if ids is None:
        ids = pd.RangeIndex(len(ragged))
    return WITH_IDS[container.kind](ragged, container, ids)
