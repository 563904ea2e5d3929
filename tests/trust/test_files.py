"""Files of random fits, and damaged files of each estimator.

``python tests/support/random_fits.py 1000`` tries more of them, which takes an hour.
"""

import pytest
from files import WAY, check_mutated
from helpers import page_log
from internals import xla
from random_fits import write_and_check

from sklearn_seqae import (
    LSTMAutoencoderOutlierDetector,
    SequenceAggregator,
    WindowOutlierDetector,
)

N_FITS, N_AT_ONCE, N_MUTATED = 150, 50, 700


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("first", range(0, N_FITS, N_AT_ONCE))
def test_any_fit_loads_elsewhere_and_embeds_alike(first, tmp_path, report):
    found = write_and_check(range(first, first + N_AT_ONCE), tmp_path)
    n_fits = found.total() - found[None]
    assert n_fits > N_AT_ONCE / 3
    report(f"random fits {first} and on, loaded in a fresh process", f"{n_fits}")


@pytest.fixture(scope="module")
def log():
    return page_log()


@pytest.fixture(scope="module")
def damaged(plain_autoencoder, log):
    """Return estimators, and what each computes."""
    with xla(False):
        network = plain_autoencoder(epochs=1, n_components=3)
        detector = LSTMAutoencoderOutlierDetector(network, random_state=0)
        windows = WindowOutlierDetector(detector, window=3, random_state=0)
        return {
            "transformer": (network.fit(log), lambda e: e.transform(log)),
            "detector": (detector.fit(log), lambda e: e.score_samples(log)),
            "window detector": (windows.fit(log), lambda e: e.score_samples(log)),
            "aggregator": (SequenceAggregator().fit(log), lambda e: e.transform(log)),
        }


# NumPy complains again when it frees an array whose dtype was damaged
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@WAY
@pytest.mark.parametrize(
    "which", ["transformer", "detector", "window detector", "aggregator"]
)
def test_mutated_bytes_are_refused_or_give_the_same(damaged, which, way, report):
    fitted, use = damaged[which]
    n_refused = check_mutated(fitted, way, use, N_MUTATED)
    report(
        f"files of {which}s, {way}, with a byte changed",
        f"{n_refused} of {N_MUTATED} refused, others the same",
    )
