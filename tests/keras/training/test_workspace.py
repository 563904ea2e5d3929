"""Compiled programs: what they compute, and how they are kept and lent."""

import threading

import keras
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn_seqae._keras.architecture import initial_weights
from sklearn_seqae._keras.workspace import (
    MAX_IDLE,
    MAX_IDLE_BYTES,
    Program,
    Steps,
    Workspace,
    lend,
)

from sklearn_seqae._batching import split_into_shards
from sklearn_seqae._keras import workspace
from sklearn_seqae._packing import pack

N_STEPS = 16
N_ROWS = 4
LENGTHS = [16, 3, 9, 1, 12, 5]
SAMPLE_WEIGHT = np.array([1, 2, 0.5, 1, 3, 1], np.float32)


@pytest.fixture(scope="module")
def compiled(make_architecture):
    """A program of stacked layers both ways, and weights; compiled once."""
    architecture = make_architecture(
        encoder_units=(3, 2), decoder_units=(3,), bidirectional=True
    )
    weights = initial_weights(architecture, np.random.RandomState(0))
    return Workspace(Program(architecture, 2, N_ROWS, N_STEPS), "adam"), weights


def batch_of(patches, n_shards=2, n_rows=N_ROWS, sample_weight=SAMPLE_WEIGHT):
    """All sequences as one batch."""
    rows = np.arange(len(patches))
    shards = split_into_shards(rows, patches.lengths, n_shards, n_rows)
    return pack(patches, shards[None], N_STEPS, sample_weight)


def steps(scale=1.0, n_batches=1, rate=0.0):
    """What the updates go by; a rate of 0 leaves the optimizer's."""
    return Steps(
        np.full((n_batches, 1), scale, np.float32),
        np.full(n_batches, rate, np.float32),
        np.zeros((n_batches, 2), np.float32),
        np.zeros((n_batches, 2), np.int32),
    )


def outcome(space, weights, stream, scale=0.01):
    """Loss without an update; loss and weights of one update."""
    space.load(weights, [], 0.1)
    evaluated = space.evaluate(stream)[:, 0]
    trained = space.train(stream, steps(scale, len(stream.starts)))[:, 0]
    return evaluated, trained, space.get_weights()


def assert_same_bits(found, expected):
    for a, b in zip(found, expected, strict=True):
        if isinstance(a, list):
            assert_same_bits(a, b)
        else:
            assert_array_equal(a, b)


def inside_of(stream):
    """Which cells of the stream are a row's own steps, (n_steps, n_rows)."""
    inside = np.zeros((len(stream.x), stream.x.shape[2]), bool)
    starts = stream.starts.ravel()
    lengths = stream.lengths.reshape(len(starts), -1)
    for start, own in zip(starts, lengths, strict=True):
        for row, n in enumerate(own):
            inside[start : start + n, row] = True
    return inside


# What is computed ---------------------------------------------------------------------


def by_hand(through_numpy, architecture, weights, patches, sample_weight):
    """Weighted squared errors over observed values, from NumPy."""
    _, steps = through_numpy(architecture, weights, patches)
    errors = (steps.astype(np.float64) - patches.values[:-1]) ** 2
    errors *= patches.observed[:-1]
    return (errors.sum(axis=1) * np.repeat(sample_weight, patches.lengths)).sum()


def test_the_loss_is_over_observed_values(compiled, make_patches, through_numpy):
    space, weights = compiled
    patches = make_patches(LENGTHS, missing=0.3)
    expected = by_hand(
        through_numpy, space.program.architecture, weights, patches, SAMPLE_WEIGHT
    )
    evaluated, trained, _ = outcome(space, weights, batch_of(patches))
    assert_allclose(evaluated, [expected], rtol=1e-5)
    assert_allclose(trained, [expected], rtol=1e-5)  # of the weights before the update


