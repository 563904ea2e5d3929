"""The fused layer against Keras's, against NumPy, against finite differences."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from numpy.testing import assert_allclose, assert_array_equal
from sklearn_seqae._keras.fused_lstm import (
    LSTMWeights,
    lstm,
    lstm_over_constant,
)
from sklearn_seqae._keras.recurrence import Scratch

N_FEATURES, UNITS, N_STEPS = 3, 5, 32  # two blocks of weight gradients
LENGTHS = np.array([32, 20, 1, 7, 16, 31])
ROWS = len(LENGTHS)
WEIGHTS = ["kernel", "recurrent_kernel", "bias"]

# Compiling takes most of the time, so not every combination: (XLA, scratch, dtype,
# directions, activation)
CASES = [
    (True, True, "float32", 1, "tanh"),
    (True, False, "float32", 2, "relu"),
    (True, True, "float64", 2, "tanh"),
    (False, False, "float64", 1, "tanh"),
    (False, False, "float64", 2, "tanh"),
    (False, False, "float64", 1, "relu"),
    (False, False, "float64", 2, "relu"),
]


def forward_tolerance(dtype):
    return 1e-5 if dtype == "float32" else 1e-10


def gradient_tolerance(dtype):
    return 1e-4 if dtype == "float32" else 1e-10


def assert_close(found, expected, tolerance, what=""):
    """Relative to the largest value: single gradients may cancel to nothing."""
    scale = max(np.abs(expected).max(), 1e-30)
    assert_allclose(
        found / scale, expected / scale, rtol=0, atol=tolerance, err_msg=what
    )


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
    """Which steps are a row's own, (T, B, 1)."""
    return (np.arange(n_steps)[:, None] < np.asarray(lengths))[:, :, None]


def random_weights(rng, dtype, n_directions, n_inputs=N_FEATURES, units=UNITS):
    shapes = [(n_inputs, 4 * units), (units, 4 * units), (4 * units,)]
    return [
        rng.normal(0, 0.4, size=(n_directions, *shape)).astype(dtype)
        for shape in shapes
    ]


def keras_layer(weights, activation, n_inputs=N_FEATURES):
    """Keras's layer with these weights, returning sequences."""
    dtype, n_directions = str(weights[0].dtype), len(weights[0])
    layer = keras.layers.LSTM(
        weights[1].shape[1], activation=activation, return_sequences=True, dtype=dtype
    )
    if n_directions == 2:
        layer = keras.layers.Bidirectional(layer, dtype=dtype)
    layer.build((None, None, n_inputs))
    layer.set_weights([w[d] for d in range(n_directions) for w in weights])
    return layer


def per_direction(flat, n_directions):
    """Keras's gradients, layer by layer, to one array a kind, (D, ...)."""
    return [
        np.stack([flat[3 * d + kind] for d in range(n_directions)]) for kind in range(3)
    ]


def keras_outputs(y, lengths, n_directions):
    """Keras's batch-major sequence to ours: each direction in its own order."""
    y = y.transpose(1, 0, 2)
    units = y.shape[-1] // n_directions
    forward = y[..., :units]
    if n_directions == 1:
        return forward[:, None]
    return np.stack([forward, reversed_by_length(y[..., units:], lengths)], axis=1)


def fused_function(activation, jit, scratch):
    """States, last states, and gradients of a loss that looks at both."""

    @tf.function(jit_compile=jit, autograph=False)
    def run(x, weights, lengths, upstream, upstream_last, state):
        with tf.GradientTape() as tape:
            tape.watch([x, weights, state])
            options = {
                "activation": activation,
                "scratch": scratch,
                "initial_state": tuple(state) if state else None,
            }
            args = x, LSTMWeights(*weights), lengths
            sequence, pooled = lstm(*args, pooling=["last"], **options)
            last = pooled["last"]
            loss = tf.reduce_sum(sequence * upstream)
            loss += tf.reduce_sum(last * upstream_last)
        return sequence, last, tape.gradient(loss, [x, *weights, *state])

    return run


