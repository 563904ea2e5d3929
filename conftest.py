"""For all tests, those in docstrings and in the user guide among them."""

import gc

import pytest
from internals import xla
from xdist.scheduler import LoadFileScheduling

pytest.register_assert_rewrite("helpers", "networks")


# Files that need the true defaults, compiled by XLA, or what a fresh process found
SHARING = (
    "tests/containers/readers/test_bad_inputs.py",
    "tests/containers/tables/test_without_libraries.py",
    "tests/estimator/test_errors.py",
    "tests/estimator/test_html_repr.py",
    "tests/estimator/test_interrupts.py",
    "tests/estimator/test_keras_models.py",
    "tests/estimator/test_xla.py",
    "tests/fitted/test_persistence.py",
    "tests/fitted/test_saving.py",
    "tests/onnx/test_export.py",
    "tests/test_import.py",
    "tests/test_promises.py",
    "tests/utils/test_libraries.py",
)


class BySharing(LoadFileScheduling):
    """Let files run in one process that share what takes long to make.

    Each process has fixtures and programs of its own. So no file is divided, nor are
    the files of `SHARING`. Tests of ``tests/trust`` share nothing.
    """

    def _split_scope(self, nodeid):
        file = super()._split_scope(nodeid)
        if file.startswith("tests/trust/"):
            return nodeid
        if file.startswith("tests/distributed/"):  # they share a cluster
            return "distributed"
        return "sharing" if file.endswith(SHARING) else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Give tests to processes by what they share, whatever ``--dist`` says."""
    return BySharing(config, log)


# Folders whose tests take seconds each: pages are programs, a cluster is processes
SLOW = ("docs/user_guide", "tests/distributed")
# Fixtures that do the same: they start a process and fit networks there
SLOW_FIXTURES = {"first_fit", "without_options"}


@pytest.hookimpl(tryfirst=True)  # before pytest looks at markers
def pytest_collection_modifyitems(config, items):
    """Mark what is in the folders of `SLOW`, or needs one of `SLOW_FIXTURES`."""
    folders = [config.rootpath / folder for folder in SLOW]
    for item in items:
        in_folder = any(folder in item.path.parents for folder in folders)
        if in_folder or SLOW_FIXTURES.intersection(item.fixturenames):
            item.add_marker("slow")


def pytest_collection_finish():
    """Spare Python to look through what stays when it looks for garbage."""
    gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item):
    """Let XLA compile in tests marked `xla` only."""
    with xla(on=item.get_closest_marker("xla") is not None):
        return (yield)
