"""Columns with a sequence in each cell; each of several columns is one feature."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._containers.kinds import Container, Layout, Levels
from sklearn_seqae._containers.ragged import RaggedArray, locate, offsets_from_lengths
from sklearn_seqae._containers.readers.checks import (
    as_float,
    as_real,
    by_position,
    check_values,
)
from sklearn_seqae._containers.readers.levels import Feature
from sklearn_seqae._containers.readers.names import Names, as_names
from sklearn_seqae.exceptions import InvalidSequenceError, _count


@dataclass(frozen=True)
class Column:
    """A column of sequences.

    Attributes
    ----------
    name : object
        Label of the column, or None.

    ragged : RaggedArray
        The sequences.

    univariate : bool
        Whether each sequence was 1-D.

    layout : tuple of str
        Layout of a cell, see `Container`.

    feature_names : tuple of str or None
        Names of the features in each cell, if they are known.

    levels : tuple of Levels or None
        Categories of each feature; empty if all are numbers. See `Container`.
    """

    name: Any
    ragged: RaggedArray
    univariate: bool
    layout: Layout
    feature_names: Names | None = None
    levels: tuple[Levels | None, ...] = ()


@contextmanager
def named(name: Any) -> Iterator[None]:
    """Add the name of the column to errors.

    Parameters
    ----------
    name : object
        Label of the column. None adds nothing.
    """
    try:
        yield
    except (TypeError, ValueError) as error:
        if name is None:
            raise
        raise type(error)(f"column {name!r}: {error}") from error


def column_from_lists(
    name: Any,
    layout: Sequence[str],
    lengths: NDArray[Any],
    width: int | None,
    numbers: NDArray[Any],
) -> Column:
    """Make a column from lists of numbers, or from lists of lists of numbers.

    Parameters
    ----------
    name : object
        Label of the column, or None.

    layout : sequence of str
        Kind of the outer list and, if there is one, of the inner list.

    lengths : ndarray of shape (n_sequences,), int
        Time steps of each sequence, see `check_lengths`.

    width : int or None
        Features of each time step; None if the sequences are univariate.

    numbers : ndarray of shape (n_timesteps * width,) or (n_timesteps, width)
        The numbers of all sequences, of any dtype that `as_real` takes.

    Returns
    -------
    Column
        It shares memory with `numbers` if they are float32 or float64.

    Raises
    ------
    TypeError
        If there is something other than real numbers.
    """
    values = as_float(as_real(numbers, "X" if name is None else f"column {name!r}"))
    ragged = RaggedArray(values.reshape(-1, width or 1), offsets_from_lengths(lengths))
    return Column(name, ragged, width is None, (*layout, ragged.dtype.name))


def column_of_categories(
    name: Any,
    layout: Sequence[str],
    lengths: NDArray[Any],
    width: int | None,
    feature: Feature,
) -> Column:
    """Make a column from lists of categories, or from lists of lists of them.

    Parameters
    ----------
    name, layout, lengths, width
        As for `column_from_lists`.

    feature : Feature of shape (n_timesteps * width,)
        The categories of all sequences.

    Returns
    -------
    Column
    """
    values = feature.values.astype(np.float64).reshape(-1, width or 1)
    ragged = RaggedArray(values, offsets_from_lengths(lengths))
    levels = (feature.levels,) * ragged.n_features if feature.levels else ()
    own = (*layout, ragged.dtype.name)
    return Column(name, ragged, width is None, own, levels=levels)


def check_lengths(
    lengths: NDArray[Any], show: Callable[[int], str] = by_position
) -> None:
    """Raise if there is no sequence, or an empty one.

    Parameters
    ----------
    lengths : ndarray of shape (n_sequences,), int
        Time steps of each sequence.

    show : callable
        Function from the position of a sequence to its name in messages.

    Raises
    ------
    InvalidSequenceError
        Names the first empty sequence.
    """
    if len(lengths) == 0:
        raise InvalidSequenceError(
            "found 0 sequences, while a minimum of 1 is required."
        )
    if not lengths.all():
        raise InvalidSequenceError(
            f"{show(int(np.argmin(lengths)))} is empty; a sequence needs at least one "
            "time step: leave it out."
        )


def common_width(widths: NDArray[Any], lengths: NDArray[Any]) -> int:
    """Return the number of features that all time steps share.

    Parameters
    ----------
    widths : ndarray of shape (n_timesteps,), int
        Features of each time step of all sequences, one after the other.

    lengths : ndarray of shape (n_sequences,), int
        Time steps of each sequence, at least 1.

    Returns
    -------
    int

    Raises
    ------
    InvalidSequenceError
        If there are no features, or a time step differs from the first one. Names the
        first such time step.
    """
    expected = int(widths[0])
    if np.any(widths != expected):
        row = int(np.argmax(widths != expected))
        i, timestep = locate(offsets_from_lengths(lengths), row)
        raise InvalidSequenceError(
            f"sequence {i} has {_count(int(widths[row]), 'feature')} at time step "
            f"{timestep}, but sequence 0 has {expected} at time step 0; every time "
            "step needs the same number of features."
        )
    if expected == 0:
        raise InvalidSequenceError("sequence 0 has no features; it needs at least one.")
    return expected


def ragged_from_columns(
    columns: Sequence[Column],
    kind: str,
    n_columns: int | None,
    column_names: tuple[Any, ...] = (None,),
    show: Callable[[int], str] = by_position,
) -> tuple[RaggedArray, Container]:
    """Make one ragged array of one column, or of several with a feature each.

    Parameters
    ----------
    columns : sequence of Column
        At least one, all with the same number of sequences.

    kind, n_columns, column_names
        Attributes of the container.

    show : callable
        Function from the position of a sequence to its name in messages.

    Returns
    -------
    ragged : RaggedArray
        The sequences.
    container : Container
        Note on what they were.

    Raises
    ------
    InvalidSequenceError
        If columns differ in the length of a sequence.
    ValueError
        If one of several columns is itself multivariate.
    """
    first = columns[0]
    ragged = first.ragged
    if len(columns) > 1:
        _check_features(columns, show)
        features = [column.ragged.values for column in columns]
        ragged = ragged.with_values(np.concatenate(features, axis=1))
    levels = tuple(each for column in columns for each in _levels_of(column))
    check_values(ragged, show)
    return ragged, Container(
        kind,
        ragged.dtype.name,
        univariate=first.univariate and len(columns) == 1,
        n_columns=n_columns,
        columns=tuple(column.name for column in columns),
        column_names=column_names,
        layouts=tuple(column.layout for column in columns),
        feature_names=_feature_names(columns, n_columns),
        levels=levels if any(levels) else (),
    )


def refuse_other_columns(sequences: list[Any], others: list[Any]) -> None:
    """Raise if only some columns of a frame hold sequences.

    Parameters
    ----------
    sequences, others : list
        Labels of the columns with a sequence in each cell, and of the other columns.

    Raises
    ------
    ValueError
        Names one column of each.
    """
    if others:
        raise ValueError(
            f"column {others[0]!r} does not hold a sequence in each cell, but column "
            f"{sequences[0]!r} does; pass the columns of sequences alone, for instance "
            "by a ColumnTransformer."
        )


def refuse_null(sequence: str) -> None:
    """Raise for a missing sequence.

    Parameters
    ----------
    sequence : str
        Name of the sequence in the message.

    Raises
    ------
    InvalidSequenceError
        Always.
    """
    raise InvalidSequenceError(f"{sequence} is null: leave it out.")


def refuse_null_step(row: int, lengths: NDArray[Any]) -> None:
    """Raise for a missing time step.

    Parameters
    ----------
    row : int
        Position of the time step in all sequences, one after the other.

    lengths : ndarray of shape (n_sequences,), int
        Time steps of each sequence.

    Raises
    ------
    InvalidSequenceError
        Always.
    """
    i, timestep = locate(offsets_from_lengths(lengths), row)
    raise InvalidSequenceError(
        f"sequence {i} has null at time step {timestep}; where all features of a time "
        "step are missing, put null, or NaN, in the place of each."
    )


def _levels_of(column: Column) -> tuple[Levels | None, ...]:
    return column.levels or (None,) * column.ragged.n_features


def _feature_names(columns: Sequence[Column], n_columns: int | None) -> Names | None:
    """Return the names in the cells or, where each column is a feature, of columns."""
    first = columns[0]
    if len(columns) > 1 or (n_columns and first.univariate):
        return as_names([column.name for column in columns])
    return first.feature_names


def _check_features(columns: Sequence[Column], show: Callable[[int], str]) -> None:
    first = columns[0]
    for column in columns:
        if not column.univariate:
            raise ValueError(
                f"column {column.name!r} holds multivariate sequences, "
                f"{_count(column.ragged.n_features, 'feature')} at a time step; each "
                "of several columns must be one feature. Pass this column alone."
            )
        differs = column.ragged.lengths != first.ragged.lengths
        if differs.any():
            i = int(np.argmax(differs))
            found, expected = int(column.ragged.lengths[i]), first.ragged.lengths[i]
            raise InvalidSequenceError(
                f"{show(i)} has {_count(found, 'time step')} in column "
                f"{column.name!r}, but {expected} in column {first.name!r}; all "
                "features of a sequence need the same number."
            )
