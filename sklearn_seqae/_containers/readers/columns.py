"""Columns with a sequence in each cell; each of several columns is one feature."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._containers.chunks import naming
from sklearn_seqae._containers.kinds import Container
from sklearn_seqae._containers.ragged import (
    Floats,
    RaggedArray,
    Show,
    by_position,
    locate,
    offsets_from_lengths,
)
from sklearn_seqae._containers.readers import checks
from sklearn_seqae._containers.readers.levels import Feature
from sklearn_seqae.exceptions import InvalidSequenceError, _count


class Lists(NamedTuple):
    """Functions of a library's lists."""

    kind: Callable[[Any], str]  # of list; "" of what is no list
    is_null: Callable[[Any], NDArray[Any]]
    lengths: Callable[[Any], NDArray[Any]]  # of each list
    flattened: Callable[[Any], Any]  # what is in the lists
    # What is in no list: categories, or None; else an array
    feature: Callable[[Any, str], Feature | None]
    numbers: Callable[[Any], NDArray[Any]]


def column_of_lists(
    of: Lists, lists: Any, kind: str, name: Any, show: Show = by_position
) -> checks.Read:
    """Read lists of numbers or of categories, or lists of lists of them."""
    layout, place = [of.kind(lists)], column_named(name)
    with naming(place):
        if (null := of.is_null(lists)).any():
            i = int(null.argmax())
            raise InvalidSequenceError(f"{show(i)} is null: leave it out.")
        lengths = of.lengths(lists)
        check_lengths(lengths, show)  # before polars turns an empty list into null
        steps, width = of.flattened(lists), None
        if inner := of.kind(steps):
            if (null := of.is_null(steps)).any():
                row = int(null.argmax())
                i, timestep = locate(offsets_from_lengths(lengths), row)
                raise InvalidSequenceError(
                    f"sequence {i} has null at time step {timestep}; where all "
                    "features of a time step are missing, put null, or NaN, in the "
                    "place of each."
                )
            layout.append(inner)
            width = common_width(of.lengths(steps), lengths)
            steps = of.flattened(steps)
    found = of.feature(steps, place or "X")
    steps = found or of.numbers(steps)
    return column_from_lists(kind, name, layout, lengths, width, steps)


def column_from_lists(
    kind: str,
    name: Any,
    layout: Sequence[str],
    lengths: NDArray[Any],
    width: int | None,
    steps: NDArray[Any] | Feature,
) -> checks.Read:
    """Make a column of what is in lists, or in lists of lists.

    `layout` has the kinds of the lists, from the outside in; `width` is the number of
    features, None if sequences are univariate. `steps` are those of all sequences.
    """
    values: Floats
    levels = None
    if isinstance(steps, Feature):
        values, levels = steps.values.astype(np.float64), steps.levels
    else:
        values = checks.as_float(checks.as_real(steps, column_named(name) or "X"))
    ragged = RaggedArray(values.reshape(-1, width or 1), offsets_from_lengths(lengths))
    return ragged, Container(
        kind,
        ragged.dtype.name,
        univariate=width is None,
        layouts=((*layout, ragged.dtype.name),),
        levels=(levels,) * ragged.n_features if levels else (),
    )


def column_named(name: Any) -> str:
    """Name a column in messages; None has no name."""
    return "" if name is None else f"column {name!r}"


def check_lengths(lengths: NDArray[Any], show: Show = by_position) -> None:
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

    `widths` has that of each time step. Raise if it is 0, or differs from the first.
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


def joined_columns(
    columns: Sequence[checks.Read],
    names: Sequence[Any] = (None,),
    n_columns: int | None = None,
    column_names: tuple[Any, ...] = (None,),
    show: Show = by_position,
) -> checks.Read:
    """Make one ragged array of columns; `n_columns` is their number in a table."""
    ragged, first = columns[0]
    containers = [container for _, container in columns]
    feature_names, levels = first.feature_names, first.levels
    if len(columns) > 1:
        _check_features(columns, names, show)
        features = [own.values for own, _ in columns]
        ragged = ragged.with_values(np.concatenate(features, axis=1))
        levels = tuple(each.levels[0] if each.levels else None for each in containers)
    if len(columns) > 1 or (n_columns and first.univariate):
        feature_names = checks.as_names(list(names))
    checks.check_values(ragged, show)
    return ragged, replace(
        first,
        dtype=ragged.dtype.name,
        univariate=first.univariate and len(columns) == 1,
        n_columns=n_columns,
        columns=tuple(names),
        column_names=column_names,
        layouts=tuple(container.layouts[0] for container in containers),
        feature_names=feature_names,
        levels=levels if any(levels) else (),
    )


def check_all_nested(names: Sequence[Any], nested: Sequence[bool]) -> None:
    """Raise if only some columns of a frame hold sequences."""
    if not all(nested):
        raise ValueError(
            f"column {names[nested.index(False)]!r} does not hold a sequence in each "
            f"cell, but column {names[nested.index(True)]!r} does; pass the columns of "
            "sequences alone, for instance by a ColumnTransformer."
        )


def _check_features(
    columns: Sequence[checks.Read], names: Sequence[Any], show: Show
) -> None:
    first, _ = columns[0]
    for (ragged, container), name in zip(columns, names, strict=True):
        if not container.univariate:
            raise ValueError(
                f"column {name!r} holds multivariate sequences, "
                f"{_count(ragged.n_features, 'feature')} at a time step; each of "
                "several columns must be one feature. Pass this column alone."
            )
        differs = ragged.lengths != first.lengths
        if differs.any():
            i = int(np.argmax(differs))
            found, expected = int(ragged.lengths[i]), first.lengths[i]
            raise InvalidSequenceError(
                f"{show(i)} has {_count(found, 'time step')} in column {name!r}, but "
                f"{expected} in column {names[0]!r}; all features of a sequence need "
                "the same number."
            )


def with_stored_names(X: Any, column: checks.Read) -> checks.Read:
    """Give features the names that `to_sequences` left in a Series, or in a file of it.

    If these are more or fewer than the features, they belong to other sequences.
    """
    (ragged, container), attrs = column, getattr(X, "attrs", None)
    if attrs is None:
        metadata = X.schema.metadata or {}
        attrs = json.loads(metadata.get(b"PANDAS_ATTRS", b"{}"))
    stored = attrs.get("columns") if isinstance(attrs, Mapping) else None
    names = checks.as_names(stored)
    if container.feature_names or names is None or len(names) != ragged.n_features:
        return column
    return ragged, replace(container, feature_names=names)