def make_scratch(wanted, n_directions, dtype, n_rows=ROWS, units=UNITS):
    if not wanted:
        return None
    return Scratch.allocate(N_STEPS, n_directions, n_rows, units, getattr(tf, dtype))


def to_numpy(nested):
    return tf.nest.map_structure(lambda tensor: tensor.numpy(), nested)


# Against Keras ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("jit", "scratch", "dtype", "n_directions", "activation"), CASES
)
def test_same_numbers_as_keras(jit, scratch, dtype, n_directions, activation):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(N_STEPS, ROWS, N_FEATURES)).astype(dtype)
    weights = random_weights(rng, dtype, n_directions)
    mask = inside(LENGTHS)
    up = (
        rng.normal(size=(N_STEPS, n_directions, ROWS, UNITS)).astype(dtype)
        * mask[:, None]
    )
    up_last = rng.normal(size=(n_directions, ROWS, UNITS)).astype(dtype)

    layer = keras_layer(weights, activation)
    with tf.GradientTape() as tape:
        batch_major = tf.constant(x.transpose(1, 0, 2))
        tape.watch(batch_major)
        y = layer(batch_major, mask=tf.constant(mask[:, :, 0].T))
        # Ours picks a direction's last state; in a sequence it stands at the row's end,
        # and for the backward direction at the row's start.
        weight = up.copy()
        for row, n in enumerate(LENGTHS):
            weight[n - 1, :, row] += up_last[:, row]
        parts = [weight[:, 0]]
        if n_directions == 2:
            parts.append(reversed_by_length(weight[:, 1], LENGTHS))
        loss = tf.reduce_sum(y * np.concatenate(parts, -1).transpose(1, 0, 2))
    expected = to_numpy(tape.gradient(loss, [batch_major, *layer.trainable_variables]))

    run = fused_function(activation, jit, make_scratch(scratch, n_directions, dtype))
    found = run(
        tf.constant(both_orders(x, LENGTHS, n_directions)),
        [tf.constant(w) for w in weights],
        tf.constant(LENGTHS, tf.int32),
        tf.constant(up),
        tf.constant(up_last),
        [],
    )
    sequence, last, (d_x, *d_weights) = to_numpy(found)

    tolerance = forward_tolerance(dtype)
    y = keras_outputs(y.numpy(), LENGTHS, n_directions)
    assert sequence.dtype == np.dtype(dtype)
    assert_close(sequence * mask[:, None], y * mask[:, None], tolerance)
    at_end = np.stack([y[n - 1, :, row] for row, n in enumerate(LENGTHS)], axis=1)
    assert_close(last, at_end, tolerance)

    tolerance = gradient_tolerance(dtype)
    d_x = d_x * mask[:, None]
    total = d_x[:, 0]
    if n_directions == 2:
        total = total + reversed_by_length(d_x[:, 1], LENGTHS)
    assert_close(total, expected[0].transpose(1, 0, 2), tolerance, "x")
    expected = per_direction(expected[1:], n_directions)
    for name, ours, theirs in zip(WEIGHTS, d_weights, expected, strict=True):
        assert_close(ours, theirs, tolerance, name)


