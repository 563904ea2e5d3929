"""Embeddings are made of some sequences at a time."""

import pytest
from numpy.testing import assert_array_equal

from sklearn_seqae import LSTMAutoencoderTransformer, to_sequences
from sklearn_seqae._fitted import autoencoder
from sklearn_seqae.datasets import make_events, make_sequences


def _sessions():
    table, _ = make_events(n_samples=60, random_state=0)
    return to_sequences(table, by="session", order="time", keep_times=True)


@pytest.mark.parametrize(
    "load", [lambda: make_sequences(60, random_state=0)[0], _sessions]
)
def test_embeddings_in_blocks_are_those_at_once(load, monkeypatch):
    X = load()
    fitted = LSTMAutoencoderTransformer(epochs=0, random_state=0).fit(X)
    at_once = fitted.transform(X)
    monkeypatch.setattr(autoencoder, "BLOCK", 40)
    assert_array_equal(fitted.transform(X), at_once)
