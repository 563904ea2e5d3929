"""The fused layer against Keras's, against NumPy, against finite differences."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from networks import assert_close_to_scale, loss_and_gradients, tensors
from numpy.testing import assert_allclose, assert_array_equal
from references import lstm_by_numpy

from sklearn_seqae._keras.lstm.fused import LSTMWeights, lstm
from sklearn_seqae._keras.lstm.recurrence import Scratch
from sklearn_seqae._keras.lstm.running_pool import NEEDS

N_FEATURES, N_CONSTANT, UNITS, N_STEPS = 3, 2, 5, 32  # two blocks of weight gradients
LENGTHS = np.array([32, 20, 1, 7, 16, 31])
ROWS = len(LENGTHS)
WEIGHTS = ["kernel", "recurrent_kernel", "bias"]


def reversed_by_length(array, lengths):
    """Reverse each row of a time-major array, (T, B, ...), over its own length."""
    out = array.copy()
    for row, n in enumerate(lengths):
        out[:n, row] = array[:n, row][::-1]
    return out


def both_orders(array, lengths, n_directions):
    """(T, B, F) to (T, D, B, F)."""
    orders = [array, reversed_by_length(array, lengths)]
    return np.stack(orders[:n_directions], axis=1)


def inside(lengths, n_steps=N_STEPS):
    """Return which steps are a row's own, (T, 1, B, 1)."""
    return (np.arange(n_steps)[:, None] < np.asarray(lengths))[:, None, :, None]


def random_weights(rng, dtype, n_directions, n_inputs=N_FEATURES, units=UNITS):
    shapes = [(n_inputs, 4 * units), (units, 4 * units), (4 * units,)]
    return [
        rng.normal(0, 0.4, size=(n_directions, *shape)).astype(dtype)
        for shape in shapes
    ]


def at_ends(states, lengths):
    """Return the last own state of each row, (D, B, U), of (T, D, B, U)."""
    return np.stack([states[n - 1, :, row] for row, n in enumerate(lengths)], axis=1)


# Against Keras ------------------------------------------------------------------------


def keras_layer(weights, activation, n_inputs=N_FEATURES):
    """Return Keras's layer with these weights, returning sequences."""
    dtype, n_directions = str(weights[0].dtype), len(weights[0])
    layer = keras.layers.LSTM(
        weights[1].shape[1], activation=activation, return_sequences=True, dtype=dtype
    )
    if n_directions == 2:
        layer = keras.layers.Bidirectional(layer, dtype=dtype)
    layer.build((None, None, n_inputs))
    layer.set_weights([w[d] for d in range(n_directions) for w in weights])
    return layer