def test_each_batch_has_its_own_loss(compiled, make_patches):
    space, weights = compiled
    patches = make_patches(LENGTHS, missing=0.3)
    shards = [
        split_into_shards(rows, patches.lengths, 2, N_ROWS)
        for rows in np.split(np.arange(6), 3)
    ]
    stream = pack(patches, np.stack(shards), N_STEPS, SAMPLE_WEIGHT)
    space.load(weights, [], 0.1)
    together = space.evaluate(stream)[:, 0]
    alone = [
        space.evaluate(pack(patches, s[None], N_STEPS, SAMPLE_WEIGHT))[0, 0]
        for s in shards
    ]
    assert_array_equal(together, alone)
    assert len(set(alone)) == 3


def test_padding_contributes_exactly_nothing(compiled, make_patches):
    space, weights = compiled
    stream = batch_of(make_patches(LENGTHS, missing=0.3))
    expected = outcome(space, weights, stream)
    outside = ~inside_of(stream)
    rng = np.random.default_rng(0)
    stream.x.swapaxes(1, 2)[outside] = rng.normal(0, 10, (outside.sum(), 2, 2))
    stream.weight[outside] = rng.uniform(1, 10, (outside.sum(), 2))
    assert_same_bits(outcome(space, weights, stream), expected)


def test_an_earlier_longer_batch_leaves_nothing_behind(compiled, make_patches):
    space, weights = compiled
    short = batch_of(make_patches([5, 3, 2, 1, 4, 2]))
    expected = outcome(space, weights, short)
    rng = np.random.default_rng(1)
    wild = [rng.normal(size=w.shape).astype(np.float32) for w in weights]
    outcome(space, wild, batch_of(make_patches([16] * 6, seed=1)))
    assert_same_bits(outcome(space, weights, short), expected)


@pytest.mark.usefixtures("without_xla")
def test_missing_values_contribute_exactly_nothing(make_architecture, make_patches):
    """One way, so that the reversed sequence is the target alone."""
    architecture = make_architecture()
    space = Workspace(Program(architecture, 1, 8, N_STEPS), "adam")
    weights = initial_weights(architecture, np.random.RandomState(0))
    stream = batch_of(make_patches(LENGTHS, missing=0.4), 1, 8)
    expected = outcome(space, weights, stream)
    missing = inside_of(stream)[:, :, None] & (stream.weight == 0)
    assert missing.sum() > 10
    stream.x[:, 1][missing] += 5.0
    assert_same_bits(outcome(space, weights, stream), expected)
    # while an observed value counts
    observed = np.argwhere(stream.weight > 0)[0]
    stream.x[observed[0], 1, observed[1], observed[2]] += 5.0
    loss, *_ = outcome(space, weights, stream)
    assert loss[0] != expected[0][0]


@pytest.mark.usefixtures("without_xla")
def test_shards_sum_to_the_gradient_of_the_batch(make_architecture, make_patches):
    architecture = make_architecture(bidirectional=True)
    weights = initial_weights(architecture, np.random.RandomState(0))
    patches = make_patches(LENGTHS, missing=0.3)
    plain = keras.optimizers.SGD(1.0)  # an update is the gradient itself
    results = []
    for n_shards, n_rows in ((2, 4), (1, 8)):
        space = Workspace(Program(architecture, n_shards, n_rows, N_STEPS), plain)
        stream = batch_of(patches, n_shards, n_rows)
        space.load(weights, [], None)
        ((loss,),) = space.train(stream, steps(0.5))
        gradient = [b - a for a, b in zip(space.get_weights(), weights, strict=True)]
        results.append((loss, gradient))
    (loss, gradient), (whole_loss, whole) = results
    assert_allclose(loss, whole_loss, rtol=1e-5)
    for found, expected in zip(gradient, whole, strict=True):
        assert np.abs(expected).max() > 1e-3
        assert_allclose(found, expected, rtol=1e-3, atol=1e-5)


# State --------------------------------------------------------------------------------


