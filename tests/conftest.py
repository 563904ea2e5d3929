"""What tests share."""

import json
import os
import pickle
from pathlib import Path

import joblib
import numpy as np
import pytest
import skops.io
from helpers import run_python
from hypothesis import settings
from internals import xla

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


# Estimators. Preparing a program takes longer than training here, so tests share one
# where they can: few units, batches of 8, sequences of at most 16 steps and 2 features.


@pytest.fixture(scope="session")
def plain_autoencoder():
    """Make an estimator that trains in no time, with the parameters a test asks for.

    The rest is plain, whatever the defaults are: one state, one loss, nothing hidden.
    """

    def make(**parameters):
        plain = {
            "n_components": 4,
            "hidden_layer_sizes": 8,
            "pooling": "last",
            "exact_components": ["length"],
            "encoder_inputs": [],
            "mask_ratio": 0.0,
            "contrastive_weight": 0.0,
            "batch_size": 8,
            "epochs": 2,
            "learning_rate": 1e-3,
            "random_state": 0,
        }
        if parameters.get("n_components") == 1:
            plain["exact_components"] = []
        if not isinstance(parameters.get("optimizer", ""), str | type):
            del plain["learning_rate"]  # an instance has its own
        return LSTMAutoencoderTransformer(**(plain | parameters))

    return make


@pytest.fixture(scope="session")
def fitted_plain(plain_autoencoder, sequences):
    """A plain one, fitted; do not fit it again, nor set its parameters."""
    with xla(False):
        return plain_autoencoder().fit(sequences)


@pytest.fixture(scope="session")
def few_sequences(sequences):
    """Those that `default_autoencoder` is fitted on."""
    return sequences[:8]


@pytest.fixture(scope="session")
def default_autoencoder(few_sequences):
    """What users get who set nothing but the seed, fitted; do not fit it again."""
    with xla(True):
        return LSTMAutoencoderTransformer(random_state=0).fit(few_sequences)


# Fresh processes take seconds to begin, so there are few, and tests ask for what they
# found.

SUPPORT = Path(__file__).with_name("support")


@pytest.fixture(scope="session")
def before_tensorflow(tmp_path_factory):
    """What `before_tensorflow.py` found, and "streams", what it said."""
    facts = tmp_path_factory.mktemp("before_tensorflow") / "facts"
    script = SUPPORT / "before_tensorflow.py"
    streams = run_python(script, facts, SUPPORT.parent)
    return {"streams": list(streams), **json.loads(facts.read_text())}


@pytest.fixture(scope="session")
def first_fit(default_autoencoder, few_sequences, tmp_path_factory):
    """What `first_fit.py` found, "streams", what it said, and "files", what it left."""
    folder = tmp_path_factory.mktemp("first_fit")
    given, left, programs = folder / "given", folder / "left", folder / "programs"
    for path in (given, left / "cwd", left / "temporary", programs):
        path.mkdir(parents=True)
    (given / "pickle").write_bytes(pickle.dumps(default_autoencoder))
    (given / "X").write_bytes(pickle.dumps(few_sequences))
    joblib.dump(default_autoencoder, given / "joblib")
    skops.io.dump(default_autoencoder, given / "skops")
    environment = dict.fromkeys(name for name in os.environ if name.startswith("TF_"))
    environment["XLA_FLAGS"] = f"--xla_dump_to={programs} --xla_dump_hlo_as_text"
    for variable in ("TMPDIR", "TEMP", "TMP"):
        environment[variable] = str(left / "temporary")
    streams = run_python(
        SUPPORT / "first_fit.py",
        given,
        programs,
        flags=["-B"],
        cwd=left / "cwd",
        environment=environment,
    )
    # Not the home folder: Keras keeps its own settings there, from its first import on.
    files = [str(path) for path in left.rglob("*") if path.is_file()]
    facts = json.loads((given / "facts").read_text())
    return {"streams": list(streams), "files": files, **facts}


@pytest.fixture(scope="session")
def without_options(
    plain_autoencoder, fitted_plain, fitted_on_polars, sequences, tmp_path_factory
):
    """What `without_options.py` found, and "streams", what it said."""
    folder = tmp_path_factory.mktemp("without_options")
    given = sequences, fitted_plain, plain_autoencoder(epochs=1), fitted_on_polars
    (folder / "given").write_bytes(pickle.dumps(given))
    script = SUPPORT / "without_options.py"
    streams = run_python(script, folder)
    return {"streams": list(streams), **json.loads((folder / "facts").read_text())}


@pytest.fixture(scope="session")
def fitted_on_polars(plain_autoencoder, sequences):
    import polars as pl

    with xla(False):
        X = pl.Series("xy", [x.tolist() for x in sequences])
        return plain_autoencoder(epochs=1).fit(X)
