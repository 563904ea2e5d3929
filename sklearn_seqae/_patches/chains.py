"""Chains of categories: what follows the last few events, counted, not learnt."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.utils import gen_batches

from sklearn_seqae._containers.ragged import RaggedArray
from sklearn_seqae._patches.ngrams import delayed

LONGEST = 3  # events that tell the next one, at most
MOST = 2**20  # n-grams that are told apart
SAMPLE = 2**16  # of these, about so many choose discounts and strengths
DISCOUNTS = (0.0, 0.25, 0.5, 0.75, 0.9)
STRENGTHS = np.geomspace(0.1, 1e5, 13)
BLOCK = 2**22  # probabilities that are computed at a time
SHARES = np.linspace(0, 1, 21)

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]


class Level(NamedTuple):
    """Counts of what follows pasts of so many events."""

    pasts: Integers  # numbers of those that occur, sorted, (n_pasts,)
    counts: Any  # sparse, (n_pasts, size): less a discount
    given: Floats  # (n_pasts,): what a past that is shorter by one counts
    total: Floats  # (n_pasts,): both


@dataclass(frozen=True)
class Chain:
    """Counts of n-grams of a column of categories, and what they say of the next one.

    Longer pasts back off to shorter ones, by a discount of each count and a strength:
    Pitman-Yor processes in a hierarchy (Teh, 2006), as interpolated Kneser-Ney. For
    each length of a past, those are chosen that make the counted events most likely,
    each of them left out of the counts.
    """

    size: int  # categories
    order: int  # events before the one that is counted
    # An n-gram's codes in time, as digits of a number; 0 is before the first event, or
    # a category that is unknown
    grams: Integers
    counts: Floats
    share: float = 0.0  # of a network in forecasts

    @classmethod
    def of(cls, size: int, order: int, grams: Integers, counts: Floats) -> Chain:
        """Add up the counts of equal n-grams, which get shorter where they are many."""
        base = size + 1
        while len(np.unique(grams % base ** (order + 1))) > MOST and order:
            order -= 1
        grams, same = np.unique(grams % base ** (order + 1), return_inverse=True)
        summed: Any = np.bincount(same, counts, len(grams))
        return cls(size, order, grams, summed)

    @classmethod
    def counted(cls, scaled: RaggedArray, j: int, size: int, weight: Floats) -> Chain:
        """Count what follows in a column of codes; ``weight`` is of sequences."""
        base, order = size + 1, LONGEST
        while base ** (order + 1) > np.iinfo(np.int64).max:
            order -= 1
        codes = [delayed(scaled, lag)[:, j] for lag in range(order + 1)]
        grams = sum(of_lag * base**lag for lag, of_lag in enumerate(codes))
        ends = (scaled.positions > 0) & (codes[0] > 0)
        return cls.of(size, order, grams[ends], weight.repeat(scaled.lengths)[ends])

    def merged(self, other: Chain) -> Chain:
        """Return the counts of both, with the share of this one."""
        grams = np.append(self.grams, other.grams)
        counts = np.append(self.counts, other.counts)
        both = self.of(self.size, min(self.order, other.order), grams, counts)
        return replace(both, share=self.share)

    @cached_property
    def levels(self) -> tuple[Level, ...]:
        """Counts of what follows, by the length of the past."""
        base, found = self.size + 1, list[Level]()
        known, likely = np.arange(base), np.full(base, 1 / self.size)
        for order in range(self.order + 1):
            shorter = known
            known, same = np.unique(
                self.grams % base ** (order + 1), return_inverse=True
            )
            counts: Any = np.bincount(same, self.counts, len(known))
            pasts, past = np.unique(known // base, return_inverse=True)
            below = likely[np.searchsorted(shorter, known % base ** max(order, 1))]
            discount, strength, likely = _chosen(counts, past, below)
            taken = np.minimum(counts, discount)
            ends = np.searchsorted(past, np.arange(len(pasts) + 1))
            left = counts - taken, known % base - 1, ends
            matrix = sparse.csr_array(left, shape=(len(pasts), self.size))
            sums: Any = (np.bincount(past, e, len(pasts)) for e in (taken, counts))
            found.append(Level(pasts, matrix, *(strength + each for each in sums)))
        return tuple(found)

    def next(self, recent: Integers) -> Floats:
        """Return probabilities of the next code, (N, size).

        ``recent`` are the codes before it, (N, LONGEST) or more, the latest first.
        """
        powers = (self.size + 1) ** np.arange(self.order, dtype=np.int64)
        found = np.full((len(recent), self.size), 1 / self.size)
        for order, level in enumerate(self.levels):
            past = recent[:, :order] @ powers[:order]
            rows = np.flatnonzero(np.isin(past, level.pasts))
            place = np.searchsorted(level.pasts, past[rows])
            own, given = level.counts[place].toarray(), level.given[place, None]
            found[rows] = (own + given * found[rows]) / level.total[place, None]
        return found

    def mix_into(self, log_p: NDArray[Any], recent: Integers) -> None:
        """Change log-probabilities of the next code, (N, size), from a network's."""
        for rows in gen_batches(len(log_p), max(1, BLOCK // self.size)):
            own = (1 - self.share) * self.next(recent[rows])
            log_p[rows] = np.log(own + self.share * np.exp(log_p[rows]))

    def weighed(
        self, log_p: NDArray[Any], recent: Integers, code: Integers, weight: Floats
    ) -> Chain:
        """Find the share by events that neither this nor the network has learnt.

        The mean of all shares, by how likely each makes ``code``, which came.
        """
        rows = np.flatnonzero(code)
        both = self.next(recent[rows]), np.maximum(np.exp(log_p[rows]), 1e-99)
        own, other = (p[np.arange(len(rows)), code[rows] - 1, None] for p in both)
        fit = weight[rows] @ np.log((1 - SHARES) * own + SHARES * other)
        likely = np.exp(fit - fit.max())
        return replace(self, share=float(likely @ SHARES / likely.sum()))


def _chosen(
    counts: Floats, past: Integers, below: Floats
) -> tuple[float, float, Floats]:
    """Choose a discount and a strength; return them and the likelihood of each n-gram.

    It is that of an event that is left out. ``past`` numbers the past of each,
    ``below`` is what the shorter ones say.
    """
    left = np.maximum(counts - 1, 0)
    rest = np.maximum(np.bincount(past, counts)[past] - 1, 0)
    some = slice(None, None, max(1, len(counts) // SAMPLE))
    best, found = -np.inf, (0.0, 1.0, below)
    for discount, strength in product(DISCOUNTS, STRENGTHS.tolist()):
        taken, own = np.minimum(counts, discount), np.minimum(left, discount)
        given = strength + np.bincount(past, taken)[past] - taken + own
        likely = (left - own + given * below) / (rest + strength)
        fit = float(counts[some] @ np.log(likely[some]))
        if fit > best:
            best, found = fit, (discount, strength, likely)
    return found