def test_initial_states_and_their_gradients():
    n_directions = 2
    rng = np.random.default_rng(1)
    x = rng.normal(size=(N_STEPS, ROWS, N_FEATURES))
    weights = random_weights(rng, "float64", n_directions)
    state = rng.normal(size=(2, n_directions, ROWS, UNITS))
    mask = inside(LENGTHS)
    up = rng.normal(size=(N_STEPS, n_directions, ROWS, UNITS)) * mask[:, None]

    layer = keras_layer(weights, "tanh")
    initial = [tf.constant(state[k, d]) for d in range(n_directions) for k in range(2)]
    with tf.GradientTape() as tape:
        tape.watch(initial)
        y = layer(
            tf.constant(x.transpose(1, 0, 2)),
            mask=tf.constant(mask[:, :, 0].T),
            initial_state=initial,
        )
        parts = [up[:, 0], reversed_by_length(up[:, 1], LENGTHS)]
        loss = tf.reduce_sum(y * np.concatenate(parts, -1).transpose(1, 0, 2))
    expected = tape.gradient(loss, [*initial, *layer.trainable_variables])
    expected = to_numpy(expected)

    run = fused_function("tanh", False, None)
    sequence, _, gradients = to_numpy(
        run(
            tf.constant(both_orders(x, LENGTHS, n_directions)),
            [tf.constant(w) for w in weights],
            tf.constant(LENGTHS, tf.int32),
            tf.constant(up),
            tf.zeros((n_directions, ROWS, UNITS), tf.float64),
            [tf.constant(s) for s in state],
        )
    )
    theirs = keras_outputs(y.numpy(), LENGTHS, n_directions)
    assert_close(sequence * mask[:, None], theirs * mask[:, None], 1e-10)
    d_weights, (d_h, d_c) = gradients[1:4], gradients[4:]
    assert_close(d_h, np.stack(expected[0 : 2 * n_directions : 2]), 1e-10, "h0")
    assert_close(d_c, np.stack(expected[1 : 2 * n_directions : 2]), 1e-10, "c0")
    expected = per_direction(expected[2 * n_directions :], n_directions)
    for name, ours, theirs in zip(WEIGHTS, d_weights, expected, strict=True):
        assert_close(ours, theirs, 1e-10, name)


@pytest.mark.parametrize(
    ("jit", "dtype", "activation"),
    [(True, "float32", "tanh"), (False, "float64", "tanh"), (False, "float64", "relu")],
)
def test_constant_input_is_an_lstm_after_repeat_vector(jit, dtype, activation):
    rng = np.random.default_rng(2)
    code = rng.normal(size=(ROWS, N_FEATURES)).astype(dtype)
    weights = random_weights(rng, dtype, 1)
    mask = inside(LENGTHS)
    up = rng.normal(size=(N_STEPS, ROWS, UNITS)).astype(dtype) * mask

    layer = keras_layer(weights, activation)
    with tf.GradientTape() as tape:
        vector = tf.constant(code)
        tape.watch(vector)
        y = layer(keras.layers.RepeatVector(N_STEPS, dtype=dtype)(vector))
        loss = tf.reduce_sum(y * up.transpose(1, 0, 2))
    expected = to_numpy(tape.gradient(loss, [vector, *layer.trainable_variables]))
    y = y.numpy().transpose(1, 0, 2)

    scratch = make_scratch(jit, 1, dtype)

    @tf.function(jit_compile=jit, autograph=False)
    def run(vector, weights, lengths, upstream):
        with tf.GradientTape() as tape:
            tape.watch([vector, weights])
            kernel, recurrent_kernel, bias = weights
            states = lstm_over_constant(
                tf.matmul(vector[None], kernel) + bias[:, None],
                recurrent_kernel,
                lengths,
                N_STEPS,
                activation=activation,
                scratch=scratch,
            )
            loss = tf.reduce_sum(states[:, 0] * upstream)
        return states, tape.gradient(loss, [vector, *weights])

    states, (d_code, *d_weights) = to_numpy(
        run(
            tf.constant(code),
            [tf.constant(w) for w in weights],
            tf.constant(LENGTHS, tf.int32),
            tf.constant(up),
        )
    )
    assert_close(states[:, 0] * mask, y * mask, forward_tolerance(dtype))
    tolerance = gradient_tolerance(dtype)
    assert_close(d_code, expected[0], tolerance, "code")
    expected = per_direction(expected[1:], 1)
    for name, ours, theirs in zip(WEIGHTS, d_weights, expected, strict=True):
        assert_close(ours, theirs, tolerance, name)


# Against the equations ----------------------------------------------------------------


