"""What tests share."""

import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import settings

from sklearn_seqae.datasets import load_japanese_vowels

# For the processes that tests start as well
os.environ.setdefault("MPLBACKEND", "Agg")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

# The same examples in every run; no limit of time, which a busy machine would break
settings.register_profile("sklearn_seqae", deadline=None, derandomize=True)
settings.load_profile("sklearn_seqae")


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture(scope="session")
def japanese_vowels():
    """The recordings as a Bunch; do not write into it."""
    data = load_japanese_vowels()
    for x in [*data.X_train, *data.X_test, data.y_train, data.y_test]:
        x.setflags(write=False)
    return data


@pytest.fixture(scope="session")
def run_python():
    """Run code in a fresh Python process; return what it prints."""

    def run(code, *arguments, cwd=None):
        result = subprocess.run(
            [sys.executable, "-c", code, *map(str, arguments)],
            capture_output=True,
            text=True,
            cwd=cwd,
        )
        assert result.returncode == 0, result.stderr
        return result.stdout

    return run
