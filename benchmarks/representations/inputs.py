"""Other forms of what our estimator reads, made outside of it to be compared."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin, clone

from sklearn_seqae import LSTMAutoencoderTransformer

Sequences = Sequence[NDArray[Any]]


class ScaledEach(TransformerMixin, BaseEstimator):
    """Each sequence standardised by itself; its statistics become components.

    Which can be inverted: mean and logarithm of the standard deviation of each feature
    stand beside the embedding of the standardised sequence.
    """

    def __init__(self, estimator: Any) -> None:
        self.estimator = estimator

    def fit(self, X: Sequences, y: Any = None) -> Self:
        self.estimator_ = clone(self.estimator).fit(_standardised(X)[0])
        return self

    def transform(self, X: Sequences) -> NDArray[Any]:
        each, statistics = _standardised(X)
        return np.hstack([self.estimator_.transform(each), statistics])


class SeveralPatchSizes(TransformerMixin, BaseEstimator):
    """Embeddings with patches of the usual size, half of it and twice it, side by side.

    As scikit-learn's FeatureUnion makes them, but for sizes that depend on the data.
    """

    def __init__(
        self, estimator: Any, factors: tuple[float, ...] = (0.5, 1, 2)
    ) -> None:
        self.estimator = estimator
        self.factors = factors

    def fit(self, X: Sequences, y: Any = None) -> Self:
        usual = np.median([len(x) for x in X]) / 32
        sizes = {max(1, round(factor * float(usual))) for factor in self.factors}
        self.estimators_: list[LSTMAutoencoderTransformer] = [
            clone(self.estimator).set_params(patch_size=size).fit(X)
            for size in sorted(sizes)
        ]
        return self

    def transform(self, X: Sequences) -> NDArray[Any]:
        return np.hstack([each.transform(X) for each in self.estimators_])


def _standardised(X: Sequences) -> tuple[list[NDArray[Any]], NDArray[Any]]:
    means = np.array([x.mean(axis=0) for x in X])
    scales = np.array([x.std(axis=0) for x in X])
    divisors = np.where(scales > 0, scales, 1)
    each = [(x - m) / s for x, m, s in zip(X, means, divisors, strict=True)]
    return each, np.hstack([means, np.log(divisors)])
