"""Choice of the library that reads or writes a long table."""

from collections.abc import Callable
from typing import Any

import pandas as pd

from sklearn_seqae._containers.readers.checks import describe
from sklearn_seqae._containers.tables.long_table import LongTable, Rows
from sklearn_seqae._containers.tables.pandas import PandasTable, write_pandas
from sklearn_seqae._utils.libraries import comes_from, require

ACCEPTED = (
    "a pandas DataFrame, a polars DataFrame or LazyFrame, a pyarrow Table, a DuckDB "
    "relation or another frame with __arrow_c_stream__"
)


def read_table(frame: Any) -> LongTable:
    """Wrap a long table, importing no library but its own.

    Parameters
    ----------
    frame : object
        A frame of a kind that `ACCEPTED` names.

    Returns
    -------
    LongTable
        The table, not yet in memory if the frame is lazy.

    Raises
    ------
    TypeError
        If `frame` is of another kind.
    ImportError
        If the frame needs a library that is not installed.
    """
    if isinstance(frame, pd.DataFrame):
        return PandasTable(frame)
    if comes_from(frame, "polars", "DataFrame", "LazyFrame"):
        from sklearn_seqae._containers.tables.polars import PolarsTable

        return PolarsTable(frame)
    # A single column has a stream, too, but neither attribute.
    is_table = hasattr(frame, "columns") or hasattr(frame, "schema")
    if is_table and hasattr(frame, "__arrow_c_stream__"):
        require("pyarrow", f"Reading {describe(frame)}")
        from sklearn_seqae._containers.tables.arrow import ArrowTable

        return ArrowTable(frame)
    raise TypeError(f"frame is {describe(frame)}; expected {ACCEPTED}.")


def writer(kind: str) -> Callable[[Rows], Any]:
    """Return the function that makes a long table of one library.

    Parameters
    ----------
    kind : {"pandas", "polars", "pyarrow"}
        The library.

    Returns
    -------
    callable
        Function of `Rows`, such as `write_pandas`.

    Raises
    ------
    ImportError
        If the library is not installed.
    """
    if kind == "pandas":
        return write_pandas
    require(kind, f'to_frame(kind="{kind}")')
    if kind == "polars":
        from sklearn_seqae._containers.tables.polars import write_polars

        return write_polars
    from sklearn_seqae._containers.tables.arrow import write_arrow

    return write_arrow
