import numpy as np
import pytest
from helpers import random_ragged
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_seqae._containers.ragged import RaggedArray
from sklearn_seqae._patches.batching import (
    as_shards,
    auto_epochs,
    buffer_steps,
    by_size,
    chunks,
    default_patch_size,
    differences,
    from_patches,
    hold_out,
    plan_epoch,
    root_mean_squares,
    shard_shape,
    split_into_shards,
    to_patches,
)
from sklearn_seqae._patches.source.data import baselines
from sklearn_seqae._sequences.missing import fill_missing

LENGTHS = st.lists(st.integers(1, 40), min_size=1, max_size=80)


def distinct(shards):
    """The sequences that shards hold, empty rows left out."""
    return np.sort(shards[shards >= 0])


# Patches ------------------------------------------------------------------------------


@given(
    lengths=st.lists(st.integers(1, 20), min_size=1, max_size=8),
    n_features=st.integers(1, 3),
    patch_size=st.integers(1, 7),
    missing=st.sampled_from([0.0, 0.3]),
)
def test_patches_and_back(lengths, n_features, patch_size, missing):
    ragged = random_ragged(lengths, n_features, missing)
    patches = to_patches(ragged, patch_size)
    back = from_patches(patches.values[:-1], np.array(lengths), patch_size)
    assert back == fill_missing(ragged)
    assert_array_equal(back.offsets, ragged.offsets)


@given(
    lengths=st.lists(st.integers(1, 20), min_size=1, max_size=8),
    patch_size=st.integers(1, 7),
)
def test_each_patch_holds_its_own_steps_and_zeros(lengths, patch_size):
    ragged = random_ragged(lengths, missing=0.3)
    filled = fill_missing(ragged)
    patches = to_patches(ragged, patch_size)
    rows = iter(zip(patches.values, patches.observed, strict=True))
    for sequence, (x, x_filled) in enumerate(zip(ragged, filled, strict=True)):
        n_patches = 0
        for start in range(0, len(x), patch_size):
            values, observed = next(rows)
            n_patches += 1
            piece = x_filled[start : start + patch_size].ravel()
            seen = ~np.isnan(x[start : start + patch_size]).ravel()
            assert_array_equal(values[: len(piece)], piece)
            assert_array_equal(values[len(piece) :], 0)
            assert_array_equal(observed[: len(piece)], seen)
            assert not observed[len(piece) :].any()
        assert patches.lengths[sequence] == n_patches
    values, observed = next(rows)  # the row that padding is read from
    assert_array_equal(values, 0)
    assert not observed.any()
    assert next(rows, None) is None
    assert patches.values.dtype == np.float32
    assert len(patches) == len(lengths)


@pytest.mark.parametrize(
    ("lengths", "expected"),
    [
        ([7, 15, 29], 1),
        ([1], 1),
        ([320, 320, 5], 10),
        ([1000] * 3, 31),
        ([4, 96, 98], 3),
    ],
)
def test_default_patch_size_makes_about_32_steps_of_the_median(lengths, expected):
    assert default_patch_size(np.array(lengths)) == expected


@given(
    lengths=st.lists(st.integers(1, 20), min_size=1, max_size=8),
    patch_size=st.integers(1, 4),
)
def test_what_else_is_read_stands_behind_the_values(lengths, patch_size):
    ragged = random_ragged(lengths, 2)
    change = differences(ragged, patch_size)
    plain = to_patches(ragged, patch_size)
    all_three = to_patches(ragged, patch_size, [7 * ragged.values, change], 1)
    width = 2 * patch_size
    assert_array_equal(all_three.values[:, :width], plain.values)
    assert_allclose(all_three.values[:, width : 2 * width], 7 * plain.values, rtol=1e-6)
    assert_array_equal(all_three.observed, plain.observed)
    assert_array_equal(all_three.values[-1], 0)
    assert all_three.n_differences == width
    back = from_patches(all_three.values[:-1, -width:], np.array(lengths), patch_size)
    for x, steps in zip(ragged, back, strict=True):
        assert_array_equal(steps[:patch_size], 0)
        expected = x[patch_size:] - x[:-patch_size]
        assert_allclose(steps[patch_size:], expected, rtol=1e-5, atol=1e-6)


def test_root_mean_squares_over_time_steps():
    ragged, weight = random_ragged([7, 1, 4], 2), np.array([1.0, 2.0, 0.5])
    total, steps = np.zeros(2), 0.0
    for x, w in zip(ragged, weight, strict=True):
        total, steps = total + w * (x**2).sum(axis=0), steps + w * len(x)
    found = root_mean_squares(ragged.values, ragged.lengths, weight)
    assert_allclose(found, np.sqrt(total / steps), rtol=1e-6)
    still = np.zeros((5, 1)), np.array([5]), np.array([1.0])
    assert_array_equal(root_mean_squares(*still), 1)


# Batches ------------------------------------------------------------------------------


