"""What several tests make, run and compare, outside of any fixture.

pytest puts this folder on the path (``pythonpath`` in pyproject.toml), so that these
functions can also make the tables of cases that stand in a module.
"""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from pandas.testing import assert_index_equal

import sklearn_seqae
from sklearn_seqae import to_sequences
from sklearn_seqae._containers.ragged import RaggedArray
from sklearn_seqae._containers.readers import to_ragged

nan = np.nan


def some_slow(names, slow):
    """Return parameters of a test, with the marker `slow` on those that are named."""
    return [
        pytest.param(name, marks=pytest.mark.slow if name in slow else ())
        for name in names
    ]


# -- containers -----------------------------------------------------------------------


def objects(cells):
    """Return a 1-D object array, also of cells that are equally long."""
    array = np.empty(len(cells), dtype=object)
    for i, cell in enumerate(cells):
        array[i] = cell
    return array


def padded(sequences, *, extra=0, n_timesteps=None, dtype=np.float64):
    """Return one array of all sequences, with NaN behind each.

    It is as long as the longest and `extra` steps more, unless `n_timesteps` says how
    long; 2-D of 1-D sequences, 3-D of 2-D ones.
    """
    if n_timesteps is None:
        n_timesteps = max(map(len, sequences)) + extra
    shape = (len(sequences), n_timesteps, *np.shape(sequences[0])[1:])
    array = np.full(shape, nan, dtype=dtype)
    for row, sequence in zip(array, sequences, strict=True):
        row[: len(sequence)] = sequence
    return array


def without_padding(array):
    """Return a list of what is in the rows, without their trailing steps of NaN."""
    rows = []
    for row in array:
        while len(row) and np.all(np.isnan(row[-1])):
            row = row[:-1]
        rows.append(row)
    return rows


def long_frame(sequences, ids, columns):
    """Return a frame with one row for each time step, indexed by id and time."""
    frames = [pd.DataFrame(np.asarray(x)) for x in sequences]
    frame = pd.concat(frames, keys=ids, names=["id", "time"])
    return frame.set_axis(list(columns)[: frame.shape[1]], axis=1)


def page_log():
    """Return a long frame of 20 sequences: a number and a page in each step."""
    rng = np.random.default_rng(0)
    X = [rng.normal(size=(n, 1)) for n in rng.integers(3, 9, size=20)]
    frame = long_frame(X, range(20), "x")
    return frame.assign(page=rng.choice(["a", "b", "c"], len(frame)))


def in_cells(table):
    """Return the sessions of a log as cells of a Series."""
    return to_sequences(table, by="session", order="time")


def keras_input(autoencoder, sequences):
    """Return what a user of `encoder_` passes: scaled, with NaN to whole patches."""
    patch_size = autoencoder.patch_size_
    n_timesteps = -(-autoencoder.max_length_ // patch_size) * patch_size
    scaled = [autoencoder.scaler_.transform(x) for x in sequences]
    return padded(scaled, n_timesteps=n_timesteps, dtype=np.float32)


def lstm_units(model):
    """Return the units of each LSTM layer of a Keras model, in order."""
    return [layer.units for layer in model.layers if "lstm" in layer.name]


def random_ragged(lengths, n_features=2, missing=0.0, seed=0):
    """Return a RaggedArray of noise in float32, some of it missing."""
    rng = np.random.default_rng(seed)
    sequences = [rng.normal(size=(n, n_features)) for n in lengths]
    for x in sequences:
        x[rng.random(x.shape) < missing] = nan
    return RaggedArray.from_list([x.astype(np.float32) for x in sequences])


# -- comparing ------------------------------------------------------------------------


def assert_same_values(found, expected):
    """Check that two containers, of whatever kinds, hold equal sequences."""
    assert len(found) == len(expected)
    for x, y in zip(found, expected, strict=True):
        assert_array_equal(x, y)


def assert_same_sequences(found, expected):
    """Check that two containers are of one kind and hold the same, to the bit.

    The same are kind, number, shapes, dtypes and values of the sequences and, where
    there is one, the index.
    """
    assert type(found) is type(expected)
    assert len(found) == len(expected)
    if isinstance(found, pd.DataFrame | pd.Series):
        assert_index_equal(found.index, expected.index)
    if isinstance(found, pd.DataFrame):
        pd.testing.assert_frame_equal(found, expected, check_exact=True)
        return
    for x, y in zip(found, expected, strict=True):
        assert type(x) is type(y)
        assert_array_equal(x, y, strict=True)


def assert_read(X, expected, **container):
    """Check what `to_ragged` reads, and what it notes of the container; return both."""
    ragged, found = to_ragged(X)
    assert_same_values(ragged, expected)
    for name, value in container.items():
        assert getattr(found, name) == value
    return ragged, found


def assert_same_model(found, expected, X):
    """Check that two fitted estimators embed and decode alike, to the bit."""
    Z = expected.transform(X)
    assert_array_equal(found.transform(X), Z, strict=True)
    assert_same_sequences(found.inverse_transform(Z), expected.inverse_transform(Z))
    assert_same_sequences(found.reconstruct(X), expected.reconstruct(X))


def fitted_bits(estimator):
    """Return a checksum of each attribute, but of the callbacks."""
    return dict(estimator.__getstate__()["_saved"]["sha256"])


def at_one_rate(rate=1e-3):
    """Return the optimizer whose rate does not depend on the epochs to come."""
    import keras

    return {"optimizer": keras.optimizers.Adam(rate, global_clipnorm=1.0)}


def as_bits(array):
    """Return the bytes of an array as text, to be told by one process to another."""
    return np.asarray(array).tobytes().hex()


# -- other processes ------------------------------------------------------------------


def run_python(code_or_script, *arguments, flags=(), cwd=None, environment=None):
    """Run Python in a fresh process; return what it writes to its two streams.

    It runs a file, where a Path is given, or code. It imports the package from where
    this process has it. `environment` is added to that of this process; a value of None
    takes one away.
    """
    is_script = isinstance(code_or_script, Path)
    asked = os.environ | {"PYTHONPATH": os.pathsep.join(_where())} | (environment or {})
    command = [*flags, *([] if is_script else ["-c"]), code_or_script, *arguments]
    result = subprocess.run(
        [sys.executable, *map(str, command)],
        capture_output=True,
        text=True,
        cwd=cwd,
        env={name: value for name, value in asked.items() if value is not None},
    )
    assert result.returncode == 0, result.stderr
    return result.stdout, result.stderr


def _where():
    package = Path(sklearn_seqae.__file__).parents[1]
    return [str(package), *filter(None, [os.environ.get("PYTHONPATH")])]
