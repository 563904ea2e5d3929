"""Promises that take minutes to test: ``make trust``, not part of ``make test``.

Each test reports a figure. They are printed at the end, promise by promise.
"""

from pathlib import Path

import pytest

HERE = Path(__file__).parent
SLOWEST = HERE / "test_memory.py"


def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: item.path != SLOWEST)  # so that nothing waits for it
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.trust)
            item.add_marker(pytest.mark.xla)


@pytest.fixture
def report(record_property):
    """Return a function that notes what was measured of a promise."""
    return record_property


def pytest_terminal_summary(terminalreporter):
    figures = [
        figure
        for outcome in ("passed", "failed")
        for report in terminalreporter.getreports(outcome)
        for figure in report.user_properties
    ]
    if figures:
        terminalreporter.section("promises")
    for promise, figure in figures:
        terminalreporter.write_line(f"{promise}: {figure}")
