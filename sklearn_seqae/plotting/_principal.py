"""Principal components of embeddings, the same in every plot."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import PCA

NEGLIGIBLE = 1e-12  # share of the variance; what rounding of float32 leaves is smaller


def fit_principal(Z: NDArray[np.float64], n_components: int | None = None) -> PCA:
    """Fit the first principal components, or all; shares of no variance are 0.

    Raises
    ------
    ValueError
        If there is only one embedding.
    """
    if len(Z) == 1:
        raise ValueError(
            f"Z has 1 row of {Z.shape[1]} components, but principal components need "
            "at least 2; pass more sequences."
        )
    pca = PCA(n_components=n_components, svd_solver="full")
    with np.errstate(invalid="ignore"):
        pca.fit(Z)
    np.nan_to_num(pca.explained_variance_ratio_, copy=False)
    return pca


def n_varying(pca: PCA) -> int:
    """Return the number of principal components in which embeddings differ."""
    return int((pca.explained_variance_ratio_ > NEGLIGIBLE).sum())


def principal_name(pca: PCA, k: int) -> str:
    """Return the name of a component: "1st principal component (64% of variance)"."""
    percent = 100 * pca.explained_variance_ratio_[k]
    return f"{_ordinal(k + 1)} principal component ({percent:.0f}% of variance)"


def _ordinal(n: int) -> str:
    teen = n % 100 in (11, 12, 13)
    return f"{n}{'th' if teen else {1: 'st', 2: 'nd', 3: 'rd'}.get(n % 10, 'th')}"
