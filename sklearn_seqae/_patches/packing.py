"""Batches in memory: time-major shards, crops of sequences, noise and masking."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._containers.ragged import offsets_from_lengths
from sklearn_seqae._patches.batching import Patches

Indices = NDArray[np.int64]


@dataclass(frozen=True)
class Crops:
    """The part of its sequence that each row of some shards holds, in steps."""

    # Where it begins and how long it is, of the shards' shape
    first: Indices
    lengths: Indices


def pair_with_crops(
    shards: NDArray[np.int64],
    lengths: Indices,
    shortest: float,
    random_state: np.random.Generator,
) -> tuple[NDArray[np.int64], Crops]:
    """Follow each shard's rows by crops, of at least a share of these sequences."""
    whole = np.append(lengths, 0)[shards]
    size, place = np.moveaxis(random_state.random((*shards.shape, 2)), -1, 0)
    share = shortest + size * (1 - shortest)
    cut = np.minimum(np.ceil(share * whole).astype(np.int64), whole)
    first = np.floor(place * (whole - cut + 1))
    return np.concatenate([shards, shards], axis=-1), Crops(
        np.concatenate([np.zeros_like(cut), first.astype(np.int64)], axis=-1),
        np.concatenate([whole, cut], axis=-1),
    )


class ForecastTargets(NamedTuple):
    """The time steps that follow the prefix in each row of some shards.

    ``n_steps`` is the horizon in LSTM steps, ``width`` is ``patch_size * n_features``.
    The first patch begins where the prefix ends.
    """

    # (n_batches, n_shards, n_rows, n_recent): the prefix's last time steps, see
    # `recent_values`
    recent: NDArray[np.float32]
    # (n_batches, n_shards, n_steps, n_rows, width): by how much what comes next differs
    # from the last observed values, divided by `change_scale`
    change: NDArray[np.float32]
    # Of the same shape: zero where nothing is observed
    weight: NDArray[np.float32]

    @classmethod
    def none(cls, n_batches: int, n_shards: int, width: int) -> ForecastTargets:
        """Where nothing is to be predicted: arrays without rows."""
        steps = np.zeros((n_batches, n_shards, 0, 0, width), np.float32)
        return cls(np.zeros((n_batches, n_shards, 0, 0), np.float32), steps, steps)


class PackedShards(NamedTuple):
    """Shards of one or more batches, one after the other in time."""

    # (n_steps, 2, n_rows, width + n_extra): `x[:, 0]` in the order of time, `x[:, 1]`
    # each row reversed by its length
    x: NDArray[np.float32]
    # (n_steps, n_rows, width): `x[:, 1]` without extra inputs, noise and masking; empty
    # where there is neither of the latter
    target: NDArray[np.float32]
    # (n_steps, n_rows, width): what each value of the target weighs in the loss; zero
    # where none is observed; of a category it is divided by the cost of its column, see
    # `StepLayout`
    weight: NDArray[np.float32]
    # (n_batches, n_shards, n_rows): what each row's sequence weighs; zero for an empty
    # row
    row_weight: NDArray[np.float32]
    # (n_batches, n_shards): where each shard starts. `x` goes on for the size of a
    # buffer after the last
    starts: NDArray[np.int32]
    lengths: NDArray[np.int32]  # (n_batches, n_shards, n_rows): steps of each row
    # What comes after the last rows of each shard, where that is to be predicted
    forecast: ForecastTargets


@dataclass(frozen=True)
class Corruption:
    """Noise and masking of the encoder's input; the decoder's target has neither."""

    noise: float  # standard deviation of the Gaussian noise on every value
    mask_ratio: float  # share of the LSTM steps that the encoder reads as zeros
    # Two, so that what they draw does not depend on how batches are grouped
    of_noise: np.random.Generator
    of_masks: np.random.Generator


