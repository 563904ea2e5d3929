"""Pooling along with the recurrence, against NumPy and TensorFlow's own gradient."""

import numpy as np
import pytest
import tensorflow as tf
from numpy.testing import assert_allclose

from sklearn_seqae._keras.lstm.fused import LSTMWeights, lstm
from sklearn_seqae._keras.lstm.running_pool import NEEDS
from sklearn_seqae._network.pooling import EPSILON

LENGTHS = [16, 1, 7, 9]
N_STEPS, UNITS = 16, 3

PLAIN = {  # of a row's own states, (n, D, U)
    "last": lambda states: states[-1],
    "mean": lambda states: tf.reduce_mean(states, 0),
    "max": lambda states: tf.reduce_max(states, 0),
    "min": lambda states: tf.reduce_min(states, 0),
    "std": lambda states: tf.sqrt(tf.math.reduce_variance(states, 0) + EPSILON),
}


def pooled_and_gradients(kinds, of_states=None):
    """Pool along with a layer, or by functions of its states; sum with weights."""
    rng = np.random.default_rng(0)
    x = tf.constant(rng.normal(size=(N_STEPS, 2, len(LENGTHS), 2)))
    shapes = [(2, 2, 4 * UNITS), (2, UNITS, 4 * UNITS), (2, 4 * UNITS)]
    weights = [tf.constant(rng.normal(size=shape)) for shape in shapes]
    up = {kind: rng.normal(size=(2, len(LENGTHS), UNITS)) for kind in PLAIN}
    with tf.GradientTape() as tape:
        tape.watch([x, weights])
        lengths = tf.constant(LENGTHS)
        states, pooled = lstm(
            x,
            LSTMWeights(*weights),
            lengths,
            pooling=() if of_states else kinds,
            return_sequences=bool(of_states),
        )
        if of_states:
            rows = enumerate(LENGTHS)
            own = [states[:n, :, row] for row, n in rows]
            pooled = {k: tf.stack([of_states[k](s) for s in own], 1) for k in kinds}
        total = tf.add_n([tf.reduce_sum(pooled[kind] * up[kind]) for kind in kinds])
    return pooled, tape.gradient(total, [x, *weights])


def test_there_is_a_formula_for_each_kind_here():
    assert set(PLAIN) == set(NEEDS)


@pytest.mark.parametrize("kinds", [*((kind,) for kind in NEEDS), tuple(NEEDS)])
def test_a_pool_is_the_formula_over_own_states(kinds):
    found, gradients = pooled_and_gradients(kinds)
    expected, expected_gradients = pooled_and_gradients(kinds, PLAIN)
    assert list(found) == list(kinds)
    for kind in kinds:
        assert_allclose(found[kind], expected[kind], rtol=1e-6, atol=1e-8)
    for ours, theirs in zip(gradients, expected_gradients, strict=True):
        assert_allclose(ours, theirs, rtol=1e-6, atol=1e-8)