@pytest.mark.parametrize(
    ("dtype", "n_directions", "activation"),
    [
        ("float32", 2, "tanh"),
        ("float64", 1, "tanh"),
        ("float64", 2, "tanh"),
        ("float64", 1, "relu"),
        ("float64", 2, "relu"),
    ],
)
def test_same_numbers_as_keras(dtype, n_directions, activation):
    """States, last states, and gradients of a loss that looks at both."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(N_STEPS, ROWS, N_FEATURES)).astype(dtype)
    weights = random_weights(rng, dtype, n_directions)
    mask = inside(LENGTHS)
    up = rng.normal(size=(N_STEPS, n_directions, ROWS, UNITS)).astype(dtype) * mask
    up_last = rng.normal(size=(n_directions, ROWS, UNITS)).astype(dtype)

    layer = keras_layer(weights, activation)
    with tf.GradientTape() as tape:
        batch_major = tf.constant(x.transpose(1, 0, 2))
        tape.watch(batch_major)
        y = layer(batch_major, mask=tf.constant(mask[:, 0, :, 0].T))
        # Ours picks a direction's last state; in a sequence it stands at the row's end,
        # and for the backward direction at the row's start.
        weight = up.copy()
        for row, n in enumerate(LENGTHS):
            weight[n - 1, :, row] += up_last[:, row]
        parts = [weight[:, 0]]
        if n_directions == 2:
            parts.append(reversed_by_length(weight[:, 1], LENGTHS))
        loss = tf.reduce_sum(y * np.concatenate(parts, -1).transpose(1, 0, 2))
    expected_d_x, *expected = tape.gradient(
        loss, [batch_major, *layer.trainable_variables]
    )

    given, own = tensors((both_orders(x, LENGTHS, n_directions), weights))
    with tf.GradientTape() as tape:
        tape.watch([given, own])
        sequence, pooled = lstm(
            given,
            LSTMWeights(*own),
            tf.constant(LENGTHS, tf.int32),
            pooling=["last"],
            activation=activation,
        )
        loss = tf.reduce_sum(sequence * up) + tf.reduce_sum(pooled["last"] * up_last)
    d_x, *d_weights = tape.gradient(loss, [given, *own])

    tolerance = 1e-5 if dtype == "float32" else 1e-10
    y = np.stack(np.split(y.numpy().transpose(1, 0, 2), n_directions, -1), axis=1)
    if n_directions == 2:
        y[:, 1] = reversed_by_length(y[:, 1], LENGTHS)
    assert sequence.dtype == dtype
    assert_close_to_scale(sequence * mask, y * mask, tolerance)
    assert_close_to_scale(pooled["last"], at_ends(y, LENGTHS), tolerance)

    tolerance = 1e-4 if dtype == "float32" else 1e-10
    total, *backward = np.moveaxis(d_x * mask, 1, 0)
    for direction in backward:
        total = total + reversed_by_length(direction, LENGTHS)
    expected_d_x = expected_d_x.numpy().transpose(1, 0, 2)
    assert_close_to_scale(total, expected_d_x, tolerance, "x")
    for n, (name, ours) in enumerate(zip(WEIGHTS, d_weights, strict=True)):
        assert_close_to_scale(ours, np.stack(expected[n::3]), tolerance, name)


def one_way_by_keras(x, vector, weights, up, activation):
    """Return states of an LSTM that reads x and a repeated vector; and gradients.

    Arrays are (T, B, ...); the gradients are of what is given: x, the vector, weights.
    """
    dtype = str(vector.dtype)
    layer = keras_layer([w[None] for w in weights], activation, len(weights[0]))
    own = np.arange(N_STEPS) < LENGTHS[:, None]
    given = [tf.constant(vector)]
    if x is not None:
        given.append(tf.constant(x.transpose(1, 0, 2)))
    with tf.GradientTape() as tape:
        tape.watch(given)
        repeated = keras.layers.RepeatVector(N_STEPS, dtype=dtype)(given[0])
        y = layer(tf.concat([*given[1:], repeated], -1), mask=tf.constant(own))
        loss = tf.reduce_sum(y * up.transpose(1, 0, 2))
    d_vector, *gradients = tape.gradient(loss, [*given, *layer.trainable_variables])
    d_x = gradients.pop(0).numpy().transpose(1, 0, 2) if x is not None else None
    return y.numpy().transpose(1, 0, 2), d_x, d_vector, gradients


@pytest.mark.parametrize(
    ("reads", "n_directions", "activation"),
    [
        ("constant", 1, "tanh"),
        ("constant", 1, "relu"),
        ("constant", 2, "tanh"),
        ("both", 1, "tanh"),
        ("both", 2, "relu"),
    ],
)
def test_a_constant_is_a_repeated_vector(reads, n_directions, activation):
    """Alone, as after Keras's RepeatVector, or beside other inputs."""
    rng = np.random.default_rng(2)
    n_x = 0 if reads == "constant" else N_FEATURES
    weights = random_weights(rng, "float64", n_directions, n_x + N_CONSTANT)
    x = rng.normal(size=(N_STEPS, n_directions, ROWS, n_x))
    vector = rng.normal(size=(ROWS, N_CONSTANT))
    own_steps = inside(LENGTHS)
    up = rng.normal(size=(N_STEPS, n_directions, ROWS, UNITS)) * own_steps

    given = tensors([x, vector, *weights])
    with tf.GradientTape() as tape:
        tape.watch(given)
        kernel, of_constant = tf.split(given[2], [n_x, N_CONSTANT], 1)
        states, _ = lstm(
            given[0] if n_x else None,
            LSTMWeights(kernel, *given[3:]),
            tf.constant(LENGTHS, tf.int32),
            n_steps=None if n_x else N_STEPS,
            constant=tf.matmul(given[1][None], of_constant),
            activation=activation,
        )
        loss = tf.reduce_sum(states * up)
    d_x, d_vector, *d_weights = tape.gradient(loss, given, unconnected_gradients="zero")

    of_vector = 0.0
    for d in range(n_directions):
        y, expected_d_x, of_direction, expected = one_way_by_keras(
            x[:, d] if n_x else None,
            vector,
            [w[d] for w in weights],
            up[:, d],
            activation,
        )
        own = own_steps[:, 0]
        assert_close_to_scale(states[:, d] * own, y * own, 1e-10)
        if n_x:
            assert_close_to_scale(d_x[:, d] * own, expected_d_x * own, 1e-10, "x")
        for name, ours, theirs in zip(WEIGHTS, d_weights, expected, strict=True):
            assert_close_to_scale(ours[d], theirs, 1e-10, name)
        of_vector += of_direction.numpy()
    assert_close_to_scale(d_vector, of_vector, 1e-10, "vector")


