"""Row groups of Parquet files, read a part at a time, and checked for damage."""

import os
from base64 import b64decode
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import compute, types

READ_BUFFER = 2**20  # bytes; a column of a row group is not read as a whole
DAMAGED = "write it again, or leave it out"


def find_files(path: Any) -> list[Path]:
    """Return the files that a path names, or several paths; raise if there are none.

    Of folders, the ``.parquet`` files whose names don't begin with "_" or ".".
    """
    found: list[Path] = []
    for one in map(_as_path, path if isinstance(path, list | tuple) else [path]):
        if one.is_dir():
            inside = sorted(
                p
                for p in one.rglob("*.parquet")
                if p.is_file()
                and not any(part[0] in "_." for part in p.relative_to(one).parts)
            )
            if not inside:
                raise FileNotFoundError(f"the folder {one} has no .parquet files.")
            found += inside
        elif one.is_file():
            found.append(one)
        elif one.exists():
            raise ValueError(f"{one} is neither a file nor a folder.")
        else:
            raise FileNotFoundError(
                f"there is no file or folder {one}; patterns such as *.parquet are not "
                "filled in, so name the folder, or pass a list of files."
            )
    if not found:
        raise FileNotFoundError("path is empty; name one file at least.")
    return found


def _as_path(one: Any) -> Path:
    if not isinstance(one, str | os.PathLike):
        raise TypeError(
            f"path has {one!r}, of type {type(one).__name__}; expected a str, a path, "
            "or a list of them."
        )
    path = Path(one)
    if not one.strip() if isinstance(one, str) else path == Path():
        raise ValueError(
            f"path has {one!r}, which may be a name that was not set; to read the "
            "current folder, pass '.'."
        )
    return path


def read_schema(file: Path) -> pa.Schema:
    """Return the names and types of a file's columns."""
    with _opened(file) as opened, _readable(str(file)):
        return opened.schema_arrow


def read_tables(
    files: Sequence[Path],
    expected: pa.Schema,
    chunk_size: int,
    random_state: np.random.Generator | None = None,
) -> Iterator[tuple[str, pa.Table]]:
    """Yield parts of row groups of about `chunk_size` values, and where they are from.

    `expected` has the columns to read; `random_state` draws the order of row groups.
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
    before = _version(file)
    with _readable(str(file)):
        opened = pq.ParquetFile(
            file, buffer_size=READ_BUFFER, page_checksum_verification=True
        )
    with opened:
        yield opened
    if _version(file) != before:
        raise ValueError(
            f"{file} was written while it was read, so what was read of it may be of "
            "two files; wait until it is complete, and begin again."
        )


def _version(file: Path) -> tuple[int, int]:
    """Return what changes when a file is written."""
    try:
        found = file.stat()
    except FileNotFoundError as error:
        raise FileNotFoundError(
            f"{file} was there when ParquetSequences was made, but is no more; put it "
            "back, or make ParquetSequences of the files that there are."
        ) from error
    return found.st_size, found.st_mtime_ns


@contextmanager
def _readable(place: str) -> Iterator[None]:
    """Raise an error that says what can't be read."""
    try:
        yield
    # LookupError: a row group is gone, or a name; ValueError: text in a damaged footer
    except (pa.ArrowException, OSError, LookupError, ValueError) as error:
        raise ValueError(
            f"{place} can't be read: {error}. If the file is damaged, {DAMAGED}."
        ) from error


def _check(file: Path, opened: pq.ParquetFile, expected: pa.Schema, first: Path) -> int:
    """Check the columns of a file; return how many row groups it has."""
    with _readable(str(file)):
        found, written = opened.schema_arrow, _as_written(opened)
    for field in expected:
        if found.get_field_index(field.name) < 0:
            what = f"no column {field.name!r} (it has {found.names})"
        elif not _alike(kind := found.field(field.name).type, field.type):
            what = f"the column {field.name!r} of type {kind}, not {field.type}"
        elif not _may_become(kind := written.field(field.name).type, field.type):
            raise ValueError(
                f"{file} is damaged: it says that the column {field.name!r} was "
                f"written as {kind}, and is {field.type}; {DAMAGED}."
            )
        else:
            continue
        raise ValueError(
            f"{file} has {what}, unlike "
            f"{first if first != file else 'when ParquetSequences was made'}; the "
            "columns of all files must be the same, and stay so."
        )
    metadata = opened.metadata
    n_rows = [metadata.row_group(i).num_rows for i in range(metadata.num_row_groups)]
    if not n_rows:
        raise ValueError(f"{file} has no row groups, so no rows; leave it out.")
    if 0 in n_rows:
        place = f"{file}, row group {n_rows.index(0)}"
        raise ValueError(f"{place} has no rows; {DAMAGED}.")
    if sum(n_rows) != metadata.num_rows:
        raise ValueError(
            f"{file} is damaged: it says that it has {metadata.num_rows} rows, but its "
            f"row groups have {sum(n_rows)}; {DAMAGED}."
        )
    return len(n_rows)


