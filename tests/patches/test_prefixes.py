"""Prefixes and their targets, against loops over sequences."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_seqae._containers.ragged import RaggedArray
from sklearn_seqae._patches.batching import to_patches
from sklearn_seqae._patches.packing import pack, pair_with_crops
from sklearn_seqae._patches.prefixes import (
    N_RECENT,
    Prefixes,
    Rows,
    change_scale,
    extended,
    followed_by_prefixes,
    last_observed,
    possible_cuts,
    recent_values,
    tails,
)
from sklearn_seqae._sequences.missing import fill_missing

NAN = np.nan
HORIZON = 3
PATCH_SIZE = 2


@pytest.fixture(scope="module")
def scaled():
    """Ten sequences of 1 to 9 time steps, two features, a third of them missing."""
    rng = np.random.default_rng(0)
    sequences = []
    for n in [9, 1, 7, 2, 5, 8, 3, 6, 4, 9]:
        x = rng.normal(size=(n, 2)).astype(np.float32)
        sequences.append(np.where(rng.random(x.shape) < 0.3, NAN, x))
    sequences[2][:3] = NAN  # begins with nothing
    sequences[4][-2:] = NAN  # ends with nothing
    sequences[5][:, 1] = NAN  # never observes a feature
    return RaggedArray.from_list([x.astype(np.float32) for x in sequences])


@pytest.fixture(scope="module")
def prefixes(scaled):
    scale = np.array([[1.0, 2.0], [0.5, 1.0], [2.0, 4.0]])
    return Prefixes(scaled, PATCH_SIZE, scale, lambda x: to_patches(x, PATCH_SIZE))


def cuts_of(x):
    """All cuts of a sequence with something observed on both sides."""
    seen = ~np.isnan(x).all(axis=1)
    return [n for n in range(1, len(x)) if seen[:n].any() and seen[n:].any()]


def last_of(x):
    """The last observed value of each feature, or zero."""
    return [next((v for v in column[::-1] if not np.isnan(v)), 0.0) for column in x.T]


SHARDS = np.array([[[0, 1, 2, -1], [3, 4, 5, 6]], [[7, 8, 9, 0], [2, -1, -1, -1]]])


@pytest.fixture
def cuts(prefixes):
    return prefixes.draw(SHARDS, np.random.default_rng(1))


def test_every_cut_is_drawn_and_no_other(prefixes, scaled):
    shards = np.tile(np.arange(len(scaled)), (500, 1, 1))
    drawn = prefixes.draw(shards, np.random.default_rng(0))
    for i, x in enumerate(scaled):
        expected = cuts_of(x) or [0]
        values, counts = np.unique(drawn[..., i], return_counts=True)
        assert values.tolist() == expected
        assert counts.min() > 500 / len(expected) / 2  # each with about the same chance


def test_how_draws_are_grouped_does_not_matter(prefixes, cuts):
    rng = np.random.default_rng(1)
    parts = [prefixes.draw(batch[None], rng) for batch in SHARDS]
    assert_array_equal(np.concatenate(parts), cuts)
    assert (cuts[SHARDS < 0] == 0).all()


def test_a_prefix_is_read_like_a_sequence_that_ends_there(prefixes, scaled, cuts):
    """Also within a patch, and without a look at what comes after a gap."""
    found = to_patches(prefixes.cut(SHARDS, cuts), PATCH_SIZE)
    pairs = zip(SHARDS.ravel(), cuts.ravel(), strict=True)
    ended = [scaled[i][:n] for i, n in pairs if n > 0]
    expected = to_patches(RaggedArray.from_list(ended), PATCH_SIZE)
    assert_array_equal(found.values, expected.values)
    assert_array_equal(found.observed, expected.observed)
    assert_array_equal(found.offsets, expected.offsets)
    assert any(len(x) % PATCH_SIZE for x in ended)
    assert any(np.isnan(x[-1]).any() for x in ended)


def test_targets_are_changes_from_the_last_value(prefixes, scaled, cuts):
    weight = np.linspace(0.5, 2, len(scaled)).astype(np.float32)
    recent = recent_values(prefixes.cut(SHARDS, cuts))
    targets = prefixes.targets(SHARDS, cuts, recent, weight)
    n_steps = -(-HORIZON // PATCH_SIZE)
    shape = (*SHARDS.shape[:2], n_steps, SHARDS.shape[2], PATCH_SIZE * 2)
    assert targets.change.shape == targets.weight.shape == shape
    for place, i in np.ndenumerate(SHARDS):
        change = np.zeros((n_steps * PATCH_SIZE, 2))
        mass = np.zeros_like(change)
        last = np.zeros(2)
        if cuts[place]:
            x, n = scaled[i], cuts[place]
            last = last_of(x[:n])
            for k, step in enumerate(x[n : n + HORIZON]):
                for f in np.flatnonzero(~np.isnan(step)):
                    change[k, f] = (step[f] - last[f]) / prefixes.scale[k, f]
                    mass[k, f] = weight[i]
        b, s, row = place
        assert_allclose(targets.recent[place][:2], last, rtol=1e-6)
        found = targets.change[b, s, :, row].reshape(-1, 2)
        assert_allclose(found, change, rtol=1e-5)
        assert_array_equal(targets.weight[b, s, :, row].reshape(-1, 2), mass)


def test_recent_values_are_the_last_steps(scaled):
    """Of what the encoder reads: gaps are filled."""
    filled = fill_missing(scaled)
    for x, found in zip(filled, recent_values(scaled), strict=True):
        steps = found.reshape(N_RECENT, 2)
        n = min(len(x), N_RECENT)
        assert_array_equal(steps[:n], x[::-1][:n])
        assert_array_equal(steps[n:], 0)


def test_recent_values_of_one_step():
    one = RaggedArray.from_list([np.array([[3.0, NAN]])])
    assert_array_equal(recent_values(one), [[3, 0] + 2 * (N_RECENT - 1) * [0]])


def test_expected_counts_are_those_of_all_cuts(prefixes, scaled):
    for x, found in zip(scaled, prefixes.expected_counts(), strict=True):
        counts = [(~np.isnan(x[n : n + HORIZON])).sum() for n in cuts_of(x)]
        assert found == pytest.approx(np.mean(counts) if counts else 0.0)


def test_possible_cuts(scaled):
    for x, first, n in zip(scaled, *possible_cuts(scaled), strict=True):
        assert n == len(cuts_of(x))
        if n:
            assert first == cuts_of(x)[0]


def test_last_observed(scaled):
    expected = [last_of(x[: n + 1]) for x in scaled for n in range(len(x))]
    assert_array_equal(last_observed(scaled), np.array(expected, np.float32))


def test_change_scale_is_the_error_of_predicting_no_change(scaled):
    weight = np.linspace(0.5, 2, len(scaled))
    found = change_scale(scaled, weight, HORIZON)
    assert found.shape == (HORIZON, 2)
    for k in range(HORIZON):
        total, mass = np.zeros(2), np.zeros(2)
        for x, w in zip(scaled, weight, strict=True):
            for n in range(1, len(x) - k):
                change = x[n + k] - np.array(last_of(x[:n]))
                observed = ~np.isnan(change)
                total += w * np.where(observed, change, 0) ** 2
                mass += w * observed
        assert_allclose(found[k], np.sqrt(total / mass), rtol=1e-5)


def test_change_scale_where_nothing_changes():
    constant = RaggedArray.from_list([np.full((4, 1), 3.0)])
    assert_array_equal(change_scale(constant, np.ones(1), 5), np.ones((5, 1)))


@pytest.mark.parametrize("with_crops", [False, True])
def test_rows_are_followed_by_prefixes(prefixes, scaled, cuts, with_crops):
    patches = to_patches(scaled, PATCH_SIZE)
    weight = np.linspace(0.5, 2, len(scaled)).astype(np.float32)
    shards, crops = SHARDS, None
    if with_crops:
        rng = np.random.default_rng(2)
        shards, crops = pair_with_crops(SHARDS, patches.lengths, 0.5, rng)
    rows = Rows(patches, shards, weight, crops)
    found, targets = followed_by_prefixes(
        rows, SHARDS, prefixes, np.random.default_rng(1)
    )
    before = pack(patches, shards, 16, weight, crops=crops)
    parts = found.patches, found.shards, 16, found.sample_weight
    after = pack(*parts, crops=found.crops)
    n = shards.shape[-1]
    for name in ("x", "weight", "row_weight", "lengths"):
        whole = getattr(after, name)
        axis = 2 if name == "x" else whole.ndim - 1 - (name == "weight")
        kept = np.take(whole, range(n), axis=axis)
        assert_array_equal(kept, getattr(before, name))
    assert_array_equal(after.lengths[..., n:], -(-cuts // PATCH_SIZE))
    assert_array_equal(after.row_weight[..., n:], np.where(cuts > 0, weight[SHARDS], 0))
    recent = recent_values(prefixes.cut(SHARDS, cuts))
    expected = prefixes.targets(SHARDS, cuts, recent, weight)
    for a, b in zip(targets, expected, strict=True):
        assert_array_equal(a, b)


def test_rows_none_of_which_can_be_cut(prefixes, scaled):
    patches = to_patches(scaled, PATCH_SIZE)
    shards = np.array([[[1, -1]]])
    rows = Rows(patches, shards, np.ones(len(scaled), np.float32), None)
    found, targets = followed_by_prefixes(
        rows, shards, prefixes, np.random.default_rng(0)
    )
    assert found.shards.tolist() == [[[0, -1, -1, -1]]]
    assert not targets.weight.any()


def test_tails_and_extended(scaled):
    for found, x in zip(tails(scaled, 4), scaled, strict=True):
        assert_array_equal(found, x[-4:])
    ahead = np.arange(len(scaled) * 3 * 2, dtype=np.float32).reshape(-1, 3, 2)
    for found, x, more in zip(extended(scaled, ahead), scaled, ahead, strict=True):
        assert_array_equal(found, np.concatenate([x, more]))
