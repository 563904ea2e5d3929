"""Distance of points from others, the same for fitted points and for new ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.model_selection import KFold
from sklearn.preprocessing import StandardScaler

from sklearn_seqae._utils.plain import Positive, PositiveFloats

Floats = NDArray[np.float64]

SHARE = 0.99  # of the variance, which principal components explain
SMALLEST = 1e-9  # variance of a direction, where a column has 1


@dataclass(frozen=True)
class Gaussian:
    """Normal distribution with a covariance of low rank plus a constant.

    That of probabilistic principal component analysis [1]_. It needs no more points
    than columns, and takes less memory than a full covariance.

    Attributes
    ----------
    mean, scale : ndarray of shape (n_columns,)
        Of the points.
    centre : ndarray of shape (n_columns,)
        Mean of the points in these units, which is zero but for rounding.
    components : ndarray of shape (n_components, n_columns)
        Directions that explain most of the variance.
    variance : ndarray of shape (n_components,)
        Along these.
    rest : float
        Variance along each other direction.

    References
    ----------
    .. [1] Tipping, M. E. and Bishop, C. M. (1999). Probabilistic principal component
       analysis. Journal of the Royal Statistical Society B, 61(3).
    """

    mean: Floats
    scale: PositiveFloats
    centre: Floats
    components: Floats
    variance: PositiveFloats
    rest: Positive

    def __post_init__(self) -> None:
        n_components, n_columns = len(self.variance), len(self.mean)
        shapes = self.scale.shape, self.centre.shape, self.components.shape
        if shapes != ((n_columns,), (n_columns,), (n_components, n_columns)):
            raise ValueError(
                f"a Gaussian has shapes {shapes}, for {n_columns} columns and "
                f"{n_components} components"
            )

    @classmethod
    def fit(cls, points: Floats) -> Self:
        """Fit to points of shape (n_points, n_columns)."""
        scaler = StandardScaler().fit(points)
        with np.errstate(invalid="ignore"):  # all equal: no variance to have a share of
            pca = PCA(SHARE).fit(scaler.transform(points))
        return cls(
            scaler.mean_,
            scaler.scale_,
            pca.mean_,
            # A file holds them in this layout, and products round by the layout
            np.ascontiguousarray(pca.components_),
            np.maximum(pca.explained_variance_, SMALLEST),
            float(max(pca.noise_variance_, SMALLEST)),
        )

    def squared_distances(self, points: Floats) -> Floats:
        """Squared Mahalanobis distances from the mean, shape (n_points,)."""
        centred = (points - self.mean) / self.scale - self.centre
        scores = centred @ self.components.T
        explained = (scores**2 / self.variance).sum(axis=1)
        # Not a difference of sums: divided by a tiny variance, its rounding would count
        residual = centred - scores @ self.components
        return explained + (residual**2).sum(axis=1) / self.rest


@dataclass(frozen=True)
class CrossFittedDistance:
    """Largest of several Mahalanobis distances, each fitted without some of the points.

    A covariance makes the points that it was fitted to look close, those of many
    columns above all. Here each point is far from the Gaussian that was fitted without
    it. So points that were fitted and new ones have distances of about the same
    distribution, as in cross-conformal prediction [1]_.

    The cube root of a squared distance is about normal [2]_, so distances of any number
    of columns are brought to one scale: mean 0 and standard deviation 1 in `fit`.

    Attributes
    ----------
    gaussians : tuple of Gaussian
    mean, std : float
        Of the cube roots in `fit`.

    References
    ----------
    .. [1] Barber, R. F., Candes, E. J., Ramdas, A. and Tibshirani, R. J. (2021).
       Predictive inference with the jackknife+. Annals of Statistics, 49(1). See
       CV-minmax.
    .. [2] Wilson, E. B. and Hilferty, M. M. (1931). The distribution of chi-square.
       PNAS, 17(12).
    """

    gaussians: tuple[Gaussian, ...]
    mean: float
    std: Positive

    @classmethod
    def fit(
        cls, points: Floats, n_folds: int, random_state: np.random.RandomState
    ) -> Self:
        """Fit to points of shape (n_points, n_columns), in random folds."""
        folds = KFold(n_folds, shuffle=True, random_state=random_state).split(points)
        gaussians = tuple(Gaussian.fit(points[rest]) for rest, _ in folds)
        roots = _roots(gaussians, points)
        return cls(gaussians, float(roots.mean()), float(roots.std()) or 1.0)

    @property
    def n_columns(self) -> set[int]:
        """Columns of the points, one number for all Gaussians."""
        return {len(gaussian.mean) for gaussian in self.gaussians}

    def standardized(self, points: Floats) -> Floats:
        """Distances in standard deviations above the mean of those in `fit`."""
        return (_roots(self.gaussians, points) - self.mean) / self.std


def _roots(gaussians: tuple[Gaussian, ...], points: Floats) -> Floats:
    squared: list[Any] = [gaussian.squared_distances(points) for gaussian in gaussians]
    return np.cbrt(np.max(squared, axis=0))
