"""Chains of categories, beside a loop that counts one event after the other."""

from collections import Counter, defaultdict

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.integrate import quad

from sklearn_seqae._containers.ragged import RaggedArray, offsets_from_lengths
from sklearn_seqae._patches import chains
from sklearn_seqae._patches.chains import DISCOUNTS, STRENGTHS, Chain
from sklearn_seqae._utils.plain import from_plain, to_plain

SIZE = 4


def sequences(n, seed=0, noise=0.3):
    """Each event is the sum of the two before, but for noise."""
    rng, found = np.random.default_rng(seed), []
    for length in rng.integers(1, 12, n):
        x = [0, 1]
        for _ in range(length):
            is_noise = rng.random() < noise
            x.append(rng.integers(SIZE) if is_noise else (x[-1] + x[-2]) % SIZE)
        found.append(1 + np.array(x[2:]))
    return found


def ragged(found):
    lengths = [len(x) for x in found]
    numbers = np.zeros(sum(lengths))
    values = np.column_stack([numbers, np.concatenate(found)])
    return RaggedArray(values, offsets_from_lengths(lengths), 1)


def counted(found, weight=None):
    weight = np.ones(len(found)) if weight is None else weight
    return Chain.counted(ragged(found), 0, SIZE, weight)


def pasts(found):
    """Of each event but the first, the codes before it, the latest first."""
    padded = [[0, 0, 0, *x] for x in found]
    events = [
        (x[i - 1 : i - 4 : -1] if i > 3 else x[2::-1], x[i])
        for x in padded
        for i in range(4, len(x))
    ]
    return np.array([past for past, _ in events]), np.array([c for _, c in events])


def by_hand(found, past, discount, strength):
    """Back off from one past to the next shorter one, with one pair for all."""
    follows = defaultdict(Counter)
    for before, code in zip(*pasts(found), strict=True):
        for order in range(4):
            follows[tuple(before[:order])][code] += 1
    p = np.full(SIZE, 1 / SIZE)
    for order in range(4):
        counts = follows[tuple(past[:order])]
        if total := sum(counts.values()):
            own = np.array([max(counts[c] - discount, 0) for c in range(1, SIZE + 1)])
            rest = strength + total - own.sum()
            p = (own + rest * p) / (strength + total)
    return p


@pytest.mark.parametrize(("discount", "strength"), [(0.0, 2.0), (0.75, 0.5)])
def test_it_backs_off(discount, strength, monkeypatch):
    monkeypatch.setattr(chains, "DISCOUNTS", (discount,))
    monkeypatch.setattr(chains, "STRENGTHS", np.array([strength]))
    found = sequences(40)
    recent = pasts(sequences(9, seed=1))[0]
    expected = [by_hand(found, past, discount, strength) for past in recent]
    assert_allclose(counted(found).next(recent), expected, rtol=1e-12)


def test_discount_and_strength_are_those_that_tell_what_is_left_out(monkeypatch):
    """Of the shortest pasts, which hold nothing but how often each category comes."""
    monkeypatch.setattr(chains, "LONGEST", 0)
    found = sequences(20)
    counts = Counter(pasts(found)[1])
    n = sum(counts.values())

    def fit(discount, strength):
        total = 0.0
        for code in counts:
            left = counts - Counter([code])
            own = max(left[code] - discount, 0)
            rest = sum(min(k, discount) for k in left.values()) + strength
            p = (own + rest / SIZE) / (n - 1 + strength)
            total += counts[code] * np.log(p)
        return total

    best = max(((d, s) for d in DISCOUNTS for s in STRENGTHS), key=lambda e: fit(*e))
    (level,) = counted(found).levels
    taken = sum(min(k, best[0]) for k in counts.values())
    assert_allclose([level.total[0], level.given[0]], [n + best[1], taken + best[1]])