# Against the equations ----------------------------------------------------------------


def by_numpy(x, weights, lengths, activation="tanh", constant=None):
    """Return hidden states (T, D, B, U), zero beyond the length of a row."""
    out = np.zeros((*x.shape[:3], weights[1].shape[1]))
    for d, row in np.ndindex(*x.shape[1:3]):
        kernel, recurrent_kernel, bias = (w[d] for w in weights)
        if lengths[row]:
            out[: lengths[row], d, row] = lstm_by_numpy(
                x[: lengths[row], d, row],
                kernel,
                recurrent_kernel,
                bias if constant is None else bias + constant[d, row],
                activation,
            )
    return out


@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_gradient_by_finite_differences(activation):
    rng = np.random.default_rng(3)
    lengths = [4, 1, 3]
    n_steps, n_directions, n_inputs, units = 16, 2, 2, 2
    x = rng.normal(size=(n_steps, n_directions, len(lengths), n_inputs))
    arguments = [x, *random_weights(rng, "float64", n_directions, n_inputs, units)]
    mask = inside(lengths, n_steps)
    up = rng.normal(size=(n_steps, n_directions, len(lengths), units)) * mask
    up_last = rng.normal(size=(n_directions, len(lengths), units))

    def loss(x, *weights):
        states = by_numpy(x[:4], weights, lengths, activation)
        return (states * up[:4]).sum() + (at_ends(states, lengths) * up_last).sum()

    given = tensors(arguments)
    with tf.GradientTape() as tape:
        tape.watch(given)
        sequence, pooled = lstm(
            given[0],
            LSTMWeights(*given[1:]),
            tf.constant(lengths, tf.int32),
            pooling=["last"],
            activation=activation,
        )
        found = tf.reduce_sum(sequence * up) + tf.reduce_sum(pooled["last"] * up_last)
    gradients = tape.gradient(found, given)
    expected = by_numpy(x, arguments[1:], lengths, activation)
    assert_allclose(sequence * mask, expected, rtol=0, atol=1e-12)
    assert_allclose(found, loss(*arguments))

    step = 1e-6
    for name, argument, gradient in zip(
        ["x", *WEIGHTS], arguments, gradients, strict=True
    ):
        numeric = np.zeros_like(argument)
        is_x = name == "x"
        for index in np.ndindex(*argument.shape):
            if is_x and not mask[index[0], 0, index[2], 0]:
                continue
            before = argument[index]
            argument[index] = before + step
            above = loss(*arguments)
            argument[index] = before - step
            numeric[index] = (above - loss(*arguments)) / (2 * step)
            argument[index] = before
        gradient = gradient * mask if is_x else gradient
        assert_allclose(gradient, numeric, rtol=0, atol=1e-7, err_msg=name)


