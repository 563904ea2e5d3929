"""Sequences of more than numbers: text, structured arrays, records, frames."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.extensions import ExtensionArray

from sklearn_seqae._containers.kinds import CATEGORIES, FRAMES, Container, title_of
from sklearn_seqae._containers.ragged import RaggedArray, Show, offsets_from_lengths
from sklearn_seqae._containers.readers import checks
from sklearn_seqae._containers.readers.columns import check_lengths
from sklearn_seqae._containers.readers.levels import (
    Feature,
    categories_of,
    feature_from_array,
    has_categories,
    is_text,
    joined,
    stacked,
)
from sklearn_seqae._utils import comes_from
from sklearn_seqae.exceptions import InvalidSequenceError, _count


class _Columns(NamedTuple):
    """The columns of one sequence, as its library has them."""

    columns: list[Any]
    names: checks.Names | None = None
    univariate: bool = False


def form_of(sequence: Any) -> str:
    """Return the form of a sequence that is more than numbers, "" for another.

    Its library, if it is a frame; "records", "dicts" or "tuples"; "values" for an
    array, a Series or a list of text.
    """
    if isinstance(sequence, np.ndarray):
        if sequence.dtype.names:
            return "records"
        return "values" if sequence.ndim in (1, 2) and is_text(sequence) else ""
    if isinstance(sequence, list | tuple):
        return _form_of_list(sequence)
    if isinstance(sequence, pd.Series):
        return "values" if has_categories(sequence) else ""
    library = _library(sequence)
    if library and all(map(_is_numeric, _of_frame(sequence, library).columns)):
        return ""
    return library


def frames_of(sequences: Sequence[Any]) -> tuple[str, checks.Names | None]:
    """Return the library and the columns of frames; raise if these differ.

    The library is "" unless all sequences are frames of it with names.
    """
    libraries = list(map(_library, sequences))
    named = []
    for i, library in enumerate(libraries):
        names = _names_of(sequences[i], library) if library else None
        if names is None:
            continue
        named.append((i, names))
        first, expected = named[0]
        if names != expected:
            has = f"sequence {first} has"
            raise InvalidSequenceError(
                checks.other_names(f"sequence {i}", names, has, expected)
            )
    if len(named) < len(libraries):
        return "", None
    return libraries[0] if len(set(libraries)) == 1 else "", named[0][1]


def stack_mixed(
    X: Sequence[Any], forms: Sequence[str], kind: str, show: Show
) -> checks.Read:
    """Stack sequences, some of which hold more than numbers.

    `forms` has the `form_of` each, and `kind` is that of the container.
    """
    form = next(filter(None, forms))
    if set(forms) == {"records"} and len({x.dtype for x in X}) == 1:
        lengths = np.fromiter(map(len, X), dtype=np.int64, count=len(X))
        check_lengths(lengths, show)
        whole = np.concatenate(X)
        names: Any = whole.dtype.names
        first = _Columns([], names)
        _check_no_times(whole.dtype)
        features = [
            _feature(_of_records(whole, name), f"column {name!r}") for name in names
        ]
    else:
        parts = [
            _columns(x, own, show(i))
            for i, (x, own) in enumerate(zip(X, forms, strict=True))
        ]
        first = parts[0]
        for i, part in enumerate(parts):
            _check_alike(part, first, show, i)
        lengths = np.array([len(part.columns[0]) for part in parts], np.int64)
        check_lengths(lengths, show)
        features = []
        for j in range(len(first.columns)):
            name = f"column {first.names[j]!r}" if first.names else f"feature {j}"
            of_sequences = [
                _feature(part.columns[j], f"{show(i)}, {name}")
                for i, part in enumerate(parts)
            ]
            features.append(joined(of_sequences, name, show))
    values, levels = stacked(features)
    ragged = RaggedArray(values, offsets_from_lengths(lengths))
    return ragged, Container(
        kind,
        ragged.dtype.name,
        first.univariate,
        feature_names=first.names,
        frames="" if form == "values" else form,
        levels=levels,
    )


def numbers_of_columns(sequence: Any, place: str) -> NDArray[Any] | None:
    """Return the numbers of a frame or a column of any library; None of what is none.

    float32 if all columns are float16 or float32, else of a wider dtype. `place` begins
    messages.
    """
    if isinstance(sequence, pd.DataFrame | pd.Series | pd.Index | ExtensionArray):
        return checks.numbers_of(sequence)
    if comes_from(sequence, "polars", "Series"):
        return _feature(sequence, place).values
    if library := _library(sequence):
        columns = _of_frame(sequence, library).columns
        features = [_feature(column, place) for column in columns]
        return stacked(features)[0] if features else None
    return None


def _form_of_list(sequence: list[Any] | tuple[Any, ...]) -> str:
    first = next(iter(sequence), None)
    if isinstance(first, Mapping):
        return "dicts"
    if isinstance(first, list | tuple):
        rows = (row for row in sequence if isinstance(row, list | tuple))
        text = any(isinstance(v, str) for row in rows for v in row)
        return "tuples" if text else ""
    if isinstance(first, np.void):
        return "records"
    text = any(isinstance(v, str) for v in sequence)
    return "values" if text and all(map(pd.api.types.is_scalar, sequence)) else ""


def _columns(sequence: Any, form: str, name: str) -> _Columns:
    if library := _library(sequence):
        return _of_frame(sequence, library)
    if form == "records":
        records = np.asarray(sequence)
        fields: Any = records.dtype.names
        return _Columns([_of_records(records, f) for f in fields], fields)
    if form == "dicts":
        keys = list(sequence[0])
        for t, record in enumerate(sequence):
            if not isinstance(record, Mapping) or list(record) != keys:
                raise InvalidSequenceError(
                    f"{name} has {checks.describe(record)} at time step {t} that "
                    f"differs from the first, which has the keys {keys}; every time "
                    "step needs the same, in one order, with None where one is missing."
                )
        rows = [list(record.values()) for record in sequence]
        return _Columns(_transposed(rows, name), checks.as_names(keys))
    if isinstance(sequence, pd.Series):
        return _Columns([sequence], univariate=True)
    if isinstance(sequence, list | tuple):
        if any(isinstance(row, list | tuple) for row in sequence):
            return _Columns(_transposed(sequence, name))
        objects = np.fromiter(sequence, object, len(sequence))
        return _Columns([objects], univariate=True)
    array = np.asarray(sequence)
    if array.ndim not in (1, 2):
        raise InvalidSequenceError(
            f"{name} is {checks.describe(sequence)}; expected shape (n_timesteps, "
            "n_features), or (n_timesteps,) if univariate."
        )
    columns = [array] if array.ndim == 1 else list(array.T)
    return _Columns(columns, univariate=array.ndim == 1)


def _of_records(records: NDArray[np.void], name: str) -> Any:
    """Return a field as a column: numbers may be categories, if its title says so."""
    column = np.ascontiguousarray(records[name])
    if title_of(records.dtype, name).startswith(CATEGORIES):
        return pd.Series(pd.Categorical(column))
    return column


def _library(sequence: Any) -> str:
    """Return the library of a frame, "" of what is none."""
    if type(sequence) is np.ndarray or isinstance(sequence, list | tuple):
        return ""
    names = ("DataFrame", "Table", "RecordBatch")
    return next((lib for lib in FRAMES if comes_from(sequence, lib, *names)), "")


def _of_frame(frame: Any, library: str) -> _Columns:
    if library == "pandas":
        columns = [frame.iloc[:, j] for j in range(frame.shape[1])]
    else:
        columns = frame.get_columns() if library == "polars" else frame.columns
    return _Columns(columns, _names_of(frame, library))


def _names_of(frame: Any, library: str) -> checks.Names | None:
    labels = frame.schema.names if library == "pyarrow" else frame.columns
    return checks.as_names(list(labels))


def _feature(column: Any, place: str) -> Feature:
    """Read one column of one sequence."""
    if (found := categories_of(column, place)) is not None:
        return found
    if isinstance(column, pd.Series):
        column = checks.numbers_of(column)
    elif comes_from(column, "polars", "Series") and column.null_count():
        # polars makes float32 of small integers
        column = column.cast(float) if column.dtype.is_integer() else column
    return feature_from_array(np.asarray(column), place)


def _is_numeric(column: Any) -> bool:
    if isinstance(column, pd.Series):
        return not has_categories(column)
    if comes_from(column, "polars", "Series"):
        return column.dtype.is_numeric() or str(column.dtype) == "Boolean"
    return categories_of(column[:0], "") is None


def _transposed(rows: Sequence[Any], name: str) -> list[NDArray[np.object_]]:
    """Return the columns of rows, as objects."""
    width = len(rows[0])
    for t, row in enumerate(rows):
        if not isinstance(row, list | tuple) or len(row) != width:
            raise InvalidSequenceError(
                f"{name} is not rectangular: time step {t} is {row!r}, but the first "
                f"has {_count(width, 'feature')}; every time step needs the same "
                "number of features."
            )
    n = len(rows)
    return [np.fromiter((row[j] for row in rows), object, n) for j in range(width)]


def _check_no_times(dtype: np.dtype[Any]) -> None:
    """Check that no field has times: one that is known to have them is left out."""
    for name in dtype.names or ():
        if dtype[name].kind in "mM":
            raise TypeError(
                f"column {name!r} has dtype {dtype[name]}, but real numbers are "
                "needed; convert it or leave it out. If it has the times of events, "
                f"pass a Series of pandas with X.attrs['order'] = {name!r}, as "
                "to_sequences does."
            )


def _check_alike(part: _Columns, first: _Columns, show: Show, i: int) -> None:
    """Check that a sequence has the features of the first."""
    if part.univariate != first.univariate:
        shapes = [
            "(n_timesteps,)" if p.univariate else "(n_timesteps, n_features)"
            for p in (part, first)
        ]
        raise InvalidSequenceError(
            f"{show(i)} has shape {shapes[0]}, but {show(0)} has {shapes[1]}; pass all "
            "of them in one form."
        )
    if len(part.columns) != len(first.columns):
        raise InvalidSequenceError(
            f"{show(i)} has {_count(len(part.columns), 'feature')}, but {show(0)} has "
            f"{len(first.columns)}; every sequence needs the same number of features."
        )
    if part.names and first.names and part.names != first.names:
        raise InvalidSequenceError(
            checks.other_names(show(i), part.names, f"{show(0)} has", first.names)
        )
