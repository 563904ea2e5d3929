"""N-grams of categories, beside a Counter of one sequence at a time."""

from collections import Counter
from itertools import pairwise, product

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.preprocessing import StandardScaler

from sklearn_seqae._containers.ragged import RaggedArray, offsets_from_lengths
from sklearn_seqae._patches.exact import UNIT
from sklearn_seqae._patches.ngrams import (
    N_COMPONENTS,
    Ngrams,
    default_n_ngrams,
    drawn_paths,
)
from sklearn_seqae._utils.plain import from_plain, to_plain

LENGTHS = [8, 1, 2, 30, 3, 17]


def random_codes(sizes, lengths=LENGTHS, least=1):
    """Codes of so many categories beside a number; 0 is unknown."""
    rng, n = np.random.default_rng(0), sum(lengths)
    columns = [rng.integers(least, size + 1, n) for size in sizes]
    values = np.column_stack([rng.normal(size=n), *columns]).astype(np.float32)
    return RaggedArray(values, offsets_from_lengths(lengths), len(sizes))


def fitted(sizes, room=N_COMPONENTS):
    codes = random_codes(sizes)
    return Ngrams.fit(room, codes, np.ones(len(codes)), sizes), codes


def counted(x, columns, order):
    """N-grams of a sequence in which no code is 0."""
    events = [tuple(event) for event in x[:, 1 + np.array(columns)].astype(int)]
    found = zip(*(events[i:] for i in range(order)), strict=False)
    return Counter(gram for gram in found if all(map(all, gram)))


@pytest.mark.parametrize("least", [1, 0], ids=["known", "some_unknown"])
def test_few_ngrams_have_a_component_each(least):
    known, _ = fitted((3, 2))
    names = known.names(["page", "tab"], [["home", "cart", "pay"], ["new", "old"]])
    assert len(set(names)) == known.n_components
    assert names[:5] == ["tab_new", "tab_old", "page_home", "page_cart", "page_pay"]
    codes = random_codes((3, 2), least=least)
    found = dict(zip(names, known.counts(codes).T, strict=True))
    pages, tabs = {1: "home", 2: "cart", 3: "pay"}, {1: "new", 2: "old"}
    for row, x in enumerate(codes):
        for order in (1, 2, 3):
            grams = counted(x, [0], order)
            for gram in product(pages, repeat=order):
                name = "page_" + ">".join(pages[code] for code in gram)
                assert found[name][row] == grams[tuple((code,) for code in gram)]
        grams = counted(x, [0, 1], 2)
        for a, b, c, d in product(pages, tabs, pages, tabs):
            name = f"page&tab_{pages[a]}&{tabs[b]}>{pages[c]}&{tabs[d]}"
            assert found[name][row] == grams[(a, b), (c, d)]


def test_many_ngrams_share_components():
    known, codes = fitted((50, 7), room=100)
    assert known.n_components == 100
    assert {grams.order for grams in known.grams if grams.is_hashed} == {1, 2, 3}
    found = known.counts(codes)
    for grams in known.grams:
        # each has one place and one sign, whatever the sequence
        places = {}
        for x in codes:
            for gram in counted(x, grams.columns, grams.order):
                values = np.column_stack([np.zeros(len(gram)), np.ones((len(gram), 2))])
                values[:, 1 + np.array(grams.columns)] = gram
                alone = RaggedArray(values, np.array([0, len(gram)]), 2)
                places[gram] = known.counts(alone)[0, grams.place]
                if grams.order == 1:
                    assert np.abs(places[gram]).sum() == 1
        if grams.order > 1:
            continue
        for row, x in zip(found, codes, strict=True):
            of_x = counted(x, grams.columns, grams.order)
            expected = sum(n * places[gram] for gram, n in of_x.items())
            assert_array_equal(row[grams.place], expected)
    names = known.names(["a", "b"], [[*map(str, range(50))], [*map(str, range(7))]])
    assert names[-1] == "ngram99"


def test_components_are_standardized_logarithms():
    known, codes = fitted((3, 2))
    counts = known.counts(codes)
    logs = np.sign(counts) * np.log1p(np.abs(counts))
    expected = UNIT * StandardScaler().fit_transform(logs)
    assert_allclose(known.encode(codes), expected, atol=1e-6)


