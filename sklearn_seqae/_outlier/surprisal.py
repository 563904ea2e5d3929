"""Surprisal of categories: how rare each is, and how rarely it follows another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import KFold

from sklearn_seqae._containers.ragged import RaggedArray
from sklearn_seqae._utils.plain import PositiveFloats

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]

NO_PAIR = np.iinfo(np.int64).max  # above all pairs


@dataclass(frozen=True)
class MarkovChain:
    """First-order Markov chain of codes 0, 1, ..., as for system calls in [1]_.

    No probability is zero: each code counts once more than it occurs and, after each
    code, all others count once by their shares.

    Attributes
    ----------
    shares : ndarray of shape (n_codes,)
        Of all time steps.
    pairs : ndarray of shape (n_pairs + 1,)
        Sorted: a code times n_codes, plus the next one. The last is none.
    counts : ndarray of shape (n_pairs + 1,)
        How often each pair occurs.
    totals : ndarray of shape (n_codes,)
        Pairs that begin with each code.

    References
    ----------
    .. [1] Ye, N. (2000). A Markov chain model of temporal behavior for anomaly
       detection. IEEE Systems, Man, and Cybernetics Information Assurance Workshop.
    """

    shares: PositiveFloats
    pairs: Codes
    counts: Floats
    totals: Floats

    def __post_init__(self) -> None:
        n_codes, n_pairs = len(self.shares), len(self.pairs)
        shapes = self.totals.shape, self.counts.shape
        if shapes != ((n_codes,), (n_pairs,)) or self.pairs[-1] != NO_PAIR:
            raise ValueError(
                f"a chain has shapes {shapes}, for {n_codes} codes and {n_pairs} pairs"
            )

    @classmethod
    def fit(cls, codes: Codes, offsets: Codes, n_codes: int) -> Self:
        """Fit to the codes of sequences, one sequence after the other."""
        frequency = np.bincount(codes, minlength=n_codes) + 1.0
        before, after = _neighbours(codes, offsets)
        pairs, counts = np.unique(before * n_codes + after, return_counts=True)
        return cls(
            frequency / frequency.sum(),
            np.append(pairs, NO_PAIR),
            np.append(counts, 0.0),
            np.bincount(before, minlength=n_codes).astype(np.float64),
        )

    def of_sequences(self, codes: Codes, offsets: Codes) -> Floats:
        """Return mean surprisals of codes and of pairs, in nats, (2, n_sequences)."""
        lengths, share = np.diff(offsets), self.shares[codes]
        before, after = _neighbours(codes, offsets)
        pairs = before * len(self.shares) + after
        place = np.searchsorted(self.pairs, pairs)
        count = np.where(self.pairs[place] == pairs, self.counts[place], 0)
        follows = (count + self.shares[after]) / (self.totals[before] + 1)
        row = np.repeat(np.arange(len(lengths)), lengths - 1)
        of_pairs = np.bincount(row, -np.log(follows), len(lengths))
        of_codes = np.add.reduceat(-np.log(share), offsets[:-1])
        return np.stack([of_codes / lengths, of_pairs / np.maximum(lengths - 1, 1)])


@dataclass(frozen=True)
class CrossFittedChain:
    """The largest surprisal of several chains, each fitted without some sequences.

    So sequences in `fit` surprise like new ones; see `CrossFittedDistance`.
    """

    chains: tuple[MarkovChain, ...]

    @property
    def n_codes(self) -> set[int]:
        """Number of codes, one for all chains."""
        return {len(chain.shares) for chain in self.chains}

    @classmethod
    def fit(
        cls,
        sequences: RaggedArray,
        column: int,
        n_codes: int,
        n_folds: int,
        random_state: np.random.RandomState,
    ) -> Self:
        """Fit to a column of codes, in random folds."""
        folds = KFold(n_folds, shuffle=True, random_state=random_state)
        chains = []
        for rest, _ in folds.split(sequences.lengths):
            part = sequences.take(rest)
            codes = part.codes[:, column].astype(np.int64)
            chains.append(MarkovChain.fit(codes, part.offsets, n_codes))
        return cls(tuple(chains))

    def of_sequences(self, codes: Codes, offsets: Codes) -> Floats:
        """Return the largest surprisals, (2, n_sequences); see `MarkovChain`."""
        found = [chain.of_sequences(codes, offsets) for chain in self.chains]
        largest: Floats = np.max(found, axis=0)
        return largest


def _neighbours(codes: Codes, offsets: Codes) -> tuple[Codes, Codes]:
    """Return each code that has a next one in its sequence, and the next one."""
    is_last = np.zeros(len(codes), bool)
    is_last[offsets[1:] - 1] = True
    before = np.flatnonzero(~is_last)
    return codes[before], codes[before + 1]
