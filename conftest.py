"""For all tests, those in docstrings and in the user guide among them."""

import pytest
from internals import xla

pytest.register_assert_rewrite("helpers", "networks")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item):
    """Let XLA compile in tests marked `xla` only."""
    with xla(on=item.get_closest_marker("xla") is not None):
        return (yield)
