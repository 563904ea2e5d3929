"""Row groups of Parquet files, read a part at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

READ_BUFFER = 2**20  # bytes; a column of a row group is not read as a whole
DAMAGED = "write it again, or leave it out"


def find_files(path: Any) -> list[Path]:
    """Return the files that a path names, or several paths.

    Parameters
    ----------
    path : str, path or list of them
        Files, and folders of ``.parquet`` files, in which names that begin with "_" or
        "." don't count.

    Raises
    ------
    FileNotFoundError
        If a path does not exist, or a folder has no such file.
    """
    found: list[Path] = []
    for one in map(Path, path if isinstance(path, list | tuple) else [path]):
        if one.is_dir():
            inside = sorted(p for p in one.rglob("*.parquet") if _counts(p, one))
            if not inside:
                raise FileNotFoundError(f"the folder {one} has no .parquet files.")
            found += inside
        elif one.exists():
            found.append(one)
        else:
            raise FileNotFoundError(f"there is no file or folder {one}.")
    if not found:
        raise FileNotFoundError("path is empty; name one file at least.")
    return found


def read_schema(file: Path) -> pa.Schema:
    """Return the names and types of a file's columns."""
    with _opened(file) as opened:
        return opened.schema_arrow


def read_tables(
    files: Sequence[Path],
    expected: pa.Schema,
    chunk_size: int,
    random_state: np.random.Generator | None = None,
) -> Iterator[tuple[str, pa.Table]]:
    """Yield parts of row groups, and where they are from.

    Parameters
    ----------
    files : sequence of Path
    expected : Schema
        Names and types of the columns to read.
    chunk_size : int
        About how many values a part has.
    random_state : Generator, default=None
        Draws the order of the row groups. None keeps theirs.

    Raises
    ------
    ValueError
        If a file can't be read, is empty or has other columns, naming it and the row
        group.
    """
    if random_state is None:
        for file in files:
            with _opened(file) as opened:
                for number in range(_check(file, opened, expected, files[0])):
                    yield from _read(file, opened, number, expected.names, chunk_size)
        return
    groups: list[tuple[Path, int]] = []
    for file in files:
        with _opened(file) as opened:
            n_groups = _check(file, opened, expected, files[0])
        groups += [(file, number) for number in range(n_groups)]
    for i in random_state.permutation(len(groups)):
        file, number = groups[i]
        with _opened(file) as opened:
            yield from _read(file, opened, number, expected.names, chunk_size)


@contextmanager
def _opened(file: Path) -> Iterator[pq.ParquetFile]:
    import pyarrow.parquet as pq

    with _readable(str(file)):
        opened = pq.ParquetFile(file, buffer_size=READ_BUFFER)
    with opened:
        yield opened


@contextmanager
def _readable(place: str) -> Iterator[None]:
    """Raise an error that says what can't be read."""
    import pyarrow as pa

    try:
        yield
    except (pa.ArrowException, OSError) as error:
        raise ValueError(
            f"{place} can't be read: {error}. If the file is damaged, {DAMAGED}."
        ) from error


def _check(file: Path, opened: pq.ParquetFile, expected: pa.Schema, first: Path) -> int:
    """Check the columns of a file; return how many row groups it has."""
    found = opened.schema_arrow
    for field in expected:
        if found.get_field_index(field.name) < 0:
            what = f"no column {field.name!r} (it has {found.names})"
        elif not _alike(found.field(field.name).type, field.type):
            kind = found.field(field.name).type
            what = f"the column {field.name!r} of type {kind}, not {field.type}"
        else:
            continue
        raise ValueError(
            f"{file} has {what}, unlike {first}; the columns of all files must be the "
            "same."
        )
    n_groups: int = opened.metadata.num_row_groups
    for number in range(n_groups):
        if opened.metadata.row_group(number).num_rows == 0:
            raise ValueError(f"{file}, row group {number} has no rows; {DAMAGED}.")
    if not n_groups:
        raise ValueError(f"{file} has no row groups, so no rows; leave it out.")
    return n_groups


def _read(
    file: Path,
    opened: pq.ParquetFile,
    number: int,
    names: Sequence[str],
    chunk_size: int,
) -> Iterator[tuple[str, pa.Table]]:
    import pyarrow as pa

    place = f"{file}, row group {number}"
    n_rows = _rows_at_a_time(opened.metadata.row_group(number), names, chunk_size)
    batches = opened.iter_batches(n_rows, row_groups=[number], columns=list(names))
    while True:
        with _readable(place):
            batch = next(batches, None)
        if batch is None:
            return
        yield (
            place,
            _with_wide_codes(pa.Table.from_batches([batch]).select(list(names))),
        )


def _alike(found: pa.DataType, expected: pa.DataType) -> bool:
    """Return whether types are the same, but for the width of a dictionary's codes."""
    from pyarrow import types

    if not (types.is_dictionary(found) and types.is_dictionary(expected)):
        return bool(found == expected)
    same_order = found.ordered == expected.ordered
    return bool(found.value_type == expected.value_type and same_order)


def _with_wide_codes(table: pa.Table) -> pa.Table:
    """Give dictionaries codes of 32 bits, since files and row groups have their own."""
    import pyarrow as pa

    for i, field in enumerate(table.schema):
        if pa.types.is_dictionary(field.type):
            array = table.column(i).combine_chunks()
            wide = pa.DictionaryArray.from_arrays(
                array.indices.cast(pa.int32()),
                array.dictionary,
                ordered=field.type.ordered,
            )
            table = table.set_column(i, field.name, wide)
    return table


def _rows_at_a_time(group: Any, names: Sequence[str], chunk_size: int) -> int:
    """Return the rows that have about so many values, those in lists counted."""
    columns = [group.column(i) for i in range(group.num_columns)]
    n_values = sum(
        column.num_values
        for column in columns
        if any(f"{column.path_in_schema}.".startswith(f"{name}.") for name in names)
    )
    return max(1, chunk_size * group.num_rows // max(n_values, 1))


def _counts(file: Path, folder: Path) -> bool:
    return not any(part[0] in "_." for part in file.relative_to(folder).parts)
