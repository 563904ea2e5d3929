"""For all tests, those in docstrings and in the user guide among them."""

import gc

import pytest
from internals import xla

pytest.register_assert_rewrite("helpers", "networks")


def pytest_collection_finish():
    """Spare Python to look through what stays when it looks for garbage."""
    gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item):
    """Let XLA compile in tests marked `xla` only."""
    with xla(on=item.get_closest_marker("xla") is not None):
        return (yield)
