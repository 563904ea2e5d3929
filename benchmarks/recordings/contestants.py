"""What scores each step of the second part, having learnt from the first.

Each takes both parts, a window in steps, and a seed. The higher, the more unusual.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest
from sklearn.neighbors import NearestNeighbors
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_seqae import (
    LSTMAutoencoderOutlierDetector,
    LSTMAutoencoderTransformer,
    WindowOutlierDetector,
)

Values = NDArray[np.float64]  # (n_timesteps, n_features)
Scores = NDArray[np.float64]  # (n_timesteps,)
Contestant = Callable[[Values, Values, int, int], Scores]


def period(x: Values, longest: int = 300) -> int:
    """Dominant one: the first high peak of the mean autocorrelation of the features."""
    x = StandardScaler().fit_transform(x)
    n = 2 ** int(np.ceil(np.log2(2 * len(x))))
    power = np.abs(np.fft.rfft(x, n, axis=0)) ** 2
    curve = np.fft.irfft(power.sum(axis=1), n)[: min(longest, len(x) // 4) + 1]
    curve /= curve[0]
    peaks = 1 + np.flatnonzero((curve[1:-1] > curve[:-2]) & (curve[1:-1] >= curve[2:]))
    peaks = peaks[(peaks > 3) & (curve[peaks] > 0)]
    if not len(peaks):
        return 64
    return int(peaks[curve[peaks] >= 0.9 * curve[peaks].max()][0])


def windows(x: Values, width: int) -> Values:
    """All of them, one for each place, flat."""
    return sliding_window_view(x, width, axis=0).reshape(len(x) - width + 1, -1)


def by_step(scores: Scores, width: int) -> Scores:
    """Means over the windows that cover a step."""
    n = len(scores) + width - 1
    total = np.convolve(scores, np.ones(width))
    return total / np.convolve(np.ones(n - width + 1), np.ones(width))


def pca(train: Values, test: Values, width: int, seed: int) -> Scores:
    """Mahalanobis distance of time steps, by their principal components."""
    return _mahalanobis(train, test)


def sub_pca(train: Values, test: Values, width: int, seed: int) -> Scores:
    """Mahalanobis distance of windows, by their principal components."""
    scores = _mahalanobis(windows(train, width), windows(test, width))
    return by_step(np.cbrt(scores), width)


def sub_pca_residual(train: Values, test: Values, width: int, seed: int) -> Scores:
    """Squared distance of windows from their first principal components."""
    train, test = windows(train, width), windows(test, width)
    fitted = make_pipeline(StandardScaler(), PCA(0.9)).fit(train)
    back = fitted.inverse_transform(fitted.transform(test))
    return by_step((((test - back) / fitted[0].scale_) ** 2).sum(axis=1), width)


def _mahalanobis(train: Values, test: Values) -> Scores:
    """Squared distance, with one variance for all minor components (99 % explained)."""
    fitted = make_pipeline(StandardScaler(), PCA(0.99)).fit(train)
    components = fitted.transform(test)
    back = fitted.inverse_transform(components)
    minor = (((test - back) / fitted[0].scale_) ** 2).sum(axis=1)
    major = (components**2 / fitted[1].explained_variance_).sum(axis=1)
    return major + minor / max(fitted[1].noise_variance_, 1e-9)


def forest(train: Values, test: Values, width: int, seed: int) -> Scores:
    """Isolation forest on windows."""
    fitted = IsolationForest(random_state=seed).fit(windows(train, width))
    return by_step(-fitted.score_samples(windows(test, width)), width)


def neighbours(train: Values, test: Values, width: int, seed: int) -> Scores:
    """Mean distance of windows from their five nearest."""
    scaler = StandardScaler().fit(train)
    fitted = NearestNeighbors(n_neighbors=5, algorithm="brute")
    fitted.fit(windows(scaler.transform(train), width))
    distances, _ = fitted.kneighbors(windows(scaler.transform(test), width))
    return by_step(distances.mean(axis=1), width)


def matrix_profile(train: Values, test: Values, width: int, seed: int) -> Scores:
    """Distance of windows from the nearest, each standardized: mean of the features."""
    import stumpy

    profiles = [
        stumpy.stump(a, width, b, ignore_trivial=False)[:, 0].astype(float)
        for a, b in zip(test.T.copy(), train.T.copy(), strict=True)
    ]
    finite = [np.where(np.isfinite(p), p, np.sqrt(2 * width)) for p in profiles]
    return by_step(np.mean(finite, axis=0), width)


def ours(train: Values, test: Values, width: int, seed: int) -> Scores:
    """The detector with its defaults, but for the window."""
    return _detected({}, train, test, width, seed)


def bottleneck(train: Values, test: Values, width: int, seed: int) -> Scores:
    """With little room, the reconstruction error counts."""
    network = {"n_components": 16, "exact_components": ()}
    return _detected(network, train, test, width, seed)


def untrained(train: Values, test: Values, width: int, seed: int) -> Scores:
    """With the network as it was drawn."""
    return _detected({"epochs": 0}, train, test, width, seed)


def _detected(
    network: dict[str, Any], train: Values, test: Values, width: int, seed: int
) -> Scores:
    """Windows are multiples of 16, so that programs are compiled for few of them."""
    autoencoder = LSTMAutoencoderTransformer(**network)
    estimator = LSTMAutoencoderOutlierDetector(autoencoder)
    window = 16 * max(1, round(width / 16))
    detector = WindowOutlierDetector(estimator, window=window, random_state=seed)
    return -detector.fit(train).score_samples(test)


CONTESTANTS: dict[str, Contestant] = {
    "ours": ours,
    "bottleneck": bottleneck,
    "untrained": untrained,
    "PCA": pca,
    "Sub-PCA": sub_pca,
    "Sub-PCA, residual": sub_pca_residual,
    "matrix profile": matrix_profile,
    "forest": forest,
    "KNN": neighbours,
}
