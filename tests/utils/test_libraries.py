"""Kinds are told apart without importing their libraries, which may be absent."""

import sys

import numpy as np
import pandas as pd
import pytest

from sklearn_seqae._containers.readers import to_ragged
from sklearn_seqae._containers.writers import from_ragged
from sklearn_seqae._utils import comes_from, require

OPTIONS = ("polars", "pyarrow", "awkward")


@pytest.fixture
def options_missing(monkeypatch):
    """As where the optional libraries are not installed."""
    for name in OPTIONS:
        monkeypatch.setitem(sys.modules, name, None)


def test_subclasses_come_from_a_library_and_namesakes_do_not():
    class Frame(pd.DataFrame):
        pass

    class Series:
        pass

    assert comes_from(Frame(), "pandas", "DataFrame", "Series")
    assert not comes_from(Frame(), "pandas", "Series")
    assert not comes_from(Frame(), "polars", "DataFrame")
    assert not comes_from(Series(), "pandas", "Series")
    assert not comes_from(pd.DataFrame, "pandas", "DataFrame")


def test_require():
    assert require("numpy", "Counting") is np
    with pytest.raises(
        ImportError, match=r"^Counting needs numpi, .*pip install numpi"
    ):
        require("numpi", "Counting")


def test_what_fit_saw_is_needed_to_give_it_back(without_options_after_reading):
    ragged, containers = without_options_after_reading
    for name, container in containers.items():
        message = f"Giving sequences back as fit saw them needs {name}.*pip install"
        with pytest.raises(ImportError, match=message):
            from_ragged(ragged, container)


@pytest.fixture
def without_options_after_reading(request):
    pl = pytest.importorskip("polars", reason="an option of ours")
    pa = pytest.importorskip("pyarrow", reason="an option of ours")
    containers = {}
    for name, X in {"polars": pl.Series([[1.0]]), "pyarrow": pa.array([[1.0]])}.items():
        ragged, containers[name] = to_ragged(X)
    request.getfixturevalue("options_missing")
    return ragged, containers


def test_awkward_arrays_need_pyarrow(monkeypatch):
    ak = pytest.importorskip("awkward", reason="tested where it is installed")
    X = ak.Array([[1.0]])
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ImportError, match=r"awkward array needs pyarrow.*pip install"):
        to_ragged(X)


def test_all_else_works_where_they_are_not_installed(without_options):
    kinds = without_options["kinds"]
    assert len(kinds) == 9
    assert [name for name, comes_back in kinds.items() if not comes_back] == []


def test_an_estimator_works_where_they_are_not_installed(without_options):
    found = without_options["estimator"]
    assert found["long"]
    assert found["shape"] == [24, 4]
    assert "needs polars, which is not installed; install it" in found["error"]
