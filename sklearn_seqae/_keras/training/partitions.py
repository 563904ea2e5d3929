"""Updates of which each partition computes a share, wherever it is.

A task is a pure function of weights, partition and shards, so it may run again, and
elsewhere. Gradients are added up in a fixed order.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._keras.devices import check_not_forked
from sklearn_seqae._keras.training.cache import borrow
from sklearn_seqae._keras.training.feeding import Feed, Packer, seeds, sums_of
from sklearn_seqae._keras.training.program import Program, UpdateSettings
from sklearn_seqae._keras.training.workspace import Workspace
from sklearn_seqae._patches.batching import plan_epoch
from sklearn_seqae._patches.packing import PackedShards
from sklearn_seqae._patches.source.data import Data, Partitions

FAN_IN = 8  # gradients that are added up in one place
ANY_OPTIMIZER = "sgd"  # a worker computes gradients only
Found = tuple[NDArray[np.float64], NDArray[np.float32]]


class PartitionedFeed(Feed):
    """Batches of shards, each of one partition."""

    _source: Partitions
    _of_turns: np.random.Generator
    _places: list[Any]

    def turns(self) -> Iterator[NDArray[np.int64]]:
        yield self.epoch()

    def epoch(self) -> NDArray[np.int64]:
        """Draw one epoch's batches, as shards: (n_batches, n_shards, n_rows)."""
        source, usual = self._source, self._program.usual
        self._places = source.tasks.places()  # workers come and go
        n_shards, size = source.shards(self._settings.batch_size)
        shape = n_shards, self._packer.n_sequences(usual)
        return plan_batches(
            source.lengths, source.offsets, shape, size, self._random_state
        )

    def training(self, shards: NDArray[np.int64], one_by_one: bool) -> Iterator[Any]:
        """Yield one batch after the other, each with a seed for every shard."""
        for batch in shards:
            yield batch, self._of_turns.integers(2**32, size=len(batch))

    def train(self, workspace: Workspace, batch: Any) -> NDArray[np.float64]:
        """Make the update of a batch; return its sums, see `sums_of`."""
        tasks, jobs = self._source.tasks, self.jobs(batch)
        data, at, share = self._source.data, self._places, gradient_of_shards
        # By a task that can run again, as scattered data can't
        weights = tasks.submit(np.asarray, workspace.vector)
        found = [
            tasks.submit(share, job, data[p], weights, place=at[p % len(at)])
            for p, job in jobs
        ]
        while len(found) > FAN_IN:
            groups = [found[i : i + FAN_IN] for i in range(0, len(found), FAN_IN)]
            found = [tasks.submit(add_up, *group) for group in groups]
        sums, gradient = add_up(*tasks.gather(found))
        workspace.apply(gradient, jobs[0][1].settings.learning_rate[0])
        return sums

    def jobs(self, batch: Any) -> list[tuple[int, Job]]:
        """Return the share of each partition in the update of a batch."""
        shards, drawn = batch
        settings, offsets = self.update_settings(1), self._source.offsets
        partition = np.searchsorted(offsets, shards.max(axis=1), side="right") - 1
        asked = self._settings
        shared = self._program, asked.noise, asked.mask_ratio, settings
        found = []
        for p in np.unique(partition[partition >= 0]):
            own = shards[partition == p]
            local = np.where(own >= 0, own - offsets[p], -1)
            found.append((int(p), Job(*shared, local, drawn[partition == p])))
        return found


def plan_batches(
    lengths: NDArray[np.int64],
    offsets: NDArray[np.int64],
    shape: tuple[int, int],
    size: int,
    random_state: np.random.RandomState,
) -> NDArray[np.int64]:
    """Draw the batches of an epoch: shards of about one length, of all partitions.

    The shards of a partition stand in the order of their lengths, evenly spread, so a
    batch has a share of each. ``offsets`` are the first sequence of each partition;
    ``shape`` are the most shards of a batch and rows of a shard, and ``size`` the most
    sequences of one. Returns (n_batches, n_shards, n_rows), sequences by index, -1 for
    an empty row.
    """
    rows, places = [], []
    for start, stop in pairwise(offsets):
        own = plan_epoch(lengths[start:stop], size, random_state)
        own.sort(key=lambda shard: int(lengths[start + shard].max()))
        rows += [start + shard for shard in own]
        place = np.arange(len(own)) + random_state.uniform(size=len(own))
        places.append(place / len(own))
    order = np.argsort(np.concatenate(places), kind="stable")
    n_batches = -(-len(rows) // shape[0])
    batches = np.full((n_batches, *shape), -1)
    for batch, chosen in zip(batches, np.array_split(order, n_batches), strict=True):
        for row, i in zip(batch, np.sort(chosen), strict=False):
            row[: len(rows[i])] = rows[i]
    return batches[random_state.permutation(n_batches)]


# What runs in tasks ------------------------------------------------------------------


class Job(NamedTuple):
    """The share of a partition in an update."""

    program: Program
    noise: float
    mask_ratio: float
    settings: UpdateSettings  # of one update
    shards: NDArray[np.int64]  # (n_shards, n_rows): by index, -1 for an empty row
    seeds: NDArray[np.int64]  # (n_shards,): all that is random of one follows from it


def gradient_of_shards(job: Job, data: Data, weights: NDArray[np.float32]) -> Found:
    """Return losses and counts, see `sums_of`, and the gradient, of some shards."""
    check_not_forked()
    found = []
    with borrow(job.program, ANY_OPTIMIZER) as workspace:
        workspace.vector = weights
        for shard, seed in zip(job.shards, job.seeds, strict=True):
            packed, drawn = pack_shard(job, data, shard, seed)
            settings = job.settings._replace(seed=drawn)
            losses, gradient = workspace.gradient(packed, settings)
            found.append((sums_of(losses[None], packed, data.patches), gradient))
    return add_up(*found)


def pack_shard(
    job: Job, data: Data, shard: NDArray[np.int64], seed: int
) -> tuple[PackedShards, NDArray[np.int32]]:
    """Return a batch of one shard, and the seed of what TensorFlow draws."""
    generators = map(np.random.default_rng, np.random.SeedSequence(seed).spawn(4))
    drawn = seeds(next(generators), 1)
    packer = Packer(job.program, job.noise, job.mask_ratio, lambda: next(generators))
    (packed,) = packer.training(data, shard[None, None])
    return packed, drawn


def add_up(*found: Found) -> Found:
    """Add up what `gradient_of_shards` returns, in this order."""
    sums, gradients = zip(*found, strict=True)
    return np.sum(sums, axis=0), reduce(np.add, gradients)
