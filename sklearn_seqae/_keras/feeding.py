"""What a fit is fed with: batches of every epoch, and by what each update goes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._batching import (
    Patches,
    as_shards,
    chunks,
    count_batches,
    plan_epoch,
)
from sklearn_seqae._keras.losses import LOSSES, Mass
from sklearn_seqae._keras.program import Program, Steps
from sklearn_seqae._keras.schedule import warm_cosine
from sklearn_seqae._packing import Futures, Noise, Stream, pack, pair_with_crops
from sklearn_seqae._prefixes import Prefixes, Rows, followed_by_prefixes

STEPS_PER_CALL = 2000  # a few tenths of a second: a progress bar moves, Ctrl-C is heard
BYTES_PER_CALL = 2**24  # packing and copying to TensorFlow are slow beyond the caches
FORECAST_WEIGHT = 1.0  # beside the reconstruction; both losses are about 1 untrained
SHORTEST_CROP = 0.5  # of a sequence, to be recognised as part of it
Indices = NDArray[np.int64]


@dataclass(frozen=True)
class Settings:
    """How to train; the estimator's parameters of the same names."""

    epochs: int
    batch_size: int
    optimizer: Any
    learning_rate: float
    early_stopping: bool
    n_iter_no_change: int
    tol: float
    callbacks: Any
    verbose: int
    learning_rate_schedule: str | None = None
    contrastive_weight: float = 0.0
    noise: float = 0.0
    mask_ratio: float = 0.0
    dropout: float = 0.0
    recurrent_dropout: float = 0.0
    sparsity_weight: float = 0.0
    kl_weight: float = 0.0
    forecast_horizon: int | None = None

    @property
    def forecast_weight(self) -> float:
        return FORECAST_WEIGHT if self.forecast_horizon else 0.0

    @property
    def sets_rate(self) -> bool:
        """Whether the learning rate is ours to set: an instance brings its own."""
        return not isinstance(self.optimizer, keras.optimizers.Optimizer)


@dataclass(frozen=True)
class Data:
    """What to train on.

    Attributes
    ----------
    patches : Patches
    sample_weight : ndarray of shape (n_sequences,), float32
    train, validation : ndarray of int
        Sequences by index; ``validation`` may be empty.
    prefixes : Prefixes, default=None
        Those of the sequences, where their futures are to be predicted.
    """

    patches: Patches
    sample_weight: NDArray[np.float32]
    train: Indices
    validation: Indices
    prefixes: Prefixes | None = None


