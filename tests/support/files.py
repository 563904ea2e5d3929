"""Files of estimators: written, loaded, damaged and edited."""

import pickle
import warnings
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import skops.io
from helpers import as_bits
from numpy.testing import assert_array_equal
from sklearn.base import BaseEstimator

from sklearn_seqae import (
    LSTMAutoencoderOutlierDetector,
    LSTMAutoencoderTransformer,
    SequenceAggregator,
    WindowOutlierDetector,
)
from sklearn_seqae._fitted import saving

OURS = [
    LSTMAutoencoderTransformer,
    LSTMAutoencoderOutlierDetector,
    SequenceAggregator,
    WindowOutlierDetector,
]
LOADS = {
    "pickle": pickle.loads,
    "skops": lambda data: skops.io.loads(data, trusted=OURS),
}
DUMPS = {"pickle": pickle.dumps, "skops": skops.io.dumps}
WAY = pytest.mark.parametrize("way", ["pickle", "skops"])


def check_saved(fitted, X):
    """Check that a fitted estimator loads, and embeds to the same bits."""
    Z = fitted.transform(X)
    for way, loads in LOADS.items():
        assert_array_equal(loads(DUMPS[way](fitted)).transform(X), Z)


def sealed(state):
    """Write the checksums anew, as someone would who wants to deceive."""
    header = state[saving.HEADER]
    rest = {name: value for name, value in state.items() if name != saving.HEADER}
    parts = saving._parts(rest).items()
    digests = {name: saving._checksum(name, part).digest for name, part in parts}
    return {**state, saving.HEADER: {**header, "sha256": digests}}


@contextmanager
def limited_memory(n_bytes):
    """Let this process take only so much more: damaged numbers may ask for all."""
    resource = pytest.importorskip("resource")
    statm = Path("/proc/self/statm")
    if not statm.exists():
        pytest.skip("the limit is set where Linux says what is used")
    used = int(statm.read_text().split()[0]) * resource.getpagesize()
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (used + n_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def found_in(data, way, use):
    """Return what ``use`` computes, and parameters; None if the file is refused."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with limited_memory(2**31):
                loaded = LOADS[way](data)
            parameters = loaded.get_params()
            for name, value in parameters.items():
                if isinstance(value, BaseEstimator):
                    parameters[name] = type(value)
            fitted = getattr(loaded, "history_", None), getattr(loaded, "offset_", None)
            return as_bits(use(loaded)), parameters, fitted
        except Exception:
            return None


def check_mutated(fitted, way, use, n_mutated):
    """Check that files with one byte changed are refused, or give the same.

    Returns
    -------
    n_refused : int
    """
    written = DUMPS[way](fitted)
    expected = found_in(written, way, use)
    assert expected is not None
    rng = np.random.default_rng(0)
    n_refused = 0
    for _ in range(n_mutated):
        mutated = bytearray(written)
        mutated[rng.integers(len(written))] ^= rng.integers(1, 256)
        found = found_in(bytes(mutated), way, use)
        assert found in (None, expected)
        n_refused += found is None
    return n_refused
