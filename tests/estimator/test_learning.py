"""What is learnt, on real recordings, with default parameters.

One seed here, for time; the benchmarks have the median of five, which is to be 0.97.
"""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_seqae import LSTMAutoencoderTransformer

pytestmark = [pytest.mark.slow, pytest.mark.xla]  # as users run it


@pytest.fixture(scope="module")
def classifier(japanese_vowels):
    return make_pipeline(
        LSTMAutoencoderTransformer(random_state=0),
        StandardScaler(),
        LogisticRegression(),
    ).fit(japanese_vowels.X_train, japanese_vowels.y_train)


@pytest.fixture(scope="module")
def autoencoder(classifier):
    return classifier[0]


def test_speakers_are_told_apart(classifier, japanese_vowels):
    accuracy = classifier.score(japanese_vowels.X_test, japanese_vowels.y_test)
    assert accuracy >= 0.96  # the nearest neighbour by dynamic time warping: 0.949


def test_utterances_are_reconstructed(autoencoder, japanese_vowels):
    X = japanese_vowels.X_test
    decoded = autoencoder.reconstruct(X)
    mean = np.vstack(japanese_vowels.X_train).mean(axis=0)
    scale = np.vstack(japanese_vowels.X_train).std(axis=0)
    errors = ((np.vstack(decoded) - np.vstack(X)) / scale) ** 2
    errors_of_mean = ((mean - np.vstack(X)) / scale) ** 2
    assert errors.mean() < errors_of_mean.mean() / 4
    # Of every one of the twelve coefficients something is learnt.
    assert np.all(errors.mean(axis=0) < errors_of_mean.mean(axis=0) / 1.5)


def test_every_length_comes_back_from_the_embedding_alone(autoencoder, japanese_vowels):
    X = japanese_vowels.X_test
    Z = autoencoder.transform(X)
    assert [x.shape for x in autoencoder.inverse_transform(Z)] == [x.shape for x in X]


def test_company_does_not_matter(autoencoder, japanese_vowels, rng):
    X = japanese_vowels.X_test
    Z = autoencoder.transform(X)
    order = rng.permutation(len(X))
    assert np.array_equal(autoencoder.transform([X[i] for i in order]), Z[order])
    long = np.tile(X[0], (10, 1))
    for i in (0, 99, 369):
        assert np.array_equal(autoencoder.transform([X[i]])[0], Z[i])
        assert np.array_equal(autoencoder.transform([long, X[i]])[1], Z[i])


def test_the_loss_falls(autoencoder):
    loss = autoencoder.history_["loss"]
    # Of 9 batches: 250 updates, and a few for what cosines leave
    assert len(loss) == autoencoder.n_iter_ == 29
    assert loss[-1] < loss[24] < loss[9] < loss[0]


def test_strange_sequences_score_lowest(autoencoder, japanese_vowels, rng):
    X = japanese_vowels.X_test
    scrambled = [rng.permutation(x.ravel()).reshape(x.shape) for x in X]
    normal, strange = autoencoder.score_samples(X), autoencoder.score_samples(scrambled)
    assert np.mean(normal > np.quantile(strange, 0.9)) > 0.9
