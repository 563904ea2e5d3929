"""What one would use otherwise. Each takes lists of (n_timesteps, n_features) arrays.

All but `dtw` are transformers that see no labels. aeon is imported when it is needed.
"""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.decomposition import PCA
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

Sequences = Sequence[NDArray[Any]]


def statistics() -> Pipeline:
    """Mean, standard deviation, extremes and ends of values and steps; the length."""
    return make_pipeline(FunctionTransformer(_statistics), StandardScaler())


def _statistics(X: Sequences) -> NDArray[Any]:
    rows = []
    for x in X:
        steps = np.diff(x, axis=0) if len(x) > 1 else np.zeros_like(x)
        for v in (x, steps):
            rows += [v.mean(0), v.std(0), v.min(0), v.max(0), v[0], v[-1]]
        rows.append([len(x)])
    return np.concatenate(rows).reshape(len(X), -1)


class Padding(TransformerMixin, BaseEstimator):
    """Standardise each feature, then pad to the longest seen in `fit`.

    What is longer is cut. At least nine steps, the length of MiniRocket's kernels. The
    array has the shape (n_samples, n_features, n_timesteps).
    """

    def __init__(self, value: float = 0.0) -> None:
        self.value = value

    def fit(self, X: Sequences, y: Any = None) -> Self:
        self.scaler_ = StandardScaler().fit(np.concatenate(X))
        self.n_timesteps_ = max(9, *(len(x) for x in X))
        return self

    def transform(self, X: Sequences) -> NDArray[Any]:
        padded = np.full((len(X), X[0].shape[1], self.n_timesteps_), self.value)
        for row, x in zip(padded, X, strict=True):
            row[:, : len(x)] = self.scaler_.transform(x).T[:, : self.n_timesteps_]
        return padded


def pca(n_components: float) -> Pipeline:
    """Principal components of sequences padded with zeros."""
    flat = FunctionTransformer(lambda padded: padded.reshape(len(padded), -1))
    return make_pipeline(Padding(), flat, PCA(n_components, svd_solver="full"))


def catch22() -> Pipeline:
    """catch22, mean and standard deviation of each feature, by aeon."""
    from aeon.transformations.collection.feature_based import Catch22

    # NaN where a sequence is too short or constant: no such property, 0
    features = Catch22(catch24=True, replace_nans=True)
    return make_pipeline(
        FunctionTransformer(_channels_first), features, StandardScaler()
    )


def minirocket(seed: int) -> Pipeline:
    """About 10,000 convolutional features, by aeon; unequal lengths are padded."""
    from aeon.transformations.collection.convolution_based import MiniRocket

    return make_pipeline(Padding(), MiniRocket(random_state=seed))


def quant() -> Pipeline:
    """Quantiles over intervals, by aeon; unequal lengths are padded."""
    from aeon.transformations.collection.interval_based import QUANTTransformer

    return make_pipeline(Padding(), QUANTTransformer())


class RDST(TransformerMixin, BaseEstimator):
    """Random dilated shapelets without labels, by aeon; unequal lengths are padded."""

    def __init__(self, random_state: int = 0) -> None:
        self.random_state = random_state

    def fit(self, X: Sequences, y: Any = None) -> Self:
        from aeon.transformations.collection.shapelet_based import (
            RandomDilatedShapeletTransform,
        )

        self.padding_ = Padding().fit(X)
        self.model_ = RandomDilatedShapeletTransform(random_state=self.random_state)
        # One class: thresholds are then of any two sequences
        self.model_.fit(self.padding_.transform(X), np.zeros(len(X), int))
        return self

    def transform(self, X: Sequences) -> NDArray[Any]:
        return self.model_.transform(self.padding_.transform(X))


class TS2Vec(TransformerMixin, BaseEstimator):
    """TS2Vec by its authors, with their defaults, on the CPU; padded with NaN."""

    def __init__(self, random_state: int = 0) -> None:
        self.random_state = random_state

    def fit(self, X: Sequences, y: Any = None) -> Self:
        import torch
        import ts2vec

        np.random.seed(self.random_state)  # it draws its crops from there
        torch.manual_seed(self.random_state)
        self.padding_ = Padding(np.nan).fit(X)
        self.model_ = ts2vec.TS2Vec(X[0].shape[1], device="cpu")
        self.model_.fit(self._padded(X))
        return self

    def transform(self, X: Sequences) -> NDArray[Any]:
        return self.model_.encode(self._padded(X), encoding_window="full_series")

    def _padded(self, X: Sequences) -> NDArray[Any]:
        return self.padding_.transform(X).swapaxes(1, 2)


def dtw() -> Pipeline:
    """A classifier: the label of the nearest training sequence, by aeon."""
    from aeon.classification.distance_based import KNeighborsTimeSeriesClassifier

    # A full window
    neighbors = KNeighborsTimeSeriesClassifier(distance="dtw", n_neighbors=1)
    return make_pipeline(FunctionTransformer(_channels_first), neighbors)


def _channels_first(X: Sequences) -> list[NDArray[Any]]:
    return [np.ascontiguousarray(x.T, dtype=float) for x in X]
