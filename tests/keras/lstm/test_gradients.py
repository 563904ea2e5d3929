"""Functions with a gradient of their own, in graphs and out of them."""

import gc
import weakref

import numpy as np
import pytest
import tensorflow as tf
from numpy.testing import assert_array_equal
from tensorflow.python.framework import ops

from sklearn_seqae._keras.lstm.gradients import with_gradient


@with_gradient
def tripled_and_squared(x, y):
    """Return two outputs; the gradients are wrong on purpose, to be known again."""

    def gradient(of_tripled, of_squared):
        return 100.0 * of_tripled + 10.0 * of_squared, None

    return [3.0 * x, y * y], gradient


def loss_of(x, y):
    tripled, squared = tripled_and_squared(x, y)
    return tf.reduce_sum(tripled) + tf.reduce_sum(2.0 * squared)


def in_a_graph(x, y):
    loss = loss_of(x, y)
    return loss, *tf.gradients(loss, [x, y], unconnected_gradients="zero")


def out_of_one(x, y):
    with tf.GradientTape() as tape:
        tape.watch([x, y])
        loss = loss_of(x, y)
    return loss, *tape.gradient(loss, [x, y], unconnected_gradients="zero")


@pytest.mark.parametrize("run", [tf.function(in_a_graph, autograph=False), out_of_one])
def test_the_gradient_is_the_one_given(run):
    x, y = tf.constant([1.0, 2.0]), tf.constant([3.0, 4.0])
    loss, d_x, d_y = run(x, y)
    assert loss.numpy() == 3 * 3 + 2 * 25
    assert_array_equal(d_x, [120.0, 120.0])
    assert_array_equal(d_y, [0.0, 0.0])


def test_a_function_is_forgotten_with_its_graph():
    def trace():
        spec = tf.TensorSpec((2,), tf.float32)
        function = tf.function(lambda x, y: in_a_graph(x, y), autograph=False)
        concrete = function.get_concrete_function(spec, spec)
        return weakref.ref(concrete.graph)

    trace()
    before = set(ops.gradient_registry.list())
    graph = trace()
    gc.collect()
    assert set(ops.gradient_registry.list()) == before
    assert graph() is None


def test_outputs_may_be_one_tensor():
    double = with_gradient(lambda x: (2.0 * x, lambda upstream: 7.0 * upstream))

    @tf.function(autograph=False)
    def run(x):
        return double(x), tf.gradients(double(x), x)[0]

    y, gradient = run(tf.constant(np.float32([1, 2])))
    assert_array_equal(y, [2, 4])
    assert_array_equal(gradient, [7, 7])
