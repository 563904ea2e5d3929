"""Updates of which each partition computes a share."""

import dataclasses
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest
from networks import (
    assert_close_weights,
    plain_settings,
    small_architecture,
    training_data,
    walks_in_patches,
)
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_seqae._containers.dask import OnCluster, Tasks
from sklearn_seqae._keras.network.keras_layers import initial_weights
from sklearn_seqae._keras.training import epochs, partitions
from sklearn_seqae._keras.training.feeding import sums_of
from sklearn_seqae._keras.training.partitions import PartitionedFeed, plan_batches
from sklearn_seqae._keras.training.program import plan_program
from sklearn_seqae._keras.training.workspace import Workspace
from sklearn_seqae._network.layers import State
from sklearn_seqae._patches.packing import ForecastTargets, PackedShards
from sklearn_seqae._patches.source.data import Baselines, Partitions, Totals

SIZES = (20, 3, 17)
LENGTHS = np.random.default_rng(0).integers(2, 17, size=sum(SIZES))
OFFSETS = np.append(0, np.cumsum(SIZES))


class Counting(Tasks):
    """Counts tasks and what is gathered."""

    def __init__(self):
        self.submitted, self.gathered = [], []

    def submit(self, function, *arguments, place=None):
        self.submitted.append(function.__name__)
        return super().submit(function, *arguments, place=place)

    def gather(self, results):
        self.gathered.append(len(results))
        return super().gather(results)


def source(tasks=None):
    data = [
        training_data(walks_in_patches(LENGTHS[start:stop], seed=i))
        for i, (start, stop) in enumerate(pairwise(OFFSETS))
    ]
    totals = Totals(*map(sum, zip(*(each.totals for each in data), strict=True)))
    return Partitions(
        LENGTHS, totals, Baselines(1.0, 1.0), OFFSETS, tasks or Tasks(), data
    )


# -- which sequences share a batch -----------------------------------------------------


@pytest.mark.parametrize(("n_shards", "n_rows", "size"), [(3, 4, 4), (2, 8, 5)])
def test_batches_have_each_sequence_once_in_shards_of_one_partition(
    n_shards, n_rows, size
):
    shape = n_shards, n_rows
    batches = plan_batches(LENGTHS, OFFSETS, shape, size, np.random.RandomState(0))
    assert batches.shape[1:] == shape
    assert_array_equal(np.sort(batches[batches >= 0]), np.arange(len(LENGTHS)))
    shards = batches.reshape(-1, n_rows)
    assert (shards >= 0).sum(axis=1).max() <= size
    for shard in shards:
        partition = np.searchsorted(OFFSETS, shard[shard >= 0], side="right")
        assert len(set(partition)) <= 1
    n_used = (shards >= 0).any(axis=1).sum()
    assert n_used == sum(-(-n // size) for n in SIZES)
    assert len(batches) == -(-n_used // n_shards)
    other = plan_batches(LENGTHS, OFFSETS, shape, size, np.random.RandomState(1))
    assert not np.array_equal(batches, other)


def test_batches_have_a_share_of_each_partition_and_shards_of_about_one_length():
    lengths = np.random.default_rng(0).integers(1, 100, size=1600)
    offsets = np.arange(0, 1601, 400)
    batches = plan_batches(lengths, offsets, (4, 16), 16, np.random.RandomState(0))
    partition = np.searchsorted(offsets, batches.max(axis=2), side="right") - 1
    n_partitions = [len(set(each)) for each in partition]
    assert np.mean(n_partitions) > 3  # 2.7 if they were drawn at random
    longest = lengths[batches].max(axis=2)
    assert np.mean(np.ptp(longest, axis=1)) < 15  # of 100


# -- the same updates as in one place --------------------------------------------------


def joined(shards):
    """Return the batches of one shard each as one batch of all."""
    starts = np.cumsum([0, *(len(packed.x) for packed in shards[:-1])])
    by_field = {
        name: np.concatenate([getattr(packed, name) for packed in shards], axis)
        for name, axis in (
            ("x", 0),
            ("target", 0),
            ("weight", 0),
            ("row_weight", 1),
            ("lengths", 1),
        )
    }
    forecast = zip(*(packed.forecast for packed in shards), strict=True)
    return PackedShards(
        **by_field,
        starts=starts[None].astype(np.int32),
        forecast=ForecastTargets(*(np.concatenate(each, 1) for each in forecast)),
    )


@pytest.mark.slow
def test_weights_are_those_of_one_program_for_whole_batches():
    architecture = small_architecture(
        bidirectional=True,
        pooling=("last", "mean", "max", "min", "std", "attention"),
        projection_size=3,
    )
    settings = plain_settings(
        batch_size=48, epochs=3, contrastive_weight=0.3, mask_ratio=0.3
    )
    data = source()
    random_state = np.random.RandomState(0)
    found = epochs.train(architecture, data, settings, random_state)

    random_state = np.random.RandomState(0)
    start = State(initial_weights(architecture, random_state))
    program = plan_program(architecture, data, settings)
    feed = PartitionedFeed(data, settings, program, random_state)
    n_shards, _ = data.shards(settings.batch_size)
    assert n_shards == 3
    of_batches = dataclasses.replace(
        program, usual=dataclasses.replace(program.usual, n_shards=n_shards)
    )
    workspace = Workspace(of_batches, settings.optimizer)
    workspace.load(start)
    workspace.start_at_rate(feed.rates.next)
    losses = []
    for _ in range(settings.epochs):
        sums = []
        for shards in feed.turns():
            for batch in feed.training(shards, one_by_one=True):
                jobs = feed.jobs(batch)
                of_shards = [
                    partitions.pack_shard(job, data.data[p], shard, seed)[0]
                    for p, job in jobs
                    for shard, seed in zip(job.shards, job.seeds, strict=True)
                ]
                while len(of_shards) < n_shards:  # the last batch is smaller
                    p, job = jobs[0]
                    empty = np.full_like(job.shards[0], -1)
                    of_shards.append(
                        partitions.pack_shard(job, data.data[p], empty, 0)[0]
                    )
                packed = joined(of_shards)
                found_losses = workspace.train(packed, jobs[0][1].settings)
                sums.append(sums_of(found_losses, packed))
        losses.append(feed.means(np.concatenate(sums))["loss"])
    expected = workspace.state().weights
    workspace.close()
    assert_close_weights(found.state.weights, expected, rtol=0, atol=2e-5)
    assert_allclose(found.history["loss"], losses, rtol=1e-5)


def test_gradients_are_added_up_in_few_places():
    data = source(Counting())
    tasks = data.tasks
    offsets = np.arange(len(LENGTHS) + 1)  # a sequence in each
    one_each = [training_data(walks_in_patches([n])) for n in LENGTHS]
    data = dataclasses.replace(data, offsets=offsets, data=one_each)
    settings = plain_settings(batch_size=20 * 16, epochs=1)
    epochs.train(small_architecture(), data, settings, np.random.RandomState(0))
    # 2 batches of 20 shards, in sums of 8, 8 and 4
    assert tasks.submitted.count("gradient_of_shards") == len(LENGTHS)
    assert tasks.submitted.count("add_up") == 6
    assert tasks.gathered == [3, 3]


@pytest.mark.parametrize(
    ("n_threads", "places"),
    [({}, [None]), ({"b": 1, "a": 1}, ["a", "b"]), ({"a": 2, "b": 1}, ["a", "b", "a"])],
)
def test_partitions_take_turns_among_the_workers_of_the_moment(n_threads, places):
    client = SimpleNamespace(nthreads=lambda: n_threads)
    assert OnCluster(client).places() == places
