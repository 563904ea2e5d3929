"""Columns with a sequence in each cell: the numbers of one, the channels of several."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._inputs._checks import as_float, as_real, check_values, dtype_name
from sklearn_seqae._inputs._container import Container, Kind, Layout
from sklearn_seqae._ragged import RaggedArray, offsets_from_lengths
from sklearn_seqae.exceptions import InvalidSequenceError, _count


@dataclass(frozen=True)
class Column:
    """A column of sequences.

    Attributes
    ----------
    name : object
        Its label, or None where there is none.

    ragged : RaggedArray
        The sequences.

    univariate : bool
        Whether each was 1-D.

    layout : tuple of str
        How a cell held its numbers, see `Container`.
    """

    name: Any
    ragged: RaggedArray
    univariate: bool
    layout: Layout


@contextmanager
def named(name: Any) -> Iterator[None]:
    """Name the column in the errors that are raised within.

    Parameters
    ----------
    name : object
        The label of the column; None adds nothing.
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
    """Put together a column of lists of numbers, or of lists of lists of numbers.

    Parameters
    ----------
    name : object
        The label of the column, or None.

    layout : sequence of str
        What kind of list the outer and, if there is one, the inner is.

    lengths : ndarray of shape (n_sequences,), int
        Time steps of each sequence, see `check_lengths`.

    width : int or None
        Features of each time step; None if the sequences are univariate.

    numbers : ndarray of shape (n_timesteps * width,)
        All of them, of any dtype that `as_real` takes. May have the shape (n_timesteps,
        width), too.

    Returns
    -------
    Column
        Which shares memory with `numbers` if they are float32 or float64.

    Raises
    ------
    TypeError
        If there is something else than real numbers.
    """
    values = as_float(as_real(numbers, "X" if name is None else f"column {name!r}"))
    ragged = RaggedArray(values.reshape(-1, width or 1), offsets_from_lengths(lengths))
    return Column(name, ragged, width is None, (*layout, dtype_name(ragged)))


def check_lengths(lengths: NDArray[Any]) -> None:
    """Raise if there is no sequence, or an empty one.

    Parameters
    ----------
    lengths : ndarray of shape (n_sequences,), int
        Time steps of each sequence.

    Raises
    ------
    InvalidSequenceError
        Naming the first that is empty.
    """
    if len(lengths) == 0:
        raise InvalidSequenceError(
            "found 0 sequences, while a minimum of 1 is required."
        )
    if not lengths.all():
        raise InvalidSequenceError(
            f"sequence {int(np.argmin(lengths))} is empty; a sequence needs at least "
            "one time step: leave it out."
        )


def common_width(widths: NDArray[Any], lengths: NDArray[Any]) -> int:
    """Return the number of features of every time step.

    Parameters
    ----------
    widths : ndarray of shape (n_timesteps,), int
        Features of each time step, of all sequences, one after the other.

    lengths : ndarray of shape (n_sequences,), int
        Time steps of each sequence, none of them empty.

    Returns
    -------
    int

    Raises
    ------
    InvalidSequenceError
        Naming the first time step that differs from the very first, or if it is empty.
    """
    expected = int(widths[0])
    if np.any(widths != expected):
        row = int(np.argmax(widths != expected))
        i, timestep = _locate(row, lengths)
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
    kind: Kind,
    n_columns: int | None,
    column_names: tuple[Any, ...] = (None,),
) -> tuple[RaggedArray, Container]:
    """Make one ragged array of a column, or of several that are a channel each.

    Parameters
    ----------
    columns : sequence of Column
        At least one, all of the same number of sequences.

    kind, n_columns, column_names
        For the container.

    Returns
    -------
    ragged : RaggedArray
        The sequences.
    container : Container
        What they were.

    Raises
    ------
    InvalidSequenceError
        If a sequence differs in length between columns.
    ValueError
        If one of several columns is itself multivariate.
    """
    first = columns[0]
    ragged = first.ragged
    if len(columns) > 1:
        _check_channels(columns)
        channels = [column.ragged.values for column in columns]
        ragged = ragged.with_values(np.concatenate(channels, axis=1))
    check_values(ragged)
    return ragged, Container(
        kind,
        dtype_name(ragged),
        univariate=first.univariate and len(columns) == 1,
        n_columns=n_columns,
        columns=tuple(column.name for column in columns),
        column_names=column_names,
        layouts=tuple(column.layout for column in columns),
    )


def refuse_other_columns(sequences: list[Any], others: list[Any]) -> None:
    """Raise if a frame holds sequences in some columns only.

    Parameters
    ----------
    sequences, others : list
        Labels of the columns with a sequence in each cell, and of those without.

    Raises
    ------
    ValueError
        Naming one of each.
    """
    if others:
        raise ValueError(
            f"column {others[0]!r} does not hold a sequence in each cell, but column "
            f"{sequences[0]!r} does; pass the columns of sequences alone, for instance "
            "by a ColumnTransformer."
        )


def refuse_null(i: int) -> None:
    """Raise for a missing sequence.

    Parameters
    ----------
    i : int
        Its position.

    Raises
    ------
    InvalidSequenceError
        Always.
    """
    raise InvalidSequenceError(f"sequence {i} is null: leave it out.")


def refuse_null_step(row: int, lengths: NDArray[Any]) -> None:
    """Raise for a missing time step.

    Parameters
    ----------
    row : int
        The step, counted over all sequences.

    lengths : ndarray of shape (n_sequences,), int
        Time steps of each sequence.

    Raises
    ------
    InvalidSequenceError
        Always.
    """
    i, timestep = _locate(row, lengths)
    raise InvalidSequenceError(
        f"sequence {i} has null at time step {timestep}; where all features of a time "
        "step are missing, put null, or NaN, in the place of each."
    )


def _locate(row: int, lengths: NDArray[Any]) -> tuple[int, int]:
    offsets = offsets_from_lengths(lengths)
    i = int(np.searchsorted(offsets, row, side="right")) - 1
    return i, int(row - offsets[i])


def _check_channels(columns: Sequence[Column]) -> None:
    first = columns[0]
    for column in columns:
        if not column.univariate:
            raise ValueError(
                f"column {column.name!r} holds multivariate sequences, "
                f"{_count(column.ragged.n_features, 'feature')} at a time step; of "
                "several columns, each must be one channel. Pass this one alone."
            )
        differs = column.ragged.lengths != first.ragged.lengths
        if differs.any():
            i = int(np.argmax(differs))
            found, expected = int(column.ragged.lengths[i]), first.ragged.lengths[i]
            raise InvalidSequenceError(
                f"sequence {i} has {_count(found, 'time step')} in column "
                f"{column.name!r}, but {expected} in column {first.name!r}; all "
                "channels of a sequence need the same number."
            )