def pack(
    patches: Patches,
    shards: NDArray[np.int64],
    n_buffer_steps: int,
    sample_weight: NDArray[np.float32] | None = None,
    *,
    crops: Crops | None = None,
    corruption: Corruption | None = None,
    forecast: ForecastTargets | None = None,
) -> PackedShards:
    """Lay shards of sequences out for the network.

    ``shards`` has sequences by index, -1 for an empty row, (n_batches, n_shards,
    n_rows). The program's buffer has ``n_buffer_steps``, at least those of the longest
    sequence. Without ``sample_weight``, `PackedShards.weight` is empty: there is no
    loss to compute. Without ``crops``, rows hold all of their sequences.
    """
    lengths = np.append(patches.lengths, 0)[shards]
    first = patches.offsets[shards]
    if crops is not None:
        first, lengths = first + crops.first, crops.lengths
    n_rows, width = shards.shape[-1], patches.observed.shape[1]
    longest = lengths.max(axis=-1).ravel()
    starts = offsets_from_lengths(longest)
    shard_of_step = np.repeat(np.arange(len(longest)), longest)
    t = (np.arange(starts[-1]) - starts[shard_of_step])[:, None]
    # The patch that each row reads at each step, (n_steps, n_rows), either way
    own_first = first.reshape(-1, n_rows)[shard_of_step]
    own_steps = lengths.reshape(-1, n_rows)[shard_of_step]
    inside = t < own_steps
    empty = len(patches.values) - 1
    forwards = np.where(inside, own_first + t, empty)
    backwards = np.where(inside, own_first + own_steps - 1 - t, empty)
    n_used, n_total = starts[-1], starts[-1] + n_buffer_steps
    x = _gather(patches, np.stack([forwards, backwards], axis=1), n_total)
    if crops is not None and patches.n_differences:
        # A crop's first patch has none before it that it could differ from
        x[:n_used, 0, :, -patches.n_differences :][inside & (t == 0)] = 0
        x[:n_used, 1, :, -patches.n_differences :][t == own_steps - 1] = 0
    target = np.zeros((0, n_rows, width), np.float32)
    if corruption is not None:
        layout, target = patches.layout, x[:, 1, :, :width].copy()
        codes = slice(0) if layout is None else slice(layout.n_numbers, width)
        _corrupt(x[:n_used], corruption, inside, t, own_steps, codes)
    weight = np.zeros((0, n_rows, width), np.float32)
    row_weight = np.zeros(shards.shape, np.float32)
    if sample_weight is not None:
        row_weight = np.append(sample_weight, np.float32(0))[shards]
        weight = np.zeros((n_total, n_rows, width), np.float32)
        by_step = row_weight.reshape(-1, n_rows)[shard_of_step][..., None]
        observed = patches.observed[backwards]
        np.multiply(observed, by_step, out=weight[:n_used], casting="unsafe")
        if patches.layout is not None:
            weight /= patches.layout.divisors
    return PackedShards(
        x,
        target,
        weight,
        row_weight,
        starts[:-1].reshape(shards.shape[:2]).astype(np.int32),
        lengths.astype(np.int32),
        forecast or ForecastTargets.none(shards.shape[0], shards.shape[1], width),
    )


def _gather(patches: Patches, index: Indices, n_total: int) -> NDArray[np.float32]:
    """Values of the patches at ``index``, followed by zeros up to ``n_total`` steps."""
    n_used = len(index)
    x = np.empty((n_total, *index.shape[1:], patches.values.shape[1]), np.float32)
    # mode: without it, take works on a copy of out
    np.take(patches.values, index, axis=0, out=x[:n_used], mode="clip")
    x[n_used:] = 0
    return x


def _corrupt(
    x: NDArray[np.float32],
    corruption: Corruption,
    inside: NDArray[np.bool_],
    t: Indices,
    own_steps: Indices,
    codes: slice,
) -> None:
    """Add noise and mask steps, the same in both orders of time.

    ``x`` is (n_steps, 2, n_rows, width), the others (n_steps, n_rows) or (n_steps, 1).
    The columns ``codes`` get no noise.
    """
    step = np.arange(len(t))[:, None]
    # Where in the other order a row's step stands
    mirrored = np.where(inside, step - t + own_steps - 1 - t, step)
    row = np.arange(x.shape[2])
    if corruption.noise > 0:
        added = corruption.of_noise.standard_normal(x[:, 0].shape, np.float32)
        added *= corruption.noise * inside[..., None]
        added[..., codes] = 0
        x[:, 0] += added
        x[:, 1] += added[mirrored, row]
    if corruption.mask_ratio > 0:
        masked = corruption.of_masks.random(inside.shape) < corruption.mask_ratio
        x[:, 0][masked] = 0
        x[:, 1][masked[mirrored, row]] = 0
