"""Batches of every epoch, the settings of each update, and means of the losses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._architecture import Architecture
from sklearn_seqae._batching import as_shards, chunks, count_batches, plan_epoch
from sklearn_seqae._keras.training.losses import LOSSES, Counts
from sklearn_seqae._keras.training.program import Program, ShardShape, UpdateSettings
from sklearn_seqae._keras.training.schedule import LearningRates
from sklearn_seqae._keras.training.settings import Data, Settings, Stream
from sklearn_seqae._packing import (
    Corruption,
    ForecastTargets,
    PackedShards,
    pack,
    pair_with_crops,
)
from sklearn_seqae._prefixes import Rows, followed_by_prefixes

STEPS_PER_CALL = 2000  # a few tenths of a second: a progress bar moves, Ctrl-C is heard
BYTES_PER_CALL = 2**24  # packing and copying to TensorFlow are slow beyond the caches
SHORTEST_CROP = 0.5  # of a sequence
Indices = NDArray[np.int64]


class Feed:
    """Batches of one fit, packed, and means of their losses.

    Attributes
    ----------
    holds_out : bool
        Whether there is a validation set.
    is_stream : bool
        Whether the sequences come in turns.
    n_batches : int
        Batches of an epoch.
    rates : LearningRates
    """

    def __init__(
        self,
        source: Data | Stream,
        settings: Settings,
        program: Program,
        random_state: np.random.RandomState,
        n_earlier_updates: int = 0,
    ) -> None:
        self._source, self._settings, self._program = source, settings, program
        self.is_stream = isinstance(source, Stream)
        if isinstance(source, Data):
            self._turn_to(source)
        self._random_state = random_state
        self._pairs = bool(program.architecture.projection_size)
        self._of_crops: np.random.Generator | None = None
        self._of_cuts: np.random.Generator | None = None
        self._corruption: Corruption | None = None
        self._no_corruption: Corruption | None = None
        if self._pairs:
            self._of_crops = _generator(random_state)
        if program.architecture.n_forecast_steps:
            self._of_cuts = _generator(random_state)
        if program.corrupted:
            of_masks = _generator(random_state)
            own = *of_masks.spawn(1), of_masks
            self._corruption = Corruption(settings.noise, settings.mask_ratio, *own)
            self._no_corruption = Corruption(0.0, 0.0, *own)
        self._of_seeds = _generator(random_state) if any(program.stochastic) else None
        self._of_turns = _generator(random_state) if self.is_stream else None
        self._steps_per_call = _steps_per_call(
            program.usual.n_rows, program.architecture
        )
        self.n_batches = count_batches(source.n_train, settings.batch_size)
        n_updates = settings.epochs * self.n_batches
        self.rates = LearningRates(settings, n_updates, n_earlier_updates)
        self._losses = {name: LOSSES[name] for name in program.losses}
        n_values, n_sequences, n_ahead = source.totals
        self._in_training = Counts(
            n_values,
            n_sequences,
            n_sequences,
            n_ahead or 1.0,  # the rest may be too short
        )
        self.holds_out = len(source.validation) > 0

    def state(self) -> dict[str, Any]:
        """Return how far the random generators and the learning rates are."""
        return {
            "random_state": self._random_state.get_state(legacy=False),
            "generators": [own.bit_generator.state for own in self._generators()],
            "rates": self.rates.state(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from where `state` was called, in a feed of the same fit."""
        self._random_state.set_state(state["random_state"])
        for own, saved in zip(self._generators(), state["generators"], strict=True):
            own.bit_generator.state = saved
        self.rates.restore(state["rates"])

    def _generators(self) -> list[np.random.Generator]:
        own = [self._of_crops, self._of_cuts, self._of_seeds, self._of_turns]
        if self._corruption is not None:
            own += [self._corruption.of_noise, self._corruption.of_masks]
        return [generator for generator in own if generator is not None]

    def turns(self) -> Iterator[NDArray[np.int64]]:
        """Draw one epoch's batches, those of one turn after the other; see `epoch`."""
        for data in self._source.turns(self._of_turns):
            self._turn_to(data)
            yield self.epoch()

    def _turn_to(self, data: Data) -> None:
        self._data, self._lengths = data, data.lengths

    def epoch(self) -> NDArray[np.int64]:
        """Draw one epoch's batches, as usual shards: (n_batches, n_shards, n_rows)."""
        train, usual = self._data.train, self._program.usual
        batches = plan_epoch(
            self._lengths[train], self._settings.batch_size, self._random_state
        )
        return as_shards(
            [train[b] for b in batches],
            self._lengths,
            usual.n_shards,
            self._n_sequences(usual),
        )

    def n_steps(self, shards: NDArray[np.int64]) -> int:
        """Count the steps that shards run, one after the other."""
        return int(np.where(shards >= 0, self._lengths[shards], 0).max(axis=-1).sum())

    def training(
        self, shards: NDArray[np.int64], one_by_one: bool
    ) -> Iterator[PackedShards]:
        """Pack batches for one call after the other into TensorFlow."""
        whole = chunks(shards, self._lengths, self._steps_per_call)
        for piece in shards[:, None] if one_by_one else whole:
            yield from map(self._pack_for_training, self._by_shape(piece))

    def validation(self) -> Iterator[PackedShards]:
        """Pack the validation set, as it is, without crops, prefixes or noise."""
        held_out, usual = self._data.validation, self._program.usual
        order = held_out[np.argsort(self._lengths[held_out], kind="stable")]
        is_usual = self._lengths[order] <= usual.n_steps
        yield from self._pack_for_validation(order[is_usual], usual)
        if self._program.long is not None:
            yield from self._pack_for_validation(order[~is_usual], self._program.long)

    def sums(
        self, losses: NDArray[np.float32], packed: PackedShards
    ) -> NDArray[np.float64]:
        """Return what `means` needs of each batch: its losses and its `Counts`.

        ``losses`` are as from `Workspace.train`.
        """
        n_values, n_ahead, by_feature = self._observed(packed)
        n_paired = packed.row_weight.shape[2] - packed.forecast.recent.shape[2]
        counts = Counts(
            n_values,
            packed.row_weight.sum(axis=(1, 2), dtype=np.float64),
            packed.row_weight[..., :n_paired].sum(axis=(1, 2), dtype=np.float64),
            n_ahead,
        )
        return np.column_stack([losses, *counts, by_feature]).astype(np.float64)

    def means(self, sums: NDArray[np.float64]) -> dict[str, float]:
        """Average over some batches, an epoch's for example, by name."""
        losses, counts, parts = self._totals(sums)
        means = {
            name: _ratio(total, getattr(counts, self._losses[name].mean_over))
            for name, total in losses.items()
        }
        return means | {f"loss[{j}]": _ratio(*part) for j, part in enumerate(parts)}

    def held_out(self, sums: NDArray[np.float64]) -> dict[str, float]:
        """Average over the validation set; the objective is given where it differs."""
        losses, counts, _ = self._totals(sums)
        means, settings = self.means(sums), self._settings
        kept = {name: loss for name, loss in self._losses.items() if loss.held_out}
        found = {f"val_{name}": means[name] for name in kept}
        if len(kept) > 1:
            found["val_objective"] = sum(
                loss.weight_in(settings) * _ratio(losses[name], loss.divisor(counts))
                for name, loss in kept.items()
            )
        return found

    def _totals(
        self, sums: NDArray[np.float64]
    ) -> tuple[dict[str, float], Counts, list[tuple[float, float]]]:
        """Return losses, counts and, for each feature, its loss and its count."""
        n, m = len(self._losses), self._program.n_by_feature
        sizes = n, m, len(Counts._fields)
        losses, parts, counts, of_parts = np.split(sums.sum(axis=0), np.cumsum(sizes))
        by_name = dict(zip(self._losses, losses, strict=True))
        return by_name, Counts(*counts), list(zip(parts, of_parts, strict=True))

    def _observed(
        self, packed: PackedShards
    ) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
        """Count observed values, those ahead and, with categories, by feature."""
        weight, ahead = packed.weight, packed.forecast.weight
        starts, patches = packed.starts[:, 0], self._data.patches
        if patches.categories is None:
            per_step = weight.sum(axis=(1, 2), dtype=np.float64)
            n_ahead = ahead.sum(axis=(1, 2, 3, 4), dtype=np.float64)
            none = np.zeros((len(starts), 0))
            return np.add.reduceat(per_step, starts), n_ahead, none
        n_timesteps = patches.n_timesteps
        divisors = patches.categories.divisors(n_timesteps)
        counts = np.add.reduceat(weight.sum(axis=1, dtype=np.float64), starts)
        counts *= divisors
        n_ahead = ahead.sum(axis=(1, 2, 3), dtype=np.float64) @ divisors
        by_feature = patches.categories.counts_by_feature(counts, n_timesteps)
        return counts.sum(axis=1), n_ahead, by_feature

    def _n_sequences(self, shape: ShardShape) -> int:
        """Count a shard's sequences: a crop and a prefix may follow each."""
        return (shape.n_rows - shape.n_prefix_rows) // (1 + self._pairs)

    def _by_shape(self, shards: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
        """Cut consecutive batches where one is long, and cut that into other shards."""
        long = self._program.long
        if long is None:
            yield shards
            return
        longest = np.where(shards >= 0, self._lengths[shards], 0).max(axis=(1, 2))
        is_long = longest > self._program.usual.n_steps
        cuts = np.flatnonzero(is_long[1:] | is_long[:-1]) + 1
        for piece, (first, *_) in zip(
            np.split(shards, cuts), np.split(is_long, cuts), strict=True
        ):
            batches = [piece[piece >= 0]]
            n_rows = self._n_sequences(long)
            yield (
                as_shards(batches, self._lengths, long.n_shards, n_rows)
                if first
                else piece
            )

    def _pack_for_training(self, shards: NDArray[np.int64]) -> PackedShards:
        rows, prefixes, forecast = self._rows(shards), self._data.prefixes, None
        if self._of_crops is not None:
            paired, crops = pair_with_crops(
                shards, self._lengths, SHORTEST_CROP, self._of_crops
            )
            rows = replace(rows, shards=paired, crops=crops)
        if prefixes is not None and self._of_cuts is not None:
            rows, forecast = followed_by_prefixes(rows, shards, prefixes, self._of_cuts)
        return self._pack(rows, self._corruption, forecast)

    def _pack_for_validation(
        self, order: Indices, shape: ShardShape
    ) -> Iterator[PackedShards]:
        if not len(order):
            return
        n_batches = -(-len(order) // (shape.n_shards * shape.n_rows))
        batches = np.array_split(order, n_batches)
        shards = as_shards(batches, self._lengths, shape.n_shards, shape.n_rows)
        for piece in chunks(shards, self._lengths, self._steps_per_call):
            yield self._pack(self._rows(piece), self._no_corruption)

    def _rows(self, shards: NDArray[np.int64]) -> Rows:
        return Rows(self._data.patches, shards, self._data.sample_weight, None)

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

    def update_settings(self, n: int) -> UpdateSettings:
        """Return the settings of the next ``n`` updates."""
        settings = self._settings
        # One epoch's gradient is the sum of its batches' over the whole training set.
        scale = [
            loss.weight_in(settings) * self.n_batches / loss.divisor(self._in_training)
            for loss in self._losses.values()
        ]
        rates = settings.dropout, settings.recurrent_dropout
        return UpdateSettings(
            np.tile(np.array(scale, np.float32), (n, 1)),
            self.rates.of_next(n),
            np.tile(np.array(rates, np.float32), (n, 1)),
            self._seeds(n),
        )

    def _seeds(self, n: int) -> NDArray[np.int32]:
        if self._of_seeds is None:
            return np.zeros((n, 2), np.int32)
        bound = np.iinfo(np.int32).max
        return self._of_seeds.integers(bound, size=(n, 2)).astype(np.int32)


def _ratio(total: float, counts: float) -> float:
    return float(total / counts) if counts else 0.0


def _steps_per_call(n_rows: int, architecture: Architecture) -> int:
    """As many as `BYTES_PER_CALL` has room for, read forwards and backwards."""
    width = 2 * architecture.n_inputs + architecture.n_extra_inputs
    return min(STEPS_PER_CALL, max(1, BYTES_PER_CALL // (2 * n_rows * width * 4)))


def _generator(random_state: np.random.RandomState) -> np.random.Generator:
    """One of its own: what it draws does not depend on how batches are grouped."""
    return np.random.default_rng(random_state.randint(np.iinfo(np.int32).max, size=2))
