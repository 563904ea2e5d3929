"""What kind of container the sequences came in."""

from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal[
    "list",
    "tuple",
    "object_array",
    "array_3d",
    "array_2d",
    "nested_array",
    "dataframe",
    "long_dataframe",
    "long_series",
    "nested_dataframe",
    "nested_series",
    "polars_wide",
    "polars_dataframe",
    "polars_series",
    "arrow_wide",
    "arrow_table",
    "arrow_array",
    "arrow_chunked_array",
    "awkward",
    "ragged_tensor",
]

# Kinds with one row a sequence, whose columns are the features scikit-learn counts.
TABULAR_KINDS = frozenset({"array_2d", "dataframe", "polars_wide", "arrow_wide"})

# Kinds that are one column of a table, which is one feature to scikit-learn.
COLUMN_KINDS = frozenset(
    {
        "long_series",
        "nested_series",
        "polars_series",
        "arrow_array",
        "arrow_chunked_array",
    }
)

# From the outside in, what held the numbers of a column, and their dtype.
Layout = tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Container:
    """What kind `X` was: enough to give the same kind back.

    Plain values only, so that a fitted estimator can keep and pickle it; and none that
    grow with the number of sequences.

    Attributes
    ----------
    kind : str
        One of `Kind`. "long" has a row for each time step, "nested" a sequence in each
        cell; "dataframe", "array_2d" and "wide" a univariate sequence in each row.

    dtype : {"float32", "float64"}
        The dtype to give back: "float32" if all of the input was float32 or float16.

    univariate : bool
        Whether each sequence was 1-D, and is to be 1-D again.

    n_columns : int or None
        Number of columns where `X` was 2-D, which scikit-learn takes for the number of
        features; None where it was a list, a 3-D array, a Series.

    columns : tuple or None
        Labels of the columns, for frames and tables; the name, for a Series. Not an
        Index, which skops can't carry.

    column_names : tuple
        Names of the levels of the columns, for pandas; mostly ``(None,)``.

    index_names : tuple
        Names of the levels of the index: series and time, for "long" kinds.

    layouts : tuple of tuple of str
        For every column of a "long" or "nested" kind, of polars and of Arrow, how its
        numbers were held: ``("list", "array", "float32")`` for lists of fixed-size
        arrays of float32.
    """

    kind: Kind
    dtype: Literal["float32", "float64"]
    univariate: bool = False
    n_columns: int | None = None
    columns: tuple[Any, ...] | None = None
    column_names: tuple[Any, ...] = (None,)
    index_names: tuple[Any, ...] = (None,)
    layouts: tuple[Layout, ...] = ()

    @property
    def tabular(self) -> bool:
        """Whether each row of a 2-D table was one univariate sequence."""
        return self.kind in TABULAR_KINDS

    @property
    def is_column(self) -> bool:
        """Whether `X` was one column, without a table around it."""
        return self.kind in COLUMN_KINDS
