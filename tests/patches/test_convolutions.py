"""Responses of fixed kernels, beside SciPy's correlation of one sequence at a time."""

import numpy as np
import pytest
from helpers import random_ragged
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.signal import correlate
from sklearn.preprocessing import StandardScaler

from sklearn_seqae._containers.ragged import RaggedArray
from sklearn_seqae._patches.convolutions import BLOCK, Convolutions, default_n_kernels

LENGTHS = [50, 3, 200, 17, 1, 64]


def fitted(n_features, patch_size, n_kernels, lengths=LENGTHS):
    ragged = random_ragged(lengths, n_features)
    weight = np.ones(len(ragged))
    return Convolutions.fit(n_kernels, patch_size, ragged, weight), ragged


def responses_by_scipy(known, x):
    """Responses (T, n_kernels) to one sequence, in float64."""
    padded = np.pad(x.astype(float), ((known.reach, known.reach), (0, 0)))
    kernels = np.moveaxis(known.kernel.astype(float), -1, 0)
    each = [correlate(padded, k, mode="valid", method="direct")[:, 0] for k in kernels]
    return np.stack(each, axis=1)


@pytest.mark.parametrize(
    ("n_features", "patch_size", "n_kernels"),
    [(1, 5, 40), (3, 2, 16), (2, 1, 8), (1, 13, 64), (2, 3, 100)],
)
def test_mean_magnitude_and_maximum_in_every_patch(n_features, patch_size, n_kernels):
    known, ragged = fitted(n_features, patch_size, n_kernels)
    expected = []
    for x in ragged:
        responses = responses_by_scipy(known, x)
        beyond = -len(x) % patch_size
        whole = np.pad(responses, ((0, beyond), (0, 0)))
        patches = whole.reshape(-1, patch_size, n_kernels)
        expected.append(np.hstack([abs(patches).mean(axis=1), patches.max(axis=1)]))
    standardized = StandardScaler().fit_transform(np.concatenate(expected))
    assert_allclose(known.read(ragged), standardized, atol=1e-5)


def test_a_weight_of_two_is_the_sequence_twice():
    x, y = random_ragged([30, 40], 2)
    once, twice = (RaggedArray.from_list(each) for each in ([x, y], [x, x, y]))
    weighted = Convolutions.fit(16, 2, once, np.array([2.0, 1.0]))
    repeated = Convolutions.fit(16, 2, twice, np.ones(3))
    assert_allclose(weighted.mean, repeated.mean, rtol=1e-12)
    assert_allclose(weighted.scale, repeated.scale, rtol=1e-12)


def test_kernels_are_minirockets():
    """Nine taps, a dilation apart: three of weight 2 and six of -1."""
    known, _ = fitted(1, 8, 84)
    for k, dilation in enumerate(known.dilations):
        taps = known.kernel[:, 0, k]
        at = known.reach + dilation * np.arange(-4, 5)
        assert np.count_nonzero(taps) == np.count_nonzero(taps[at]) == 9
        smaller, larger = np.sort(abs(taps[at])).reshape(-1, 3)[[0, 2]]
        assert_allclose(larger / smaller, 2, rtol=1e-6)
        assert abs(taps.sum()) < 1e-5 * abs(taps).max()
    distinct = {tuple(np.flatnonzero(k > k.mean())) for k in known.kernel[:, 0].T}
    assert len(distinct) > 60


@given(
    st.lists(st.integers(1, 60), min_size=1, max_size=8),
    st.integers(1, 3),
    st.integers(1, 9),
)
def test_a_sequence_has_the_same_bits_alone_and_in_company(lengths, n_features, p):
    known, ragged = fitted(n_features, p, default_n_kernels(p), lengths)
    alone = [known.read(RaggedArray.from_list([x])) for x in ragged]
    assert_array_equal(known.read(ragged), np.concatenate(alone))


def test_a_sequence_longer_than_a_block_has_no_seam():
    p, near, context = 6, 30, 10  # patches
    known, ragged = fitted(1, p, 8, [2 * BLOCK + 77])
    seam = BLOCK // p
    first, last = seam - near, seam + near
    part = ragged[0][(first - context) * p : (last + context) * p]
    alone = known.read(RaggedArray.from_list([part]))[context:-context]
    assert_array_equal(known.read(ragged)[first:last], alone)


def test_a_constant_sequence_has_no_response_but_at_its_ends():
    flat = RaggedArray.from_list([np.full((80, 1), 5.0, np.float32)])
    known = Convolutions(1, 4, (0.0,) * 64, (1.0,) * 64)
    assert_allclose(known.read(flat)[3:-3], 0, atol=1e-5)


def test_where_all_responses_are_alike_nothing_is_divided_by_zero():
    zeros = RaggedArray.from_list([np.zeros((80, 1), np.float32)])
    known = Convolutions.fit(8, 4, zeros, np.ones(1))
    assert_array_equal(known.read(zeros), 0)


@pytest.mark.parametrize(("patch_size", "n"), [(1, 8), (3, 24), (8, 32), (50, 32)])
def test_eight_kernels_for_each_time_step_of_a_patch(patch_size, n):
    assert default_n_kernels(patch_size) == n
