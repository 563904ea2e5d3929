"""Lists and arrays, with a cell for each sequence; awkward arrays, ragged tensors."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sklearn_seqae._containers.kinds import (
    FRAMES,
    Container,
    Layout,
    Levels,
    TimeAxis,
    title_of,
    titles_of,
)
from sklearn_seqae._containers.ragged import Ints, RaggedArray, cut
from sklearn_seqae._containers.writers import categories
from sklearn_seqae._utils import require


class Column(NamedTuple):
    """Sequences of a column of a container."""

    values: NDArray[Any]  # of all time steps: 1-D, or 2-D if sequences are
    offsets: Ints
    layout: Layout
    levels: Sequence[Levels | None] = ()  # of each feature; none if all are numbers
    names: Sequence[str] = ()  # of each feature, if a sequence has them

    @property
    def known(self) -> Levels | None:
        """The levels of its first feature, None if that is a number."""
        return self.levels[0] if self.levels else None


def to_list(ragged: RaggedArray, container: Container) -> Any:
    """Return arrays, 1-D if univariate, or what `fit` saw instead, in its container."""
    values = ragged.values[:, 0] if container.univariate else ragged.values
    layout, names = (container.frames, container.dtype), container.feature_names or ()
    cells = cells_of(Column(values, ragged.offsets, layout, container.levels, names))
    if container.kind == "object_array":
        return as_objects(cells)
    return tuple(cells) if container.kind == "tuple" else cells


def to_array_3d(ragged: RaggedArray, container: Container) -> NDArray[Any]:
    """Return shape (n_sequences, longest, n_features), padded with NaN."""
    return ragged.padded().astype(container.dtype)


def to_table(ragged: RaggedArray, container: Container) -> NDArray[Any]:
    """Return shape (n_sequences, width), padded with NaN."""
    return ragged.padded(container.n_columns or 0)[:, :, 0].astype(container.dtype)


def to_nested_array(ragged: RaggedArray, container: Container) -> NDArray[np.object_]:
    """Return shape (n_sequences, n_columns), an array in each cell."""
    columns = [as_objects(cells_of(each)) for each in columns_of(ragged, container)]
    return np.stack(columns, axis=1)


def to_awkward(ragged: RaggedArray, container: Container) -> Any:
    """Return an awkward array with a fixed number of features."""
    ak = require("awkward", categories.PURPOSE)
    values = _values_of(ragged, container)
    if levels := container.levels_of(0):
        values = ak.Array(categories.as_objects(values, levels).tolist())
    return ak.unflatten(values, ragged.lengths)


def to_ragged_tensor(ragged: RaggedArray, container: Container) -> Any:
    """Return a ragged tensor with a fixed number of features."""
    import tensorflow as tf

    values = _values_of(ragged, container)
    return tf.RaggedTensor.from_row_splits(values, ragged.offsets, validate=False)


def cells_of(column: Column) -> list[Any]:
    """Return sequences, each in the form that `fit` saw; see `Container.frames`."""
    values, offsets, (form, *_, dtype), levels, names = column
    if form in FRAMES:
        return [
            _frame(form, sequence, list(names), levels or [None] * len(names))
            for sequence in cut(values.astype(dtype), offsets)
        ]
    if not any(levels) and form != "records":
        return list(cut(values.astype(dtype), offsets))
    if values.ndim == 1:
        return list(cut(_feature(values, column.known, dtype), offsets))
    features = [
        _feature(feature, levels[j] if levels else None, dtype)
        for j, feature in enumerate(values.T)
    ]
    if form == "records":
        titles = titles_of(names, levels or [None] * len(names))
        return list(cut(to_records(features, names, titles), offsets))
    sequences = cut(np.stack(features, axis=1, dtype=object), offsets)
    if form == "tuples":
        return [[tuple(row) for row in x.tolist()] for x in sequences]
    if form == "dicts":
        return [
            [dict(zip(names, row, strict=True)) for row in x.tolist()]
            for x in sequences
        ]
    return list(sequences)


def to_records(
    features: Sequence[NDArray[Any]],
    names: Sequence[str],
    titles: Sequence[str | None],
) -> NDArray[np.void]:
    """Make a structured array of features, whose fields may have titles."""
    fields: list[Any] = [
        ((title, name) if title else name, feature.dtype)
        for name, title, feature in zip(names, titles, features, strict=True)
    ]
    records = np.empty(len(features[0]), fields)
    for name, feature in zip(names, features, strict=True):
        records[name] = feature
    return records


def records_with_times(
    values: NDArray[Any], names: Sequence[str], when: NDArray[Any], times: TimeAxis
) -> NDArray[np.void]:
    """Return a structured array of times and features."""
    columns = values.T if values.ndim == 2 else [values[name] for name in names]
    titles = [title_of(values.dtype, name) for name in names]
    names = [str(times.name), *names]
    return to_records([when, *columns], names, [times.title, *titles])


def columns_of(ragged: RaggedArray, container: Container) -> Iterator[Column]:
    """Yield the columns, of one feature each, or the one of multivariate sequences."""
    layouts, offsets = container.layouts, ragged.offsets
    if len(layouts) == 1 and not container.univariate:
        names = container.feature_names or ()
        yield Column(ragged.values, offsets, layouts[0], container.levels, names)
        return
    levels = container.levels or [None] * ragged.n_features
    for values, layout, own in zip(ragged.values.T, layouts, levels, strict=True):
        yield Column(values, offsets, layout, (own,))


def as_objects(cells: list[Any]) -> NDArray[np.object_]:
    """Return a 1-D object array. NumPy itself would stack cells of equal length."""
    return np.fromiter(cells, dtype=object, count=len(cells))


def _values_of(ragged: RaggedArray, container: Container) -> NDArray[Any]:
    """Return a copy of the values, in the container's dtype; 1-D if univariate."""
    values = ragged.values[:, 0] if container.univariate else ragged.values
    return values.astype(container.dtype)


def _frame(
    library: str,
    sequence: NDArray[Any],
    names: list[str],
    levels: Sequence[Levels | None],
) -> Any:
    if library == "pandas" and not any(levels):  # twice as fast
        return pd.DataFrame(sequence, columns=names)
    columns = [
        categories.column_of(library, column, known)
        for column, known in zip(sequence.T, levels, strict=True)
    ]
    return categories.frame_of(library, names, columns)


def _feature(column: NDArray[Any], levels: Levels | None, dtype: str) -> NDArray[Any]:
    if levels is None:
        return column.astype(dtype)
    return categories.as_objects(column, levels)