class Feed:
    """Batches of one fit, and what their losses mean.

    Attributes
    ----------
    holds_out : bool
        Whether there is a validation set.
    """

    def __init__(
        self,
        data: Data,
        settings: Settings,
        program: Program,
        random_state: np.random.RandomState,
    ) -> None:
        self._data, self._settings, self._program = data, settings, program
        self._lengths = data.patches.lengths
        self._random_state = random_state
        self._pairs = bool(program.architecture.n_projection)
        self._of_crops: np.random.Generator | None = None
        self._of_cuts: np.random.Generator | None = None
        self._noise: Noise | None = None
        self._silence: Noise | None = None
        if self._pairs:
            self._of_crops = _generator(random_state)
        if data.prefixes is not None:
            self._of_cuts = _generator(random_state)
        if program.noisy:
            of_noise = _generator(random_state)
            self._noise = Noise(settings.noise, settings.mask_ratio, of_noise)
            self._silence = Noise(0.0, 0.0, of_noise)
        self._of_seeds = _generator(random_state) if any(program.chance) else None
        self._steps_per_call = _steps_per_call(program.n_rows, data.patches)
        self._n_batches = count_batches(len(data.train), settings.batch_size)
        self._n_updates = 0
        self._losses = {name: LOSSES[name] for name in program.losses}
        n_sequences = float(data.sample_weight[data.train].sum())
        self._mass = Mass(
            float(_observed(data)[data.train].sum()),
            n_sequences,
            n_sequences,
            float(_ahead(data)[data.train].sum()) or 1.0,  # the rest may be too short
        )
        self.holds_out = len(data.validation) > 0

    def epoch(self) -> NDArray[np.int64]:
        """Draw one epoch's batches, as shards: (n_batches, n_shards, n_rows)."""
        train, program = self._data.train, self._program
        batches = plan_epoch(
            self._lengths[train], self._settings.batch_size, self._random_state
        )
        n_rows = (program.n_rows - program.n_prefix_rows) // (1 + self._pairs)
        return as_shards(
            [train[b] for b in batches], self._lengths, program.n_shards, n_rows
        )

    def n_steps(self, shards: NDArray[np.int64]) -> int:
        """Count the steps that shards run, one after the other."""
        return int(np.where(shards >= 0, self._lengths[shards], 0).max(axis=-1).sum())

    def training(
        self, shards: NDArray[np.int64], one_by_one: bool
    ) -> Iterator[tuple[Stream, Steps]]:
        """Pack batches for one call after the other into TensorFlow."""
        whole = chunks(shards, self._lengths, self._steps_per_call)
        for piece in shards[:, None] if one_by_one else whole:
            yield self._pack_for_training(piece), self._steps(len(piece))

    def validation(self) -> Iterator[Stream]:
        """Pack the validation set, as it is, without crops, prefixes or noise."""
        program, held_out = self._program, self._data.validation
        order = held_out[np.argsort(self._lengths[held_out], kind="stable")]
        size = program.n_shards * program.n_rows
        batches = np.array_split(order, -(-len(order) // size))
        shards = as_shards(batches, self._lengths, program.n_shards, program.n_rows)
        for piece in chunks(shards, self._lengths, self._steps_per_call):
            yield self._pack(self._rows(piece), self._silence)

    def sums(self, losses: NDArray[np.float32], stream: Stream) -> NDArray[np.float64]:
        """Return what `means` needs of each batch: its losses and its `Mass`."""
        per_step = stream.weight.sum(axis=(1, 2), dtype=np.float64)
        n_paired = stream.row_weight.shape[2] - stream.futures.recent.shape[2]
        mass = Mass(
            np.add.reduceat(per_step, stream.starts[:, 0]),
            stream.row_weight.sum(axis=(1, 2), dtype=np.float64),
            stream.row_weight[..., :n_paired].sum(axis=(1, 2), dtype=np.float64),
            stream.futures.weight.sum(axis=(1, 2, 3, 4), dtype=np.float64),
        )
        return np.column_stack([losses, *mass]).astype(np.float64)

    def means(self, sums: NDArray[np.float64]) -> dict[str, float]:
        """Average over some batches, an epoch's for example, by name."""
        losses, mass = self._totals(sums)
        return {
            name: _ratio(total, getattr(mass, self._losses[name].mean_over))
            for name, total in losses.items()
        }

    def held_out(self, sums: NDArray[np.float64]) -> dict[str, float]:
        """Average over the validation set; the objective is given where it differs."""
        losses, mass = self._totals(sums)
        means, settings = self.means(sums), self._settings
        kept = {name: loss for name, loss in self._losses.items() if loss.held_out}
        found = {f"val_{name}": means[name] for name in kept}
        if len(kept) > 1:
            found["val_objective"] = sum(
                loss.weight_in(settings) * _ratio(losses[name], loss.divisor(mass))
                for name, loss in kept.items()
            )
        return found

    def _totals(self, sums: NDArray[np.float64]) -> tuple[dict[str, float], Mass]:
        total = sums.sum(axis=0)
        n = len(self._losses)
        return dict(zip(self._losses, total[:n], strict=True)), Mass(*total[n:])

    def _pack_for_training(self, shards: NDArray[np.int64]) -> Stream:
        rows, prefixes, futures = self._rows(shards), self._data.prefixes, None
        if self._of_crops is not None:
            paired, crops = pair_with_crops(
                shards, self._lengths, SHORTEST_CROP, self._of_crops
            )
            rows = replace(rows, shards=paired, crops=crops)
        if prefixes is not None and self._of_cuts is not None:
            rows, futures = followed_by_prefixes(rows, shards, prefixes, self._of_cuts)
        return self._pack(rows, self._noise, futures)

    def _rows(self, shards: NDArray[np.int64]) -> Rows:
        return Rows(self._data.patches, shards, self._data.sample_weight, None)

    def _pack(
        self, rows: Rows, noise: Noise | None, futures: Futures | None = None
    ) -> Stream:
        return pack(
            rows.patches,
            rows.shards,
            self._program.n_buffer_steps,
            rows.sample_weight,
            crops=rows.crops,
            noise=noise,
            futures=futures,
        )

    def _steps(self, n: int) -> Steps:
        """Return what the next ``n`` updates go by."""
        settings, n_batches = self._settings, self._n_batches
        rates = np.zeros(n)  # as it is
        if settings.sets_rate and settings.learning_rate_schedule == "cosine":
            update = self._n_updates + np.arange(n)
            factor = warm_cosine(update, settings.epochs * n_batches)
            rates = settings.learning_rate * factor
        self._n_updates += n
        # One epoch's gradient is the sum of its batches' over the whole mass.
        scale = [
            loss.weight_in(settings) * n_batches / loss.divisor(self._mass)
            for loss in self._losses.values()
        ]
        left_out = settings.dropout, settings.recurrent_dropout
        return Steps(
            np.tile(np.array(scale, np.float32), (n, 1)),
            rates.astype(np.float32),
            np.tile(np.array(left_out, np.float32), (n, 1)),
            self._seeds(n),
        )

    def _seeds(self, n: int) -> NDArray[np.int32]:
        if self._of_seeds is None:
            return np.zeros((n, 2), np.int32)
        bound = np.iinfo(np.int32).max
        return self._of_seeds.integers(bound, size=(n, 2)).astype(np.int32)


def _ratio(total: float, mass: float) -> float:
    return float(total / mass) if mass else 0.0


def _ahead(data: Data) -> NDArray[np.floating]:
    """Count what is observed after a prefix, on average, times a sequence's weight."""
    if data.prefixes is None:
        return np.zeros_like(data.sample_weight)
    return data.prefixes.expected_masses() * data.sample_weight


def _observed(data: Data) -> NDArray[np.floating]:
    """Count the observed values of each sequence, times its weight."""
    patches = data.patches
    observed = np.add.reduceat(patches.observed.sum(axis=1), patches.offsets[:-1])
    return observed * data.sample_weight


def _steps_per_call(n_rows: int, patches: Patches) -> int:
    """As many as `BYTES_PER_CALL` has room for, read forwards and backwards."""
    width = patches.values.shape[1] + patches.observed.shape[1]
    return min(STEPS_PER_CALL, max(1, BYTES_PER_CALL // (2 * n_rows * width * 4)))


def _generator(random_state: np.random.RandomState) -> np.random.Generator:
    """One of its own: what it draws does not depend on how batches are grouped."""
    return np.random.default_rng(random_state.randint(np.iinfo(np.int32).max, size=2))
