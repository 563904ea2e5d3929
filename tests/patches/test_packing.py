"""Batches in memory, against what one would lay out by hand."""

import numpy as np
from helpers import random_ragged
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_seqae._containers.ragged import RaggedArray
from sklearn_seqae._patches.batching import (
    as_shards,
    buffer_steps,
    differences,
    plan_epoch,
    shard_shape,
    to_patches,
)
from sklearn_seqae._patches.packing import Corruption, pack, pair_with_crops

LENGTHS = st.lists(st.integers(1, 40), min_size=1, max_size=80)


def packed_by_hand(patches, shards, sample_weight):
    """What `pack` should give, one value at a time."""
    width = patches.values.shape[1]
    x, weight, starts, lengths = [], [], [], []
    for shard in shards.reshape(-1, shards.shape[-1]):
        own = [patches.lengths[i] if i >= 0 else 0 for i in shard]
        starts.append(len(x))
        lengths.append(own)
        for t in range(max(own)):
            forwards = np.zeros((len(shard), width))
            backwards, weights = np.zeros_like(forwards), np.zeros_like(forwards)
            for row, (i, n) in enumerate(zip(shard, own, strict=True)):
                if t < n:
                    start = patches.offsets[i]
                    forwards[row] = patches.values[start + t]
                    backwards[row] = patches.values[start + n - 1 - t]
                    weights[row] = (
                        patches.observed[start + n - 1 - t] * sample_weight[i]
                    )
            x.append([forwards, backwards])
            weight.append(weights)
    shape = shards.shape
    return (
        np.array(x),
        np.array(weight),
        np.reshape(starts, shape[:2]),
        np.reshape(lengths, shape),
    )


@given(
    lengths=st.lists(st.integers(1, 12), min_size=1, max_size=10),
    patch_size=st.integers(1, 3),
    data=st.data(),
)
def test_pack_lays_shards_out_in_both_orders(lengths, patch_size, data):
    ragged = random_ragged(lengths, missing=0.2)
    patches = to_patches(ragged, patch_size)
    n = len(lengths)
    weight = np.linspace(0.5, 2.0, n).astype(np.float32)
    n_batches, n_shards, n_rows = (data.draw(st.integers(1, k)) for k in (2, 2, 3))
    cells = n_batches * n_shards * n_rows
    cell = st.integers(-1, n - 1)
    shards = np.reshape(
        data.draw(st.lists(cell, min_size=cells, max_size=cells)),
        (n_batches, n_shards, n_rows),
    )
    size = buffer_steps(int(patches.lengths.max()))
    packed = pack(patches, shards, size, weight)

    x, weights, starts, own = packed_by_hand(patches, shards, weight)
    assert_array_equal(packed.x[: len(x)], x.reshape(-1, *packed.x.shape[1:]))
    assert_array_equal(
        packed.weight[: len(x)], weights.reshape(-1, *packed.weight.shape[1:])
    )
    assert_array_equal(packed.starts, starts)
    assert_array_equal(packed.lengths, own)
    # A buffer's worth of nothing after the last shard, for the program to read over
    assert len(packed.x) == len(packed.weight) == len(x) + size
    assert not packed.x[len(x) :].any()
    assert not packed.weight[len(x) :].any()
    assert {packed.x.dtype, packed.weight.dtype} == {np.dtype(np.float32)}
    assert {packed.starts.dtype, packed.lengths.dtype} == {np.dtype(np.int32)}


@given(LENGTHS, st.integers(1, 40), st.integers(0, 3))
def test_sample_weight_is_kept(lengths, batch_size, seed):
    """Over an epoch the weights in the loss are those of the observed values."""
    ragged = random_ragged(lengths, missing=0.2, seed=seed)
    patches = to_patches(ragged, 2)
    lengths = patches.lengths
    weight = np.random.default_rng(seed).integers(0, 5, len(patches))
    batches = plan_epoch(lengths, batch_size, np.random.RandomState(seed))
    shards = as_shards(batches, lengths, *shard_shape(len(lengths), batch_size))
    packed = pack(patches, shards, buffer_steps(40), weight.astype(np.float32))
    observed = [(~np.isnan(x)).sum() for x in ragged]
    assert packed.weight.sum() == np.dot(observed, weight)


def test_without_sample_weight_there_are_no_weights():
    patches = to_patches(random_ragged([3, 4]), 1)
    assert pack(patches, np.array([[[0, 1]]]), 16).weight.size == 0


def test_row_weights_are_those_of_the_sequences():
    patches = to_patches(random_ragged([3, 4]), 1)
    shards = np.array([[[1, -1], [0, 0]]])
    packed = pack(patches, shards, 16, np.array([0.5, 2.0], np.float32))
    assert_array_equal(packed.row_weight, [[[2.0, 0.0], [0.5, 0.5]]])


# Crops --------------------------------------------------------------------------------


@given(
    st.lists(st.integers(1, 40), min_size=1, max_size=10),
    st.floats(0.05, 1),
    st.integers(0, 5),
)
def test_each_row_is_followed_by_a_crop_of_its_sequence(lengths, shortest, seed):
    lengths = np.array(lengths)
    shards = np.append(np.arange(len(lengths)), -1)[None, None]
    pairs, crops = pair_with_crops(
        shards, lengths, shortest, np.random.default_rng(seed)
    )
    assert_array_equal(pairs, np.concatenate([shards, shards], axis=-1))
    n = len(lengths) + 1
    first, own = crops.first[0, 0], crops.lengths[0, 0]
    assert_array_equal(first[:n], 0)
    assert_array_equal(own[:n], np.append(lengths, 0))  # whole; an empty row is empty
    assert own[-1] == 0
    cut, start = own[n:-1], first[n:-1]
    assert (cut >= np.maximum(1, shortest * lengths - 1e-9)).all()
    assert (start >= 0).all()
    assert (start + cut <= lengths).all()


