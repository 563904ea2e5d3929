"""The sequences of a fit, as training takes them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._patches.baselines import Baselines
from sklearn_seqae._patches.batching import ROWS, Patches, count_batches, hold_out
from sklearn_seqae._patches.prefixes import Prefixes

STANDARDIZED = Baselines(of_mean=1.0, of_zero=1.0)  # of such data
Indices = NDArray[np.int64]


class Totals(NamedTuple):
    """Weighted counts of a training set.

    Attributes
    ----------
    values : float
        Observed values.
    sequences : float
    ahead : float
        Observed values within the horizon after a prefix, on average over prefixes.
    """

    values: float
    sequences: float
    ahead: float


@dataclass(frozen=True)
class Data:
    """Sequences to train on, cut into patches.

    Attributes
    ----------
    patches : Patches
    sample_weight : ndarray of shape (n_sequences,), float32
    train, validation : ndarray of int
        Sequences by index; ``validation`` may be empty.
    prefixes : Prefixes, default=None
        For the forecaster, where there is one.
    baselines : Baselines, default=STANDARDIZED
        Losses of networks that learnt nothing.
    """

    patches: Patches
    sample_weight: NDArray[np.float32]
    train: Indices
    validation: Indices
    prefixes: Prefixes | None = None
    baselines: Baselines = STANDARDIZED

    @property
    def lengths(self) -> Indices:
        """LSTM steps of all sequences, shape (n_sequences,)."""
        return self.patches.lengths

    @property
    def n_train(self) -> int:
        """Sequences of the training set."""
        return len(self.train)

    @property
    def totals(self) -> Totals:
        """Weighted counts of the training set."""
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
        """Count the batches of an epoch."""
        return count_batches(self.n_train, batch_size)

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
class Stream:
    """Sequences to train on that are too many for memory; they come in turns.

    Attributes
    ----------
    lengths : ndarray of shape (n_sequences,)
        LSTM steps of all sequences.
    totals : Totals
    baselines : Baselines
        Of a sample.
    take_turns : callable
        From a random generator to the data of one epoch, a part at a time. Each but the
        last has a multiple of `batch_size` sequences.
    """

    lengths: Indices
    totals: Totals
    baselines: Baselines
    take_turns: Callable[[np.random.Generator], Iterator[Data]]

    @property
    def n_train(self) -> int:
        """Sequences of the training set."""
        return len(self.lengths)

    @property
    def validation(self) -> Indices:
        """Nothing is held out."""
        return np.arange(0)

    def count_batches(self, batch_size: int) -> int:
        """Count the batches of an epoch."""
        return count_batches(self.n_train, batch_size)

    def holding_out(self, share: float, random_state: np.random.RandomState) -> Stream:
        """Raise an error: a share would have to be in memory."""
        raise ValueError(
            "early_stopping=True, or a callback that monitors a validation loss, sets "
            "sequences aside, which needs all of them in memory, but X comes in chunks "
            "that are more than its buffer holds; set early_stopping=False and the "
            "number of epochs, or raise buffer_size of X."
        )

    def turns(self, random_state: np.random.Generator | None) -> Iterator[Data]:
        """Yield the data of an epoch, a part at a time."""
        assert random_state is not None
        return self.take_turns(random_state)


@dataclass(frozen=True)
class Partitions:
    """Sequences to train on that are elsewhere, a part of them in each partition.

    Attributes
    ----------
    lengths : ndarray of shape (n_sequences,)
        LSTM steps of all sequences.
    offsets : ndarray of shape (n_partitions + 1,)
        The first sequence of each partition.
    totals : Totals
    baselines : Baselines
        Of a sample.
    tasks : Tasks
        Where functions run, see `sklearn_seqae._containers.dask`.
    data : list
        Results of tasks: the `Data` of each partition.
    """

    lengths: Indices
    offsets: Indices
    totals: Totals
    baselines: Baselines
    tasks: Any
    data: list[Any]

    @property
    def n_train(self) -> int:
        """Sequences of the training set."""
        return len(self.lengths)

    @property
    def validation(self) -> Indices:
        """Nothing is held out."""
        return np.arange(0)

    def shards(self, batch_size: int) -> tuple[int, int]:
        """Return how many shards a batch has, and how many sequences a shard."""
        size = min(batch_size, ROWS)
        return -(-batch_size // size), size

    def count_batches(self, batch_size: int) -> int:
        """Count the batches of an epoch."""
        n_shards, size = self.shards(batch_size)
        of_all = (-(-np.diff(self.offsets) // size)).sum()
        return int(-(-of_all // n_shards))

    def holding_out(
        self, share: float, random_state: np.random.RandomState
    ) -> Partitions:
        """Raise an error: what would be set aside is elsewhere."""
        raise ValueError(
            "early_stopping=True, or a callback that monitors a validation loss, sets "
            "sequences aside, which needs all of them in memory, but X is a Dask "
            "collection; set early_stopping=False and the number of epochs, or pass "
            "X.compute()."
        )

    def turns(self, random_state: np.random.Generator | None) -> Iterator[Data]:
        """Yield nothing: the data are elsewhere."""
        yield from ()


Source = Data | Stream | Partitions
