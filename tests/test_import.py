import importlib
import importlib.resources
from importlib.metadata import version

import pytest

import sklearn_seqae

HEAVY = {
    *("tensorflow", "keras", "scikeras", "matplotlib", "torch", "jax", "polars"),
    *("dask", "distributed", "onnx", "onnxruntime"),
}


@pytest.mark.parametrize("step", ["the package", "all that is public", "bookkeeping"])
def test_import_and_bookkeeping_load_no_heavy_library(before_tensorflow, step):
    loaded = before_tensorflow["loaded"][step]
    assert "sklearn_seqae" in loaded
    assert ("sklearn_seqae.plotting" in loaded) == (step != "the package")
    assert HEAVY.isdisjoint(loaded)


def test_import_of_the_package_alone_does_not_wait_for_scikit_learn(before_tensorflow):
    loaded = before_tensorflow["loaded"]["the package"]
    assert {"sklearn", "pandas", "scipy", "pyarrow"}.isdisjoint(loaded)


def test_import_is_quiet(before_tensorflow):
    assert before_tensorflow["streams"] == ["", ""]


def test_import_changes_nothing(before_tensorflow):
    assert before_tensorflow["changed"] == {"the package": [], "all that is public": []}


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
