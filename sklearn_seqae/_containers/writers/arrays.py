"""Lists and arrays."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._containers.kinds import Container, Layout, Levels
from sklearn_seqae._containers.ragged import RaggedArray
from sklearn_seqae._containers.writers.cells import cells_of


def to_list(ragged: RaggedArray, container: Container) -> list[Any]:
    """Return a list of arrays, 1-D if univariate, or of what `fit` saw instead."""
    return cells_of(
        ragged.values[:, 0] if container.univariate else ragged.values,
        ragged.offsets,
        container.dtype,
        container.levels,
        container.frames,
        container.feature_names or (),
    )


def to_tuple(ragged: RaggedArray, container: Container) -> tuple[Any, ...]:
    """Return a tuple of the same."""
    return tuple(to_list(ragged, container))


def to_object_array(ragged: RaggedArray, container: Container) -> NDArray[np.object_]:
    """Return a 1-D object array of the same."""
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
        as_objects(cells_of(column, ragged.offsets, layout[-1], levels, layout[0]))
        for column, layout, levels in columns_of(ragged, container)
    ]
    return np.stack(columns, axis=1)


def values_of(ragged: RaggedArray, container: Container) -> NDArray[Any]:
    """Return a copy of the values, in the container's dtype; 1-D if univariate."""
    values = ragged.values[:, 0] if container.univariate else ragged.values
    return values.astype(container.dtype)


def columns_of(
    ragged: RaggedArray, container: Container
) -> Iterator[tuple[NDArray[Any], Layout, tuple[Levels | None, ...]]]:
    """Return the values, the layout and the levels of each column.

    Values are 1-D, or 2-D if the container had one column of multivariate sequences.
    """
    several = len(container.layouts) > 1 or container.univariate
    if not several:
        return iter([(ragged.values, container.layouts[0], container.levels)])
    levels = container.levels or [None] * ragged.n_features
    of_columns = ((each,) for each in levels)
    return zip(list(ragged.values.T), container.layouts, of_columns, strict=True)


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
