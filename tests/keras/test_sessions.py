"""Sessions: the numbers of TensorFlow's eager runtime, and nothing kept when closed."""

import gc
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from numpy.testing import assert_array_equal

from sklearn_seqae._keras.sessions import Eager, Session, buffer

SIGNATURE = [{"x": tf.TensorSpec((None, 3), tf.float32)}, tf.TensorSpec((), tf.int32)]
X = np.arange(12, dtype=np.float32).reshape(4, 3)


class Sums:
    """Adds to a variable and a buffer at each call."""

    def __init__(self):
        self.total = tf.Variable(np.float32(5.0))
        self.buffer = tf.Variable(tf.zeros(3), trainable=False)
        self.factor = tf.constant([1.0, 2.0, 3.0])

    def add(self, given, power):
        self.buffer.assign_add(tf.reduce_sum(given["x"], 0) * self.factor)
        self.total.assign_add(tf.reduce_sum(self.buffer) ** tf.cast(power, tf.float32))
        return self.total * tf.ones(2)


@pytest.fixture(params=[Session, Eager])
def session(request):
    """Open one with variables; `Eager` works on these themselves."""
    return request.param if request.param is Session else lambda variables: Eager()


def test_variables_and_buffers_live_from_call_to_call(session):
    sums = Sums()
    opened = session([sums.total])
    add = opened.function(sums.add, SIGNATURE)
    column_sums = X.sum(axis=0) * [1, 2, 3]
    expected = 5.0
    for n in (1, 2, 3):
        expected += (n * column_sums.sum()) ** 2
        assert_array_equal(add({"x": X}, 2), [expected, expected])
        assert_array_equal(opened.read([sums.total]), [expected])


@pytest.mark.parametrize("jit", [False, pytest.param(True, marks=pytest.mark.xla)])
def test_what_is_written_is_read_and_used(session, jit):
    a, b = tf.Variable([1.0, 2.0]), tf.Variable([3.0])
    opened = session([a, b])
    scaled = opened.function(lambda x: x * a * b, [tf.TensorSpec((2,))], jit=jit)
    assert_array_equal(scaled(np.ones(2, np.float32)), [3, 6])
    opened.write([[5.0, 7.0], [2.0]], [a, b])
    assert_array_equal(scaled(np.ones(2, np.float32)), [10, 14])
    opened.write([[1.0]], [b])
    assert_array_equal(scaled(np.ones(2, np.float32)), [5, 7])
    for found, expected in zip(opened.read([a, b]), ([5.0, 7.0], [1.0]), strict=True):
        assert_array_equal(found, expected)
    assert_array_equal(opened.read([b])[0], [1.0])


def test_a_session_works_on_copies():
    variable = tf.Variable(1.0)
    opened = Session([variable])
    opened.function(lambda: variable.assign_add(1.0), [])()
    assert opened.read([variable]) == [2.0]
    assert variable.numpy() == 1.0


def test_functions_of_one_session_share_its_variables(session):
    variable = tf.Variable(1.0)
    opened = session([variable])
    double = opened.function(lambda: variable.assign(2 * variable), [])
    triple = opened.function(lambda: variable.assign(3 * variable), [])
    double()
    triple()
    assert opened.read([variable]) == [6.0]


@pytest.mark.slow
@pytest.mark.skipif(
    not Path("/proc/self/maps").exists(), reason="counts the memory maps of Linux"
)
@pytest.mark.xla
def test_what_was_compiled_is_freed_when_it_is_closed():
    """It is not in TensorFlow's eager runtime: there each adds some maps for ever."""

    def run_and_close(n):
        opened = Session()
        function = opened.function(
            lambda x: tf.tanh(x @ tf.ones((3, n))), [tf.TensorSpec((4, 3))], jit=True
        )
        assert_array_equal(function(X).shape, (4, n))
        opened.close()
        gc.collect()
        return len(Path("/proc/self/maps").read_text().splitlines())

    run_and_close(2)
    before = run_and_close(3)
    after = [run_and_close(n) for n in range(4, 9)][-1]
    assert after < before + 5


@pytest.mark.skipif(
    not Path("/proc/self/statm").exists(), reason="reads the memory as Linux tells it"
)
@pytest.mark.xla
def test_buffers_take_their_memory_once():
    """Not as zeros to begin with, nor outside of the session, too."""

    def used():
        return 4096 * int(Path("/proc/self/statm").read_text().split()[1])

    n_rows, n_values = (16, 32, 64), 2**24
    before = used()
    declared = [buffer((n, n_values // n)) for n in n_rows]

    def step(n):
        for each in declared:
            row = tf.fill((1, each.shape[1]), tf.cast(n + 1, tf.float32))
            each.assign(tf.tensor_scatter_nd_update(each, [[n]], row))
        return tf.stack([each[n, 0] + each[15, 0] for each in declared])

    run = Session().function(step, [tf.TensorSpec((), tf.int32)], jit=True)
    for n in range(3):
        assert_array_equal(run(n), [n + 1.0] * 3)
    assert used() - before < 1.5 * len(declared) * 4 * n_values
