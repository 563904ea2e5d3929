"""Polars, pyarrow and duckdb are there for who has them; nobody needs them."""

import sys

import numpy as np
import pytest

from sklearn_seqae import to_frame, to_sequences


def test_pandas_is_enough(without_options):
    assert without_options["long table"]


def test_polars_works_without_pyarrow(without_options):
    assert without_options["polars without pyarrow"] == [True, True]


@pytest.mark.parametrize("library", ["polars", "pyarrow"])
def test_asking_for_a_library_says_how_to_install_it(library, monkeypatch):
    monkeypatch.setitem(sys.modules, library, None)
    message = (
        rf'to_frame\(kind="{library}"\) needs {library}, which is not installed.*'
        rf"pip install {library}$"
    )
    with pytest.raises(ImportError, match=message):
        to_frame([np.ones((2, 1))], kind=library)


def test_reading_duckdb_without_pyarrow_says_how_to_install_it(monkeypatch):
    import duckdb

    relation = duckdb.sql("SELECT 1 AS id, 2.0 AS x")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    message = (
        "Reading a DuckDBPyRelation needs pyarrow, which is not installed.*"
        "pip install pyarrow$"
    )
    with pytest.raises(ImportError, match=message):
        to_sequences(relation, by="id")


def test_reading_pandas_imports_no_other_library(before_tensorflow):
    loaded = before_tensorflow["loaded"]["a pandas table"]
    assert {"polars", "duckdb", "tensorflow", "keras"}.isdisjoint(loaded)
