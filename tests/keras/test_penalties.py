"""What a vector costs: against numerical integration, and a loop."""

import numpy as np
import pytest
import tensorflow as tf
from numpy.testing import assert_allclose
from sklearn_seqae._keras.penalties import activity, divergence

WEIGHT = np.array([1.0, 0.5, 0.0, 3.0])


def by_integration(mean, log_variance):
    """Integrate p log(p / q) over a grid, component by component."""
    x, step = np.linspace(-30, 30, 60_001, retstep=True)
    variance = np.exp(log_variance)
    log_p = -((x - mean) ** 2) / (2 * variance) - 0.5 * np.log(2 * np.pi * variance)
    log_q = -(x**2) / 2 - 0.5 * np.log(2 * np.pi)
    return (np.exp(log_p) * (log_p - log_q)).sum() * step


def test_the_divergence_is_that_of_the_densities(rng):
    mean, log_variance = rng.normal(size=(2, 4, 3))
    expected = sum(
        w * by_integration(m, v)
        for w, *rows in zip(WEIGHT, mean, log_variance, strict=True)
        for m, v in zip(*rows, strict=True)
    )
    found = divergence(*map(tf.constant, (mean, log_variance, WEIGHT)))
    assert_allclose(found, expected, rtol=1e-6)


def test_the_prior_itself_costs_nothing():
    zeros = tf.zeros((4, 3))
    assert float(divergence(zeros, zeros, tf.ones(4))) == 0


def test_activity_is_the_sum_of_absolute_values(rng):
    code = rng.normal(size=(4, 3))
    expected = sum(w * abs(c) for w, row in zip(WEIGHT, code, strict=True) for c in row)
    assert_allclose(activity(tf.constant(code), tf.constant(WEIGHT)), expected)


@pytest.mark.parametrize("bad", [np.inf, np.nan])
def test_an_empty_row_costs_nothing_whatever_stands_in_it(bad):
    code = tf.constant(np.where(WEIGHT[:, None] > 0, 1.0, bad))
    weight = tf.constant(WEIGHT)
    assert_allclose(activity(code, weight), WEIGHT.sum())
    assert np.isfinite(divergence(code, 0 * code, weight))
