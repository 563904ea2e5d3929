"""For all tests, those in docstrings and in the user guide among them."""

import gc

import pytest
from internals import xla

pytest.register_assert_rewrite("helpers", "networks")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Let tests run in one process that share what takes long to make.

    Each process has fixtures and programs of its own. So no file is divided among
    processes. What needs the true defaults, fitted here or elsewhere, is one group, and
    the user guide is another.
    """

    def needs(item, *fixtures):
        return not {*fixtures}.isdisjoint(getattr(item, "fixturenames", ()))

    fitted = {i.path for i in items if needs(i, "default_autoencoder", "first_fit")}
    for item in items:
        if item.path in fitted or needs(item, "without_options"):
            group = "defaults"
        elif item.path.suffix == ".rst":
            group = "guide"
        else:
            group = str(item.path)
        item.add_marker(pytest.mark.xdist_group(group))


def pytest_collection_finish():
    """Spare Python to look through what stays when it looks for garbage."""
    gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item):
    """Let XLA compile in tests marked `xla` only."""
    with xla(on=item.get_closest_marker("xla") is not None):
        return (yield)
