"""Sequences to patches and back, and which sequences share a batch.

A *step* here is what one LSTM step reads: a patch of ``patch_size`` time steps. A batch
is run as *shards*, groups of a fixed number of rows, side by side. Each runs as many
steps as its own longest sequence has.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._containers.ragged import RaggedArray, offsets_from_lengths, ranges
from sklearn_seqae._patches.steps import StepLayout, to_steps, to_timesteps
from sklearn_seqae._sequences.missing import fill_missing

ROWS = 16  # rows of a shard: enough to keep a core busy
MORE_ROWS = 32  # rows of a shard where that still makes two: a tenth faster a row
ENOUGH_UPDATES = 500
ENOUGH_EPOCHS = 10
MANY_UPDATES = 5000  # of so many, fewer epochs will do
MAX_SHARDS = 8  # beyond this, shards of a batch get more rows
LONG = 4096  # LSTM steps of a buffer beyond which shards of inference get fewer rows
Indices = NDArray[np.int64]


@dataclass(frozen=True)
class Patches:
    """Sequences cut into patches, ready to be packed into batches.

    There is a row for each patch, sequence after sequence. Missing values are filled,
    the rest of a last, partial patch is zero. The last row is zero and belongs to no
    sequence: padding is read from there.
    """

    # (n_steps + 1, width + n_extra): the values of a patch, ``width = patch_size *
    # n_features``, followed by what else the encoder reads
    values: NDArray[np.float32]
    # (n_steps + 1, width): False where a value was missing or lies beyond the end of
    # its sequence
    observed: NDArray[np.bool_]
    offsets: Indices  # (n_sequences + 1,): where each sequence starts in `values`
    # Columns at the end of `values` that are differences from the patch before
    n_differences: int = 0
    # Of the decoded columns, where some are codes of categories
    layout: StepLayout | None = None

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @property
    def lengths(self) -> Indices:
        """Steps of each sequence, shape (n_sequences,)."""
        return np.diff(self.offsets)


def default_patch_size(lengths: Indices) -> int:
    """Time steps a patch so that the median sequence takes about 32 LSTM steps."""
    return max(1, round(float(np.median(lengths)) / 32))


def differences(filled: RaggedArray, patch_size: int) -> NDArray[np.floating]:
    """Return filled values less those a patch before; zero in the first patch."""
    values = filled.values
    later = np.flatnonzero(filled.positions >= patch_size)
    change = np.zeros_like(values)
    change[later] = values[later] - values[later - patch_size]
    return change


def to_patches(
    scaled: RaggedArray,
    patch_size: int,
    also: Sequence[NDArray[np.floating]] = (),
    n_differences: int = 0,
    layout: StepLayout | None = None,
    of_patches: NDArray[np.float32] | None = None,
) -> Patches:
    """Cut scaled sequences, NaN where a value is missing, into patches.

    The decoder writes ``scaled``. What else the encoder reads is ``of_patches``,
    (n_steps, n_numbers_of_a_patch), then ``also``, of shape (n_timesteps, n_numbers)
    each. Of these no value may be missing; the last ``n_differences`` are
    `differences`.
    """
    n_codes, lengths = scaled.n_codes, scaled.lengths
    offsets = offsets_from_lengths(-(-lengths // patch_size))
    # Where each time step goes, once every sequence takes whole patches.
    shift = offsets[:-1] * patch_size - scaled.offsets[:-1]
    target = np.arange(scaled.n_timesteps) + np.repeat(shift, lengths)
    width = patch_size * scaled.n_features

    def scatter(source: NDArray[Any], out: NDArray[Any]) -> None:
        whole = np.zeros((len(out) * patch_size, source.shape[1]), source.dtype)
        whole[target] = source
        has_codes = source.shape[1] == scaled.n_features
        out[:] = to_steps(whole, patch_size, n_codes if has_codes else 0)

    extra = width - patch_size * n_codes
    first = width + (0 if of_patches is None else of_patches.shape[1])
    values = np.empty((offsets[-1] + 1, first + extra * len(also)), np.float32)
    observed = np.empty((offsets[-1] + 1, width), bool)
    is_observed = ~np.isnan(scaled.values)
    if n_codes:
        is_observed[:, -n_codes:] &= scaled.codes > 0
    scatter(is_observed, observed)
    scatter(
        fill_missing(scaled).values.astype(np.float32, copy=False), values[:, :width]
    )
    if of_patches is not None:
        values[:-1, width:first] = of_patches
        values[-1, width:first] = 0
    for n, source in enumerate(also):
        start = first + n * extra
        scatter(source.astype(np.float32, copy=False), values[:, start : start + extra])
    return Patches(values, observed, offsets, n_differences * extra, layout)


def root_mean_squares(
    change: NDArray[np.floating], lengths: Indices, sample_weight: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Root mean square of each feature over time steps, 1 where all is zero."""
    weight = np.repeat(sample_weight, lengths)[:, None]
    total = (weight * change.astype(np.float64) ** 2).sum(axis=0)
    size = np.sqrt(total / (sample_weight @ lengths))
    return np.where(size > 0, size, 1.0)


