"""The sequences of a fit, as training takes them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._patches.batching import ROWS, Patches, count_batches, hold_out
from sklearn_seqae._patches.prefixes import Prefixes

CONSTANT = 1e-14  # variance that may be rounding of float32
Indices = NDArray[np.int64]
Floats = NDArray[np.float64]


class Baselines(NamedTuple):
    """Losses of networks that learnt nothing."""

    # Loss of predicting the mean of each feature, and how often categories occur
    of_mean: float
    # Loss of predicting zero, as an untrained network does, or nearly so
    of_zero: float


STANDARDIZED = Baselines(of_mean=1.0, of_zero=1.0)  # of such data


class Totals(NamedTuple):
    """Weighted counts of a training set."""

    values: float  # observed values
    sequences: float
    # Observed values within the horizon after a prefix, on average over prefixes
    ahead: float


@dataclass(frozen=True)
class Data:
    """Sequences to train on, cut into patches."""

    patches: Patches
    sample_weight: NDArray[np.float32]  # (n_sequences,)
    # Sequences by index; `validation` may be empty
    train: Indices
    validation: Indices
    prefixes: Prefixes | None = None  # for the forecaster, where there is one
    baselines: Baselines = STANDARDIZED  # losses of networks that learnt nothing
    is_whole: ClassVar[Literal[True]] = True

    @property
    def lengths(self) -> Indices:
        """LSTM steps of all sequences, shape (n_sequences,)."""
        return self.patches.lengths

    @property
    def n_train(self) -> int:
        return len(self.train)

    @property
    def totals(self) -> Totals:
        patches, weight = self.patches, self.sample_weight
        observed = np.add.reduceat(patches.observed.sum(axis=1), patches.offsets[:-1])
        ahead: NDArray[np.floating] = np.zeros_like(weight)
        if self.prefixes is not None:
            ahead = self.prefixes.expected_counts() * weight
        return Totals(
            float((observed * weight)[self.train].sum()),
            float(weight[self.train].sum()),
            float(ahead[self.train].sum()),
        )

    def count_batches(self, batch_size: int) -> int:
        return count_batches(self.n_train, batch_size)

    def batch_shape(self, batch_size: int) -> tuple[int, int]:
        """Return the sequences, and those of a batch, that a program is made for."""
        return self.n_train, batch_size

    def holding_out(self, share: float, random_state: np.random.RandomState) -> Data:
        """Return the same data, a share of the sequences set aside for validation."""
        n = len(self.patches)
        validation = hold_out(n, share, random_state)
        train = np.setdiff1d(np.arange(n), validation)
        return replace(self, train=train, validation=validation)

    def turns(self, random_state: np.random.Generator | None) -> Iterator[Data]:
        """Yield the data of an epoch: all of them, at once."""
        yield self


@dataclass(frozen=True)
class Elsewhere:
    """Sequences to train on that are not all in the memory of this process."""

    lengths: Indices  # (n_sequences,): LSTM steps of all sequences
    totals: Totals
    baselines: Baselines  # of a sample
    is_whole: ClassVar[Literal[False]] = False
    validation: ClassVar[Indices] = np.arange(0)  # nothing is held out
    # Why nothing can be held out, and what to do instead
    why: ClassVar[str]

    @property
    def n_train(self) -> int:
        return len(self.lengths)

    def holding_out(self, share: float, random_state: np.random.RandomState) -> Any:
        """Raise an error: a share would have to be in memory."""
        reason, remedy = self.why.split("; ")
        raise ValueError(
            "early_stopping=True, or a callback that monitors a validation loss, sets "
            f"sequences aside, which needs all of them in memory, but X {reason}; set "
            f"early_stopping=False and the number of epochs, or {remedy}."
        )


@dataclass(frozen=True)
class Stream(Elsewhere):
    """Sequences that come in turns."""

    # From a random generator to the data of one epoch, a part at a time; each but the
    # last has a multiple of `batch_size` sequences
    turns: Callable[[np.random.Generator], Iterator[Data]]
    why = "comes in chunks that are more than its buffer holds; raise buffer_size of X"

    def count_batches(self, batch_size: int) -> int:
        return count_batches(self.n_train, batch_size)

    def batch_shape(self, batch_size: int) -> tuple[int, int]:
        """Return sequences in whole batches, as turns have, but for the last."""
        return self.n_train + -self.n_train % batch_size, batch_size


@dataclass(frozen=True)
class Partitions(Elsewhere):
    """Sequences of which each partition has a part."""

    offsets: Indices  # (n_partitions + 1,): the first sequence of each partition
    tasks: Any  # where functions run, see `sklearn_seqae._containers.dask`
    data: list[Any]  # results of tasks: the `Data` of each partition
    why = "is a Dask collection; pass X.compute()"

    def shards(self, batch_size: int) -> tuple[int, int]:
        """Return how many shards a batch has, and how many sequences a shard."""
        size = min(batch_size, ROWS)
        return -(-batch_size // size), size

    def count_batches(self, batch_size: int) -> int:
        n_shards, size = self.shards(batch_size)
        of_all = (-(-np.diff(self.offsets) // size)).sum()
        return int(-(-of_all // n_shards))

    def batch_shape(self, batch_size: int) -> tuple[int, int]:
        """Return one shard: each is computed by itself."""
        _, size = self.shards(batch_size)
        return size, size


TrainingSet = Data | Stream | Partitions


def baselines(patches: Patches, n_features: int, sample_weight: Floats) -> Baselines:
    """Mean errors over observed values, without a network.

    Both are 1 at least where features are constant: nothing is better than the mean.
    The loss of predicting how often categories occur is 1, by its definition. An
    untrained network takes all for equally likely.
    """
    observed = patches.observed[:-1]
    values = patches.values[:-1, : observed.shape[1]].astype(np.float64)
    weight = np.repeat(sample_weight, patches.lengths)[:, None] * observed
    layout = patches.layout
    if layout is None:
        return _baselines_of_numbers(values, weight, n_features)
    n_numbers, total = layout.n_numbers, weight.sum()
    of_mean, of_zero = weight[:, n_numbers:].sum() / total, 0.0
    for part, cost in zip(layout.column_parts, layout.costs, strict=True):
        zero, own = np.zeros((1, part.head.n_written)), weight[:, part.values]
        loss = part.head.loss(zero, values[:, part.values].reshape(-1, 1))
        of_zero += np.nansum(own.reshape(-1, 1) * loss) / cost / total
    if n_numbers:
        own, n_features = weight[:, :n_numbers], n_numbers // layout.n_timesteps
        numbers = _baselines_of_numbers(values[:, :n_numbers], own, n_features)
        of_mean += own.sum() / total * numbers.of_mean
        of_zero += own.sum() / total * numbers.of_zero
    return Baselines(float(of_mean), float(of_zero))


def _baselines_of_numbers(values: Floats, weight: Floats, n_features: int) -> Baselines:
    values, weight = values.reshape(-1, n_features), weight.reshape(-1, n_features)
    total = weight.sum(axis=0)
    of_zero = float((weight * values**2).sum() / total.sum())
    values -= values[0]  # so that rounding errors are no variance
    values -= (weight * values).sum(axis=0) / np.maximum(total, np.finfo(float).tiny)
    of_mean = float((weight * values**2).sum() / total.sum())
    if of_mean <= CONSTANT:
        return Baselines(1.0, max(of_zero, 1.0))
    return Baselines(of_mean, of_zero)
