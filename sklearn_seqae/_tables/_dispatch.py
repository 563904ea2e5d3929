"""The one place that tells the libraries of long tables apart."""

import importlib
import sys
from collections.abc import Callable
from typing import Any

import pandas as pd

from sklearn_seqae._inputs._checks import describe
from sklearn_seqae._tables._long_table import LongTable
from sklearn_seqae._tables._pandas import PandasTable, write_pandas

ACCEPTED = (
    "a pandas DataFrame, a polars DataFrame or LazyFrame, a pyarrow Table, a DuckDB "
    "relation or another frame with __arrow_c_stream__"
)


def read_table(frame: Any) -> LongTable:
    """Find out how to read a long table, without importing what it is not of.

    Parameters
    ----------
    frame : object
        What `ACCEPTED` says.

    Returns
    -------
    LongTable
        Not yet in memory if the frame is lazy.

    Raises
    ------
    TypeError
        If `frame` is no such thing.
    ImportError
        If reading it needs a library that is not installed.
    """
    if isinstance(frame, pd.DataFrame):
        return PandasTable(frame)
    polars = sys.modules.get("polars")  # a frame of polars can't be without it
    if polars is not None and isinstance(frame, polars.DataFrame | polars.LazyFrame):
        from sklearn_seqae._tables._polars import PolarsTable

        return PolarsTable(frame)
    # Single columns have a stream as well, but neither of the others.
    is_table = hasattr(frame, "columns") or hasattr(frame, "schema")
    if is_table and hasattr(frame, "__arrow_c_stream__"):
        require("pyarrow", f"reading {describe(frame)}")
        from sklearn_seqae._tables._arrow import ArrowTable

        return ArrowTable(frame)
    raise TypeError(f"frame is {describe(frame)}; expected {ACCEPTED}.")


def writer(kind: str) -> Callable[..., Any]:
    """Find the function that makes a long table of one library.

    Parameters
    ----------
    kind : {"pandas", "polars", "pyarrow"}
        Which.

    Returns
    -------
    callable
        As `write_pandas` is.

    Raises
    ------
    ImportError
        If the library is not installed.
    """
    if kind == "pandas":
        return write_pandas
    require(kind, f'to_frame(kind="{kind}")')
    if kind == "polars":
        from sklearn_seqae._tables._polars import write_polars

        return write_polars
    from sklearn_seqae._tables._arrow import write_arrow

    return write_arrow


def require(library: str, what: str) -> None:
    """Raise if a library can't be imported, saying what it is for.

    Parameters
    ----------
    library : str
        Name of the package.

    what : str
        What needs it.

    Raises
    ------
    ImportError
        Telling how to install it.
    """
    try:
        importlib.import_module(library)
    except ImportError as error:
        raise ImportError(
            f"{what} needs {library}, which is not installed: pip install {library}"
        ) from error