def _read(
    file: Path,
    opened: pq.ParquetFile,
    number: int,
    names: Sequence[str],
    chunk_size: int,
) -> Iterator[tuple[str, pa.Table]]:
    place, n_read = f"{file}, row group {number}", 0
    with _readable(place):
        n_rows = opened.metadata.row_group(number).num_rows
        n_values = _count_values(opened, number, names)
    n_at_a_time = max(1, chunk_size * n_rows // max(n_values, 1))
    batches = opened.iter_batches(n_at_a_time, row_groups=[number], columns=list(names))
    while True:
        with _readable(place):
            batch = next(batches, None)
            if batch is None:
                break
            table = pa.Table.from_batches([batch]).select(list(names))
        yield place, _with_wide_codes(table)
        with _readable(place):
            n_read += sum(map(_slots, batch.select(list(names)).columns))
    if n_read != n_values:
        raise ValueError(
            f"{place} is damaged: {n_read} values could be read of the {n_values} that "
            f"the file says it has; {DAMAGED}."
        )


def _count_values(opened: pq.ParquetFile, number: int, names: Sequence[str]) -> int:
    """Count the values in columns of a row group as the file says it, as `_slots`."""
    group, schema = opened.metadata.row_group(number), opened.schema_arrow
    stops = np.cumsum([0, *map(_n_leaves, schema.types)])
    fields = map(schema.get_field_index, names)
    leaves = [i for j in fields for i in range(stops[j], stops[j + 1])]
    if not any(opened.schema.column(i).max_repetition_level for i in leaves):
        return int(group.num_rows * len(leaves))
    # An error, if the footer is damaged; at group.column the process would end
    next(opened.iter_batches(1, row_groups=[number], columns=list(names)), None)
    return sum(group.column(i).num_values for i in leaves)


def _slots(array: pa.Array) -> int:
    """Count the values in an array, those in lists too; a list of none counts as one.

    A list that is null does, too. So Parquet counts.
    """
    array = getattr(array, "storage", array)  # of an extension type
    if types.is_struct(array.type):
        return sum(map(_slots, array.flatten()))
    if not types.is_nested(array.type):
        return len(array)
    lengths = compute.fill_null(compute.list_value_length(array), 0)
    n_empty = compute.sum(compute.equal(lengths, 0)).as_py() or 0
    return int(n_empty) * _n_leaves(array.type) + _slots(array.flatten())


def _n_leaves(kind: pa.DataType) -> int:
    """Count the columns of a file that hold what is in a column of lists."""
    kind = getattr(kind, "storage_type", kind)  # of an extension type
    inner = [kind.field(i).type for i in range(kind.num_fields)]
    return sum(map(_n_leaves, inner)) if inner else 1


def _alike(found: pa.DataType, expected: pa.DataType) -> bool:
    """Return whether types are the same, but for the width of a dictionary's codes."""
    if not (types.is_dictionary(found) and types.is_dictionary(expected)):
        return bool(found == expected)
    same_order = found.ordered == expected.ordered
    return bool(found.value_type == expected.value_type and same_order)


def _as_written(opened: pq.ParquetFile) -> pa.Schema:
    """Return the types that were written, of which many libraries make a note."""
    found = opened.schema_arrow
    note = (opened.metadata.metadata or {}).get(b"ARROW:schema")
    if note is None:
        return found
    written = pa.ipc.read_schema(pa.py_buffer(b64decode(note)))
    return written if written.names == found.names else found


def _may_become(written: pa.DataType, found: pa.DataType) -> bool:
    """Return whether a file may have a type for values that were of another one."""
    if types.is_null(found):
        return bool(types.is_null(written))
    if types.is_timestamp(written):
        return bool(types.is_timestamp(found))  # the unit may be another one
    if types.is_integer(written) and types.is_integer(found):
        return np.can_cast(written.to_pandas_dtype(), found.to_pandas_dtype())
    if types.is_list(written) and types.is_list(found):
        return _may_become(written.value_type, found.value_type)
    is_text = types.is_string(written) or types.is_large_string(written)
    return not (is_text and types.is_binary(found))


def _with_wide_codes(table: pa.Table) -> pa.Table:
    """Give dictionaries codes of 32 bits, since files and row groups have their own."""
    for i, field in enumerate(table.schema):
        if types.is_dictionary(field.type):
            array = table.column(i).combine_chunks()
            codes = array.indices.cast(pa.int32())
            wide = pa.DictionaryArray.from_arrays(
                codes, array.dictionary, ordered=field.type.ordered
            )
            table = table.set_column(i, field.name, wide)
    return table
