"""Prefixes of sequences, and the time steps that follow: examples for the forecaster.

A *cut* is the number of time steps of a prefix. It may lie within a patch. Missing
values are filled from the prefix alone: `transform` would get the same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._containers.kinds import Container
from sklearn_seqae._containers.ragged import RaggedArray, offsets_from_lengths, ranges
from sklearn_seqae._patches.batching import Patches
from sklearn_seqae._patches.packing import Crops, ForecastTargets
from sklearn_seqae._patches.steps import StepLayout, to_steps
from sklearn_seqae._sequences.missing import fill_missing
from sklearn_seqae.exceptions import _count

N_RECENT = 8  # time steps that the forecaster reads beside the vector
HELD_OUT = 10  # one of so many sequences
MOST_WEIGHED = 2048  # prefixes by which a forecaster is weighed
Indices = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Prefixes:
    """Draws prefixes of the sequences that a network is trained on."""

    scaled: RaggedArray  # the sequences, NaN where a value is missing
    patch_size: int
    scale: NDArray[np.float64]  # (horizon, n_numbers): as from `change_scale`
    # Cuts sequences into what the network reads
    to_patches: Callable[[RaggedArray], Patches]
    layout: StepLayout | None = None  # of one time step, where some features are codes

    @property
    def horizon(self) -> int:
        """Time steps that are predicted."""
        return len(self.scale)

    @property
    def n_steps(self) -> int:
        """LSTM steps that these take."""
        return -(-self.horizon // self.patch_size)

    @property
    def longest_cut_off(self) -> int:
        """Most time steps that follow a possible cut, in any sequence."""
        return int(possible_cuts(self.scaled)[1].max())

    def expected_counts(self) -> NDArray[np.float64]:
        """Observed values within the horizon, on average over cuts, 0 for no cut."""
        counts = np.logical_not(np.isnan(self.scaled.values)).sum(axis=1)
        before = offsets_from_lengths(counts)
        row = np.arange(self.scaled.n_timesteps)
        end = np.repeat(self.scaled.offsets[1:], self.scaled.lengths)
        ahead = before[np.minimum(row + self.horizon, end)] - before[row]
        total = np.append(0, np.cumsum(ahead))
        first, n = self._cuts
        start = self.scaled.offsets[:-1] + first
        return (total[start + n] - total[start]) / np.maximum(n, 1)

    def draw(self, shards: Indices, random_state: np.random.Generator) -> Indices:
        """Draw a cut of each row, all as likely; 0 marks a row that has none."""
        place = random_state.random(shards.shape)
        first, n = (np.append(of_each, 0)[shards] for of_each in self._cuts)
        cut = first + np.floor(place * n).astype(np.int64)
        return np.where(n > 0, cut, 0)

    def cut(self, shards: Indices, cuts: Indices) -> RaggedArray:
        """Return the prefixes of those rows that have one, row after row."""
        lengths = cuts[cuts > 0]
        steps = ranges(self.scaled.offsets[shards[cuts > 0]], lengths)
        offsets = offsets_from_lengths(lengths)
        return RaggedArray(self.scaled.values[steps], offsets, self.scaled.n_codes)

    def targets(
        self,
        shards: Indices,
        cuts: Indices,
        recent: NDArray[np.float32],
        sample_weight: NDArray[np.float32],
    ) -> ForecastTargets:
        """Return what follows the prefixes, whose `recent_values` are ``recent``."""
        has_cut = cuts > 0
        of_rows = np.zeros((*cuts.shape, recent.shape[1]), np.float32)
        of_rows[has_cut] = recent
        row = (self.scaled.offsets[shards] + cuts)[..., None] + np.arange(self.horizon)
        end = self.scaled.offsets[1:][shards][..., None]
        inside = has_cut[..., None] & (row < end)
        future = self.scaled.values[np.where(inside, row, 0)]
        n_numbers = self.scaled.n_numbers
        last = of_rows[..., None, :n_numbers]
        change = (future[..., :n_numbers] - last) / self.scale
        weight = sample_weight[shards][..., None, None]
        observed = inside[..., None] & np.logical_not(np.isnan(future))
        if self.layout is not None:
            codes = future[..., n_numbers:]
            change = np.concatenate([change, codes], axis=-1)
            observed[..., n_numbers:] &= codes > 0
            weight = weight / self.layout.divisors
        return ForecastTargets(
            of_rows,
            self._in_patches(np.where(observed, change, 0)),
            self._in_patches(observed * weight),
        )

    def _in_patches(self, steps: NDArray[np.floating]) -> NDArray[np.float32]:
        """(..., n_rows, horizon, n_features) to (..., n_steps, n_rows, width)."""
        *rows, horizon, n_features = steps.shape
        shape = (*rows, self.n_steps * self.patch_size, n_features)
        whole = np.zeros(shape, np.float32)
        whole[..., :horizon, :] = steps
        patches = to_steps(whole, self.patch_size, self.scaled.n_codes)
        return np.ascontiguousarray(np.moveaxis(patches, -2, -3))

    @cached_property
    def held_out(self) -> NDArray[np.bool_]:
        """Whether forecasts of a sequence are not learnt, but weighed with chains.

        Of categories, those of a tenth. Its content decides, so all turns and
        partitions agree.
        """
        scaled, (_, n) = self.scaled, possible_cuts(self.scaled)
        if not scaled.n_codes:
            return np.zeros(len(scaled), bool)
        held = np.array([crc32(x.data) % HELD_OUT == 0 for x in scaled])
        return held & bool(n[~held].any())

    def to_weigh(self) -> tuple[Indices, RaggedArray, Indices]:
        """Return prefixes of what is held out: rows, prefixes, codes that follow."""
        first, n = (np.where(self.held_out, e, 0) for e in possible_cuts(self.scaled))
        row, cuts = np.repeat(np.arange(len(n)), n), ranges(first, n)
        some = slice(None, None, 1 + len(row) // MOST_WEIGHED)
        row, cuts = row[some], cuts[some]
        codes = self.scaled.codes[self.scaled.offsets[row] + cuts]
        return row, self.cut(row, cuts), codes.astype(np.int64)

    @cached_property
    def _cuts(self) -> tuple[Indices, Indices]:
        first, n = possible_cuts(self.scaled)
        return first, np.where(self.held_out, 0, n)


def possible_cuts(scaled: RaggedArray) -> tuple[Indices, Indices]:
    """First cut of each sequence with observed values on both sides, and the number."""
    observed = np.logical_not(np.isnan(scaled.values).all(axis=1))
    place, starts = scaled.positions, scaled.offsets[:-1]
    first = np.minimum.reduceat(np.where(observed, place, scaled.n_timesteps), starts)
    last = np.maximum.reduceat(np.where(observed, place, 0), starts)
    return np.minimum(first + 1, scaled.lengths), np.maximum(last - first, 0)


def last_observed(scaled: RaggedArray) -> NDArray[np.floating]:
    """Values last observed until each time step, (n_timesteps, n_features), or zero."""
    start = np.repeat(scaled.offsets[:-1], scaled.lengths)[:, None]
    row = np.arange(scaled.n_timesteps)[:, None]
    seen = np.maximum.accumulate(np.where(np.isnan(scaled.values), -1, row), axis=0)
    values = np.take_along_axis(scaled.values, np.maximum(seen, 0), axis=0)
    return np.where(seen >= start, values, 0)


def recent_values(scaled: RaggedArray) -> NDArray[np.float32]:
    """Return the last `N_RECENT` time steps of each sequence, the latest first.

    (n_sequences, N_RECENT * n_features) as `StepLayout`, filled; zero before the start.
    """
    row = scaled.offsets[1:, None] - 1 - np.arange(N_RECENT)
    inside = row >= scaled.offsets[:-1, None]
    steps = fill_missing(scaled).values[np.where(inside, row, 0)]
    recent = np.where(inside[..., None], steps, 0).astype(np.float32)
    return to_steps(recent, N_RECENT, scaled.n_codes)[:, 0]


def change_scale(
    scaled: RaggedArray, sample_weight: NDArray[np.float64], horizon: int
) -> NDArray[np.float64]:
    """Root mean square of the change from the last observed value, (horizon, F).

    The error of predicting no change; 1 where nothing changes, or is observed.
    """
    last = last_observed(scaled).astype(np.float64)
    weight = np.repeat(sample_weight, scaled.lengths)[:, None]
    end = np.repeat(scaled.offsets[1:], scaled.lengths)
    scale = np.ones((horizon, scaled.n_features))
    for k in range(1, horizon + 1):
        (row,) = np.nonzero(np.arange(scaled.n_timesteps) + k < end)
        change = scaled.values[row + k] - last[row]
        mass = weight[row] * np.logical_not(np.isnan(change))
        total = (mass * np.nan_to_num(change) ** 2).sum(axis=0)
        size = np.sqrt(total / np.maximum(mass.sum(axis=0), np.finfo(float).tiny))
        scale[k - 1] = np.where(size > 0, size, 1)
    return scale


def tails(ragged: RaggedArray, longest: int) -> RaggedArray:
    """Keep the last ``longest`` time steps of each sequence."""
    lengths = np.minimum(ragged.lengths, longest)
    steps = ranges(ragged.offsets[1:] - lengths, lengths)
    offsets = offsets_from_lengths(lengths)
    return RaggedArray(ragged.values[steps], offsets, ragged.n_codes)


def extended(ragged: RaggedArray, ahead: NDArray[np.floating]) -> RaggedArray:
    """Append ``ahead``, (n_sequences, n_timesteps, n_features), to each sequence."""
    n, n_features = ahead.shape[1:]
    places = np.repeat(ragged.offsets[1:], n)
    values = np.insert(ragged.values, places, ahead.reshape(-1, n_features), axis=0)
    offsets = offsets_from_lengths(ragged.lengths + n)
    return RaggedArray(values, offsets, ragged.n_codes)


@dataclass(frozen=True)
class Rows:
    """The rows of some shards: parts of `patches` by index, as `pack` takes them."""

    patches: Patches
    shards: Indices
    sample_weight: NDArray[np.float32]
    crops: Crops | None = None


def followed_by_prefixes(
    rows: Rows, shards: Indices, prefixes: Prefixes, random_state: np.random.Generator
) -> tuple[Rows, ForecastTargets]:
    """Follow the rows of every shard by rows that hold prefixes, drawn anew.

    ``shards``, (n_batches, n_shards, n_prefix_rows), says whose prefix each of the
    further rows holds; -1 is none. Only what the shards hold is kept of the patches.
    """
    cuts = prefixes.draw(shards, random_state)
    has_cut = cuts > 0
    beginnings = prefixes.cut(shards, cuts)
    cut = prefixes.to_patches(beginnings)
    number = np.where(has_cut, np.cumsum(has_cut).reshape(cuts.shape) - 1, -1)
    used = np.unique(rows.shards[rows.shards >= 0])
    renumbered = np.full(len(rows.patches) + 1, -1)  # the last is that of an empty row
    renumbered[used] = np.arange(len(used))
    crops = rows.crops
    if crops is not None:
        steps = np.append(cut.lengths, 0)[number]
        crops = Crops(
            np.concatenate([crops.first, np.zeros_like(steps)], axis=-1),
            np.concatenate([crops.lengths, steps], axis=-1),
        )
    further = np.where(has_cut, len(used) + number, -1)
    weight = rows.sample_weight
    together = Rows(
        _join(_take(rows.patches, used), cut),
        np.concatenate([renumbered[rows.shards], further], axis=-1),
        np.concatenate([weight[used], weight[shards[has_cut]]]),
        crops,
    )
    recent = recent_values(beginnings)
    return together, prefixes.targets(shards, cuts, recent, weight)


def _take(patches: Patches, indices: Indices) -> Patches:
    lengths = patches.lengths[indices]
    steps = np.append(ranges(patches.offsets[indices], lengths), -1)  # and the empty
    return replace(
        patches,
        values=patches.values[steps],
        observed=patches.observed[steps],
        offsets=offsets_from_lengths(lengths),
    )


def _join(left: Patches, right: Patches) -> Patches:
    return replace(
        left,
        values=np.concatenate([left.values[:-1], right.values]),
        observed=np.concatenate([left.observed[:-1], right.observed]),
        offsets=np.concatenate([left.offsets, left.offsets[-1] + right.offsets[1:]]),
    )


def check_horizon(
    prefixes: Prefixes | None, container: Container, *, goes_on: bool
) -> None:
    """Check that there is something to train on; ``goes_on``: an earlier fit had."""
    if prefixes is None:
        return
    horizon, longest = prefixes.horizon, prefixes.longest_cut_off
    if longest >= (1 if goes_on else horizon):
        return
    where = f" (X has n_features = {container.n_columns})" if container.tabular else ""
    raise ValueError(
        f"forecast_horizon is {horizon}, but no sequence goes on for more than "
        f"{_count(longest, 'time step')} after its first observed one{where}; lower "
        "it, or pass longer sequences."
    )
