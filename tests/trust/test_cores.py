"""The number of cores and threads, and what it changes."""

import json
import os

import numpy as np
import pytest
from helpers import run_python

FIT = """
import json, os, sys
import numpy as np
if sys.argv[2] == "pinned":
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
from sklearn_seqae import LSTMAutoencoderTransformer
from sklearn_seqae.datasets import make_sequences
X, _ = make_sequences(n_samples=100, random_state=0)

def embedded(units):
    autoencoder = LSTMAutoencoderTransformer(
        hidden_layer_sizes=units, epochs=6, random_state=0
    ).fit(X)
    Z = autoencoder.transform(X)
    return np.concatenate([Z.ravel(), *map(np.ravel, autoencoder.inverse_transform(Z))])

units = int(sys.argv[1])
if sys.argv[2] == "loky":
    from joblib import Parallel, delayed
    (found, _) = Parallel(n_jobs=2)(delayed(embedded)(units) for _ in range(2))
else:
    found = embedded(units)
np.save(sys.argv[3], found)
"""
WAYS = {
    "all cores": ("", {}),
    "pinned to one core": ("pinned", {}),
    "LOKY_MAX_CPU_COUNT=1": ("", {"LOKY_MAX_CPU_COUNT": "1"}),
    "OMP_NUM_THREADS=1": ("", {"OMP_NUM_THREADS": "1"}),
    "n_jobs=2": ("loky", {}),
    "TF_NUM_INTEROP_THREADS=1": ("", {"TF_NUM_INTEROP_THREADS": "1"}),
    "TF_NUM_INTRAOP_THREADS=1": ("", {"TF_NUM_INTRAOP_THREADS": "1"}),
    "TF_NUM_INTRAOP_THREADS=8": ("", {"TF_NUM_INTRAOP_THREADS": "8"}),
}


@pytest.mark.skipif(
    not hasattr(os, "sched_setaffinity"), reason="this system pins no process to a core"
)
@pytest.mark.parametrize(("units", "tolerance"), [(8, 0.0), (64, 1e-3)])
def test_bits(units, tolerance, tmp_path, report):
    """Equal for small networks; else last bits differ, see the page on cost."""
    found = {}
    for name, (how, environment) in WAYS.items():
        path = tmp_path / f"{len(found)}.npy"
        run_python(FIT, units, how or "plain", path, environment=environment)
        found[name] = np.load(path)
    expected = found["all cores"]
    largest = {name: float(np.abs(z - expected).max()) for name, z in found.items()}
    report(f"{units} units, largest difference", json.dumps(largest))
    one_thread = found["TF_NUM_INTRAOP_THREADS=1"]
    np.testing.assert_array_equal(one_thread, found["pinned to one core"])
    assert max(largest.values()) <= tolerance * np.abs(expected).max()
