"""NT-Xent against its formula, one pair at a time."""

import numpy as np
import pytest
import tensorflow as tf
from numpy.testing import assert_allclose

from sklearn_seqae._keras.training.contrastive import TEMPERATURE, nt_xent


def by_hand(projected, weight):
    unit = projected / np.linalg.norm(projected, axis=1, keepdims=True)
    n, total = len(unit), 0.0
    for i in range(n):
        rivals = [j for j in range(n) if j != i and weight[j] > 0]
        scores = np.exp(unit[rivals] @ unit[i] / TEMPERATURE)
        right = np.exp(unit[(i + n // 2) % n] @ unit[i] / TEMPERATURE)
        total += weight[i] * -np.log(right / scores.sum()) if weight[i] > 0 else 0
    return total


@pytest.mark.parametrize("seed", range(3))
def test_is_the_formula(seed):
    rng = np.random.default_rng(seed)
    projected = rng.normal(size=(10, 4))
    weight = np.tile([1.0, 0.5, 0.0, 2.0, 1.0], 2)
    found = nt_xent(tf.constant(projected), tf.constant(weight))
    assert_allclose(found, by_hand(projected, weight), rtol=1e-10)


def test_empty_rows_are_nothing_whatever_they_hold():
    rng = np.random.default_rng(0)
    projected = rng.normal(size=(6, 3)).astype(np.float32)
    weight = tf.constant(np.tile([1.0, 0.0, 1.0], 2).astype(np.float32))

    def value_and_gradient(array):
        x = tf.constant(array)
        with tf.GradientTape() as tape:
            tape.watch(x)
            value = nt_xent(x, weight)
        return value.numpy(), tape.gradient(value, x).numpy()

    value, gradient = value_and_gradient(projected)
    other = projected.copy()
    other[[1, 4]] = 0.0  # as the projection of nothing may be
    assert_allclose(value_and_gradient(other)[0], value, rtol=1e-6)
    for array in (projected, other):
        _, gradient = value_and_gradient(array)
        assert np.isfinite(gradient).all()
        assert not gradient[[1, 4]].any()


def test_one_pair_alone_agrees():
    projected = tf.constant([[1.0, 2.0], [-3.0, 0.5]])
    assert_allclose(nt_xent(projected, tf.ones(2)), 0, atol=1e-6)


def test_partners_alike_disagree_less_than_partners_apart():
    alike = tf.constant([[1.0, 0], [0, 1], [1, 0], [0, 1]])
    apart = tf.constant([[1.0, 0], [0, 1], [0, 1], [1, 0]])
    ones = tf.ones(4)
    assert nt_xent(alike, ones) < 0.1 < nt_xent(apart, ones)
