"""Batches of one fit, packed: with crops, prefixes, noise and masking, drawn anew."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._keras.training.program import Program, ShardShape
from sklearn_seqae._patches.batching import as_shards, chunks
from sklearn_seqae._patches.packing import (
    Corruption,
    ForecastTargets,
    PackedShards,
    pack,
    pair_with_crops,
)
from sklearn_seqae._patches.prefixes import Rows, followed_by_prefixes
from sklearn_seqae._patches.source.data import Data

STEPS_PER_CALL = 2000  # a few tenths of a second: a progress bar moves, Ctrl-C is heard
BYTES_PER_CALL = 2**24  # packing and copying to TensorFlow are slow beyond the caches
SHORTEST_CROP = 0.5  # of a sequence
Indices = NDArray[np.int64]


class Packer:
    """Packs batches, and holds the random generators that this takes.

    Each purpose has a generator of its own.
    """

    def __init__(
        self,
        program: Program,
        noise: float,
        mask_ratio: float,
        new_generator: Callable[[], np.random.Generator],
    ) -> None:
        self._program, architecture = program, program.architecture
        self._pairs = bool(architecture.projection_size)
        self._of_crops = new_generator() if self._pairs else None
        self._of_cuts = new_generator() if architecture.n_forecast_steps else None
        self._corruption: Corruption | None = None
        self._no_corruption: Corruption | None = None
        if program.corrupted:
            of_masks = new_generator()
            own = *of_masks.spawn(1), of_masks
            self._corruption = Corruption(noise, mask_ratio, *own)
            self._no_corruption = Corruption(0.0, 0.0, *own)
        # As many as `BYTES_PER_CALL` has room for, read forwards and backwards
        width = 2 * architecture.n_inputs + architecture.n_extra_inputs
        n_bytes = 2 * program.usual.n_rows * width * 4
        self._steps_per_call = min(STEPS_PER_CALL, max(1, BYTES_PER_CALL // n_bytes))

    def generators(self) -> list[np.random.Generator]:
        """Return the random generators."""
        own = [self._of_crops, self._of_cuts]
        if self._corruption is not None:
            own += [self._corruption.of_noise, self._corruption.of_masks]
        return [generator for generator in own if generator is not None]

    def n_sequences(self, shape: ShardShape) -> int:
        """Count a shard's sequences: a crop and a prefix may follow each."""
        return (shape.n_rows - shape.n_prefix_rows) // (1 + self._pairs)

    def training(
        self, data: Data, shards: NDArray[np.int64], one_by_one: bool = False
    ) -> Iterator[PackedShards]:
        """Pack batches for one call after the other into TensorFlow."""
        whole = chunks(shards, data.lengths, self._steps_per_call)
        for piece in shards[:, None] if one_by_one else whole:
            for batches in self._by_shape(data.lengths, piece):
                yield self._pack_for_training(data, batches)

    def validation(self, data: Data) -> Iterator[PackedShards]:
        """Pack the validation set, as it is, without crops, prefixes or noise."""
        held_out, usual = data.validation, self._program.usual
        order = held_out[np.argsort(data.lengths[held_out], kind="stable")]
        is_usual = data.lengths[order] <= usual.n_steps
        parts = (order[is_usual], usual), (order[~is_usual], self._program.long)
        for own, shape in parts:
            if shape is None or not len(own):
                continue
            n_batches = -(-len(own) // (shape.n_shards * shape.n_rows))
            batches = np.array_split(own, n_batches)
            shards = as_shards(batches, data.lengths, shape.n_shards, shape.n_rows)
            for piece in chunks(shards, data.lengths, self._steps_per_call):
                rows = Rows(data.patches, piece, data.sample_weight)
                yield self._pack(rows, self._no_corruption)

    def _by_shape(
        self, lengths: Indices, shards: NDArray[np.int64]
    ) -> Iterator[NDArray[np.int64]]:
        """Cut consecutive batches where one is long, and cut that into other shards."""
        long = self._program.long
        if long is None:
            yield shards
            return
        longest = np.where(shards >= 0, lengths[shards], 0).max(axis=(1, 2))
        is_long = longest > self._program.usual.n_steps
        cuts = np.flatnonzero(is_long[1:] | is_long[:-1]) + 1
        for piece, (first, *_) in zip(
            np.split(shards, cuts), np.split(is_long, cuts), strict=True
        ):
            batches = [piece[piece >= 0]]
            n_rows = self.n_sequences(long)
            yield as_shards(batches, lengths, long.n_shards, n_rows) if first else piece

    def _pack_for_training(self, data: Data, shards: NDArray[np.int64]) -> PackedShards:
        rows = Rows(data.patches, shards, data.sample_weight)
        prefixes, forecast = data.prefixes, None
        if self._of_crops is not None:
            paired, crops = pair_with_crops(
                shards, data.lengths, SHORTEST_CROP, self._of_crops
            )
            rows = replace(rows, shards=paired, crops=crops)
        if prefixes is not None and self._of_cuts is not None:
            rows, forecast = followed_by_prefixes(rows, shards, prefixes, self._of_cuts)
        return self._pack(rows, self._corruption, forecast)

    def _pack(
        self,
        rows: Rows,
        corruption: Corruption | None,
        forecast: ForecastTargets | None = None,
    ) -> PackedShards:
        longest = int(np.append(rows.patches.lengths, 0)[rows.shards].max())
        return pack(
            rows.patches,
            rows.shards,
            self._program.shape_for(longest).n_steps,
            rows.sample_weight,
            crops=rows.crops,
            corruption=corruption,
            forecast=forecast,
        )
