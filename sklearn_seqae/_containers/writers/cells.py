"""One cell for each sequence: arrays or, where there are categories, other forms."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._containers.kinds import Levels
from sklearn_seqae._containers.ragged import cut
from sklearn_seqae._containers.writers.categories import as_objects
from sklearn_seqae._containers.writers.frames import FRAMES, to_frame_of


def cells_of(
    values: NDArray[Any],
    offsets: NDArray[np.int64],
    dtype: str,
    levels: Sequence[Levels | None] = (),
    form: str = "",
    names: Sequence[str] = (),
) -> list[Any]:
    """Return sequences, each in the form that `fit` saw.

    Parameters
    ----------
    values : ndarray of shape (n_timesteps,) or (n_timesteps, n_features)
        1-D if sequences are.
    offsets : ndarray of shape (n_sequences + 1,)
    dtype : str
        Dtype of numbers.
    levels : sequence of Levels or None, default=()
        Of each feature; see `Container`.
    form : str, default=""
        See `Container.frames`.
    names : sequence of str, default=()
        Of the features.
    """
    if form in FRAMES:
        sequences = cut(values.astype(dtype), offsets)
        return [to_frame_of(form, x, list(names), levels) for x in sequences]
    if not any(levels) and form != "records":
        return list(cut(values.astype(dtype), offsets))
    if values.ndim == 1:
        return list(cut(_feature(values, levels[0], dtype), offsets))
    features = [
        _feature(column, levels[j] if levels else None, dtype)
        for j, column in enumerate(values.T)
    ]
    if form == "records":
        return list(cut(to_records(features, names), offsets))
    objects = np.empty(values.shape, dtype=object)
    for j, feature in enumerate(features):
        objects[:, j] = feature
    sequences = cut(objects, offsets)
    if form == "tuples":
        return [[tuple(row) for row in x.tolist()] for x in sequences]
    if form == "dicts":
        return [
            [dict(zip(names, row, strict=True)) for row in x.tolist()]
            for x in sequences
        ]
    return list(sequences)


def to_records(
    features: Sequence[NDArray[Any]], names: Sequence[str]
) -> NDArray[np.void]:
    """Return a structured array of features, each of shape (n_timesteps,)."""
    pairs = list(zip(names, features, strict=True))
    records = np.empty(len(features[0]), [(name, f.dtype) for name, f in pairs])
    for name, feature in pairs:
        records[name] = feature
    return records


def _feature(column: NDArray[Any], levels: Levels | None, dtype: str) -> NDArray[Any]:
    return column.astype(dtype) if levels is None else as_objects(column, levels)
