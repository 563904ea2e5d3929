"""Weights are repetitions, and order does not matter."""

import numpy as np
import pytest
from helpers import (
    assert_same_model,
)
from numpy.testing import assert_allclose

nan = np.nan


@pytest.mark.parametrize("scaler", ["standard", "minmax", "robust"])
def test_a_weight_is_a_repetition(plain_autoencoder, sequences, rng, scaler):
    weight = rng.integers(0, 4, size=len(sequences))
    repeated = [x for x, n in zip(sequences, weight, strict=True) for _ in range(n)]
    weighted = plain_autoencoder(scaler=scaler).fit(sequences, sample_weight=weight)
    expected = plain_autoencoder(scaler=scaler).fit(repeated)
    assert weighted.history_ == expected.history_
    assert_same_model(weighted, expected, sequences)


def test_weight_zero_is_removal(plain_autoencoder, sequences):
    weight = np.arange(len(sequences)) % 3 > 0
    weighted = plain_autoencoder().fit(sequences, sample_weight=weight)
    kept = [x for x, w in zip(sequences, weight, strict=True) if w]
    assert_same_model(weighted, plain_autoencoder().fit(kept), sequences)
    # Also of the only sequence that is long, or of another scale.
    wild = [*sequences, 1e6 * np.ones((16 * 40, 2))]
    weight = [1.0] * len(sequences) + [0.0]
    weighted = plain_autoencoder().fit(wild, sample_weight=weight)
    assert_same_model(weighted, plain_autoencoder().fit(sequences), sequences)


@pytest.mark.parametrize("factor", [2.0, 1e-50, 1e45])
def test_only_the_relation_of_weights_counts(plain_autoencoder, sequences, rng, factor):
    weight = rng.integers(1, 4, size=len(sequences)).astype(float)
    expected = plain_autoencoder().fit(sequences, sample_weight=weight)
    other = plain_autoencoder().fit(sequences, sample_weight=factor * weight)
    assert_allclose(
        other.transform(sequences), expected.transform(sequences), atol=1e-5
    )


def test_weight_zero_removes_what_it_alone_observes(plain_autoencoder, sequences):
    X = [np.column_stack([x[:, 0], np.full(len(x), nan)]) for x in sequences]
    X[0] = sequences[0]
    weight = [0.0] + [1.0] * (len(X) - 1)
    with pytest.raises(ValueError, match="feature 1 has no observed value"):
        plain_autoencoder().fit(X, sample_weight=weight)


def test_a_heavy_sequence_is_learnt_better(plain_autoencoder, sequences):
    def score_of_first(weight):
        weights = [weight] + [1.0] * (len(sequences) - 1)
        autoencoder = plain_autoencoder(epochs=30, learning_rate=0.01, scaler="minmax")
        autoencoder.fit(sequences, sample_weight=weights)
        return autoencoder.score(sequences[:1])

    assert score_of_first(100.0) > score_of_first(0.01)


def test_one_weight_for_all(plain_autoencoder, fitted_plain, sequences):
    autoencoder = plain_autoencoder().fit(sequences, sample_weight=1.0)
    assert_same_model(autoencoder, fitted_plain, sequences)


@pytest.mark.parametrize("early_stopping", [False, True])
def test_the_order_of_sequences_does_not_matter(
    plain_autoencoder, sequences, rng, early_stopping
):
    order = rng.permutation(len(sequences))
    shuffled = [sequences[i] for i in order]
    one = plain_autoencoder(early_stopping=early_stopping).fit(sequences)
    other = plain_autoencoder(early_stopping=early_stopping).fit(shuffled)
    assert one.history_ == other.history_
    assert_same_model(one, other, sequences)
