"""N-grams of categories: which follow one another, and how often. None is trained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from itertools import combinations, product
from math import prod
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from sklearn_seqae._containers.ragged import RaggedArray
from sklearn_seqae._patches.exact import Standardized
from sklearn_seqae._utils.plain import Positive

N_COMPONENTS = 512  # at most
LONGEST = 3  # events of an n-gram
FEWEST = 3  # components of the n-grams of a column and an order, on average
NEGLIGIBLE = 1e-6  # spread that may be rounding
PRIOR = 0.1  # events that stand for all sequences beside the counts of one
LARGEST = 20.0  # logarithm of a count

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Codes = tuple[tuple[int, ...], ...]  # of n-grams


class Grams(NamedTuple):
    """N-grams of a column of categories, or of a pair of them, of one order.

    The number of an n-gram is the sum of what its codes stand for, modulo twice the
    components. Even numbers count up, odd ones down.
    """

    columns: tuple[int, ...]
    order: int  # events of an n-gram
    is_hashed: bool  # else each has a component of its own, in the order of its codes
    place: slice  # of the components
    # How many events before, which column, and what each of its codes stands for
    reads: list[tuple[int, int, Integers]]

    @property
    def n_numbers(self) -> int:
        return 2 * (self.place.stop - self.place.start)


@dataclass(frozen=True)
class Ngrams(Standardized):
    """Logarithms of counts of n-grams, standardized.

    They are the n-grams of up to `LONGEST` events of each column, and of each pair of
    columns, whose categories at one event are one. Where there are more of them than
    components, the components are a count sketch (Charikar, Chen and Farach-Colton,
    2002), as of scikit-learn's `HashingVectorizer`. An n-gram with a category that
    `fit` did not see counts for nothing.
    """

    category_sizes: tuple[int, ...]
    room: int  # components that there may be
    mean: tuple[float, ...] = ()
    scale: tuple[Positive, ...] = ()

    @classmethod
    def fit(
        cls,
        room: int,
        scaled: RaggedArray,
        sample_weight: NDArray[np.float64],
        category_sizes: tuple[int, ...],
    ) -> Ngrams:
        plain = cls(category_sizes, room)
        return plain.standardized(scaled, sample_weight, NEGLIGIBLE)

    @cached_property
    def grams(self) -> tuple[Grams, ...]:
        """Those of few n-grams have a component for each, the others share the rest."""
        columns = range(len(self.category_sizes))
        groups = [*combinations(columns, 1), *combinations(columns, 2)]
        kinds = sorted(
            (prod(self.category_sizes[c] for c in group) ** order, order, group)
            for group, order in product(groups, range(1, LONGEST + 1))
        )[: max(self.room // FEWEST, 1)]
        random_state, found, end = np.random.RandomState(0), list[Grams](), 0
        for i, (possible, order, group) in enumerate(kinds):
            n = min(possible, (self.room - end) // (len(kinds) - i))
            place, step = slice(end, end := end + n), 2 * possible
            reads = list[tuple[int, int, Integers]]()
            for lag, column in product(reversed(range(order)), group):
                size = self.category_sizes[column]
                step //= size
                of_codes = step * np.arange(-1, size, dtype=np.int64)
                if n < possible:
                    of_codes = random_state.randint(2 * n, size=size + 1)
                reads.append((lag, column, of_codes.astype(np.int64)))
            found.append(Grams(group, order, n < possible, place, reads))
        return tuple(found)

    @property
    def n_components(self) -> int:
        return self.grams[-1].place.stop

    def names(
        self, features: Sequence[str], categories: Sequence[Sequence[str]]
    ) -> list[str]:
        """Name the components, by the columns and by their categories."""
        found = [f"ngram{n}" for n in range(self.n_components)]
        for grams in self.grams:
            if not grams.is_hashed:
                column = "&".join(features[c] for c in grams.columns)
                events = [
                    "&".join(e)
                    for e in product(*(categories[c] for c in grams.columns))
                ]
                found[grams.place] = [
                    f"{column}_{'>'.join(each)}"
                    for each in product(events, repeat=grams.order)
                ]
        return found

    def measured(self, ragged: RaggedArray) -> NDArray[np.float64]:
        """Return the logarithms of the counts."""
        return logarithms(np, self.counts(ragged).astype(np.float64))

    def counts(self, scaled: RaggedArray) -> Integers:
        """Return the counts, with signs where n-grams share components."""
        n = len(scaled)
        found = np.empty((n, self.n_components), np.int64)
        row = np.repeat(np.arange(n), scaled.lengths)
        codes = [delayed(scaled, lag).T for lag in range(LONGEST)]
        for grams in self.grams:
            size = grams.n_numbers + 1
            places = row * size + numbers(np, grams, codes)
            counts = np.bincount(places, minlength=n * size).reshape(n, size)
            found[:, grams.place] = counts[:, :-1:2] - counts[:, 1::2]
        return found

    def chains(self, components: Any) -> dict[int, tuple[Floats, Floats]]:
        """Return the probabilities of the first category, and of those after each.

        By column, (n_sequences, size) and (n_sequences, size, size), from components.
        Only of columns where each pair has a component of its own.
        """
        mean, logs = np.array(self.mean), components * self.scale + self.mean
        usual, counts = (np.expm1(np.clip(x, 0, LARGEST)) for x in (mean, logs))
        of_one = {g.columns: g.place for g in self.grams if g.order == 1}
        found = dict[int, tuple[Floats, Floats]]()
        for grams in self.grams:
            if grams.is_hashed or grams.order != 2 or len(grams.columns) > 1:
                continue
            place, (column,) = of_one[grams.columns], grams.columns
            size = self.category_sizes[column]
            prior = PRIOR * shares(usual[place] + NEGLIGIBLE)
            share = shares(counts[:, place] + prior)
            pairs = counts[:, grams.place].reshape(-1, size, size)
            first = (counts[:, place] - pairs.sum(axis=1)).clip(0)  # it follows none
            found[column] = (
                shares(first + PRIOR * share),
                shares(pairs + PRIOR * share[:, None]),
            )
        return found


def shares(counts: Floats) -> Floats:
    """Divide by sums over the last axis."""
    found: Floats = counts / counts.sum(axis=-1, keepdims=True)
    return found


def drawn_paths(
    logits: NDArray[np.floating],
    offsets: Integers,
    chains: tuple[Floats, Floats],
    random_state: np.random.RandomState,
) -> Integers:
    """Draw codes of sequences, as the hidden states of Markov chains.

    ``chains`` are of `Ngrams.chains`. A likelihood is what the softmax of the logits
    has of a category at an event, over what it has in all of the sequence (Bourlard and
    Morgan, 1994). They are filtered forwards and drawn backwards.
    """
    lengths, until = np.diff(offsets), softmax(logits.astype(float), axis=1)
    usual = np.add.reduceat(until, offsets[:-1]) / lengths[:, None]
    until /= np.repeat(usual + np.finfo(float).tiny, lengths, axis=0)
    (start, follows), codes = chains, np.empty(len(logits), np.int64)
    gumbel = random_state.gumbel(size=logits.shape)
    until[offsets[:-1]] *= start
    for t in range(1, lengths.max()):
        on = np.flatnonzero(lengths > t)
        rows = offsets[on] + t
        before = until[rows - 1, None] @ follows[on]
        until[rows] = shares(until[rows] * before[:, 0])
    for t in reversed(range(lengths.max())):
        on = np.flatnonzero(lengths > t)
        rows = offsets[on] + t
        weight = until[rows]
        last = lengths[on] == t + 1
        after = codes[rows[~last] + 1] - 1
        weight[~last] *= follows[on[~last], :, after]
        # The largest is drawn by these weights
        codes[rows] = 1 + np.argmax(
            np.log(weight + np.finfo(float).tiny) + gumbel[rows], axis=1
        )
    return codes


def delayed(scaled: RaggedArray, lag: int) -> Integers:
    """Return the codes of some events before, 0 before the first."""
    found = np.zeros(scaled.codes.shape, np.int64)
    found[lag:] = scaled.codes[: len(found) - lag]
    found[scaled.positions < lag] = 0
    return found


def numbers(ops: Any, grams: Grams, codes: Sequence[Any]) -> Any:
    """Return n-grams' numbers by event, the largest for none; codes by lag, column."""
    read = [codes[lag][column] for lag, column, _ in grams.reads]
    tables = (table for *_, table in grams.reads)
    total = sum(ops.take(t, c, axis=0) for t, c in zip(tables, read, strict=True))
    size = grams.n_numbers
    return ops.where(reduce(ops.minimum, read) > 0, ops.mod(total, size), size)


