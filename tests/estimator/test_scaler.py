"""The parameter `scaler`."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.decomposition import PCA
from sklearn.preprocessing import MinMaxScaler, RobustScaler, StandardScaler

nan = np.nan


@pytest.mark.parametrize(
    ("scaler", "reference"),
    [
        ("standard", StandardScaler()),
        ("minmax", MinMaxScaler()),
        ("robust", RobustScaler()),
        (MinMaxScaler((-1, 1)), MinMaxScaler((-1, 1))),
    ],
)
def test_the_scaler_is_fitted_to_stacked_time_steps(
    plain_autoencoder, sequences, scaler, reference
):
    X = [x.copy() for x in sequences]
    X[0][3] = nan
    fitted_plain = plain_autoencoder(scaler=scaler).fit(X).scaler_
    assert fitted_plain is not scaler
    values = np.vstack(sequences)
    expected = reference.fit(np.vstack(X)).transform(values)
    assert_allclose(fitted_plain.transform(values), expected, rtol=1e-9, atol=1e-9)


def test_no_scaler(plain_autoencoder, sequences):
    autoencoder = plain_autoencoder(scaler=None).fit([x / 100 for x in sequences])
    assert autoencoder.scaler_ is None
    assert autoencoder.score(sequences) < autoencoder.score(
        [x / 100 for x in sequences]
    )


def test_a_scaler_may_change_the_number_of_features(plain_autoencoder, rng):
    factors = [rng.normal(size=(n, 2)) for n in range(3, 13)]
    X = [factor @ rng.normal(size=(2, 6)) for factor in factors]
    autoencoder = plain_autoencoder(scaler=PCA(2, whiten=True)).fit(X)
    assert autoencoder.n_features_in_ == 6
    assert [x.shape for x in autoencoder.reconstruct(X)] == [x.shape for x in X]
