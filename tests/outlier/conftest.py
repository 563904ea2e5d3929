"""Detectors that tests share."""

import pytest
from helpers import in_cells
from internals import xla

from sklearn_seqae import LSTMAutoencoderOutlierDetector
from sklearn_seqae.datasets import make_events


@pytest.fixture(scope="session")
def unfitted(plain_autoencoder):
    """Make a detector that trains in no time; a program is shared with other tests."""

    def make(**parameters):
        estimator = plain_autoencoder(random_state=None)
        return LSTMAutoencoderOutlierDetector(
            **({"estimator": estimator, "random_state": 0} | parameters)
        )

    return make


@pytest.fixture(scope="session")
def detector(unfitted, sequences):
    """A fitted one; do not fit it again."""
    with xla(False):
        return unfitted().fit(sequences)


@pytest.fixture(scope="session")
def sessions():
    """Tables of sessions of one class: some to fit, others."""
    log, y = make_events(400, max_length=16, random_state=0)
    usual = log[y[log["session"]] == 1].astype({"page": "category"})
    return [usual[usual["session"] % 4 > 0], usual[usual["session"] % 4 == 0]]


@pytest.fixture(scope="session")
def of_events(unfitted, sessions):
    with xla(False):
        return unfitted().fit(in_cells(sessions[0]))
