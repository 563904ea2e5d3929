"""Lists and arrays."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._containers import Container, Layout
from sklearn_seqae._outputs._frames import to_frame_of
from sklearn_seqae._ragged import RaggedArray, cut


def to_list(ragged: RaggedArray, container: Container) -> list[Any]:
    """Return a list of arrays, 1-D if univariate, or of frames."""
    arrays = list(cut(values_of(ragged, container), ragged.offsets))
    if not container.frames:
        return arrays
    names = list(container.feature_names or ())
    return [to_frame_of(container.frames, x, names) for x in arrays]


def to_tuple(ragged: RaggedArray, container: Container) -> tuple[Any, ...]:
    """Return a tuple of arrays, 1-D if univariate, or of frames."""
    return tuple(to_list(ragged, container))


def to_object_array(ragged: RaggedArray, container: Container) -> NDArray[np.object_]:
    """Return a 1-D object array of arrays, 1-D if univariate, or of frames."""
    return as_objects(to_list(ragged, container))


def to_array_3d(ragged: RaggedArray, container: Container) -> NDArray[Any]:
    """Return shape (n_sequences, longest, n_features), padded with NaN."""
    return _padded(ragged, container.dtype)


def to_table(ragged: RaggedArray, container: Container) -> NDArray[Any]:
    """Return shape (n_sequences, width), padded with NaN."""
    return _padded(ragged, container.dtype, at_least=container.n_columns or 0)[:, :, 0]


def to_nested_array(ragged: RaggedArray, container: Container) -> NDArray[np.object_]:
    """Return shape (n_sequences, n_columns), an array in each cell."""
    columns = [
        as_objects(list(cut(column.astype(layout[-1]), ragged.offsets)))
        for column, layout in columns_of(ragged, container)
    ]
    return np.stack(columns, axis=1)


def values_of(ragged: RaggedArray, container: Container) -> NDArray[Any]:
    """Return a copy of the values, in the container's dtype; 1-D if univariate."""
    values = ragged.values[:, 0] if container.univariate else ragged.values
    return values.astype(container.dtype)


def columns_of(
    ragged: RaggedArray, container: Container
) -> Iterator[tuple[NDArray[Any], Layout]]:
    """Return the values and the layout of each column.

    Values are 1-D, or 2-D if the container had one column of multivariate sequences.
    """
    several = len(container.layouts) > 1 or container.univariate
    columns = list(ragged.values.T) if several else [ragged.values]
    return zip(columns, container.layouts, strict=True)


def as_objects(cells: list[Any]) -> NDArray[np.object_]:
    """Return a 1-D object array. NumPy itself would stack cells of equal length."""
    array = np.empty(len(cells), dtype=object)
    for i, cell in enumerate(cells):
        array[i] = cell
    return array


def _padded(ragged: RaggedArray, dtype: str, *, at_least: int = 0) -> NDArray[Any]:
    """Return shape (n_sequences, max(longest, at_least), n_features), padded by NaN."""
    lengths = ragged.lengths
    width = max(at_least, lengths.max(initial=0))
    padded = np.full((len(ragged), width, ragged.n_features), np.nan, dtype=dtype)
    padded[np.arange(width) < lengths[:, np.newaxis]] = ragged.values
    return padded
