"""There and back: reconstructions, scores, and the container that came in."""

import numpy as np
import pandas as pd
import pytest
from helpers import (
    assert_same_sequences,
    objects,
    padded,
)
from numpy.testing import assert_allclose, assert_array_equal

nan = np.nan


# -- reconstruction and score ----------------------------------------------------------


def test_reconstruct_is_there_and_back(fitted_plain, sequences):
    expected = fitted_plain.inverse_transform(fitted_plain.transform(sequences))
    assert_same_sequences(fitted_plain.reconstruct(sequences), expected)


@pytest.mark.parametrize("with_missing", [False, True])
def test_scores_by_numpy(fitted_plain, sequences, rng, with_missing):
    X = sequences
    if with_missing:
        X = [np.where(rng.random(x.shape) < 0.3, nan, x) for x in sequences]
        for x in X:
            x[0, 0] = 5
    scale = fitted_plain.scaler_.transform
    expected = [
        -np.nanmean((scale(decoded) - scale(x)) ** 2)
        for decoded, x in zip(fitted_plain.reconstruct(X), X, strict=True)
    ]
    scores = fitted_plain.score_samples(X)
    assert scores.dtype == np.float64
    assert_allclose(scores, expected, rtol=1e-4)
    assert fitted_plain.score(X) == pytest.approx(np.mean(expected), rel=1e-4)
    assert isinstance(fitted_plain.score(X), float)
    assert fitted_plain.score(X, np.zeros(len(X))) == fitted_plain.score(X)


def test_scores_without_a_scaler_and_with_more_sequences_than_a_block(
    plain_autoencoder, rng
):
    X = [rng.normal(size=(n, 2)) for n in np.resize(np.arange(1, 9), 2500)]
    autoencoder = plain_autoencoder(scaler=None).fit(X[:100])
    decoded = autoencoder.reconstruct(X)
    expected = [-np.mean((y - x) ** 2) for x, y in zip(X, decoded, strict=True)]
    assert_allclose(autoencoder.score_samples(X), expected, rtol=1e-4)


# -- what X may be, and what comes back ------------------------------------------------


CONTAINERS = {
    "list": lambda s: s,
    "tuple": tuple,
    "object array": objects,
    "list of 2-D": lambda s: [x[:, np.newaxis] for x in s],
    "list of lists": lambda s: [x.tolist() for x in s],
    "3-D array": lambda s: padded(s)[:, :, np.newaxis],
    "2-D array": padded,
    "2-D float32": lambda s: padded(s).astype(np.float32),
    "DataFrame": lambda s: pd.DataFrame(padded(s)).add_prefix("t"),
    "list of Series": lambda s: [pd.Series(x) for x in s],
}


@pytest.mark.parametrize("kind", CONTAINERS)
def test_the_container_that_came_in_comes_back(plain_autoencoder, sequences, kind):
    univariate = [x[:, 0] for x in sequences]
    X = CONTAINERS[kind](univariate)
    autoencoder = plain_autoencoder(scaler="minmax")
    Z = autoencoder.fit_transform(X)
    expected = plain_autoencoder(scaler="minmax").fit_transform(univariate)
    assert_allclose(Z, expected, atol=1e-3 if kind == "2-D float32" else 1e-6)
    for back in (autoencoder.inverse_transform(Z), autoencoder.reconstruct(X)):
        if isinstance(X, np.ndarray | pd.DataFrame):
            assert type(back) is type(X)
            assert back.shape == X.shape
        if isinstance(X, pd.DataFrame):
            assert list(back.columns) == list(X.columns)
        if kind in ("2-D array", "2-D float32", "DataFrame", "3-D array"):
            assert_array_equal(np.isnan(back), np.isnan(X))
            assert np.asarray(back).dtype == np.asarray(X).dtype
        else:
            assert isinstance(back, tuple if kind == "tuple" else type(X))
            assert [np.shape(x) for x in back] == [np.shape(x) for x in X]
            assert all(type(x) is np.ndarray for x in back)
    if kind != "2-D float32":
        assert_array_equal(autoencoder.transform(univariate[:3]), Z[:3])


def test_a_longer_sequence_widens_the_table(plain_autoencoder, sequences):
    X = pd.DataFrame(padded([x[:, 0] for x in sequences])).add_prefix("t")
    autoencoder = plain_autoencoder().fit(X)
    back = autoencoder.inverse_transform(np.zeros((2, 4)), lengths=[2, 20])
    assert back.shape == (2, 20)
    assert list(back.columns[:16]) == list(X.columns)
    assert_array_equal(back.notna().sum(axis=1), [2, 20])
