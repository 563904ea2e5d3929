"""Texture of whole sequences, beside `np.convolve` of one sequence at a time."""

import numpy as np
import pytest
from helpers import random_ragged
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.preprocessing import StandardScaler

from sklearn_seqae._containers.ragged import RaggedArray
from sklearn_seqae._patches.exact import UNIT
from sklearn_seqae._patches.texture import N_COMPONENTS, TIME_STEPS, Texture
from sklearn_seqae._utils.plain import from_plain, to_plain

LENGTHS = [50, 3, 200, 17, 1, 64, 2]


def fitted(n_features=1, n_components=N_COMPONENTS, lengths=LENGTHS):
    ragged = random_ragged(lengths, n_features)
    return Texture.fit(n_components, ragged, np.ones(len(ragged))), ragged


def responses_by_numpy(known, x):
    """Responses of all kernels to one sequence, (n_components, T)."""
    found = []
    for each in known.rounds:
        read = np.diff(x, axis=0, prepend=0) if each.of_changes else x
        for positive, reads in zip(each.positive, each.reads.T, strict=True):
            kernel = np.zeros(8 * each.dilation + 1)
            kernel[:: each.dilation] = -1
            kernel[each.dilation * positive] = 2
            mixed = read[:, reads].sum(axis=1)
            full = np.convolve(mixed, kernel[::-1])
            found.append(full[4 * each.dilation :][: len(x)])
    return np.array(found)


@pytest.mark.parametrize(
    ("n_features", "n_components"), [(1, 504), (3, 504), (12, 200), (2, 84), (1, 7)]
)
def test_how_often_a_response_is_above_an_edge(n_features, n_components):
    known, ragged = fitted(n_features, n_components)
    edges, widths = np.array([known.edges, known.widths])[:, :, None]
    shares = []
    for x in ragged:
        responses = responses_by_numpy(known, x.astype(float))
        above = np.clip((responses - edges) / widths + 0.5, 0, 1)
        shares.append(above.mean(axis=1))
    assert_allclose(known.measured(ragged), shares, atol=1e-5)
    standardized = UNIT * StandardScaler().fit_transform(shares)
    constant = np.std(shares, axis=0) < 1e-3
    assert_allclose(
        known.encode(ragged)[:, ~constant], standardized[:, ~constant], atol=1e-3
    )


def test_edges_are_about_quantiles_and_narrow():
    known, ragged = fitted(1, 504, [400] * 10)
    responses = np.hstack([responses_by_numpy(known, x.astype(float)) for x in ragged])
    level = (responses < np.array(known.edges)[:, None]).mean(axis=1)
    assert_allclose(np.sort(level), (np.arange(504) + 0.5) / 504, atol=0.04)
    assert_allclose(known.widths, 0.3 * responses.std(axis=1), rtol=0.06)


def test_kernels_span_two_sequences_and_half_read_changes():
    known, _ = fitted(1, lengths=[41] * 3)
    assert known.dilations == (1, 1, 3, 3, 10, 10)
    assert [each.of_changes for each in known.rounds] == [False, True] * 3
    assert len({tuple(each) for each in known.rounds[0].positive.tolist()}) == 84
    short, _ = fitted(1, lengths=[5, 4, 5])
    assert set(short.dilations) == {1}


@pytest.fixture(scope="module")
def of_some_features():
    return {n: fitted(n, 100)[0] for n in (1, 2, 3)}


@given(
    lengths=st.lists(st.integers(1, 60), min_size=1, max_size=8), n=st.integers(1, 3)
)
def test_a_sequence_has_the_same_bits_alone_and_in_company(
    of_some_features, lengths, n
):
    known, ragged = of_some_features[n], random_ragged(lengths, n)
    alone = [known.encode(RaggedArray.from_list([x])) for x in ragged]
    assert_array_equal(known.encode(ragged), np.concatenate(alone))


@pytest.mark.parametrize(("n_features", "block"), [(1, max(TIME_STEPS)), (600, 1024)])
def test_a_long_sequence_has_the_same_bits_in_company_and_no_seam(n_features, block):
    lengths = [77, 2 * block + 5, 1, block]
    known, ragged = fitted(n_features, 20, lengths)
    found = known.encode(ragged)
    for x, row in zip(ragged, found, strict=True):
        assert_array_equal(known.encode(RaggedArray.from_list([x]))[0], row)
    x = ragged[1].astype(float)
    edges, widths = np.array([known.edges, known.widths])[:, :, None]
    above = (responses_by_numpy(known, x) - edges) / widths + 0.5
    expected = np.clip(above, 0, 1).mean(axis=1)
    assert_allclose(known.measured(ragged)[1], expected, atol=1e-5)


def test_order_of_sequences_changes_no_number_of_them():
    known, ragged = fitted(2, 100)
    order = np.random.default_rng(0).permutation(len(ragged))
    assert_array_equal(known.encode(ragged)[order], known.encode(ragged[order]))


def test_a_weight_of_two_is_the_sequence_twice():
    x, y, z = random_ragged([30, 40, 5], 2)
    once, twice = (RaggedArray.from_list(each) for each in ([x, z, y], [x, x, y]))
    weighted = Texture.fit(100, once, np.array([2.0, 0.0, 1.0]))
    repeated = Texture.fit(100, twice, np.ones(3))
    for name in ("dilations", "edges", "widths", "mean", "scale"):
        assert_allclose(getattr(weighted, name), getattr(repeated, name), rtol=1e-9)


@pytest.mark.parametrize("level", [0.0, 5.0, 1e30])
def test_where_nothing_varies_nothing_is_divided_by_zero(level):
    flat = RaggedArray.from_list([np.full((80, 1), level, np.float32)] * 2)
    known = Texture.fit(504, flat, np.ones(2))
    assert_array_equal(known.scale, 1 / UNIT)
    assert_allclose(known.encode(flat), 0, atol=1e-6)


def test_wild_values_have_finite_components():
    known, _ = fitted(2)
    wild = np.array([[1e38, -1e38], [-3e38, 3e38], [3e38, 3e38]], np.float32)
    assert np.isfinite(known.encode(RaggedArray.from_list([wild]))).all()


def test_a_share_moves_as_little_as_the_values_do():
    known, ragged = fitted(1)
    moved = ragged.with_values(ragged.values * np.float32(1 + 1e-6))
    assert_allclose(known.measured(moved), known.measured(ragged), atol=1e-5)


def test_plain_values_give_it_back():
    known, _ = fitted(3, 100)
    assert from_plain(Texture, to_plain(known), "texture") == known
