"""Kinds of containers: tables that say who reads each, who writes it and its name."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from itertools import count, islice
from types import MappingProxyType
from typing import Any, Self

import numpy as np

from sklearn_seqae._utils import comes_from

# Titles of fields in structured arrays. Other than `Series.attrs`, they stay with them
# in any frame: the field of times, and those of categories that are numbers.
TIMES = "times of sklearn_seqae"
CATEGORIES = "categories of sklearn_seqae"

FRAMES = ("pandas", "polars", "pyarrow")  # libraries of frames

# Layout of a column: what holds its numbers, from the outside in, and their dtype.
Layout = tuple[str, ...]


@dataclass(frozen=True)
class Kind:
    """A kind of container: one line of `KINDS`."""

    caption: str  # name of the kind in the estimator's diagram
    # "module.function" in `writers`; takes a RaggedArray, a Container and, in pandas,
    # an Index of labels. It is imported when it is needed, as a reader is
    writer: str
    # Whether each row of a 2-D table is one univariate sequence. Then scikit-learn
    # counts the columns as features
    tabular: bool = False
    # Whether it is one column of a table. Then scikit-learn counts one feature
    is_column: bool = False


# The function of `readers` that takes an `X` of these classes of a library, and returns
# a RaggedArray and a Container. It tells the kinds apart; subclasses count. A name, so
# the table imports no library, and readers and writers need not know each other
READERS = MappingProxyType(
    {
        ("builtins", "list", "tuple"): "arrays.ragged_from_sequence",
        ("numpy", "ndarray"): "arrays.ragged_from_numpy",
        ("pandas", "DataFrame", "Series"): "pandas.ragged_from_pandas",
        ("polars", "DataFrame", "LazyFrame", "Series"): "columnar.ragged_from_polars",
        ("pyarrow", "Table", "RecordBatch"): "columnar.ragged_from_arrow",
        ("pyarrow", "Array", "ChunkedArray"): "columnar.ragged_from_arrow",
        ("awkward", "Array"): "columnar.ragged_from_awkward",
        ("tensorflow", "RaggedTensor"): "arrays.ragged_from_tensor",
    }
)

KINDS = MappingProxyType(
    {
        "list": Kind("list", "arrays.to_list"),
        "tuple": Kind("tuple", "arrays.to_list"),
        "object_array": Kind("object array", "arrays.to_list"),
        "array_3d": Kind("3-D array", "arrays.to_array_3d"),
        "array_2d": Kind("2-D array", "arrays.to_table", tabular=True),
        "nested_array": Kind("array of cells", "arrays.to_nested_array"),
        "dataframe": Kind("DataFrame of rows", "pandas.to_wide", tabular=True),
        "long_dataframe": Kind("long DataFrame", "pandas.to_long"),
        "long_series": Kind("long Series", "pandas.to_long", is_column=True),
        "nested_dataframe": Kind("DataFrame of cells", "pandas.to_nested"),
        "nested_series": Kind("Series of cells", "pandas.to_nested", is_column=True),
        "polars_wide": Kind(
            "polars DataFrame of rows", "columnar.to_rows", tabular=True
        ),
        "polars_dataframe": Kind("polars DataFrame", "columnar.to_frame"),
        "polars_series": Kind("polars Series", "columnar.to_column", is_column=True),
        "arrow_wide": Kind("pyarrow Table of rows", "columnar.to_rows", tabular=True),
        "arrow_table": Kind("pyarrow Table", "columnar.to_frame"),
        "arrow_array": Kind("pyarrow Array", "columnar.to_column", is_column=True),
        "arrow_chunked_array": Kind(
            "pyarrow ChunkedArray", "columnar.to_column", is_column=True
        ),
        "awkward": Kind("awkward Array", "arrays.to_awkward"),
        "ragged_tensor": Kind("RaggedTensor", "arrays.to_ragged_tensor"),
    }
)


@dataclass(frozen=True)
class Levels:
    """The categories of one feature of a container; a code is a position among them."""

    # Of str, bool, int or float: each once, at least one, in the dtype's order, if any
    values: tuple[Any, ...]
    # Of the column in its library, to give categories back in: "category", "str" or
    # "object" of pandas, "Enum" of polars, "string" of Arrow
    dtype: str
    ordered: bool = False  # whether the dtype says that the order means something

    @property
    def is_categorical(self) -> bool:
        """Whether the dtype is one of categories, and not of text."""
        kinds = ("category", "Categorical", "Enum", "dictionary")
        return self.dtype.partition("<")[0] in kinds


@dataclass(frozen=True)
class TimeAxis:
    """Note on the times of a container."""

    name: Any  # of the level of the index, or of the field, that holds them
    dtype: str  # of NumPy: "int64", "datetime64[us]"
    zone: str | None = None

    @property
    def title(self) -> str:
        """Title of a field that holds such times."""
        return TIMES if self.zone is None else f"{TIMES} in {self.zone}"

    @property
    def limits(self) -> tuple[Any, Any]:
        """The least and the largest moment that the dtype holds, in ticks."""
        dtype = np.dtype(self.dtype)
        if dtype.kind == "f":
            most = float(np.finfo(dtype).max)
            return -most, most
        is_date = dtype.kind in "mM"  # NumPy's NaT is the least int64
        info = np.iinfo(np.int64 if is_date else dtype)
        return int(info.min) + is_date, int(info.max)

    def out_of_range(self, moment: float) -> str:
        """Say which moment (in ticks) isn't in the dtype's range, and what that is."""
        least, most = map(self._shown, self.limits)
        return (
            f"{self._shown(moment)}, which is out of the range of {self.dtype}, the "
            f"dtype of times in fit: {least} to {most}"
        )

    def _shown(self, ticks: float) -> str:
        dtype, (least, most) = np.dtype(self.dtype), self.limits
        if dtype.kind not in "mM":
            return str(ticks) if abs(ticks) < 1e20 else f"{ticks:.4e}"
        if least <= ticks <= most:
            return str(np.array(round(ticks), np.int64).view(dtype))
        unit, count = np.datetime_data(dtype)
        start = " since 1970" if dtype.kind == "M" else ""
        return f"{ticks * count:.4e} {unit}{start}"


@dataclass(frozen=True, eq=False)
class Container:
    """Note on what `X` was: plain values, enough to write the same kind again."""

    # A key of `KINDS`. "long" kinds have a row for each time step, "nested" kinds a
    # sequence in each cell. "dataframe", "array_2d" and "wide" kinds have a univariate
    # sequence in each row
    kind: str
    dtype: str  # to give back: "float32" if all was float32 or float16, else "float64"
    univariate: bool = False  # each sequence was 1-D, and is again on the way back
    # If `X` was 2-D; scikit-learn takes it for the number of features
    n_columns: int | None = None
    # Labels of the columns of a frame or table, the name of a Series. A tuple, because
    # skops can't carry an Index
    columns: tuple[Any, ...] | None = None
    column_names: tuple[Any, ...] = (None,)  # of the levels of pandas columns
    index_names: tuple[Any, ...] = (None,)  # of "long" kinds: series and time
    # Of every column of "long" and "nested" kinds, of polars and of Arrow:
    # ("list", "array", "float32") for lists of fixed-size arrays of float32
    layouts: tuple[Layout, ...] = ()
    # Of a time step: columns of a long table, of a nested frame, of the frames in a
    # list; what `to_sequences` stored. None where each row is a univariate sequence
    feature_names: tuple[str, ...] | None = None
    # Form of the sequences in a list that are no arrays of numbers: "pandas", "polars",
    # "pyarrow", "records" (structured arrays), "dicts" or "tuples"
    frames: str = ""
    levels: tuple[Levels | None, ...] = ()  # None for a number; empty if all are

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(
                f"kind {self.kind!r} is not in KINDS of _containers/kinds; add a line."
            )

    @property
    def caption(self) -> str:
        return KINDS[self.kind].caption

    @property
    def tabular(self) -> bool:
        return KINDS[self.kind].tabular

    def levels_of(self, j: int) -> Levels | None:
        """Return the levels of a feature, None if it is a number."""
        return self.levels[j] if j < len(self.levels) else None

    def name_of(self, j: int) -> str:
        """Name a feature in messages."""
        names = self.feature_names or ()
        return f"column {names[j]!r}" if j < len(names) else f"feature {j}"

    def column_labels(self, width: int) -> list[Any]:
        """Return the labels that came in, and new ones up to `width`."""
        known = list(self.columns or ())
        return known + _further_labels(known, width - len(known))

    def ahead(self, n_timesteps: int) -> Self:
        """Return the container of the ``n_timesteps`` that follow each sequence."""
        if not self.tabular:
            return self
        known = list(self.columns or range(self.n_columns or 0))
        return replace(
            self,
            n_columns=n_timesteps,
            columns=tuple(_further_labels(known, n_timesteps)),
            column_names=self.column_names[:1],
        )


def _further_labels(known: list[Any], n: int) -> list[Any]:
    """Return n new labels: integers go on counting, strings stay strings."""
    if all(isinstance(label, int) for label in known):
        start = max(known, default=-1) + 1
        return list(range(start, start + n))
    # scikit-learn refuses a mixture of strings and numbers.
    as_label = str if all(isinstance(label, str) for label in known) else int
    positions = (as_label(position) for position in count(len(known)))
    return list(islice((label for label in positions if label not in known), n))


def reader_of(X: Any) -> str | None:
    """Return the reader for the class of `X`, or one of its bases; None without one."""
    found = (reader for names, reader in READERS.items() if comes_from(X, *names))
    return next(found, None)


def load(package: str, path: str) -> Callable[..., Any]:
    """Import a function that a table names, of `readers` or `writers`."""
    name, _, function = path.partition(".")
    module = import_module(f"sklearn_seqae._containers.{package}.{name}")
    return getattr(module, function)


def titles_of(
    names: Sequence[str], levels: Sequence[Levels | None]
) -> list[str | None]:
    """Return titles of fields: text is known for categories, numbers are not."""
    are_numbers = (
        own is not None and not isinstance(own.values[0], str) for own in levels
    )
    pairs = zip(names, are_numbers, strict=True)
    return [f"{CATEGORIES}: {name}" if untold else None for name, untold in pairs]


def title_of(dtype: np.dtype[Any], name: str) -> str:
    """Return the title of a field, "" without one."""
    fields: Any = dtype.fields or {}
    field = fields.get(name, ())
    return str(field[2]) if len(field) > 2 else ""