def test_it_is_better_than_shorter_pasts(monkeypatch):
    train, (recent, code) = sequences(300), pasts(sequences(300, seed=1))

    def log_loss():
        p = counted(train).next(recent)
        assert_allclose(p.sum(axis=1), 1)
        return -np.log(p[np.arange(len(code)), code - 1]).mean()

    found = []
    for longest in (3, 2, 1):
        monkeypatch.setattr(chains, "LONGEST", longest)
        found.append(log_loss())
    of_process = -(0.775 * np.log(0.775) + 0.225 * np.log(0.075))
    assert of_process < found[1] + 0.02 < found[2]
    assert found[0] < found[1] + 0.01  # what a third event adds is noise


def test_counts_merge():
    found = sequences(30)
    both = counted(found[:11]).merged(counted(found[11:]))
    whole = counted(found)
    assert_array_equal(both.grams, whole.grams)
    assert_array_equal(both.counts, whole.counts)


def test_a_weight_of_two_is_a_sequence_twice():
    found = sequences(10)
    once = counted(found, np.array([2.0, *np.ones(9)]))
    assert_array_equal(once.counts, counted([found[0], *found]).counts)


def test_pasts_get_shorter_where_they_are_many(monkeypatch):
    found = sequences(100)
    of_two = len(np.unique(counted(found).grams % 5**3))
    monkeypatch.setattr(chains, "MOST", 40)
    short = counted(found)
    assert (short.order, counted(found[:2]).order) == (1, 3)
    assert short.counts.sum() == sum(len(x) - 1 for x in found)
    merged = counted(found[:2]).merged(short)
    assert_allclose(merged.next(pasts(found)[0]).sum(axis=1), 1)
    monkeypatch.setattr(chains, "MOST", of_two)
    assert counted(found).order == 2  # no shorter than needed
    many = Chain.counted(ragged(found), 0, 10**6, np.ones(100))
    assert many.order == 2  # 1e18 n-grams have numbers of 64 bits


def test_nothing_followed():
    lonely = counted([np.array([1]), np.array([3])])
    assert_allclose(lonely.next(np.array([[1, 0, 0]])), np.full((1, SIZE), 1 / SIZE))


@pytest.mark.parametrize("knows", [True, False])
def test_the_network_gets_a_share_where_it_tells_more(knows):
    chain, (recent, code) = (
        counted(sequences(50, noise=1)),
        pasts(sequences(50, seed=1, noise=1)),
    )
    p = np.full((len(code), SIZE), 0.1 / SIZE)
    p[np.arange(len(code)), (code if knows else recent[:, 2]) - 1] += 0.9
    weighed = chain.weighed(np.log(p), recent, code, np.ones(len(code)))
    assert_allclose(weighed.share, 1.0 if knows else 0.0, atol=0.01)
    mixed = np.log(p)
    weighed.mix_into(mixed, recent)
    assert_allclose(np.exp(mixed), p if knows else chain.next(recent), atol=0.01)
    assert weighed.merged(chain).share == weighed.share


@pytest.mark.parametrize("n", [1, 10, 40])
def test_of_few_events_the_share_is_the_mean_of_what_is_likely(n):
    """By an integral over all shares, none more likely than another before."""
    chain, (recent, code) = counted(sequences(50)), pasts(sequences(20, seed=1))
    recent, code, rng = recent[:n], code[:n], np.random.default_rng(0)
    p = rng.dirichlet(np.ones(SIZE), n)
    own, other = (of[np.arange(n), code - 1] for of in (chain.next(recent), p))

    def likely(share):
        return np.prod((1 - share) * own + share * other)

    expected = quad(lambda s: s * likely(s), 0, 1)[0] / quad(likely, 0, 1)[0]
    share = chain.weighed(np.log(p), recent, code, np.ones(n)).share
    assert_allclose(share, expected, atol=0.02)


def test_it_is_saved_as_plain_values():
    chain = counted(sequences(5))
    again = from_plain(Chain, to_plain(chain), "chain")
    assert_array_equal(
        again.next(pasts(sequences(3))[0]), chain.next(pasts(sequences(3))[0])
    )
