"""What tests share."""

import gc
import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import settings

from sklearn_seqae import LSTMAutoencoderTransformer
from sklearn_seqae.datasets import load_japanese_vowels

# For the processes that tests start as well
os.environ.setdefault("MPLBACKEND", "Agg")

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


# Fitted models. Compiling takes longer than training here, so tests share one program:
# few units, batches of 8, sequences of at most 16 steps and 2 features.


@pytest.fixture(scope="session")
def small_autoencoder():
    """Make an estimator that trains in no time, with the parameters a test asks for.

    The rest is plain, whatever the defaults are: one state, one loss, nothing hidden.
    """

    def make(**parameters):
        small = {
            "n_components": 4,
            "hidden_layer_sizes": 8,
            "pooling": "last",
            "differences": False,
            "mask_ratio": 0.0,
            "contrastive_weight": 0.0,
            "batch_size": 8,
            "epochs": 2,
            "learning_rate": 1e-3,
            "learning_rate_schedule": None,
            "random_state": 0,
        }
        return LSTMAutoencoderTransformer(**(small | parameters))

    return make


@pytest.fixture(scope="session")
def sequences():
    """24 sequences of 3 to 16 time steps and 2 features; do not write into them."""
    rng = np.random.default_rng(0)
    X = []
    for n in [16, *rng.integers(3, 17, size=23)]:
        phase = rng.uniform(0, 2 * np.pi) + 0.7 * np.arange(n)
        x = np.column_stack([np.sin(phase), np.cos(phase)]) * [0.1, 20] + [5, -300]
        x.setflags(write=False)
        X.append(x)
    return X


@pytest.fixture(scope="session")
def fitted(small_autoencoder, sequences):
    """A fitted estimator; do not fit it again, nor set its parameters."""
    return small_autoencoder().fit(sequences)


@pytest.fixture
def training_without_xla(monkeypatch):
    """Spare the seconds that compiling for training takes; embed as always."""
    from sklearn_seqae._keras import workspace

    monkeypatch.setattr(workspace, "xla_compiles", lambda: False)
    # Room for its programs beside those that took long to compile
    monkeypatch.setattr(workspace, "MAX_IDLE", 100)


@pytest.fixture(scope="module")
def programs_dropped():
    """Give the memory back of modules that train many networks, once each."""
    yield
    from sklearn_seqae._keras import inference, workspace

    workspace.clear_workspaces()
    inference._functions.cache_clear()
    inference._shard_functions.cache_clear()
    gc.collect()


@pytest.fixture
def without_xla(training_without_xla, monkeypatch):
    """As where XLA can't compile: a row's last bit may depend on its place there."""
    from sklearn_seqae._keras import inference

    monkeypatch.setattr(inference, "xla_compiles", lambda: False)