def test_no_gradient_for_inputs_that_are_data():
    rng = np.random.default_rng(0)
    x = tf.constant(rng.normal(size=(N_STEPS, 2, ROWS, N_FEATURES)))
    weights = tensors(random_weights(rng, "float64", 2))

    def gradients(**options):
        with tf.GradientTape() as tape:
            tape.watch([x, weights])
            options |= {"pooling": ["last"], "return_sequences": False}
            lengths = tf.constant(LENGTHS, tf.int32)
            sequence, pooled = lstm(x, LSTMWeights(*weights), lengths, **options)
        assert sequence is None
        return tape.gradient(pooled["last"], [x, *weights])

    d_x, *d_weights = gradients(input_gradient=False)
    assert d_x is None
    for found, expected in zip(d_weights, gradients()[1:], strict=True):
        assert_allclose(found, expected, rtol=1e-12)


def test_buffers_are_whole_blocks():
    x = tf.zeros((20, 1, 1, 1))
    weights = tensors(random_weights(np.random.default_rng(0), "float32", 1, 1, 1))
    with tf.GradientTape() as tape:
        tape.watch(x)
        states, _ = lstm(x, LSTMWeights(*weights), tf.constant([20]))
    with pytest.raises(ValueError, match=r"^20 steps are not a multiple of 16\.$"):
        tape.gradient(states, x)


# Compiled: one program for all lengths, and its buffers -------------------------------


class Layer:
    """A layer with everything that there is: both directions, and a constant.

    A call returns states, pooled states of every kind, and gradients of both.
    """

    def __init__(self, activation="tanh", has_x=True, has_scratch=True):
        self.activation, self.has_x, self.scratch = activation, has_x, None
        if has_scratch:
            declared = Scratch.declare(N_STEPS, 2, ROWS, UNITS)
            self.scratch = Scratch(
                *(tf.Variable(tf.zeros(b.shape), trainable=False) for b in declared)
            )
        self.compiled = tf.function(self.plain, jit_compile=True, autograph=False)

    def plain(self, given, lengths, up, up_pooled):
        def loss_of(given):
            sequence, pooled = lstm(
                given["x"] if self.has_x else None,
                LSTMWeights(*(given[name] for name in WEIGHTS)),
                lengths,
                n_steps=N_STEPS,
                constant=given["constant"],
                pooling=tuple(NEEDS),
                activation=self.activation,
                scratch=self.scratch,
            )
            loss = tf.reduce_sum(sequence * up)
            loss += tf.add_n([tf.reduce_sum(pooled[k] * up_pooled[k]) for k in NEEDS])
            return loss, (sequence, pooled)

        _, (sequence, pooled), gradients = loss_and_gradients(loss_of, given)
        return sequence, pooled, gradients


def inputs_of(lengths, seed=0):
    """Return arguments of `Layer` for rows of these lengths."""
    rng = np.random.default_rng(seed)
    weights = random_weights(np.random.default_rng(9), "float32", 2)
    given = {
        "x": rng.normal(size=(N_STEPS, 2, ROWS, N_FEATURES)),
        "constant": rng.normal(size=(2, ROWS, 4 * UNITS)),
        **dict(zip(WEIGHTS, weights, strict=True)),
    }
    arrays = (
        given,
        np.asarray(lengths),
        rng.normal(size=(N_STEPS, 2, ROWS, UNITS)) * inside(lengths),
        {kind: rng.normal(size=(2, ROWS, UNITS)) for kind in NEEDS},
    )
    dtypes = {"i": np.int32, "f": np.float32}
    return tensors(
        tf.nest.map_structure(lambda a: a.astype(dtypes[a.dtype.kind]), arrays)
    )


def what_counts(outputs, lengths):
    """Return outputs, without the steps beyond a row's end."""
    sequence, pooled, gradients = outputs
    mask = inside(lengths)
    own = {"x": gradients["x"] * mask}
    return {"sequence": sequence * mask} | pooled | gradients | own


def assert_same_bits(found, expected):
    for name, array in expected.items():
        assert_array_equal(found[name], array, err_msg=name)


@pytest.fixture(scope="module")
def layer():
    return Layer()


