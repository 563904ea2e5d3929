"""What is got out of an embedding: each protocol returns one number, 1 is best.

The SVM is that of T-Loss [1]_ and TS2Vec [2]_: an RBF kernel with ``gamma="scale"`` on
the embedding as it is, C by cross-validation in five folds over 1e-4 to 1e4 and
infinity, or infinity at once below 50 training sequences or 5 a class. Two things
differ, for speed: the kernel is a matrix product of NumPy, and iterations end at a
million, not at ten. The logistic regression is TS2Vec's as well, but multinomial:
scikit-learn no longer has the other.

.. [1] Franceschi, J.-Y., Dieuleveut, A. and Jaggi, M. (2019). Unsupervised scalable
   representation learning for multivariate time series. NeurIPS.
.. [2] Yue, Z. et al. (2022). TS2Vec: Towards universal representation of time series.
   AAAI.
"""

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import ConvergenceWarning, FitFailedWarning
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import adjusted_rand_score
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from benchmarks.representations.datasets import Data

C_GRID = [*(10.0**k for k in range(-4, 5)), np.inf]
MAX_ITER = 1_000_000

Embedding = NDArray[Any]  # of shape (n_samples, n_components)


def svm(Z_train: Embedding, Z_test: Embedding, data: Data, seed: int) -> float:
    """Accuracy of an SVM with an RBF kernel on the test sequences."""
    y = data.y_train
    machine = SVC(C=np.inf, kernel=scaled_rbf, max_iter=MAX_ITER)
    if len(y) < 50 or len(y) // len(np.unique(y)) < 5:
        return float(machine.fit(Z_train, y).score(Z_test, data.y_test))
    # Where no surface parts the classes, C = inf diverges: a fold of accuracy 0. What
    # fails with every C is an error all the same
    search = GridSearchCV(machine, {"C": C_GRID}, cv=5, error_score=0.0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FitFailedWarning)
        warnings.simplefilter("ignore", ConvergenceWarning)
        search.fit(Z_train, y)
    return float(search.score(Z_test, data.y_test))


def scaled_rbf(A: Embedding, B: Embedding) -> NDArray[Any]:
    """RBF kernel; SVC calls it with what it was fitted on as B: gamma is "scale"."""
    return rbf_kernel(A, B, 1 / (B.shape[1] * (B.var() or 1.0)))


def logistic(Z_train: Embedding, Z_test: Embedding, data: Data, seed: int) -> float:
    """Accuracy of logistic regression on the standardised embedding."""
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1_000_000))
    return float(model.fit(Z_train, data.y_train).score(Z_test, data.y_test))


def forest(Z_train: Embedding, Z_test: Embedding, data: Data, seed: int) -> float:
    """Accuracy of a random forest of 500 trees, else scikit-learn's defaults."""
    model = RandomForestClassifier(500, random_state=seed)
    return float(model.fit(Z_train, data.y_train).score(Z_test, data.y_test))


def neighbor(Z_train: Embedding, Z_test: Embedding, data: Data, seed: int) -> float:
    """Accuracy of the nearest neighbour by the standardised embedding."""
    model = make_pipeline(StandardScaler(), KNeighborsClassifier(1))
    return float(model.fit(Z_train, data.y_train).score(Z_test, data.y_test))


def kmeans(Z_train: Embedding, Z_test: Embedding, data: Data, seed: int) -> float:
    """Adjusted Rand index of k-means on the test sequences' standardised embedding."""
    n_classes = len(np.unique(data.y_train))
    clusterer = KMeans(n_classes, n_init=10, random_state=seed)
    clusters = clusterer.fit_predict(StandardScaler().fit_transform(Z_test))
    return float(adjusted_rand_score(data.y_test, clusters))


PROTOCOLS = {
    "svm": svm,
    "logistic": logistic,
    "forest": forest,
    "neighbor": neighbor,
    "kmeans": kmeans,
}
OWN = "own"  # of a classifier that makes no embedding
