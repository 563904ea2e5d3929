import importlib
import importlib.resources
from importlib.metadata import version

import pytest

import sklearn_seqae

HEAVY = {"tensorflow", "keras", "scikeras", "matplotlib", "torch", "jax", "polars"}


@pytest.mark.parametrize(
    "code",
    [
        "import sklearn_seqae",
        "import sklearn_seqae.datasets",
        "import sklearn_seqae.plotting",
        "from sklearn_seqae import LSTMAutoencoderTransformer",
        "from sklearn_seqae import to_frame, to_sequences",
        "from sklearn.base import clone\n"
        "from sklearn_seqae import LSTMAutoencoderTransformer\n"
        "repr(clone(LSTMAutoencoderTransformer(n_components=3)).get_params())",
    ],
)
def test_import_and_bookkeeping_load_no_heavy_library(code, run_python):
    loaded = run_python(f"{code}\nimport sys; print(*sys.modules)").split()
    assert "sklearn_seqae" in loaded
    assert HEAVY.isdisjoint(loaded)


def test_import_of_the_package_alone_does_not_wait_for_scikit_learn(run_python):
    loaded = run_python("import sklearn_seqae, sys; print(*sys.modules)").split()
    assert {"sklearn", "pandas", "scipy", "pyarrow"}.isdisjoint(loaded)


def test_import_is_quiet_and_changes_nothing(run_python):
    code = """
import logging, os, random, warnings
import numpy as np, pandas, sklearn.base  # what they change is not our doing

def state():
    return (
        dict(os.environ), os.getcwd(), list(warnings.filters), random.getstate(),
        repr(np.random.get_state()), np.geterr(), logging.getLogger().level,
        list(logging.getLogger().handlers),
    )

before = state()
import sklearn_seqae
assert state() == before
"""
    assert run_python(code) == ""


@pytest.mark.parametrize(
    "module", ["sklearn_seqae", "sklearn_seqae.datasets", "sklearn_seqae.plotting"]
)
def test_all_names_exist(module):
    imported = importlib.import_module(module)
    assert imported.__all__ == sorted(imported.__all__)
    for name in imported.__all__:
        assert getattr(imported, name) is not None


def test_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="has no attribute 'Transformer'"):
        _ = sklearn_seqae.Transformer


def test_dir_lists_the_lazy_names():
    assert set(sklearn_seqae.__all__) <= set(dir(sklearn_seqae))


def test_version_is_the_installed_one():
    assert sklearn_seqae.__version__ == version("sklearn-seqae")


def test_type_hints_are_announced():
    # PEP 561: without this file type checkers ignore the hints of a package
    assert importlib.resources.files(sklearn_seqae).joinpath("py.typed").is_file()
