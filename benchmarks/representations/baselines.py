"""What one would use otherwise. Each takes lists of (n_timesteps, n_features) arrays.

All but `NearestNeighborDTW` are transformers that see no labels.
"""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin
from sklearn.decomposition import PCA
from sklearn.preprocessing import StandardScaler

Sequences = Sequence[NDArray[Any]]


class Statistics(TransformerMixin, BaseEstimator):
    """Mean, standard deviation, extremes and ends of values and steps; the length."""

    def fit(self, X: Sequences, y: Any = None) -> Self:
        return self

    def transform(self, X: Sequences) -> NDArray[Any]:
        return np.stack([_statistics(x) for x in X])


def _statistics(x: NDArray[Any]) -> NDArray[Any]:
    steps = np.diff(x, axis=0) if len(x) > 1 else np.zeros_like(x)
    parts = [
        part
        for v in (x, steps)
        for part in (v.mean(0), v.std(0), v.min(0), v.max(0), v[0], v[-1])
    ]
    return np.concatenate([*parts, [len(x)]])


class PaddedPCA(TransformerMixin, BaseEstimator):
    """Principal components of standardised sequences, padded with zeros at the end."""

    def __init__(self, n_components: float = 0.99) -> None:
        self.n_components = n_components

    def fit(self, X: Sequences, y: Any = None) -> Self:
        self.padding_ = Padding().fit(X)
        flat = self._flat(X)
        self.pca_ = PCA(min(self.n_components, *flat.shape), svd_solver="full")
        self.pca_.fit(flat)
        return self

    def transform(self, X: Sequences) -> NDArray[Any]:
        return self.pca_.transform(self._flat(X))

    def _flat(self, X: Sequences) -> NDArray[Any]:
        return self.padding_.transform(X).reshape(len(X), -1)


class Padding(TransformerMixin, BaseEstimator):
    """Standardise each feature, then pad with zeros to the longest seen in `fit`.

    What is longer is cut. At least nine steps, the length of MiniRocket's kernels.
    """

    def fit(self, X: Sequences, y: Any = None) -> Self:
        self.scaler_ = StandardScaler().fit(np.concatenate(X))
        self.n_timesteps_ = max(9, *(len(x) for x in X))
        return self

    def transform(self, X: Sequences) -> NDArray[Any]:
        padded = np.zeros((len(X), self.n_timesteps_, X[0].shape[1]))
        for row, x in zip(padded, X, strict=True):
            row[: len(x)] = self.scaler_.transform(x)[: len(row)]
        return padded


class Catch22(TransformerMixin, BaseEstimator):
    """catch22, mean and standard deviation of each feature, by aeon."""

    def fit(self, X: Sequences, y: Any = None) -> Self:
        return self

    def transform(self, X: Sequences) -> NDArray[Any]:
        from aeon.transformations.collection.feature_based import Catch22 as Aeons

        # NaN where a sequence is too short or constant: no such property, 0
        made = Aeons(catch24=True, replace_nans=True)
        return np.asarray(made.fit_transform(_channels_first(X)))


class MiniRocket(TransformerMixin, BaseEstimator):
    """About 10,000 convolutional features, by aeon; unequal lengths are padded."""

    def __init__(self, n_kernels: int = 10_000, random_state: int = 0) -> None:
        self.n_kernels = n_kernels
        self.random_state = random_state

    def fit(self, X: Sequences, y: Any = None) -> Self:
        from aeon.transformations.collection.convolution_based import (
            MiniRocket as Aeons,
        )

        self.padding_ = Padding().fit(X)
        self.rocket_ = Aeons(self.n_kernels, random_state=self.random_state)
        self.rocket_.fit(self._padded(X))
        return self

    def transform(self, X: Sequences) -> NDArray[Any]:
        return np.asarray(self.rocket_.transform(self._padded(X)))

    def _padded(self, X: Sequences) -> NDArray[Any]:
        return np.ascontiguousarray(self.padding_.transform(X).swapaxes(1, 2))


class NearestNeighborDTW(ClassifierMixin, BaseEstimator):
    """The label of the nearest training sequence, by aeon; DTW with a full window."""

    def fit(self, X: Sequences, y: NDArray[Any]) -> Self:
        from aeon.classification.distance_based import KNeighborsTimeSeriesClassifier

        self.neighbors_ = KNeighborsTimeSeriesClassifier(distance="dtw", n_neighbors=1)
        self.neighbors_.fit(_channels_first(X), y)
        return self

    def predict(self, X: Sequences) -> NDArray[Any]:
        return np.asarray(self.neighbors_.predict(_channels_first(X)))


def _channels_first(X: Sequences) -> list[NDArray[Any]]:
    return [np.ascontiguousarray(x.T, dtype=float) for x in X]
