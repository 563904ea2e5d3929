"""Lists, tuples and object arrays of sequences."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sklearn_seqae._containers.kinds import Container
from sklearn_seqae._containers.ragged import RaggedArray, Show, by_position
from sklearn_seqae._containers.readers.checks import (
    ACCEPTED,
    Read,
    as_plain,
    as_real,
    check_dimensions,
    check_values,
    describe,
)
from sklearn_seqae._containers.readers.mixed import (
    form_of,
    frames_of,
    numbers_of_columns,
    stack_mixed,
)
from sklearn_seqae.exceptions import InvalidSequenceError


def ragged_from_sequence(X: Sequence[Any]) -> Read:
    """Stack a list of sequences, all of them 1-D or all of them 2-D."""
    return read_list(X, "tuple" if isinstance(X, tuple) else "list")


def read_list(X: Sequence[Any], kind: str) -> Read:
    """Stack sequences that came in a container of `kind`."""
    if len(X) == 0:
        raise ValueError(
            f"X is an empty {kind.replace('_', ' ')}: found 0 sequences, while a "
            f"minimum of 1 is required; expected {ACCEPTED}."
        )
    ragged, container = stack_any(X, kind)
    check_values(ragged)
    return ragged, container


def stack_any(X: Sequence[Any], kind: str, show: Show = by_position) -> Read:
    """Stack sequences of numbers, or of more, missing and infinite values included."""
    forms = list(map(form_of, X))
    if any(forms):
        return stack_mixed(X, forms, kind, show)
    arrays = [_as_array(sequence, i, show) for i, sequence in enumerate(X)]
    for i, array in enumerate(arrays):
        if array.ndim != arrays[0].ndim:
            raise InvalidSequenceError(
                f"{show(i)} is {array.ndim}-D, but {show(0)} is {arrays[0].ndim}-D; "
                "pass all of them as (n_timesteps, n_features), or all of them as "
                "(n_timesteps,)."
            )
    univariate = arrays[0].ndim == 1
    if univariate:
        arrays = [array[:, np.newaxis] for array in arrays]
    ragged = RaggedArray.from_list(arrays, show)
    frames, names = frames_of(X)
    return ragged, Container(
        kind, ragged.dtype.name, univariate, feature_names=names, frames=frames
    )


def is_sequence(cell: Any) -> bool:
    """Return whether a cell of a table holds a sequence, not a number or a string."""
    if isinstance(cell, list | tuple):
        return True
    return hasattr(cell, "__array__") and np.ndim(cell) > 0


def _as_array(sequence: Any, i: int, show: Show) -> NDArray[Any]:
    """Return sequence i as a 1-D or 2-D array of real numbers, not empty."""
    array = sequence if type(sequence) is np.ndarray else _convert(sequence, show(i))
    if array.dtype == object and array.ndim == 1 and any(map(is_sequence, array[:1])):
        array = _convert(array.tolist(), show(i))  # nested lists of Parquet, by pandas
    if array.ndim not in (1, 2):
        raise InvalidSequenceError(
            f"{show(i)} is {describe(sequence)}; expected shape (n_timesteps, "
            "n_features), or (n_timesteps,) if univariate; "
            + (
                "where nothing was observed, leave the sequence out."
                if pd.api.types.is_scalar(sequence) and pd.isna(sequence)
                else "to pass one sequence alone, put it in a list."
            )
        )
    if array.size == 0:
        raise InvalidSequenceError(
            f"{show(i)} is empty, of shape {array.shape}; a sequence needs at least "
            "one time step and one feature: leave it out."
        )
    return as_real(array, show(i))


def _convert(sequence: Any, name: str) -> NDArray[Any]:
    check_dimensions(sequence, axis=0)
    try:
        if (numbers := numbers_of_columns(sequence, name)) is not None:
            return numbers
        return np.asarray(as_plain(sequence))
    except ValueError as error:  # lists of unequal length inside
        pair = isinstance(sequence, tuple) and len(sequence) == 2
        remedy = " Of pairs such as (id, sequence), pass the sequences." if pair else ""
        raise InvalidSequenceError(
            f"{name} is not rectangular: every time step needs the same number "
            f"of features.{remedy} NumPy says: {error}"
        ) from error