def test_a_weight_of_two_is_the_sequence_twice():
    codes = random_codes((4,), [5, 9, 3])
    weighted = Ngrams.fit(256, codes[[0, 2, 1]], np.array([2.0, 0.0, 1.0]), (4,))
    repeated = Ngrams.fit(256, codes[[0, 0, 1]], np.ones(3), (4,))
    assert_allclose(weighted.mean, repeated.mean)
    assert_allclose(weighted.scale, repeated.scale)


@pytest.mark.parametrize("sizes", [(3,), (1000, 5, 60)])
def test_bits_depend_on_a_sequence_alone(sizes):
    known, codes = fitted(sizes)
    expected = known.encode(codes)
    for i in range(len(codes)):
        assert_array_equal(known.encode(codes[[i]])[0], expected[i])
    order = np.random.default_rng(0).permutation(len(codes))
    assert_array_equal(known.encode(codes[order]), expected[order])


def test_what_fit_did_not_see_counts_for_nothing():
    known, _ = fitted((50, 7))
    unknown = random_codes((0, 0), [1, 5], least=0)
    assert_array_equal(known.counts(unknown), 0)


@pytest.mark.parametrize("n_columns", [1, 30])
def test_any_number_of_columns_has_its_components(n_columns):
    for room in (9, 100, N_COMPONENTS):
        known = Ngrams((90,) * n_columns, room)
        assert known.n_components == room
        assert all(grams.n_numbers > 0 for grams in known.grams)


def test_few_components_hold_no_order():
    found = [default_n_ngrams(n) for n in (0, 8, 9, np.inf)]
    assert found == [0, 0, 9, N_COMPONENTS]


def test_plain_values_give_it_back():
    known, _ = fitted((3, 2))
    assert from_plain(Ngrams, to_plain(known), "ngrams") == known


def test_what_follows_is_read_from_components():
    known, codes = fitted((3, 50), room=120)
    found = known.chains(known.encode(codes))
    assert list(found) == [0]  # pairs of the other column share components
    for first, follows, x in zip(*found[0], codes, strict=True):
        assert first[int(x[0, 1]) - 1] > 0.9
        pairs, share = (
            counted(x, [0], 2),
            np.array([(x[:, 1] == c).mean() for c in (1, 2, 3)]),
        )
        for a, b in product((1, 2, 3), repeat=2):
            n = sum(pairs[(a,), (c,)] for c in (1, 2, 3))
            share = (x[:, 1] == b).mean()
            wanted = (pairs[(a,), (b,)] + 0.1 * share) / (n + 0.1)
            if n:
                assert follows[a - 1, b - 1] == pytest.approx(wanted, abs=0.03)
    for wild in known.chains(np.full((1, known.n_components), 1e30))[0]:
        assert_allclose(wild.sum(axis=-1), 1)


def test_draws_have_the_distribution_of_paths():
    rng, lengths = np.random.default_rng(0), np.array([3, 1, 2])
    offsets, n = offsets_from_lengths(lengths), 20_000
    logits, follows = rng.normal(size=(6, 2)), rng.uniform(0.1, 2, (3, 2, 2))
    start = rng.uniform(0.1, 2, (3, 2))
    drawn = drawn_paths(
        np.tile(logits, (n, 1)).astype(np.float32),
        offsets_from_lengths(np.tile(lengths, n)),
        (np.tile(start, (n, 1)), np.tile(follows, (n, 1, 1))),
        np.random.RandomState(0),
    ).reshape(n, 6)
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    for i, (first, end) in enumerate(pairwise(offsets)):
        likelihood = p[first:end] / p[first:end].mean(axis=0)
        paths = np.array(list(product((0, 1), repeat=end - first)))
        weight = [
            start[i, path[0]]
            * np.prod([each[code] for each, code in zip(likelihood, path, strict=True)])
            * np.prod([follows[i][pair] for pair in pairwise(path.tolist())])
            for path in paths
        ]
        share = [(drawn[:, first:end] == 1 + path).all(axis=1) for path in paths]
        expected = np.array(weight) / np.sum(weight)
        assert_allclose(np.mean(share, axis=1), expected, atol=0.015)