@pytest.mark.parametrize("changes", [{}, {"activation": "relu", "has_x": False}])
def test_with_and_without_xla_it_is_the_same(layer, changes):
    if changes:
        layer = Layer(**changes, has_scratch=False)
    arguments = inputs_of(LENGTHS)
    found = what_counts(layer.compiled(*arguments), LENGTHS)
    expected = what_counts(layer.plain(*arguments), LENGTHS)
    for name, array in expected.items():
        assert_close_to_scale(found[name], array, 1e-4, name)


def test_one_program_serves_all_lengths(layer):
    for lengths in (LENGTHS, [1] * 6, [17, 3, 4, 5, 6, 7], [15] * 6):
        given, *others = inputs_of(lengths)
        found = what_counts(layer.compiled(given, *others), lengths)
        weights = [given[name].numpy() for name in WEIGHTS]
        arguments = given["x"].numpy(), weights, lengths, "tanh"
        expected = by_numpy(*arguments, given["constant"].numpy())
        assert_close_to_scale(found["sequence"], expected, 1e-5)
        assert_close_to_scale(found["last"], at_ends(expected, lengths), 1e-5)
        assert all(np.isfinite(array).all() for array in found.values())
    assert layer.compiled.experimental_get_tracing_count() == 1


def test_lengths_that_the_compiler_knows():
    """As those of forecasts; XLA leaves loops out that it takes for empty."""
    layer, lengths = Layer(has_x=False, has_scratch=False), [1] * ROWS
    given, n_steps, *others = inputs_of(lengths)

    @tf.function(jit_compile=True, autograph=False)
    def run(given, others):
        return layer.plain(given, tf.ones([ROWS], tf.int32), *others)

    found = what_counts(run(given, others), lengths)
    expected = what_counts(layer.plain(given, n_steps, *others), lengths)
    for name, array in expected.items():
        assert_close_to_scale(found[name], array, 1e-4, name)


def test_what_an_earlier_batch_left_does_not_leak(layer):
    lengths = [3, 1, 5, 2, 4, 5]
    short = inputs_of(lengths)
    for buffer in layer.scratch:
        buffer.assign(tf.zeros_like(buffer))
    expected = what_counts(layer.compiled(*short), lengths)

    def a_longer_batch():
        layer.compiled(*inputs_of([32] * 6, seed=1))

    def worse_than_any_batch():
        for buffer in layer.scratch:
            buffer.assign(tf.fill(buffer.shape, 1e4))

    for leave_something in (a_longer_batch, worse_than_any_batch):
        leave_something()
        assert_same_bits(what_counts(layer.compiled(*short), lengths), expected)


def test_steps_beyond_a_rows_length_do_not_count(layer):
    given, *others = inputs_of(LENGTHS)
    changed = tf.where(inside(LENGTHS), given["x"], 7.0 - 3.0 * given["x"])
    found, expected = (
        what_counts(layer.compiled(given | x, *others), LENGTHS)
        for x in ({"x": changed}, {})
    )
    assert_same_bits(found, expected)


def test_rows_of_length_zero_are_empty(layer):
    lengths = [9, 0, 3, 0, 0, 12]
    empty = np.equal(lengths, 0)
    given, *others, up_pooled = inputs_of(lengths)
    _, pooled, gradients = layer.compiled(given, *others, up_pooled)
    for kind in ("last", "mean", "max", "min"):
        assert_array_equal(pooled[kind].numpy()[:, empty], 0)
    assert_array_equal(gradients["x"].numpy()[:, :, empty], 0)
    assert_array_equal(gradients["constant"].numpy()[:, empty], 0)

    # What stands in such a row, and what is asked of it, is nothing to the weights
    other = {
        name: tf.where(empty[:, None], given[name] + 5.0, given[name])
        for name in ("x", "constant")
    }
    other_up = {
        kind: tf.where(empty[:, None], up * -3.0, up) for kind, up in up_pooled.items()
    }
    *_, found = layer.compiled(given | other, *others, other_up)
    for name in WEIGHTS:
        assert_array_equal(found[name], gradients[name], err_msg=name)