@pytest.fixture
def numpy_lstm(lstm_by_numpy):
    """Hidden states (T, D, B, U), zero beyond the length of a row."""

    def run(x, weights, lengths, activation="tanh"):
        n_steps, n_directions, n_rows, _ = x.shape
        out = np.zeros((n_steps, n_directions, n_rows, weights[1].shape[1]))
        for d in range(n_directions):
            direction = [w[d] for w in weights]
            for row, n in enumerate(lengths):
                out[:n, d, row] = lstm_by_numpy(x[:n, d, row], *direction, activation)
        return out

    return run


@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_gradient_by_finite_differences(numpy_lstm, activation):
    rng = np.random.default_rng(3)
    lengths = [4, 1, 3]
    n_steps, n_directions, n_inputs, units = 16, 2, 2, 2
    x = rng.normal(size=(n_steps, n_directions, len(lengths), n_inputs))
    arguments = [x, *random_weights(rng, "float64", n_directions, n_inputs, units)]
    up = rng.normal(size=(n_steps, n_directions, len(lengths), units))
    up *= inside(lengths, n_steps)[:, None]
    up_last = rng.normal(size=(n_directions, len(lengths), units))

    def loss(x, *weights):
        states = numpy_lstm(x, weights, lengths, activation)
        last = np.stack(
            [states[n - 1, :, row] for row, n in enumerate(lengths)], axis=1
        )
        return (states * up).sum() + (last * up_last).sum()

    run = fused_function(activation, False, None)
    sequence, last, found = to_numpy(
        run(
            tf.constant(x),
            [tf.constant(w) for w in arguments[1:]],
            tf.constant(lengths, tf.int32),
            tf.constant(up),
            tf.constant(up_last),
            [],
        )
    )
    expected = numpy_lstm(x, arguments[1:], lengths, activation)
    mask = inside(lengths, n_steps)[:, None]
    assert_allclose(sequence * mask, expected, rtol=0, atol=1e-12)
    assert_allclose((sequence * up).sum() + (last * up_last).sum(), loss(*arguments))

    step = 1e-6
    for name, argument, gradient in zip(["x", *WEIGHTS], arguments, found, strict=True):
        numeric = np.zeros_like(argument)
        for index in np.ndindex(*argument.shape):
            before = argument[index]
            argument[index] = before + step
            above = loss(*arguments)
            argument[index] = before - step
            numeric[index] = (above - loss(*arguments)) / (2 * step)
            argument[index] = before
        if name == "x":
            gradient = gradient * mask
        assert_allclose(gradient, numeric, rtol=0, atol=1e-7, err_msg=name)


# One program for all lengths, and its buffers -----------------------------------------


@pytest.fixture(scope="module")
def compiled():
    """A compiled float32 layer, both directions: (its function, its scratch)."""
    scratch = make_scratch(True, 2, "float32")
    return fused_function("tanh", True, scratch), scratch


def inputs_of(lengths, seed=0, scale=1.0):
    """Arguments of `fused_function` for rows of these lengths."""
    rng = np.random.default_rng(seed)
    n_rows = len(lengths)
    x = rng.normal(0, scale, size=(N_STEPS, 2, n_rows, N_FEATURES))
    up = rng.normal(size=(N_STEPS, 2, n_rows, UNITS)) * inside(lengths)[:, None]
    up_last = rng.normal(size=(2, n_rows, UNITS))
    weights = random_weights(np.random.default_rng(9), "float32", 2)
    return (
        tf.constant(x, tf.float32),
        [tf.constant(w) for w in weights],
        tf.constant(lengths, tf.int32),
        tf.constant(up, tf.float32),
        tf.constant(up_last, tf.float32),
        [],
    )


