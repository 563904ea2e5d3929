"""Texture of whole sequences: how often fixed kernels respond.

The kernels are those of MiniRocket (Dempster, Schmidt and Webb, 2021), dilated up to
twice the length of a sequence. A response is pooled as the share of time steps at which
it is above an edge. Half of the kernels read changes from one time step to the next, as
in MultiRocket (Tan et al., 2022). Nothing of it is trained.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property, reduce
from itertools import combinations
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._containers.ragged import RaggedArray, blocks, offsets_from_lengths
from sklearn_seqae._patches.convolutions import POSITIVE, TAPS
from sklearn_seqae._patches.exact import Standardized
from sklearn_seqae._utils.plain import Positive

KERNELS = np.array(list(combinations(range(TAPS), POSITIVE)))  # their taps of weight 2
ROUNDS = 6  # of all kernels, by default
N_COMPONENTS = ROUNDS * len(KERNELS)
MOST_MIXED = 9  # features that a kernel reads
TYPICAL = 0.75  # quantile of the lengths
WIDEST = 2  # times this is what a kernel spans
GOLDEN = (1 + 5**0.5) / 2
DRAWN = 1 << 13  # time steps that edges are fitted to
SOFT = 0.3  # width of an edge, in standard deviations of the response
SMALLEST = 1e-4  # of it, in those of the values: less is rounding
NEGLIGIBLE = 1e-3  # spread of a share that is not scaled
LARGEST = 1e9  # of a value, so that no response overflows
RESPONSES = 1 << 15  # numbers at a time, so that short sequences cost few calls
BLOCK = 1 << 19  # numbers at a time, so that taps of all are never in memory
TIME_STEPS = 1 << 10, 1 << 15  # of a block, at least and at most

Floats = NDArray[np.float32]
Indices = NDArray[np.int64]


class Round(NamedTuple):
    """Each kernel once, with one dilation; n of them."""

    columns: slice  # of the components
    dilation: int
    of_changes: bool  # reads changes from one time step to the next
    positive: Indices  # (n, POSITIVE): taps of weight 2; others have -1
    reads: NDArray[np.bool_]  # (n_features, n): features that are added up

    @property
    def kernel(self) -> Floats:
        """All kernels as one, (TAPS, n_features, n)."""
        weights = np.full((TAPS, len(self.positive)), -1, np.float32)
        np.put_along_axis(weights, self.positive.T, 2, axis=0)
        return weights[:, None] * self.reads


@dataclass(frozen=True)
class Texture(Standardized):
    """Fixed kernels, and the edges that their responses cross.

    A kernel reads the sum of some features at nine time steps, a dilation apart. Beyond
    a sequence's ends there are zeros. An edge is soft, as rounding differs in ONNX.
    """

    n_features: int
    n_units: int  # in which the features are there, one after the other
    dilations: tuple[int, ...]  # of the rounds
    # Of each component: where its edge is, and how wide
    edges: tuple[float, ...]
    widths: tuple[Positive, ...]
    mean: tuple[float, ...]
    scale: tuple[Positive, ...]

    @classmethod
    def fit(
        cls,
        n_components: int,
        filled: RaggedArray,
        sample_weight: NDArray[np.float64],
        n_units: int = 1,
    ) -> Texture:
        """Fit to sequences without missing values."""
        n_rounds = -(-n_components // len(KERNELS))
        lengths = filled.lengths[_draw(filled.lengths, sample_weight)[0]]
        dilations = _dilations(n_rounds, int(np.quantile(lengths, TYPICAL)))
        zeros, ones = (0.0,) * n_components, (1.0,) * n_components
        plain = cls(filled.n_features, n_units, dilations, zeros, ones, zeros, ones)
        edged = plain._with_edges(filled, sample_weight)
        return edged.standardized(filled, sample_weight, NEGLIGIBLE)

    def _with_edges(
        self, filled: RaggedArray, sample_weight: NDArray[np.float64]
    ) -> Texture:
        """Put edges at quantiles of the responses to time steps that are drawn."""
        sequence, before = _draw(filled.lengths, sample_weight)
        rows = filled.offsets[sequence] + before
        after = filled.offsets[sequence + 1] - 1 - rows
        sources = _sources(filled, self.reach)
        edges, widths = np.empty((2, self.n_components))
        for each in self.rounds:
            source, at = sources[each.of_changes], rows + self.reach
            taps = _taps(source, at, before, after, each.dilation)
            columns = range(self.n_components)[each.columns]
            every = (found for _, some in _responses(each, taps) for found in some)
            for column, found in zip(columns, every, strict=True):
                # The golden ratio spreads those of each kernel and of neighbours
                kernel, i = column % len(KERNELS), column // len(KERNELS)
                place = (kernel * len(self.rounds) + i + 1) * GOLDEN % 1
                edges[column] = np.quantile(found, place)
                widths[column] = SOFT * found.std(dtype=np.float64)
        size = np.sqrt(np.mean(filled.values[rows].astype(np.float64) ** 2))
        widths = np.maximum(widths, SMALLEST * size or 1.0)
        return replace(self, edges=_plain(edges), widths=_plain(widths))

    @property
    def n_components(self) -> int:
        return len(self.scale)

    @property
    def reach(self) -> int:
        """Time steps that kernels read before and after one."""
        return TAPS // 2 * max(self.dilations)

    @cached_property
    def rounds(self) -> tuple[Round, ...]:
        """Kernels in the order of their components."""
        random_state, found = np.random.RandomState(0), []
        kernels = random_state.permutation(KERNELS)  # the last round may have a few
        n_features = self.n_features // self.n_units
        for i, dilation in enumerate(self.dilations):
            first = i * len(kernels)
            n = min(len(kernels), self.n_components - first)
            reads = np.zeros((n, self.n_units, n_features), bool)
            for k, of_kernel in enumerate(reads):
                most = np.log2(min(n_features, MOST_MIXED) + 1)
                n_read = int(2 ** random_state.uniform(0, most))
                features = random_state.permutation(n_features)[:n_read]
                of_kernel[(k + i // 2 + i) % self.n_units, features] = True
            columns = slice(first, first + n)
            reads_by = reads.reshape(n, -1).T
            found.append(Round(columns, dilation, i % 2 == 1, kernels[:n], reads_by))
        return tuple(found)

    def measured(self, ragged: RaggedArray) -> NDArray[np.float64]:
        """Return how often responses are above their edges, between 0 and 1."""
        # Sums of products one by one, and no matrix product, whose rounding of a row
        # would depend on the number of rows: an embedding has one form to the bit. For
        # its sake, long sequences are cut at places of their own.
        size = int(np.clip(BLOCK // self.n_features, *TIME_STEPS))
        n_pieces = -(-ragged.lengths // size)
        first = offsets_from_lengths(n_pieces)
        within = np.arange(first[-1]) - np.repeat(first[:-1], n_pieces)
        begins = np.repeat(ragged.offsets[:-1], n_pieces)
        ends = np.repeat(ragged.offsets[1:], n_pieces)
        pieces = np.append(begins + within * size, ragged.n_timesteps)
        sums = np.empty((self.n_components, first[-1]))
        sources = _sources(ragged, self.reach)
        for one, end in blocks(pieces, size):
            rows = np.arange(pieces[one], pieces[end])
            at = slice(rows[0] + self.reach, rows[-1] + 1 + self.reach)
            n = np.diff(pieces[one : end + 1])
            before = rows - np.repeat(begins[one:end], n)
            after = np.repeat(ends[one:end], n) - 1 - rows
            starts = pieces[one:end] - pieces[one]
            for each in self.rounds:
                source = sources[each.of_changes]
                taps = _taps(source, at, before, after, each.dilation)
                for some, above in self._above(each, taps):
                    shares = np.add.reduceat(above, starts, axis=1)
                    sums[each.columns][some, one:end] = shares
        return np.add.reduceat(sums, first[:-1], axis=1).T / ragged.lengths[:, None]

    def _above(self, each: Round, taps: Floats) -> Iterator[tuple[slice, Floats]]:
        """Yield kernels, and how far time steps are above the edge of each, 0 to 1."""
        edges, widths = (
            np.array(numbers[each.columns], np.float32)[:, None]
            for numbers in (self.edges, self.widths)
        )
        for some, found in _responses(each, taps):
            found -= edges[some]
            found /= widths[some]
            found += np.float32(0.5)
            yield some, np.clip(found, 0, 1, out=found)


def _responses(each: Round, taps: Floats) -> Iterator[tuple[slice, Floats]]:
    """Yield some kernels after the others, and their responses, (n, n_timesteps)."""
    less, step = -reduce(np.add, taps), max(RESPONSES // taps.shape[2], 1)
    for first in range(0, len(each.positive), step):
        some = slice(first, first + step)
        reads = each.reads.T[some]
        # The first feature of each kernel, then the second of those that read two, ...
        order, counts = np.argsort(~reads, kind="stable"), reads.sum(axis=1)
        ranks = [np.flatnonzero(counts > rank) for rank in range(counts.max())]
        three = each.positive[some].T
        found = taps[three[0], order[:, 0]]
        for rank, rows in enumerate(ranks):
            for tap in three[0 if rank else 1 :]:
                _add(found, rows, taps, tap[rows], order[rows, rank])
        found *= 3
        for rank, rows in enumerate(ranks):
            _add(found, rows, less, order[rows, rank])
        yield some, found


def _add(found: Floats, rows: Indices, source: Floats, *places: Indices) -> None:
    """Add what stands at some places to rows, without a copy where there is one."""
    if len(rows) == 1:
        found[rows[0]] += source[tuple(place[0] for place in places)]
    elif len(rows) == len(found):
        found += source[places]
    else:
        found[rows] += source[places]


def _taps(
    source: Floats,
    rows: slice | Indices,
    before: Indices,
    after: Indices,
    dilation: int,
) -> Floats:
    """Return what kernels read around some columns: (TAPS, n_features, n_rows).

    ``before`` and ``after`` say how many time steps a sequence has on either side.
    """
    found = np.empty((TAPS, len(source), len(before)), np.float32)
    for tap, into in enumerate(found):
        ahead = (tap - TAPS // 2) * dilation
        if isinstance(rows, slice):
            there = source[:, rows.start + ahead : rows.stop + ahead]
        else:
            there = source[:, rows + ahead]
        inside = (before >= -ahead) & (after >= ahead)
        np.multiply(there, inside.astype(np.float32), out=into)
    return found


def _sources(filled: RaggedArray, margin: int) -> tuple[Floats, Floats]:
    """Return values and changes, (n_features, n_timesteps), between zeros."""
    size = filled.n_features, filled.n_timesteps + 2 * margin
    values, changes = np.zeros((2, *size), np.float32)
    inside = slice(margin, margin + filled.n_timesteps)
    np.clip(filled.values.T, -LARGEST, LARGEST, out=values[:, inside])
    changes[:, inside] = values[:, inside] - values[:, margin - 1 : inside.stop - 1]
    first = margin + filled.offsets[:-1]
    changes[:, first] = values[:, first]  # from zero, which is before a sequence
    return values, changes


def _draw(lengths: Indices, weight: NDArray[np.float64]) -> tuple[Indices, Indices]:
    """Draw sequences by weight, and a time step of each."""
    # A sequence of weight 2 is drawn as two that are equal, side by side
    total = np.cumsum(weight)
    one, other = np.random.RandomState(0).uniform(size=(2, DRAWN))
    sequence = np.searchsorted(total, one * total[-1], side="right")
    return sequence, (other * lengths[sequence]).astype(np.int64)


def _dilations(n_rounds: int, length: int) -> tuple[int, ...]:
    """Dilations of the rounds, up to where a kernel is longer than a sequence."""
    n = -(-n_rounds // 2)  # half of the rounds read changes
    widest = np.log2(max(WIDEST * (length - 1) // (TAPS - 1), 1))
    distinct = np.unique(np.rint(2 ** np.linspace(0, widest, n)).astype(int))
    return tuple(int(distinct[i // 2 * len(distinct) // n]) for i in range(n_rounds))


def _plain(numbers: NDArray[np.float64]) -> tuple[float, ...]:
    return tuple(numbers.tolist())
