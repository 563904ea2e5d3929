"""Chunks of sequences from the row groups of Parquet files."""

from __future__ import annotations

from collections.abc import Iterator
from numbers import Integral
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.utils import check_scalar
from sklearn.utils._param_validation import StrOptions, validate_params

from sklearn_seqae._containers.chunks import BUFFER_SIZE, SequenceChunks, naming
from sklearn_seqae._containers.kinds import titles_of
from sklearn_seqae._containers.readers import to_ragged
from sklearn_seqae._containers.tables import long_table
from sklearn_seqae._containers.tables.to_sequences import (
    DUPLICATES,
    as_series,
    check_has_order,
    rows_of_series,
    to_sequences,
)
from sklearn_seqae._containers.writers.arrays import to_records
from sklearn_seqae._containers.writers.categories import as_objects, stored
from sklearn_seqae._utils import require

if TYPE_CHECKING:
    import pyarrow as pa

CHUNK_SIZE = 2**20  # values


class ParquetSequences(SequenceChunks):
    """Sequences in Parquet files, read a chunk at a time.

    For files that are larger than memory. There are two forms. A long table has one row
    for each time step; the rows of a series stand together, and may go on in the next
    row group or file. Or there are columns of lists, with a sequence in each row.

    Needs pyarrow, the extra ``arrow``.

    Parameters
    ----------
    path : str, path or list of them
        Files, or folders of ``.parquet`` files, which are read in the order of their
        names. All have the same columns. Damage of values can only be found in files
        with checksums, as of ``write_page_checksum=True`` in pyarrow and pandas.
    by : str or list of str, default=None
        Column that identifies the sequence of a row, or several that do so together. A
        long table needs it. Beside columns of lists, it has their labels.
    order : str, default=None
        Column of times of a long table. Beside categories, sequences keep them. None:
        the rows of a series are in the order of time already.
    columns : str or list of str, default=None
        Columns of features. None takes all but `by` and `order`.
    duplicates : {"raise", "first", "last", "mean", "keep"}, default="raise"
        Treatment of several rows of a series at one time, as of `to_sequences`; "keep"
        for events that happen at once.
    chunk_size : int, default=2**20
        Values to read at a time, about.
    buffer_size : int, default=2**22
        Values that `fit` holds to shuffle them; see `SequenceChunks`.

    Raises
    ------
    FileNotFoundError
        If there is no such file, or it is gone when it is to be read.
    TypeError
        If `path` has something that is no path.
    ValueError
        If a path is empty or a column does not exist. While it is read: if a file is
        damaged, is empty, is written meanwhile or has other columns than the first, or
        the rows of a series don't stand together. The message has the file and the row
        group.
    ImportError
        If pyarrow is not installed.

    See Also
    --------
    SequenceChunks : Chunks from any other source.
    to_sequences : Cut a long table that fits into memory.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import mkdtemp
    >>> import pandas as pd
    >>> from sklearn_seqae import ParquetSequences
    >>> frame = pd.DataFrame(
    ...     {
    ...         "patient": ["a", "a", "b", "b", "b", "c"],
    ...         "day": [1, 2, 1, 2, 3, 1],
    ...         "pulse": [80.0, 82.0, 61.0, 64.0, 66.0, 75.0],
    ...     }
    ... )
    >>> path = Path(mkdtemp()) / "pulse.parquet"
    >>> frame.to_parquet(path, row_group_size=4)

    Patient b goes on in the second row group:

    >>> for chunk in ParquetSequences(path, by="patient", order="day"):
    ...     print([(label, len(x)) for label, x in chunk.items()])
    [('a', 2)]
    [('b', 3)]
    [('c', 1)]
    """

    @validate_params(
        {"duplicates": [StrOptions(DUPLICATES)]}, prefer_skip_nested_validation=True
    )
    def __init__(
        self,
        path: Any,
        *,
        by: str | list[str] | None = None,
        order: str | None = None,
        columns: str | list[str] | None = None,
        duplicates: Literal["raise", "first", "last", "mean", "keep"] = "raise",
        chunk_size: int = CHUNK_SIZE,
        buffer_size: int = BUFFER_SIZE,
    ) -> None:
        super().__init__(self.__iter__, buffer_size=buffer_size)
        self.chunk_size = check_scalar(chunk_size, "chunk_size", Integral, min_val=1)
        pa = require("pyarrow", "Reading Parquet")
        from sklearn_seqae._containers.parquet.files import find_files, read_schema

        self._files = find_files(path)
        schema = read_schema(self._files[0])
        names, self.order = schema.names, order
        with naming(str(self._files[0])):
            self.by = [] if by is None else long_table.as_labels(by, names, "by")
            table = long_table.ArrowTable(None, names)
            self.columns = long_table.choose_columns(table, self.by, order, columns)
        keys = [*self.by, *long_table.given(order)]
        self._schema = pa.schema([schema.field(n) for n in [*keys, *self.columns]])
        in_lists = any(kind.num_fields for kind in self._schema.types)
        self._is_long = bool(by) and not in_lists
        if order is not None and not self._is_long:
            raise ValueError(
                f"order={order!r} is a column of times of a long table, but "
                f"{'there are columns of lists' if by else 'by is None'}; set "
                f"{'order=None' if by else 'by to the column of ids'}."
            )
        check_has_order(order, duplicates=duplicates != "raise")
        self.duplicates = duplicates

    def _placed(
        self, random_state: np.random.Generator | None = None
    ) -> Iterator[tuple[str, Any]]:
        """Yield the chunks; columns of lists in a random order, if asked for."""
        from sklearn_seqae._containers.parquet.files import read_tables

        drawn = None if self._is_long else random_state
        tables = read_tables(self._files, self._schema, self.chunk_size, drawn)
        if self._is_long:
            yield from self._joined(tables)
            return
        for place, table in tables:
            features = table.select(self.columns)
            if self.by:
                with naming(place):
                    yield place, _labelled(features, table.select(self.by))
            else:
                yield place, features

    def _joined(
        self, tables: Iterator[tuple[str, pa.Table]]
    ) -> Iterator[tuple[str, pd.Series]]:
        """Yield the series of a long table that end in each part of it."""
        import pyarrow as pa

        seen, held, begun_at = _Seen(self.by), None, ""
        for place, part in tables:
            table = part if held is None else pa.concat_tables([held, part])
            with naming(place):
                codes, ids = rows_of_series(table, self.by, self.order)
                starts = np.append(0, np.flatnonzero(np.diff(codes)) + 1)
                begun = codes[starts if held is None else starts[1:]]
                seen.add(ids.take(begun))
            whole, last = table.slice(0, starts[-1]), codes[starts[:-1]]
            if len(last):
                yield self._series(whole, last, begun_at or place, place)
            held, begun_at = table.slice(starts[-1]), place
        if held is not None:
            yield self._series(held, np.zeros(1, np.int64), begun_at, begun_at)

    def _series(
        self, table: pa.Table, codes: NDArray[np.integer], first: str, last: str
    ) -> tuple[str, pd.Series]:
        """Return series in the order of the table, and where they are from."""
        place = first if first == last else f"{first}, to {last}"
        with naming(place):
            X = to_sequences(
                table,
                by=self.by,
                order=self.order,
                columns=self.columns or None,
                duplicates=self.duplicates,
            )
        _, position = np.unique(codes, return_inverse=True)  # X is sorted by id
        return place, X.iloc[position]


