"""Output layer and loss in one pass, against NumPy and TensorFlow's own gradient."""

import numpy as np
import pytest
import tensorflow as tf
from numpy.testing import assert_allclose, assert_array_equal
from sklearn_seqae._keras.fused_loss import BLOCK, dense_squared_error

N_STEPS, UNITS, N_OUTPUTS = 2 * BLOCK, 4, 3
LENGTHS = np.array([N_STEPS, 1, 0, BLOCK, BLOCK + 1])
ROWS = len(LENGTHS)


def inputs(dtype="float64", lengths=LENGTHS, seed=0):
    rng = np.random.default_rng(seed)
    arrays = {
        "states": rng.normal(size=(N_STEPS, 1, ROWS, UNITS)),
        "kernel": rng.normal(size=(UNITS, N_OUTPUTS)),
        "bias": rng.normal(size=N_OUTPUTS),
        "target": rng.normal(size=(N_STEPS, ROWS, N_OUTPUTS)),
        "weight": rng.integers(0, 3, size=(N_STEPS, ROWS, N_OUTPUTS)),
    }
    tensors = {name: tf.constant(array, dtype) for name, array in arrays.items()}
    return tensors | {"lengths": tf.constant(lengths, tf.int32)}


def own_steps(lengths):
    return (np.arange(N_STEPS)[:, None] < lengths)[:, :, None]


def plain(states, kernel, bias, target, weight, lengths):
    """The same from operations that TensorFlow differentiates itself."""
    error = tf.matmul(states[:, 0], kernel) + bias - target
    own = tf.constant(own_steps(lengths.numpy()))
    return tf.reduce_sum(tf.where(own, weight * error * error, 0.0))


def loss_and_gradients(function, arguments):
    wanted = [arguments[name] for name in ("states", "kernel", "bias")]
    with tf.GradientTape() as tape:
        tape.watch(wanted)
        loss = 3.0 * function(**arguments)
    return loss.numpy(), [g.numpy() for g in tape.gradient(loss, wanted)]


@pytest.mark.parametrize(("dtype", "rtol"), [("float32", 1e-4), ("float64", 1e-10)])
def test_loss_and_gradients(dtype, rtol):
    arguments = inputs(dtype)
    loss, (d_states, *others) = loss_and_gradients(dense_squared_error, arguments)
    expected, (e_states, *e_others) = loss_and_gradients(plain, arguments)
    assert_allclose(loss, expected, rtol=rtol)
    # What stands behind the longest row is nobody's
    assert_allclose(d_states, e_states, rtol=rtol, atol=rtol)
    for found, wanted in zip(others, e_others, strict=True):
        assert_allclose(found, wanted, rtol=rtol, atol=rtol)


def test_loss_by_a_plain_loop():
    arguments = {name: t.numpy() for name, t in inputs().items()}
    total = 0.0
    for row, n in enumerate(LENGTHS):
        for t in range(n):
            state = arguments["states"][t, 0, row]
            error = state @ arguments["kernel"] + arguments["bias"]
            error -= arguments["target"][t, row]
            total += (arguments["weight"][t, row] * error**2).sum()
    assert_allclose(dense_squared_error(**inputs()).numpy(), total, rtol=1e-12)


def test_other_rows_steps_and_an_earlier_batch_do_not_leak():
    """Compiled, with a scratch buffer: to the bit."""
    zeros = tf.zeros((N_STEPS // BLOCK, BLOCK * ROWS, UNITS))
    scratch = tf.Variable(zeros, trainable=False)

    @tf.function(jit_compile=True, autograph=False)
    def run(arguments):
        wanted = [arguments[name] for name in ("states", "kernel", "bias")]
        with tf.GradientTape() as tape:
            tape.watch(wanted)
            loss = dense_squared_error(**arguments, scratch=scratch)
        return loss, tape.gradient(loss, wanted)

    lengths = np.array([5, 1, 0, 7, 6])
    short = inputs("float32", lengths)
    loss, (d_states, *others) = run(short)
    # A longer batch in between, and other values where nothing counts
    run(inputs("float32", seed=1))
    own = tf.constant(own_steps(lengths))
    changed = dict(short)
    changed["states"] = tf.where(own[:, None], short["states"], 50.0)
    for name in ("target", "weight"):
        changed[name] = tf.where(own, short[name], 9.0)
    again, (d_again, *others_again) = run(changed)
    assert again.numpy() == loss.numpy()
    assert_array_equal(d_again[:7], d_states[:7])
    for found, expected in zip(others_again, others, strict=True):
        assert_array_equal(found, expected)
    assert run.experimental_get_tracing_count() == 1
