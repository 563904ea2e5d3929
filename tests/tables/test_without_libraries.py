"""Polars, pyarrow and duckdb are there for who has them; nobody needs them."""

import pytest

WITHOUT = """
import sys
for library in {libraries}:
    sys.modules[library] = None  # importing it is an ImportError
import numpy as np, pandas as pd
from sklearn_seqae import to_frame, to_sequences
"""
ALL = ("polars", "pyarrow", "duckdb")


def test_pandas_is_enough(run_python):
    code = (
        WITHOUT.format(libraries=ALL)
        + """
frame = pd.DataFrame(
    {"id": ["b", "a", "b"], "day": ["2024-02-01", "2024-01-01", "2024-01-01"], "x": 1.0}
)
frame["day"] = pd.to_datetime(frame["day"])
X, times = to_sequences(frame, by="id", order="day", return_times=True)
back = to_frame(X, times=times)
assert back.equals(frame.sort_values(["id", "day"], ignore_index=True))
"""
    )
    assert run_python(code) == ""


@pytest.mark.parametrize("library", ["polars", "pyarrow"])
def test_asking_for_a_library_says_how_to_install_it(library, run_python):
    code = (
        WITHOUT.format(libraries=(library,))
        + f"""
try:
    to_frame([np.ones((2, 1))], kind={library!r})
except ImportError as error:
    print(error)
"""
    )
    assert run_python(code).strip() == (
        f'to_frame(kind="{library}") needs {library}, which is not installed; '
        f"install it with: pip install {library}"
    )


def test_reading_duckdb_without_pyarrow_says_how_to_install_it(run_python):
    code = (
        WITHOUT.format(libraries=("pyarrow",))
        + """
import duckdb
try:
    to_sequences(duckdb.sql("SELECT 1 AS id, 2.0 AS x"), by="id")
except ImportError as error:
    print(error)
"""
    )
    assert run_python(code).strip() == (
        "Reading a DuckDBPyRelation needs pyarrow, which is not installed; "
        "install it with: pip install pyarrow"
    )


def test_polars_works_without_pyarrow(run_python):
    code = (
        WITHOUT.format(libraries=("pyarrow", "duckdb"))
        + """
import polars as pl
frame = pl.DataFrame(
    {"id": ["b", "a", "b"], "day": [2, 1, 1], "x": [1.0, None, 3.0]}
)
for given in (frame, frame.lazy()):
    X, times = to_sequences(given, by="id", order="day", return_times=True)
    assert to_frame(X, times=times, kind="polars").equals(frame.sort("id", "day"))
"""
    )
    assert run_python(code) == ""


def test_reading_pandas_imports_no_other_library(run_python):
    code = """
import sys
import pandas as pd  # imports pyarrow where there is one
from sklearn_seqae import to_frame, to_sequences
frame = pd.DataFrame({"id": ["b", "a"], "x": [1.0, 2.0]})
to_frame(to_sequences(frame, by="id"))
print(*sys.modules)
"""
    loaded = set(run_python(code).split())
    assert loaded.isdisjoint({"polars", "duckdb", "tensorflow", "keras"})
