"""Columns with a sequence in each cell; each of several columns is one feature."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._containers.kinds import Container, Layout, Levels
from sklearn_seqae._containers.ragged import (
    Floats,
    RaggedArray,
    locate,
    offsets_from_lengths,
)
from sklearn_seqae._containers.readers.checks import (
    Names,
    as_float,
    as_names,
    as_real,
    by_position,
    check_values,
)
from sklearn_seqae._containers.readers.levels import Feature
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
    """Add the name of the column to errors; None adds nothing."""
    try:
        yield
    except (TypeError, ValueError) as error:
        if name is None:
            raise
        raise type(error)(f"column {name!r}: {error}") from error


class Lists(NamedTuple):
    """Functions of a library's lists.

    Attributes
    ----------
    kind : callable
        Return the kind of list, "" of what is no list.
    first_null : callable
        Return the position of the first null, or None.
    lengths, flattened : callable
        Return the length of each list, and what is in the lists.
    feature, numbers : callable
        Read what is in no list: as categories, or None; else as an array.
    """

    kind: Callable[[Any], str]
    first_null: Callable[[Any], int | None]
    lengths: Callable[[Any], NDArray[Any]]
    flattened: Callable[[Any], Any]
    feature: Callable[[Any, str], Feature | None]
    numbers: Callable[[Any], NDArray[Any]]


def column_of_lists(
    of: Lists, lists: Any, name: Any, show: Callable[[int], str] = by_position
) -> Column:
    """Read lists of numbers or of categories, or lists of lists of them.

    Raise if a sequence is null or empty, or if time steps differ in width.
    """
    layout = [of.kind(lists)]
    with named(name):
        if (i := of.first_null(lists)) is not None:
            raise InvalidSequenceError(f"{show(i)} is null: leave it out.")
        lengths = of.lengths(lists)
        check_lengths(lengths, show)  # before polars turns an empty list into null
        steps, width = of.flattened(lists), None
        if inner := of.kind(steps):
            if (row := of.first_null(steps)) is not None:
                i, timestep = locate(offsets_from_lengths(lengths), row)
                raise InvalidSequenceError(
                    f"sequence {i} has null at time step {timestep}; where all "
                    "features of a time step are missing, put null, or NaN, in the "
                    "place of each."
                )
            layout.append(inner)
            width = common_width(of.lengths(steps), lengths)
            steps = of.flattened(steps)
    found = of.feature(steps, "X" if name is None else f"column {name!r}")
    return column_from_lists(name, layout, lengths, width, found or of.numbers(steps))


def column_from_lists(
    name: Any,
    layout: Sequence[str],
    lengths: NDArray[Any],
    width: int | None,
    steps: NDArray[Any] | Feature,
) -> Column:
    """Make a column of what is in lists, or in lists of lists.

    `layout` has the kinds of the lists, from the outside in; `width` is the number of
    features of a time step, None if the sequences are univariate. `steps` are the
    numbers or the categories of all sequences; float32 and float64 are not copied.
    """
    values: Floats
    levels = None
    if isinstance(steps, Feature):
        values, levels = steps.values.astype(np.float64), steps.levels
    else:
        values = as_float(as_real(steps, "X" if name is None else f"column {name!r}"))
    ragged = RaggedArray(values.reshape(-1, width or 1), offsets_from_lengths(lengths))
    own = (*layout, ragged.dtype.name)
    of_features = (levels,) * ragged.n_features if levels else ()
    return Column(name, ragged, width is None, own, levels=of_features)


def check_lengths(
    lengths: NDArray[Any], show: Callable[[int], str] = by_position
) -> None:
    """Raise if there is no sequence, or an empty one."""
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

    `widths` has that of each time step of all sequences, one after the other. Raise if
    it is 0, or name the first time step that differs.
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
    """Make one ragged array of one column, or of several with a feature each."""
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
    """Raise if only some columns of a frame hold sequences."""
    if others:
        raise ValueError(
            f"column {others[0]!r} does not hold a sequence in each cell, but column "
            f"{sequences[0]!r} does; pass the columns of sequences alone, for instance "
            "by a ColumnTransformer."
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


def stored_names(X: Any, n_features: int) -> Names | None:
    """Return the names that `to_sequences` left in a Series, or in a file of it.

    In pyarrow, pandas' metadata of a Parquet file hold them. Another number of names
    than features says that they are not those of these sequences.
    """
    attrs = getattr(X, "attrs", None)
    if attrs is None:
        metadata = X.schema.metadata or {}
        attrs = json.loads(metadata.get(b"PANDAS_ATTRS", b"{}"))
    names = as_names(attrs.get("columns") if isinstance(attrs, Mapping) else None)
    return names if names is not None and len(names) == n_features else None