class _Seen:
    """The ids of the series so far, as hashes of 64 bits.

    Two ids of ten million have the same one with a probability of 3 in a million.
    """

    def __init__(self, by: list[str]) -> None:
        self._by = by
        self._hashes: list[NDArray[np.uint64]] = []
        self._largest: Any = None

    def add(self, ids: pd.Index) -> None:
        """Note the ids of series that begin; raise if one of them began before."""
        if not len(ids):
            return
        hashes = pd.util.hash_pandas_object(ids, index=False).to_numpy()
        repeated = ids.duplicated()
        is_sorted = ids.is_monotonic_increasing
        if self._hashes and not (is_sorted and ids[0] > self._largest):
            repeated |= np.isin(hashes, np.concatenate(self._hashes))
        if repeated.any():
            raise ValueError(
                f"series {ids.tolist()[int(repeated.argmax())]!r} goes on here, after "
                "rows of other series. The rows of a series must stand together; sort "
                f"the table by {', '.join(map(repr, self._by))}."
            )
        self._hashes.append(hashes)
        largest = ids.max()
        if self._largest is None or largest > self._largest:
            self._largest = largest


def _labelled(features: pa.Table, labels: pa.Table) -> pd.Series:
    """Return sequences of columns of lists as `to_sequences` returns them."""
    ragged, container = to_ragged(features)
    frame = labels.to_pandas(ignore_metadata=True)  # ids may be the index
    index = pd.MultiIndex.from_frame(frame)
    if frame.shape[1] == 1:
        index = pd.Index(frame.iloc[:, 0])
    values, names = ragged.values, container.feature_names
    is_text = [_holds_text(kind) for kind in features.schema.types]
    if any(is_text):
        is_text *= ragged.n_features // len(is_text)  # of a column of lists of lists
        names = container.feature_names or tuple(map(str, range(ragged.n_features)))
        levels = container.levels or (None,) * ragged.n_features
        fields = [
            as_objects(column, own) if text else column
            for column, own, text in zip(ragged.values.T, levels, is_text, strict=True)
        ]
        attrs = {"columns": list(names), **stored(names, levels)}
        records = to_records(fields, names, titles_of(names, levels))
        return as_series(records, ragged.offsets, index, attrs)
    if container.univariate:
        values, names = values[:, 0], None
    attrs = {} if names is None else {"columns": list(names)}
    return as_series(values, ragged.offsets, index, attrs)


def _holds_text(kind: pa.DataType) -> bool:
    """Return whether lists of this type hold categories."""
    while kind.num_fields:  # of a list
        kind = kind.value_type
    return str(kind).startswith(("string", "large_string", "dictionary"))
