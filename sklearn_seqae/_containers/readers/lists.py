"""Lists, tuples and object arrays of sequences."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._containers.kinds import Container
from sklearn_seqae._containers.ragged import (
    RaggedArray,
    check_same_n_features,
    offsets_from_lengths,
    stack,
)
from sklearn_seqae._containers.readers.checks import (
    ACCEPTED,
    as_plain,
    as_real,
    by_position,
    check_dimensions,
    check_values,
    describe,
    is_missing,
)
from sklearn_seqae._containers.readers.mixed import (
    Mixed,
    form_of,
    frames_of,
    numbers_of_columns,
    stack_mixed,
)
from sklearn_seqae.exceptions import InvalidSequenceError


def ragged_from_sequence(X: Sequence[Any]) -> tuple[RaggedArray, Container]:
    """Stack a list of sequences, all of them 1-D or all of them 2-D."""
    return _read(X, "tuple" if isinstance(X, tuple) else "list")


def ragged_from_object_array(
    X: NDArray[np.object_],
) -> tuple[RaggedArray, Container]:
    """Stack the sequences of a 1-D object array, as `ragged_from_sequence` does."""
    return _read(X.tolist(), "object_array")


def stack_any(X: Sequence[Any], show: Callable[[int], str] = by_position) -> Mixed:
    """Stack sequences of numbers, or of more than numbers; see `stack_sequences`."""
    forms = list(map(form_of, X))
    if any(forms):
        return stack_mixed(X, forms, show)
    ragged, univariate = stack_sequences(X, show)
    form, names = frames_of(X)
    return Mixed(ragged, univariate, (), form, names)


def stack_sequences(
    X: Sequence[Any], show: Callable[[int], str] = by_position
) -> tuple[RaggedArray, bool]:
    """Stack sequences as they are, missing and infinite values included."""
    arrays = [_as_array(sequence, i, show) for i, sequence in enumerate(X)]
    univariate = _check_same_ndim(arrays, show)
    if not univariate:
        check_same_n_features(arrays, show)
    values = stack(arrays).reshape(-1, 1 if univariate else arrays[0].shape[1])
    lengths = np.fromiter(map(len, arrays), dtype=np.int64, count=len(arrays))
    return RaggedArray(values, offsets_from_lengths(lengths)), univariate


def is_sequence(cell: Any) -> bool:
    """Return whether a cell of a table holds a sequence, not a number or a string."""
    if isinstance(cell, list | tuple):
        return True
    return hasattr(cell, "__array__") and np.ndim(cell) > 0


def _read(X: Sequence[Any], kind: str) -> tuple[RaggedArray, Container]:
    if len(X) == 0:
        raise ValueError(
            f"X is an empty {kind.replace('_', ' ')}: found 0 sequences, while a "
            f"minimum of 1 is required; expected {ACCEPTED}."
        )
    ragged, univariate, levels, form, names = stack_any(X)
    check_values(ragged)
    return ragged, Container(
        kind,
        ragged.dtype.name,
        univariate,
        feature_names=names,
        frames=form,
        levels=levels,
    )


def _as_array(sequence: Any, i: int, show: Callable[[int], str]) -> NDArray[Any]:
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
                if is_missing(sequence)
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


def _check_same_ndim(
    arrays: Sequence[NDArray[Any]], show: Callable[[int], str]
) -> bool:
    """Return whether all sequences are univariate; raise if only some are."""
    expected = arrays[0].ndim
    for i, array in enumerate(arrays):
        if array.ndim != expected:
            raise InvalidSequenceError(
                f"{show(i)} is {array.ndim}-D, but {show(0)} is {expected}-D; "
                "pass all of them as (n_timesteps, n_features), or all of them as "
                "(n_timesteps,)."
            )
    return expected == 1
