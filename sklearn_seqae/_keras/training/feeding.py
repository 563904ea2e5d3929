"""Batches of every epoch, packed, the settings of each update, and means of losses."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._keras.training.losses import LOSSES, Counts
from sklearn_seqae._keras.training.program import Program, ShardShape, UpdateSettings
from sklearn_seqae._keras.training.settings import LearningRates, Settings
from sklearn_seqae._keras.training.workspace import Workspace
from sklearn_seqae._patches.batching import Patches, as_shards, chunks, plan_epoch
from sklearn_seqae._patches.packing import (
    Corruption,
    PackedShards,
    pack,
    pair_with_crops,
)
from sklearn_seqae._patches.prefixes import Rows, followed_by_prefixes
from sklearn_seqae._patches.source.data import Data, TrainingSet

STEPS_PER_CALL = 2000  # a few tenths of a second: a progress bar moves, Ctrl-C is heard
BYTES_PER_CALL = 2**24  # packing and copying to TensorFlow are slow beyond the caches
SHORTEST_CROP = 0.5  # of a sequence


class Packer:
    """Packs batches, and holds the random generators for this, one a purpose."""

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
        if program.corrupted:
            of_masks = new_generator()
            own = *of_masks.spawn(1), of_masks
            self._corruption = Corruption(noise, mask_ratio, *own)
        # As many as `BYTES_PER_CALL` has room for, read forwards and backwards
        width = 2 * architecture.n_inputs + architecture.n_extra_inputs
        n_bytes = 2 * program.usual.n_rows * width * 4
        self._steps_per_call = min(STEPS_PER_CALL, max(1, BYTES_PER_CALL // n_bytes))

    def generators(self, *others: Any) -> list[np.random.Generator]:
        own = [self._of_crops, self._of_cuts]
        if self._corruption is not None:
            own += [self._corruption.of_noise, self._corruption.of_masks]
        return [each for each in (*own, *others) if each is not None]

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
        held_out, usual, clean = data.validation, self._program.usual, self._corruption
        if clean is not None:  # the target still is an array of its own
            clean = replace(clean, noise=0.0, mask_ratio=0.0)
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
                yield self._pack(rows, clean)

    def _by_shape(
        self, lengths: NDArray[np.int64], shards: NDArray[np.int64]
    ) -> Iterator[NDArray[np.int64]]:
        """Cut consecutive batches where one is long, and cut that into other shards."""
        long = self._program.long
        if long is None:
            yield shards
            return
        longest = np.where(shards >= 0, lengths[shards], 0).max(axis=(1, 2))
        is_long = longest > self._program.usual.n_steps
        cuts = np.flatnonzero(is_long[1:] | is_long[:-1]) + 1
        shape = long.n_shards, self.n_sequences(long)
        pieces = np.split(shards, cuts), np.split(is_long, cuts)
        for piece, (first, *_) in zip(*pieces, strict=True):
            yield as_shards([piece[piece >= 0]], lengths, *shape) if first else piece

    def _pack_for_training(self, data: Data, shards: NDArray[np.int64]) -> PackedShards:
        rows = Rows(data.patches, shards, data.sample_weight)
        prefixes, forecast = data.prefixes, None
        if self._of_crops is not None:
            drawn = data.lengths, SHORTEST_CROP, self._of_crops
            paired, crops = pair_with_crops(shards, *drawn)
            rows = replace(rows, shards=paired, crops=crops)
        if prefixes is not None and self._of_cuts is not None:
            rows, forecast = followed_by_prefixes(rows, shards, prefixes, self._of_cuts)
        return self._pack(rows, self._corruption, forecast)

    def _pack(self, rows: Rows, corruption: Any, forecast: Any = None) -> PackedShards:
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


class Feed:
    """Batches of one fit, and means of their losses."""

    def __init__(
        self,
        source: TrainingSet,
        settings: Settings,
        program: Program,
        random_state: np.random.RandomState,
        n_earlier_updates: int = 0,
    ) -> None:
        self._settings, self._program = settings, program
        self._source: Any = source
        self._data: Any = source  # of this turn
        self._random_state = random_state
        new_generator = functools.partial(_generator, random_state)
        noise, mask_ratio = settings.noise, settings.mask_ratio
        self._packer = Packer(program, noise, mask_ratio, new_generator)
        self._of_seeds = new_generator() if any(program.stochastic) else None
        self._of_turns = None if source.is_whole else new_generator()
        self.n_batches = source.count_batches(settings.batch_size)
        n_updates = settings.epochs * self.n_batches
        self.rates = LearningRates(settings, n_updates, n_earlier_updates)
        self._losses = {name: LOSSES[name] for name in program.losses}
        n_values, n, n_ahead = source.totals
        # The rest behind a prefix may be too short
        self._in_training = Counts(n_values, n, n, n_ahead or 1.0)
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
        return self._packer.generators(self._of_seeds, self._of_turns)

    # Batches --------------------------------------------------------------------------

    def turns(self) -> Iterator[NDArray[np.int64]]:
        """Draw one epoch's batches, those of one turn after the other; see `epoch`."""
        for data in self._source.turns(self._of_turns):
            self._data = data
            yield self.epoch()

    def epoch(self) -> NDArray[np.int64]:
        """Draw one epoch's batches, as usual shards: (n_batches, n_shards, n_rows)."""
        train, lengths = self._data.train, self._data.lengths
        size, usual = self._settings.batch_size, self._program.usual
        batches = plan_epoch(lengths[train], size, self._random_state)
        n_rows = self._packer.n_sequences(usual)
        return as_shards([train[b] for b in batches], lengths, usual.n_shards, n_rows)

    def n_steps(self, shards: NDArray[np.int64]) -> int:
        """Count the steps that shards run, one after the other."""
        lengths = self._data.lengths
        return int(np.where(shards >= 0, lengths[shards], 0).max(axis=-1).sum())

    def training(self, shards: NDArray[np.int64], one_by_one: bool) -> Iterator[Any]:
        """Yield what `train` takes, for one call after the other."""
        return self._packer.training(self._data, shards, one_by_one)

    def train(self, workspace: Workspace, packed: Any) -> NDArray[np.float64]:
        """Make the updates of some batches; sums for each, see `sums_of`."""
        settings = self.update_settings(len(packed.starts))
        losses = workspace.train(packed, settings)
        return sums_of(losses, packed, self._data.patches)

    def validate(self, workspace: Workspace) -> dict[str, float]:
        sums = [
            sums_of(workspace.evaluate(packed), packed, self._data.patches)
            for packed in self._packer.validation(self._data)
        ]
        return self._held_out(np.concatenate(sums))

    # Losses ---------------------------------------------------------------------------

    def means(self, sums: NDArray[np.float64]) -> dict[str, float]:
        """Average over some batches, an epoch's for example, by name."""
        losses, counts, parts = self._totals(sums)
        means = {
            name: _ratio(total, getattr(counts, self._losses[name].mean_over))
            for name, total in losses.items()
        }
        return means | {f"loss[{j}]": _ratio(*part) for j, part in enumerate(parts)}

    def _held_out(self, sums: NDArray[np.float64]) -> dict[str, float]:
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

    # Settings -------------------------------------------------------------------------

    def update_settings(self, n: int) -> UpdateSettings:
        settings = self._settings
        # One epoch's gradient is the sum of its batches' over the whole training set.
        scale = [
            loss.weight_in(settings) * self.n_batches / loss.divisor(self._in_training)
            for loss in self._losses.values()
        ]
        return UpdateSettings(
            np.tile(np.array(scale, np.float32), (n, 1)),
            self.rates.of_next(n),
            np.full(n, settings.dropout, np.float32),
            seeds(self._of_seeds, n),
        )