def from_patches(
    values: NDArray[np.float32], n_timesteps: Indices, patch_size: int, n_codes: int = 0
) -> RaggedArray:
    """Undo `to_patches`, of all sequences' patches: cut what lies beyond ends."""
    timesteps = to_timesteps(values, patch_size, n_codes)
    starts = offsets_from_lengths(-(-n_timesteps // patch_size))[:-1] * patch_size
    rows = ranges(starts, n_timesteps)
    return RaggedArray(timesteps[rows], offsets_from_lengths(n_timesteps), n_codes)


def hold_out(
    n_sequences: int, fraction: float, random_state: np.random.RandomState
) -> Indices:
    """Draw whole sequences to set aside for early stopping: at least one, never all."""
    if n_sequences < 2:
        raise ValueError(
            "early_stopping=True sets sequences aside, but there is only 1 sample "
            "that is distinct; pass more, or use early_stopping=False."
        )
    n_held_out = min(max(round(fraction * n_sequences), 1), n_sequences - 1)
    return np.sort(random_state.permutation(n_sequences)[:n_held_out])


# Which sequences share a batch --------------------------------------------------------


def count_batches(n_sequences: int, batch_size: int) -> int:
    """Batches of an epoch; their sizes differ by one sequence at most."""
    return -(-n_sequences // batch_size)


def plan_epoch(
    lengths: Indices, batch_size: int, random_state: np.random.RandomState
) -> list[Indices]:
    """Batches of sequences of about equal length, each sequence in exactly one.

    Sequences are sorted by length, ties at random, and every rank is moved by up to
    half a batch before the cut, so companions change. Batches come in random order.
    """
    n = len(lengths)
    order = random_state.permutation(n)
    n_batches = count_batches(n, batch_size)
    if n_batches == 1:
        return [order]
    order = order[np.argsort(lengths[order], kind="stable")]
    rank = np.arange(n) + random_state.uniform(0, batch_size / 2, n)
    batches = np.array_split(order[np.argsort(rank)], n_batches)
    return [batches[i] for i in random_state.permutation(n_batches)]


def auto_epochs(n_sequences: int, batch_size: int, left: float = 1.0) -> int:
    """Epochs that make for enough updates, and for enough looks at each sequence.

    Half of the updates are enough for classes. The others are for decoding, as far as
    there is something ``left`` to decode, of 1.
    """
    n_batches = count_batches(n_sequences, batch_size)
    n_updates = round(ENOUGH_UPDATES * (1 + left) / 2)
    looks = min(ENOUGH_EPOCHS, -(-MANY_UPDATES // n_batches))
    return max(-(-n_updates // n_batches), looks)


def shard_shape(n_sequences: int, batch_size: int) -> tuple[int, int]:
    """Return how many shards a batch is run as, and how many rows each has.

    They have room for the largest batch of `plan_epoch`, and little more: an empty row
    costs as much as another. The number of cores must not count here.
    """
    largest = -(-n_sequences // count_batches(n_sequences, batch_size))
    if largest < ROWS:
        return 1, 2 ** int(np.ceil(np.log2(largest)))
    rows = MORE_ROWS if largest >= 2 * MORE_ROWS else ROWS
    n_shards = min(-(-largest // rows), MAX_SHARDS)
    n_rows = -(-largest // n_shards)
    return n_shards, n_rows + n_rows % 2


def split_into_shards(
    batch: Indices, lengths: Indices, n_shards: int, n_rows: int
) -> Indices:
    """Rows of a batch's shards, shape (n_shards, n_rows); -1 marks an empty row."""
    shards = np.full((n_shards, n_rows), -1)
    batch = batch[np.argsort(lengths[batch], kind="stable")]
    n_used = -(-len(batch) // n_rows)
    for row, part in zip(shards, np.array_split(batch, n_used), strict=False):
        row[: len(part)] = part
    return shards


def chunks(shards: Indices, lengths: Indices, n_steps: int) -> Iterator[Indices]:
    """Cut consecutive batches so that each piece runs about ``n_steps`` steps."""
    steps = np.where(shards >= 0, lengths[shards], 0).max(axis=-1).sum(axis=-1)
    piece = np.cumsum(steps) // max(n_steps, 1)
    cuts = np.flatnonzero(np.diff(piece)) + 1
    yield from np.split(shards, cuts)


def by_size(lengths: Indices, n_rows: int) -> list[tuple[int, Indices]]:
    """Shards of all sequences, shortest first, for buffers that grow with their length.

    The steps of each buffer, and its shards, (n_shards, n_rows): sequences by index, -1
    for an empty row. There are fewer rows where buffers are long. A sequence's own
    length decides on its buffer, and on the rows beside it.
    """
    sizes = buffer_sizes(int(lengths.max(initial=0)))
    order = np.argsort(lengths, kind="stable")
    ends = np.searchsorted(lengths[order], sizes, side="right")
    found: list[tuple[int, Indices]] = []
    for size, own in zip(sizes, np.split(order, ends[:-1]), strict=True):
        rows = n_rows if size <= LONG else n_rows // 4
        # Empty rows come first, so that the longest sequences fill whole shards.
        filled = np.concatenate([np.full(-len(own) % rows, -1), own])
        if len(own):
            found.append((size, filled.reshape(-1, rows)))
    return found


def buffer_sizes(longest: int) -> list[int]:
    """Sizes of the buffers for sequences of up to ``longest`` steps, smallest first."""
    sizes = [64]
    while sizes[-1] < longest:
        sizes.append(sizes[-1] * (4 if sizes[-1] < LONG else 2))
    return sizes


def buffer_steps(longest: int) -> int:
    """Size of a buffer for sequences of up to ``longest`` steps: a power of two."""
    return max(16, 2 ** int(np.ceil(np.log2(longest))))


def as_shards(
    batches: Sequence[Indices], lengths: Indices, n_shards: int, n_rows: int
) -> Indices:
    """Stack the shards of several batches: (n_batches, n_shards, n_rows)."""
    return np.stack([split_into_shards(b, lengths, n_shards, n_rows) for b in batches])