def test_optimizer_state_round_trip(compiled, make_patches):
    space, weights = compiled
    stream = batch_of(make_patches(LENGTHS))
    space.load(weights, [], 0.1)
    for _ in range(2):
        space.train(stream, steps(0.01))
    halfway, state = space.get_weights(), space.get_optimizer_state()
    space.train(stream, steps(0.01))
    expected = space.get_weights()

    space.train(stream, steps(0.01))  # the arrays are copies
    space.load(halfway, state, 0.1)
    space.train(stream, steps(0.01))
    assert_same_bits(space.get_weights(), expected)

    space.load(halfway, [], 0.1)  # a fresh Adam steps elsewhere
    space.train(stream, steps(0.01))
    different = [
        (a != b).any() for a, b in zip(space.get_weights(), expected, strict=True)
    ]
    assert any(different)


def test_a_rate_for_an_update_is_the_rate_of_that_update(compiled, make_patches):
    space, weights = compiled
    stream = batch_of(make_patches(LENGTHS))
    expected = []
    for rate in (0.5, 0.25):
        space.load(weights, [], rate)
        space.train(stream, steps(0.01))
        expected.append(space.get_weights())
    for rate, wanted in zip((0.5, 0.25), expected, strict=True):
        space.load(weights, [], 0.125)
        space.train(stream, steps(0.01, rate=rate))
        assert_same_bits(space.get_weights(), wanted)


def test_load_starts_anew_whatever_was_trained_before(compiled, make_patches):
    space, weights = compiled
    stream = batch_of(make_patches(LENGTHS))
    expected = outcome(space, weights, stream)
    space.load([w + 1 for w in weights], [], 0.9)
    space.train(stream, steps())
    assert_same_bits(outcome(space, weights, stream), expected)


def test_the_learning_rate_is_taken(compiled, make_patches):
    space, weights = compiled
    stream = batch_of(make_patches(LENGTHS))
    for learning_rate in (0.5, 0.25):
        space.load(weights, [], learning_rate)
        space.train(stream, steps(0.01))
        moved = np.abs(space.get_weights()[0] - weights[0]).max()
        assert moved == pytest.approx(learning_rate, rel=1e-2)  # Adam's first step


# Compile once -------------------------------------------------------------------------


def tracing_counts(space):
    return {
        name: function.experimental_get_tracing_count()
        for name, function in vars(space).items()
        if hasattr(function, "experimental_get_tracing_count")
    }


def test_nothing_is_traced_twice(compiled, make_patches):
    """Whatever the lengths and the number of batches."""
    space, weights = compiled
    outcome(space, weights, batch_of(make_patches(LENGTHS)))
    before = tracing_counts(space)
    assert len(before) >= 2
    for lengths in ([1] * 6, [2, 4, 6, 8, 10, 13], [16] * 8):
        weight = np.ones(len(lengths), np.float32)
        stream = batch_of(make_patches(lengths), sample_weight=weight)
        outcome(space, weights, stream)
    patches = make_patches(LENGTHS)
    shards = split_into_shards(np.arange(6), patches.lengths, 2, N_ROWS)
    stream = pack(patches, np.stack([shards] * 3), N_STEPS, SAMPLE_WEIGHT)
    outcome(space, weights, stream)
    assert tracing_counts(space) == before


def test_a_second_fit_compiles_nothing(fresh_process):
    assert fresh_process["compiled_by_first_fit"] > 0
    assert (
        fresh_process["compiled_by_second_fit"]
        == fresh_process["compiled_by_first_fit"]
    )


def test_new_lengths_compile_nothing_but_a_larger_buffer(fresh_process):
    first = fresh_process["compiled_by_first_fit"]
    assert fresh_process["compiled_by_new_lengths"] == first
    assert fresh_process["compiled_by_larger_buffer"] > first


def test_a_forked_child_starts_without_workspaces(fresh_process):
    assert fresh_process["idle_in_parent"] == 1
    assert fresh_process.get("idle_in_child", 0) == 0