def sums_of(
    losses: NDArray[np.float32], packed: PackedShards, patches: Patches | None = None
) -> NDArray[np.float64]:
    """Return losses, `Counts` and, with categories, counts by feature of batches."""
    weight, ahead, starts = packed.weight, packed.forecast.weight, packed.starts[:, 0]
    by_feature: NDArray[Any] = np.zeros((len(starts), 0))
    if patches is None or patches.layout is None:
        per_step = weight.sum(axis=(1, 2), dtype=np.float64)
        n_values = np.add.reduceat(per_step, starts)
        n_ahead = ahead.sum(axis=(1, 2, 3, 4), dtype=np.float64)
    else:
        divisors = patches.layout.divisors.astype(np.float64)
        per_step = weight.sum(axis=1, dtype=np.float64)
        observed = np.add.reduceat(per_step, starts) * divisors
        n_values, by_feature = observed.sum(axis=1), patches.layout.by_feature(observed)
        n_ahead = ahead.sum(axis=(1, 2, 3), dtype=np.float64) @ divisors
    n_paired = packed.row_weight.shape[2] - packed.forecast.recent.shape[2]
    counts = Counts(
        n_values,
        packed.row_weight.sum(axis=(1, 2), dtype=np.float64),
        packed.row_weight[..., :n_paired].sum(axis=(1, 2), dtype=np.float64),
        n_ahead,
    )
    return np.column_stack([losses, *counts, by_feature]).astype(np.float64)


def seeds(generator: np.random.Generator | None, n: int) -> NDArray[np.int32]:
    """Draw the seeds of ``n`` updates; zeros without a generator."""
    if generator is None:
        return np.zeros((n, 2), np.int32)
    return generator.integers(np.iinfo(np.int32).max, size=(n, 2)).astype(np.int32)


def _ratio(total: float, counts: float) -> float:
    return float(total / counts) if counts else 0.0


def _generator(random_state: np.random.RandomState) -> np.random.Generator:
    """One of its own: what it draws does not depend on how batches are grouped."""
    return np.random.default_rng(random_state.randint(np.iinfo(np.int32).max, size=2))