@pytest.mark.parametrize("patch_size", [1, 3])
def test_baselines_are_the_errors_of_predicting_the_mean_and_zero(patch_size):
    scaled = random_ragged([5, 1, 8, 4], n_features=3, missing=0.3)
    weight = np.array([1.0, 2.0, 0.5, 3.0])
    patches = to_patches(scaled, patch_size, [scaled.values])
    n = np.repeat(weight, scaled.lengths)[:, None] * ~np.isnan(scaled.values)
    values = np.nan_to_num(scaled.values).astype(np.float64)
    mean = (n * values).sum(axis=0) / n.sum(axis=0)
    expected = [(n * (values - at) ** 2).sum() / n.sum() for at in (mean, 0)]
    assert_allclose(baselines(patches, 3, weight), expected, rtol=1e-6)


def test_nothing_is_better_than_the_mean_of_constant_features():
    values = np.tile(np.float32([0.1, 1e9]), (7, 1))
    patches = to_patches(RaggedArray(values, np.array([0, 3, 7])), 2)
    found = baselines(patches, 2, np.array([0.1, 0.7]))
    assert_allclose(found, [1.0, 0.5e18], rtol=1e-6)
    patches.values[:] = 0
    assert baselines(patches, 2, np.array([0.1, 0.7])) == (1.0, 1.0)


