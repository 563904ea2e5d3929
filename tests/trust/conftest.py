"""Promises that take minutes to test: ``make trust``, not part of ``make test``.

Each test reports a figure. They are printed at the end, promise by promise.
"""

from pathlib import Path

import pytest

FIGURES = pytest.StashKey[list[tuple[str, str]]]()
HERE = Path(__file__).parent


def pytest_configure(config):
    config.stash.setdefault(FIGURES, [])


def pytest_collection_modifyitems(items):
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.trust)
            item.add_marker(pytest.mark.xla)


@pytest.fixture
def report(request):
    """Return a function that notes what was measured of a promise."""
    figures = request.config.stash[FIGURES]
    return lambda promise, figure: figures.append((promise, figure))


def pytest_terminal_summary(terminalreporter, config):
    if not config.stash[FIGURES]:
        return
    terminalreporter.section("promises")
    for promise, figure in config.stash[FIGURES]:
        terminalreporter.write_line(f"{promise}: {figure}")