def test_crops_begin_and_end_anywhere():
    shards = np.zeros((1, 1, 4000), np.int64)
    _, crops = pair_with_crops(shards, np.array([10]), 0.5, np.random.default_rng(0))
    first, cut = crops.first[0, 0, 4000:], crops.lengths[0, 0, 4000:]
    assert_array_equal(np.unique(cut), np.arange(6, 11))
    assert_array_equal(np.unique(first[cut == 6]), np.arange(5))
    assert_array_equal(np.unique(first[cut == 10]), [0])


@given(st.integers(0, 5), st.integers(1, 5))
def test_crops_do_not_depend_on_how_batches_are_grouped(seed, n_first):
    shards = np.random.default_rng(seed).integers(0, 4, (6, 2, 3))
    lengths = np.array([5, 9, 1, 30])

    def crops_of(*groups):
        rng = np.random.default_rng(seed)
        return np.concatenate(
            [pair_with_crops(g, lengths, 0.5, rng)[1].first for g in groups]
        )

    together = crops_of(shards)
    assert_array_equal(crops_of(shards[:n_first], shards[n_first:]), together)


def test_a_packed_crop_is_the_packed_sequence_that_it_is():
    whole = random_ragged([12, 7], missing=0.2)
    patches = to_patches(whole, 1)
    shards = np.array([[[0, 1]]])
    pairs, crops = pair_with_crops(
        shards, patches.lengths, 0.3, np.random.default_rng(1)
    )
    packed = pack(patches, pairs, 16, np.ones(2, np.float32), crops=crops)
    for row in range(4):
        start, n = crops.first[0, 0, row], crops.lengths[0, 0, row]
        values = patches.values[patches.offsets[row % 2] + start :][:n]
        seen = patches.observed[patches.offsets[row % 2] + start :][:n]
        assert_array_equal(packed.x[:n, 0, row], values)
        assert_array_equal(packed.x[:n, 1, row], values[::-1])
        assert_array_equal(packed.weight[:n, row], seen[::-1])
        assert not packed.x[n:, :, row].any()
        assert not packed.weight[n:, row].any()


def test_a_packed_crop_differs_from_nothing_before_it():
    """Differences are those of the crop, cut from its sequence before all else."""
    whole = random_ragged([40, 23])
    patches = to_patches(whole, 3, [differences(whole, 3)], 1)
    pairs, crops = pair_with_crops(
        np.array([[[0, 1, -1]]]), patches.lengths, 0.3, np.random.default_rng(1)
    )
    packed = pack(patches, pairs, 16, crops=crops)
    assert crops.first[0, 0, 3:5].all()
    for row in (0, 1, 3, 4):
        start, n = 3 * crops.first[0, 0, row], 3 * crops.lengths[0, 0, row]
        cut = RaggedArray.from_list([whole[row % 3][start : start + n]])
        alone = to_patches(cut, 3, [differences(cut, 3)], 1).values[:-1]
        assert_allclose(packed.x[: len(alone), 0, row], alone, rtol=1e-5, atol=1e-6)
        assert_array_equal(
            packed.x[: len(alone), 1, row], packed.x[: len(alone), 0, row][::-1]
        )
        assert not packed.x[len(alone) :, :, row].any()


# Noise --------------------------------------------------------------------------------


def test_noise_is_for_the_encoder_alone_and_the_same_both_ways():
    patches = to_patches(random_ragged([400, 300]), 1)
    shards = np.array([[[0, 1, -1]]])
    clean = pack(patches, shards, 512)
    corruption = Corruption(0.5, 0.0, *np.random.default_rng(0).spawn(2))
    noisy = pack(patches, shards, 512, corruption=corruption)
    assert_array_equal(noisy.target, clean.x[:, 1])
    added = noisy.x - clean.x
    for row, n in enumerate([400, 300, 0]):
        assert_allclose(added[:n, 0, row], added[:n, 1, row][::-1], atol=1e-6)
        assert not added[n:, :, row].any()
    of_first = added[:400, 0, 0]
    assert abs(of_first.mean()) < 0.1
    assert abs(of_first.std() - 0.5) < 0.05
    assert (
        pack(patches, shards, 512, corruption=corruption).x != noisy.x
    ).any()  # fresh


def test_hidden_steps_are_the_same_both_ways_and_whole():
    patches = to_patches(random_ragged([400, 300]), 1)
    shards = np.array([[[0, 1, -1]]])
    clean = pack(patches, shards, 512)
    corruption = Corruption(0.0, 0.25, *np.random.default_rng(0).spawn(2))
    hidden = pack(patches, shards, 512, corruption=corruption)
    assert_array_equal(hidden.target, clean.x[:, 1])
    for row, n in enumerate([400, 300]):
        gone = (hidden.x[:n, :, row] == 0).all(axis=-1)
        assert_array_equal(gone[:, 0], gone[::-1, 1])
        assert abs(gone[:, 0].mean() - 0.25) < 0.07
        kept = ~gone[:, 0]
        assert_array_equal(hidden.x[:n, 0, row][kept], clean.x[:n, 0, row][kept])


def test_no_noise_has_no_target_of_its_own():
    patches = to_patches(random_ragged([4]), 1)
    assert pack(patches, np.array([[[0]]]), 16).target.size == 0