def logarithms(ops: Any, counts: Any) -> Any:
    """Return logarithms of counts, with their sign."""
    logs = ops.log(ops.abs(counts) + 1)
    return ops.where(counts < 0, -logs, logs)


def default_n_ngrams(room: float) -> int:
    """Return how many components there may be; 0 where few would hold no order."""
    return int(min(N_COMPONENTS, room)) if room >= LONGEST * FEWEST else 0


# Of one column, for aggregates --------------------------------------------------------


def frequent(
    encoded: RaggedArray, j: int, size: int, orders: range, most: int | None
) -> Codes:
    """Return all codes of a feature, and its most frequent n-grams, in order."""
    if (size + 1) ** orders[-1] > np.iinfo(np.int64).max:
        raise ValueError(
            f"ngram_range has n-grams of {orders[-1]} events, too many to tell apart "
            f"those of {size} categories; lower it, or max_categories."
        )
    grams = list[tuple[int, ...]]()
    for order in orders:
        numbers = numbers_of_column(encoded, j, order, size)
        found, counts = np.unique(numbers[numbers > 0], return_counts=True)
        found = np.sort(found[np.argsort(-counts, kind="stable")[:most]])
        if order == 1:
            found = np.arange(1, size + 1)
        codes = np.unravel_index(found, (size + 1,) * order)
        grams += map(tuple, np.transpose(codes).tolist())
    return tuple(grams)


def numbers_of_column(encoded: RaggedArray, j: int, order: int, size: int) -> Integers:
    """Return numbers of n-grams by event, 0 for none; they rise as their codes."""
    codes = [delayed(encoded, lag)[:, j] for lag in reversed(range(order))]
    numbers = np.ravel_multi_index(tuple(codes), (size + 1,) * order)
    return np.where(np.min(codes, axis=0) > 0, numbers, 0)
