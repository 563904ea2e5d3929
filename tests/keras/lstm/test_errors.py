"""Output layer and loss in one pass, against NumPy and TensorFlow's own gradient."""

import networks
import numpy as np
import pytest
import tensorflow as tf
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_seqae._keras.lstm.errors import dense_error, error
from sklearn_seqae._keras.lstm.recurrence import BLOCK
from sklearn_seqae._patches.steps import StepLayout

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


NUMBERS = StepLayout(N_OUTPUTS)


def in_one_pass(**given):
    return dense_error(NUMBERS, **given).total


def in_two_passes(states, kernel, bias, target, weight, lengths):
    written = tf.matmul(states[:, 0], kernel) + bias
    return error(NUMBERS, written, target, weight, lengths).total


def loss_and_gradients(function, arguments, **options):
    names = ("states", "kernel", "bias")

    def loss_of(wanted):
        given = arguments | dict(zip(names, wanted, strict=True))
        return 3.0 * function(**given, **options), None

    loss, _, gradients = networks.loss_and_gradients(
        loss_of, [arguments[n] for n in names]
    )
    return loss, gradients


def by_a_loop(arguments):
    given = {name: t.numpy() for name, t in arguments.items()}
    total = 0.0
    for row, n in enumerate(given["lengths"]):
        for t in range(n):
            error = given["states"][t, 0, row] @ given["kernel"] + given["bias"]
            error -= given["target"][t, row]
            total += (given["weight"][t, row] * error**2).sum()
    return total


def assert_same(found, expected, rtol):
    (loss, gradients), (expected_loss, expected_gradients) = found, expected
    assert_allclose(loss, expected_loss, rtol=rtol)
    for ours, theirs in zip(gradients, expected_gradients, strict=True):
        assert_allclose(ours, theirs, rtol=rtol, atol=rtol)


@pytest.mark.parametrize("function", [in_one_pass, in_two_passes])
@pytest.mark.parametrize(("dtype", "rtol"), [("float32", 1e-4), ("float64", 1e-10)])
def test_loss_and_gradients(function, dtype, rtol):
    arguments = inputs(dtype)
    found = loss_and_gradients(function, arguments)
    assert_same(found, loss_and_gradients(plain, arguments), rtol)


@pytest.mark.parametrize("function", [in_one_pass, in_two_passes])
def test_loss_by_a_plain_loop(function):
    assert_allclose(function(**inputs()), by_a_loop(inputs()), rtol=1e-12)


def test_beyond_a_rows_end_nothing_need_be_finite():
    arguments = inputs()
    wild = tf.where(own_steps(LENGTHS)[:, None], arguments["states"], np.inf)
    expected = by_a_loop(arguments)
    for function in (in_one_pass, in_two_passes):
        found = function(**arguments | {"states": wild})
        assert_allclose(found, expected, rtol=1e-12)


# Compiled, with a scratch buffer ------------------------------------------------------


@pytest.fixture(scope="module")
def compiled():
    zeros = tf.zeros((N_STEPS // BLOCK, BLOCK * ROWS, UNITS))
    scratch = tf.Variable(zeros, trainable=False)

    @tf.function(jit_compile=True, autograph=False)
    def run(arguments):
        return loss_and_gradients(in_one_pass, arguments, scratch=scratch)

    return run


def test_with_and_without_xla_it_is_the_same(compiled):
    arguments = inputs("float32")
    expected = loss_and_gradients(in_one_pass, arguments)
    assert_same(compiled(arguments), expected, 1e-5)


@pytest.mark.parametrize("n", [1, 2, BLOCK + 1])
def test_lengths_that_the_compiler_knows(n):
    """As those of forecasts; XLA leaves loops out that it takes for empty."""
    lengths = np.full(ROWS, n)
    arguments = inputs("float32", lengths)

    @tf.function(jit_compile=True, autograph=False)
    def run(known):
        known = known | {"lengths": tf.fill([ROWS], n)}
        return loss_and_gradients(in_one_pass, known)

    assert_same(run(arguments), loss_and_gradients(plain, arguments), 1e-4)


def test_other_rows_steps_and_an_earlier_batch_do_not_leak(compiled):
    """To the bit."""
    lengths = np.array([5, 1, 0, 7, 6])
    short = inputs("float32", lengths)
    loss, (d_states, *others) = compiled(short)
    # A longer batch in between, and other values where nothing counts
    compiled(inputs("float32", seed=1))
    own = tf.constant(own_steps(lengths))
    changed = dict(short)
    changed["states"] = tf.where(own[:, None], short["states"], 50.0)
    for name in ("target", "weight"):
        changed[name] = tf.where(own, short[name], 9.0)
    again, (d_again, *others_again) = compiled(changed)
    assert again.numpy() == loss.numpy()
    assert_array_equal(d_again[:7], d_states[:7])
    for found, expected in zip(others_again, others, strict=True):
        assert_array_equal(found, expected)
    assert compiled.experimental_get_tracing_count() == 1