def test_the_size_of_the_buffers_is_known(compiled):
    """At least the states and gates, four bytes a value."""
    space, _ = compiled
    architecture = space.program.architecture
    units = 2 * sum(architecture.encoder_units) + sum(architecture.decoder_units)
    values = N_STEPS * 2 * N_ROWS * units * 6  # hidden, cell, four gates; two shards
    assert 4 * values <= space.n_bytes <= 12 * values


# The cache ----------------------------------------------------------------------------


class Stub:
    """In the place of a workspace, which takes seconds to make."""

    n_bytes = 0

    def __init__(self, program, optimizer):
        self.program, self.optimizer = program, optimizer
        self.weights = [np.zeros(3)]

    def get_weights(self):
        return self.weights


@pytest.fixture
def stubs(monkeypatch, make_architecture):
    """An empty cache of stubs; gives programs that differ in their buffers."""
    monkeypatch.setattr(workspace, "_cache", workspace._Cache())
    monkeypatch.setattr(workspace, "Workspace", Stub)
    return lambda n: Program(make_architecture(), 1, 4, 16 * n)


def lent(program, optimizer="adam"):
    with lend(program, optimizer) as space:
        return space


def test_an_idle_workspace_is_lent_again(stubs):
    first = lent(stubs(1))
    assert lent(stubs(1)) is first
    assert lent(stubs(1), "Adam") is first
    assert (first.program, first.optimizer) == (stubs(1), "adam")


def test_another_program_or_optimizer_is_another_workspace(stubs):
    spaces = [
        lent(stubs(1)),
        lent(stubs(2)),
        lent(stubs(1), "sgd"),
        lent(stubs(1), keras.optimizers.SGD(0.1)),
        lent(stubs(1), keras.optimizers.SGD(0.2)),
    ]
    assert len({id(space) for space in spaces}) == 5


def test_the_cache_is_bounded_and_drops_the_least_recently_used(stubs):
    spaces = [lent(stubs(n)) for n in range(MAX_IDLE)]
    lent(stubs(0))  # used again
    lent(stubs(MAX_IDLE))  # one too many
    assert len(workspace._cache._idle) == MAX_IDLE
    assert lent(stubs(0)) is spaces[0]
    assert lent(stubs(1)) is not spaces[1]


def test_the_bound_holds_for_many_of_one_program(stubs):
    def nested(depth):
        with lend(stubs(1), "adam"):
            if depth:
                nested(depth - 1)

    nested(2 * MAX_IDLE)
    assert len(workspace._cache._idle) == MAX_IDLE


def test_large_buffers_are_not_kept_but_for_the_last(stubs, monkeypatch):
    monkeypatch.setattr(Stub, "n_bytes", MAX_IDLE_BYTES // 2)
    first, second = lent(stubs(1)), lent(stubs(2))
    assert lent(stubs(1)) is first  # two just fit
    third = lent(stubs(3))
    assert lent(stubs(2)) is not second
    monkeypatch.setattr(Stub, "n_bytes", 2 * MAX_IDLE_BYTES)
    lent(stubs(3))
    assert (
        lent(stubs(3)) is third
    )  # a grid search over one architecture still reuses it
    assert len(workspace._cache._idle) == 1


def test_two_threads_never_share_one(stubs):
    lent(stubs(1))  # one is idle
    both_hold = threading.Barrier(2, timeout=60)
    held = []

    def work():
        with lend(stubs(1), "adam") as space:
            held.append(space)
            both_hold.wait()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(held) == 2
    assert held[0] is not held[1]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_after_an_error_a_workspace_is_not_kept(stubs, error):
    with pytest.raises(error), lend(stubs(1), "adam") as space:
        raise error
    assert lent(stubs(1)) is not space


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_diverged_workspace_is_not_kept(stubs, value):
    with lend(stubs(1), "adam") as space:
        space.weights = [np.zeros(2), np.array([0.0, value])]
    assert lent(stubs(1)) is not space


def test_clearing_drops_all(stubs):
    first = lent(stubs(1))
    workspace.clear_workspaces()
    assert lent(stubs(1)) is not first