def test_one_program_serves_all_lengths(compiled, numpy_lstm):
    run, _ = compiled
    for lengths in ([32, 20, 1, 7, 16, 31], [1] * 6, [17, 3, 4, 5, 6, 7], [15] * 6):
        arguments = inputs_of(lengths)
        sequence, last, gradients = to_numpy(run(*arguments))
        expected = numpy_lstm(
            arguments[0].numpy(), [w.numpy() for w in arguments[1]], lengths
        )
        mask = inside(lengths)[:, None]
        assert_close(sequence * mask, expected, 1e-5)
        assert all(np.isfinite(g).all() for g in gradients)
        at_end = [expected[n - 1, :, row] for row, n in enumerate(lengths)]
        assert_close(last, np.stack(at_end, axis=1), 1e-5)
    assert run.experimental_get_tracing_count() == 1


def test_what_an_earlier_batch_left_does_not_leak(compiled):
    run, scratch = compiled
    short = inputs_of([3, 1, 5, 2, 4, 5])
    for buffer in scratch:
        buffer.assign(tf.zeros_like(buffer))
    sequence, last, gradients = to_numpy(run(*short))

    def a_longer_batch():
        run(*inputs_of([32] * 6, seed=1))

    def worse_than_any_batch():
        for buffer in scratch:
            buffer.assign(tf.fill(buffer.shape, 1e4))

    for leave_something in (a_longer_batch, worse_than_any_batch):
        leave_something()
        again, last_again, gradients_again = to_numpy(run(*short))
        assert_array_equal(again[:5], sequence[:5])
        assert_array_equal(last_again, last)
        assert_array_equal(gradients_again[0][:5], gradients[0][:5])
        weights = zip(WEIGHTS, gradients_again[1:], gradients[1:], strict=True)
        for name, found, expected in weights:
            assert_array_equal(found, expected, err_msg=name)


def test_steps_beyond_a_rows_length_do_not_count(compiled):
    run, _ = compiled
    x, *others = inputs_of(LENGTHS)
    mask = inside(LENGTHS)[:, None]
    changed = tf.where(mask, x, 7.0 - 3.0 * x)
    found, expected = to_numpy(run(changed, *others)), to_numpy(run(x, *others))
    assert_array_equal(found[0] * mask, expected[0] * mask)
    assert_array_equal(found[1], expected[1])
    assert_array_equal(found[2][0] * mask, expected[2][0] * mask)
    for name, ours, theirs in zip(WEIGHTS, found[2][1:], expected[2][1:], strict=True):
        assert_array_equal(ours, theirs, err_msg=name)


def test_rows_of_length_zero_are_empty(compiled):
    run, _ = compiled
    lengths = [9, 0, 3, 0, 0, 12]
    empty = np.equal(lengths, 0)
    x, weights, n_steps, up, up_last, state = inputs_of(lengths)
    _, last, gradients = to_numpy(run(x, weights, n_steps, up, up_last, state))
    assert_array_equal(last[:, empty], 0)
    assert_array_equal(gradients[0][:, :, empty], 0)

    # What stands in such a row, and what is asked of it, is nothing to the weights
    other = tf.where(empty[:, None], x + 5.0, x)
    other_up = tf.where(empty[:, None], up_last * -3.0, up_last)
    _, _, found = to_numpy(run(other, weights, n_steps, up, other_up, state))
    for name, ours, theirs in zip(WEIGHTS, found[1:], gradients[1:], strict=True):
        assert_array_equal(ours, theirs, err_msg=name)


def test_no_gradient_for_inputs_that_are_data():
    x, weights, lengths, *_ = inputs_of(LENGTHS)
    layer = LSTMWeights(*weights)

    def gradients(**options):
        with tf.GradientTape() as tape:
            tape.watch([x, weights])
            options |= {"pooling": ["last"], "return_sequences": False}
            sequence, pooled = lstm(x, layer, lengths, **options)
        assert sequence is None
        last = pooled["last"]
        return tape.gradient(last, [x, *weights])

    d_x, *d_weights = gradients(input_gradient=False)
    assert d_x is None
    for found, expected in zip(d_weights, gradients()[1:], strict=True):
        assert_allclose(found, expected, rtol=1e-5, atol=1e-5)
