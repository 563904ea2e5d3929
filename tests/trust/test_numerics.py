"""Numbers that are hard to compute with, on the defaults."""

import numpy as np
import pytest
from hard import HARD

from sklearn_seqae import LSTMAutoencoderTransformer


def check_finite(autoencoder, X):
    """Check all that a fitted estimator makes of sequences."""
    Z = autoencoder.transform(X)
    assert np.isfinite(Z).all()
    assert np.isfinite(autoencoder.history_["loss"]).all()
    assert np.isfinite(autoencoder.score_samples(X)).all()
    for x, decoded in zip(X, autoencoder.inverse_transform(Z), strict=True):
        assert decoded.shape == x.shape
        assert np.isfinite(decoded).all()


# Nothing is learnt from constants, and of values that differ by 1e60 little.
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_defaults_are_finite(sequences, report):
    for hard in HARD.values():
        X = hard(sequences)
        check_finite(LSTMAutoencoderTransformer(random_state=0).fit(X), X)
    report("numbers hard to compute with, defaults", f"{len(HARD)} sets, all finite")


def test_many_short_sequences_and_many_features(report, rng):
    short = list(rng.normal(size=(100_000, 1, 2)))
    wide = [rng.normal(size=(n, 500)) for n in (3, 1, 4, 5, 12, 9)]
    for X in (short, wide):
        autoencoder = LSTMAutoencoderTransformer(epochs=1, random_state=0).fit(X)
        check_finite(autoencoder, X[:1000])
    report("100,000 sequences of one step, and 500 features, defaults", "finite")
