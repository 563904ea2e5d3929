"""CrossFittedDistance, against NumPy and new points of the same distribution."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from sklearn_seqae._outlier.crossfit import CrossFittedDistance, Gaussian


def low_rank(n, rng):
    """Points near a plane in ten dimensions, of very different units."""
    plane = np.random.default_rng(1).standard_normal((2, 10))
    points = rng.standard_normal((n, 2)) @ plane + 0.01 * rng.standard_normal((n, 10))
    return points * np.logspace(-3, 3, 10) + 5


def test_distance_is_that_of_a_covariance_with_equal_small_eigenvalues(rng):
    points, new = low_rank(100, rng), low_rank(7, rng)
    mean, std = points.mean(axis=0), points.std(axis=0)
    values, vectors = np.linalg.eigh(np.cov((points - mean) / std, rowvar=False))
    values[:-2] = values[:-2].mean()  # all but those of the plane
    precision = np.linalg.inv((vectors * values) @ vectors.T)
    centred = (new - mean) / std
    expected = np.sum(centred @ precision * centred, axis=1)
    assert_allclose(Gaussian.fit(points).squared_distances(new), expected, rtol=1e-6)


def test_fitted_points_are_as_far_as_new_ones(rng):
    # Of more columns than points, so any covariance of all would follow each point
    points, new = rng.standard_normal((100, 300)), rng.standard_normal((400, 300))
    distance = CrossFittedDistance.fit(points, np.random.RandomState(0))
    fitted, unseen = distance.standardized(points), distance.standardized(new)
    assert_allclose([fitted.mean(), fitted.std()], [0, 1], atol=1e-9)
    assert abs(unseen.mean()) < 0.5
    gaussian = Gaussian.fit(points)
    naive = gaussian.squared_distances(points), gaussian.squared_distances(new)
    assert np.min(naive[1]) > np.max(naive[0])


def test_distances_of_any_number_of_columns_are_about_normal(rng):
    for n_columns in (1, 5, 50):
        points = rng.standard_normal((2000, n_columns))
        distance = CrossFittedDistance.fit(points, np.random.RandomState(0))
        beyond = [np.mean(distance.standardized(points) > limit) for limit in (1, 2)]
        assert_allclose(beyond, [0.159, 0.023], atol=0.03)


def test_what_leaves_the_plane_is_far(rng):
    points = low_rank(100, rng)
    distance = CrossFittedDistance.fit(points, np.random.RandomState(0))
    beside = low_rank(20, rng) + 0.1 * np.logspace(-3, 3, 10)
    assert distance.standardized(beside).min() > 5


@pytest.mark.parametrize("points", [np.ones((5, 3)), np.eye(5), np.ones((6, 1))])
def test_few_or_equal_points(points):
    distance = CrossFittedDistance.fit(points, np.random.RandomState(0))
    assert np.isfinite(distance.standardized(points)).all()
    assert (distance.standardized(points + 7) > 10).all()


def test_alone_or_among_others_of_equal_columns(rng):
    """Rounding, which depends on the number of rows, counts for nothing."""
    points, new = (rng.standard_normal((n, 3))[:, [0, 1, 2, 1]] for n in (50, 200))
    gaussian = Gaussian.fit(points)
    together = gaussian.squared_distances(new)
    alone = np.concatenate([gaussian.squared_distances(x[None]) for x in new])
    assert_allclose(alone, together, rtol=1e-12)
