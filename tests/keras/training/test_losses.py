"""The losses by name, and what an embedding costs."""

from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf
from networks import plain_settings
from numpy.testing import assert_allclose

from sklearn_seqae._keras.training.losses import (
    LOSSES,
    TEMPERATURE,
    Counts,
    kl,
    kl_divergence,
    losses_of,
    nt_xent,
    sparsity,
    weighted_sum,
)

WEIGHT = np.array([1.0, 0.5, 0.0, 3.0])


def forward_pass(embedding, log_variance=None):
    """In the place of a `ForwardPass`, for losses that read no more."""
    return SimpleNamespace(
        embedding=tf.constant(embedding),
        log_variance=None if log_variance is None else tf.constant(log_variance),
        shard=SimpleNamespace(row_weight=tf.constant(WEIGHT)),
    )


def by_integration(mean, log_variance):
    """Integrate p log(p / q) over a grid, component by component."""
    x, step = np.linspace(-30, 30, 60_001, retstep=True)
    variance = np.exp(log_variance)
    log_p = -((x - mean) ** 2) / (2 * variance) - 0.5 * np.log(2 * np.pi * variance)
    log_q = -(x**2) / 2 - 0.5 * np.log(2 * np.pi)
    return (np.exp(log_p) * (log_p - log_q)).sum() * step


def test_the_divergence_is_that_of_the_densities(rng):
    mean, log_variance = rng.normal(size=(2, 4, 3))
    expected = [
        sum(by_integration(m, v) for m, v in zip(*row, strict=True))
        for row in zip(mean, log_variance, strict=True)
    ]
    assert_allclose(kl_divergence(mean, log_variance), expected, rtol=1e-6)
    found = kl(forward_pass(mean, log_variance))
    assert_allclose(found, WEIGHT @ expected, rtol=1e-6)


def test_the_prior_itself_costs_nothing():
    zeros = np.zeros((4, 3))
    assert float(kl(forward_pass(zeros, zeros))) == 0


def test_sparsity_is_the_sum_of_absolute_values(rng):
    embedding = rng.normal(size=(4, 3))
    rows = zip(WEIGHT, embedding, strict=True)
    expected = sum(w * abs(value) for w, row in rows for value in row)
    assert_allclose(sparsity(forward_pass(embedding)), expected)


@pytest.mark.parametrize("bad", [np.inf, np.nan])
def test_an_empty_row_costs_nothing_whatever_stands_in_it(bad):
    embedding = np.where(WEIGHT[:, None] > 0, 1.0, bad)
    assert_allclose(sparsity(forward_pass(embedding)), WEIGHT.sum())
    assert np.isfinite(kl(forward_pass(embedding, np.zeros((4, 1)))))
    assert float(weighted_sum(tf.constant(embedding[:, 0]), WEIGHT)) == WEIGHT.sum()


# The table ----------------------------------------------------------------------------


def test_the_reconstruction_always_counts_and_comes_first():
    assert losses_of(plain_settings()) == ("loss",)
    assert next(iter(LOSSES)) == "loss"


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({"contrastive_weight": 0.1}, "contrastive_loss"),
        ({"forecast_horizon": 3}, "forecast_loss"),
        ({"kl_weight": 0.1}, "kl_loss"),
        ({"sparsity_weight": 0.1}, "sparsity_loss"),
    ],
)
def test_a_weight_makes_a_loss_count(settings, name):
    assert losses_of(plain_settings(**settings)) == ("loss", name)


def test_all_count_in_the_order_of_the_table():
    settings = plain_settings(
        sparsity_weight=0.4, kl_weight=0.3, forecast_horizon=2, contrastive_weight=0.1
    )
    assert losses_of(settings) == tuple(LOSSES)
    weights = [loss.weight_in(settings) for loss in LOSSES.values()]
    assert weights == [1.0, 0.1, 1.0, 0.3, 0.4]


@pytest.mark.parametrize("name", LOSSES)
def test_each_is_divided_by_counts_that_there_are(name):
    loss = LOSSES[name]
    assert loss.mean_over in Counts._fields
    assert loss.divisor(Counts(values=60.0, rows=12.0, paired=8.0, ahead=4.0)) > 0


# NT-Xent against its formula, one pair at a time --------------------------------------


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
