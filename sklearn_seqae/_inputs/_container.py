"""What kind of container the sequences came in."""

from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["list", "tuple", "object_array", "array_3d", "array_2d", "dataframe"]

# Kinds with one row a sequence, whose columns are the features scikit-learn counts.
TABULAR_KINDS = frozenset({"array_2d", "dataframe"})


@dataclass(frozen=True, eq=False)
class Container:
    """What kind `X` was: enough to give the same kind back.

    Plain values only, so that a fitted estimator can keep and pickle it.

    Attributes
    ----------
    kind : str
        "list", "tuple", "object_array", "array_3d", "array_2d" or "dataframe".

    dtype : {"float32", "float64"}
        The dtype to give back: "float32" if all of the input was float32 or float16.

    univariate : bool
        Whether each sequence was 1-D, and is to be 1-D again.

    n_columns : int or None
        Width of the table, for "array_2d" and "dataframe".

    columns : tuple or None
        Labels of the columns, for "dataframe". Not an Index, which skops can't carry.

    column_names : tuple
        Names of the levels of the columns, for "dataframe"; mostly ``(None,)``.
    """

    kind: Kind
    dtype: Literal["float32", "float64"]
    univariate: bool = False
    n_columns: int | None = None
    columns: tuple[Any, ...] | None = None
    column_names: tuple[Any, ...] = (None,)

    @property
    def tabular(self) -> bool:
        """Whether each row of a 2-D table was one univariate sequence."""
        return self.kind in TABULAR_KINDS
