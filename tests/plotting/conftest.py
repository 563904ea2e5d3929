"""What tests of pictures share."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from sklearn.base import BaseEstimator, TransformerMixin


@pytest.fixture(autouse=True)
def close_figures():
    """Matplotlib keeps every figure of pyplot, and warns of too many."""
    yield
    plt.close("all")


class MeanAndLength(TransformerMixin, BaseEstimator):
    """An embedding to calculate by hand: mean of the first feature, and length."""

    def fit(self, X, y=None):
        self.fitted_ = True
        return self

    def transform(self, X):
        return np.array([[np.ravel(x).mean(), len(x)] for x in X])

    def inverse_transform(self, Z):
        return [np.full(round(n), mean) for mean, n in Z]


@pytest.fixture
def mean_and_length():
    return MeanAndLength().fit(None)
