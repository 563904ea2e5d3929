"""Kinds are told apart without importing their libraries, which may be absent."""

import sys

import numpy as np
import pandas as pd
import pytest

from sklearn_seqae._inputs import to_ragged
from sklearn_seqae._libraries import comes_from, require
from sklearn_seqae._outputs import from_ragged

OPTIONS = ("polars", "pyarrow", "awkward")


@pytest.fixture
def without_options(monkeypatch):
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
    request.getfixturevalue("without_options")
    return ragged, containers


def test_awkward_arrays_need_pyarrow(monkeypatch):
    ak = pytest.importorskip("awkward", reason="tested where it is installed")
    X = ak.Array([[1.0]])
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ImportError, match=r"awkward array needs pyarrow.*pip install"):
        to_ragged(X)


def test_all_else_works_where_they_are_not_installed(run_python):
    code = """
import sys
for name in ("polars", "pyarrow", "awkward"):
    sys.modules[name] = None  # importing it fails from here on

import numpy as np
import pandas as pd
from sklearn_seqae._inputs import ids_of_sequences, to_ragged
from sklearn_seqae._outputs import from_ragged

a, b = np.ones((3, 2)), np.zeros((1, 2))
index = pd.MultiIndex.from_tuples([(1, 0), (1, 1), (2, 0)])
nested = pd.Series([a, b])
for X in [
    [a, b], (a, b), np.ones((2, 3)), np.ones((2, 3, 2)), pd.DataFrame(a),
    pd.DataFrame(a, index), nested, nested.to_frame(), nested.to_frame().to_numpy(),
]:
    ragged, container = to_ragged(X)
    print(type(from_ragged(ragged, container, ids_of_sequences(X))) is type(X))
"""
    assert run_python(code).split() == ["True"] * 9