@given(LENGTHS, st.integers(1, 50), st.integers(0, 5))
def test_each_sequence_is_in_exactly_one_batch_and_shard(lengths, batch_size, seed):
    lengths = np.array(lengths)
    batches = plan_epoch(lengths, batch_size, np.random.RandomState(seed))
    assert_array_equal(np.sort(np.concatenate(batches)), np.arange(len(lengths)))
    assert len(batches) == -(-len(lengths) // batch_size)
    sizes = [len(batch) for batch in batches]
    assert max(sizes) <= batch_size
    assert max(sizes) - min(sizes) <= 1

    n_shards, n_rows = shard_shape(len(lengths), batch_size)
    shards = as_shards(batches, lengths, n_shards, n_rows)
    assert shards.shape == (len(batches), n_shards, n_rows)
    for batch, rows in zip(batches, shards, strict=True):
        assert_array_equal(distinct(rows), np.sort(batch))


@given(st.integers(1, 5000), st.integers(1, 5000))
def test_shards_have_room_for_a_batch_and_little_more(n_sequences, batch_size):
    n_shards, n_rows = shard_shape(n_sequences, batch_size)
    lengths = np.ones(n_sequences, int)
    batches = plan_epoch(lengths, batch_size, np.random.RandomState(0))
    largest = max(len(batch) for batch in batches)
    assert n_shards * n_rows >= largest
    assert (n_shards - 1) * n_rows < largest  # no shard that is always empty
    if largest >= 16:
        assert n_shards * n_rows < largest + 2 * n_shards


@pytest.mark.parametrize(
    ("batch_size", "expected"),
    [
        (8, (1, 8)),
        (32, (2, 16)),
        (48, (3, 16)),
        (64, (2, 32)),
        (256, (8, 32)),
        (1024, (8, 128)),
    ],
)
def test_a_batch_is_two_shards_before_shards_get_more_rows(batch_size, expected):
    assert shard_shape(100 * batch_size, batch_size) == expected


def test_shards_are_no_larger_than_equal_batches_need():
    assert shard_shape(36, 32) == (2, 10)  # two batches of 18
    assert shard_shape(97, 96) == (4, 14)  # of 49 and 48


def test_a_batch_may_fill_its_shards_but_not_overflow_them():
    lengths = np.arange(1, 33)
    shards = split_into_shards(np.arange(32), lengths, 2, 16)
    assert_array_equal(distinct(shards), np.arange(32))
    assert lengths[shards[0]].max() <= lengths[shards[1]].min()


@pytest.mark.parametrize("seed", range(3))
def test_few_steps_are_wasted(seed):
    rng = np.random.default_rng(seed)
    lengths = np.exp(rng.uniform(np.log(10), np.log(500), 1024)).astype(np.int64)
    batches = plan_epoch(lengths, 32, np.random.RandomState(seed))
    shards = as_shards(batches, lengths, *shard_shape(1024, 32))
    # By a plain loop: what the rows of each shard run, and what of it is their own
    run = used = 0
    for shard in shards.reshape(-1, shards.shape[-1]):
        own = [lengths[i] if i >= 0 else 0 for i in shard]
        run += len(own) * max(own)
        used += sum(own)
    assert used == lengths.sum()
    assert 1 - used / run < 0.1


def test_companions_and_order_change_from_epoch_to_epoch():
    lengths = np.random.default_rng(0).integers(10, 200, 256)
    random_state = np.random.RandomState(0)
    epochs = [plan_epoch(lengths, 32, random_state) for _ in range(2)]
    companions = [
        {frozenset(pair) for batch in epoch for pair in _pairs(batch)}
        for epoch in epochs
    ]
    shared = len(companions[0] & companions[1]) / len(companions[0])
    assert shared < 0.9
    # Not shortest first: batches come in another order each time
    means = [[lengths[batch].mean() for batch in epoch] for epoch in epochs]
    assert means[0] != sorted(means[0])
    assert np.argsort(means[0]).tolist() != np.argsort(means[1]).tolist()


def _pairs(batch):
    return [(i, j) for i in batch for j in batch if i < j]


def test_equal_lengths_are_shuffled_through_and_through():
    lengths = np.full(256, 20)
    random_state = np.random.RandomState(0)
    first, second = (plan_epoch(lengths, 32, random_state) for _ in range(2))
    shared = [
        max(len(np.intersect1d(batch, other)) for other in second) for batch in first
    ]
    assert np.mean(shared) < 16  # sorted, all 32 would meet again


def test_plans_depend_on_the_generator_alone():
    lengths = np.random.default_rng(1).integers(1, 50, 100)
    plans = [plan_epoch(lengths, 16, np.random.RandomState(s)) for s in (3, 3, 4)]
    assert [b.tolist() for b in plans[0]] == [b.tolist() for b in plans[1]]
    assert [b.tolist() for b in plans[0]] != [b.tolist() for b in plans[2]]


@given(LENGTHS, st.integers(1, 200))
def test_chunks_are_the_batches_in_their_order(lengths, n_steps):
    lengths = np.array(lengths)
    shards = as_shards(plan_epoch(lengths, 8, np.random.RandomState(0)), lengths, 1, 8)
    pieces = list(chunks(shards, lengths, n_steps))
    assert_array_equal(np.concatenate(pieces), shards)
    for piece in pieces:
        steps = [lengths[b[b >= 0]].max() for b in piece]
        assert len(piece) == 1 or sum(steps) <= n_steps + max(steps)


def test_chunks_count_the_longest_sequence_of_each_shard():
    lengths = np.array([9, 1, 1, 2, 3, 4])
    shards = np.array([[[1, 2], [0, -1]], [[2, 3], [4, 5]], [[1, -1], [2, -1]]])
    # the batches run 1 + 9, 2 + 4 and 1 + 1 steps
    for n_steps, n_batches in ((20, [3]), (17, [2, 1]), (14, [1, 2]), (0, [1, 1, 1])):
        pieces = chunks(shards, lengths, n_steps)
        assert [len(piece) for piece in pieces] == n_batches


@given(
    lengths=st.lists(st.one_of(st.integers(1, 70), st.integers(1, 9000)), max_size=80),
    n_rows=st.sampled_from([4, 32]),
)
def test_each_sequence_is_in_one_shard_whose_buffer_follows_from_its_length(
    lengths, n_rows
):
    lengths = np.array(lengths, int)
    shards = by_size(lengths, n_rows)
    sizes = [size for size, _ in shards]
    assert sizes == sorted(sizes)
    held = [rows[rows >= 0] for _, rows in shards]
    assert_array_equal(np.sort(np.concatenate([*held, []])), np.arange(len(lengths)))
    in_order = [lengths[i] for rows in held for i in rows]
    assert in_order == sorted(in_order)
    for size, rows in shards:
        assert rows.shape[1] * size <= max(n_rows * 4096, size * n_rows // 4)
        for i in rows[rows >= 0]:
            ((alone, _),) = by_size(lengths[[i]], n_rows)
            assert alone == size >= lengths[i]
    # Few rows are empty: less than a shard for each size
    n_empty = {size: 0 for size in sizes}
    for size, rows in shards:
        n_empty[size] += (rows < 0).sum()
    assert all(n < n_rows for n in n_empty.values())


@given(st.integers(1, 2**20))
def test_buffers_are_powers_of_two_with_little_room_to_spare(longest):
    size = buffer_steps(longest)
    assert size >= longest
    assert size >= 16
    assert size & (size - 1) == 0
    assert size == 16 or size < 2 * longest


@given(st.integers(1, 200_000), st.integers(1, 512))
def test_auto_epochs_make_enough_updates_and_hardly_more(n_sequences, batch_size):
    epochs = auto_epochs(n_sequences, batch_size)
    updates = epochs * -(-n_sequences // batch_size)
    assert updates >= 500
    assert epochs >= 10 or updates >= 5000
    assert epochs == 10 or updates - updates // epochs < (500 if epochs > 10 else 5000)


# Held out -----------------------------------------------------------------------------


@given(st.integers(2, 300), st.floats(0.01, 0.99), st.integers(0, 3))
def test_at_least_one_sequence_is_held_out_and_never_all(n, fraction, seed):
    held_out = hold_out(n, fraction, np.random.RandomState(seed))
    assert 1 <= len(held_out) <= n - 1
    assert abs(len(held_out) - fraction * n) <= 1
    assert_array_equal(held_out, np.unique(held_out))
    assert held_out.min() >= 0
    assert held_out.max() < n
    again = hold_out(n, fraction, np.random.RandomState(seed))
    assert_array_equal(held_out, again)


def test_one_sequence_can_not_be_split():
    with pytest.raises(ValueError, match="1 sample that is distinct; pass more"):
        hold_out(1, 0.5, np.random.RandomState(0))
