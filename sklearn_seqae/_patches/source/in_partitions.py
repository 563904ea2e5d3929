"""Sequences in the partitions of a Dask collection, which stay where they are."""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._containers.chunks import BUFFER_SIZE, naming
from sklearn_seqae._containers.dask import Tasks, check_not_empty, open_tasks
from sklearn_seqae._containers.ragged import RaggedArray, offsets_from_lengths
from sklearn_seqae._patches.preprocessing import Preprocessing
from sklearn_seqae._patches.source import source as base
from sklearn_seqae._patches.source.data import Data, Partitions, Totals
from sklearn_seqae._patches.source.source import Source
from sklearn_seqae._sequences.scaling import ScalerInChunks, scale
from sklearn_seqae._sequences.schema import Events, Given
from sklearn_seqae._sequences.summary import Summary

AT_A_TIME = 8  # partitions of which what was learnt is here


@dataclass(frozen=True)
class PartitionedSource(Source):
    """Sequences of which each partition has some."""

    tasks: Any = None
    # Results of tasks: the sequences of each partition, in their own units
    parts: Any = None
    sizes: Any = None  # sequences of each

    def to_train(self, preprocessing: Preprocessing, batch_size: int) -> Partitions:
        """Return the sequences as training takes them.

        The parts are let go of. If a worker is lost, Dask makes them again.
        """
        of_sample = super().to_train(preprocessing, batch_size)
        submit, gather = self.tasks.submit, self.tasks.gather
        data = [
            submit(_data_of, number, part, self.schema.scaler, preprocessing)
            for number, part in enumerate(self.parts)
        ]
        self.parts.clear()
        totals = gather([submit(getattr, of_part, "totals") for of_part in data])
        return Partitions(
            preprocessing.n_steps(self.lengths),
            Totals(*map(sum, zip(*totals, strict=True))),
            of_sample.baselines,
            offsets_from_lengths(self.sizes),
            self.tasks,
            data,
        )


def read_partitions(X: Any, scaler: Any, summary: Summary) -> PartitionedSource:
    """Read all partitions once, where they are; fit the scaler if it is new."""
    tasks, reset = open_tasks(), summary.is_new
    ScalerInChunks(scaler)  # raises before anything is read
    partitions = tasks.read(X)
    if reset:
        (summary,) = tasks.gather([tasks.submit(_first, partitions[0], summary)])
    read = [
        tasks.submit(_read, number, partition, summary)
        for number, partition in enumerate(partitions)
    ]
    facts = tasks.gather([tasks.submit(getattr, each, "facts") for each in read])
    lengths, unobserved, digest = base.joined(facts)
    of_each = [each.lengths for each in facts]
    if reset:
        _learn(summary, tasks, read)
    schema = summary.schema(scaler)
    events = schema.events
    if reset:
        base.refuse_unobserved(unobserved, len(lengths))
    parts = [
        tasks.submit(_encoded, number, each, events, facts[number].trace)
        for number, each in enumerate(read)
    ]
    read.clear()  # if a worker is lost, Dask reads again, and must find the same
    running: Any = ScalerInChunks(scaler)
    for number, part in enumerate(parts):
        running = tasks.submit(_updated, number, running, part)
    (running,) = tasks.gather([running])
    scaler = running.fitted()
    n_features = len(unobserved) + events.n_moments
    drawn = _draw(tasks, parts, of_each, n_features)
    sample = scale(scaler, drawn)
    return PartitionedSource(
        replace(schema, scaler=scaler),
        sample,
        np.ones(len(sample)),
        lengths,
        digest,
        tasks=tasks,
        parts=parts,
        sizes=list(map(len, of_each)),
    )


def _learn(summary: Summary, tasks: Tasks, read: list[Any]) -> None:
    """Learn from partitions, in their order; a few at a time come here."""
    found = [tasks.submit(getattr, each, "summary") for each in read]
    for start in range(0, len(found), AT_A_TIME):
        several = tasks.gather(found[start : start + AT_A_TIME])
        for number, of_partition in enumerate(several, start):
            with naming(f"partition {number}"):
                summary.merge(of_partition)


def _draw(
    tasks: Tasks, parts: list[Any], lengths: list[NDArray[np.int64]], n_features: int
) -> RaggedArray:
    """Draw sequences at random, as many as a buffer holds, as `Sample` does."""
    of_all = np.concatenate(lengths)
    keys = np.random.default_rng(0).random(len(of_all))
    kept, _ = base.smallest(keys, of_all * n_features, BUFFER_SIZE)
    is_kept = np.zeros(len(of_all), bool)
    is_kept[kept] = True
    ends = np.cumsum([len(each) for each in lengths])
    chosen = zip(parts, np.split(is_kept, ends[:-1]), strict=True)
    take = RaggedArray.take
    drawn = [tasks.submit(take, part, mask) for part, mask in chosen if mask.any()]
    return base.concatenate(tasks.gather(drawn))


# What runs in tasks ------------------------------------------------------------------


class _Read(NamedTuple):
    """A partition as it was read, and what was learnt of it."""

    given: Given
    facts: base.Facts
    summary: Summary


def _first(partition: Any, summary: Summary) -> Summary:
    """Return a summary that knows the features of the first partition, and no more."""
    own, learnt = copy.deepcopy(summary), copy.deepcopy(summary)
    with naming("partition 0"):
        check_not_empty(partition)
        learnt.add(partition, "")
        own.read(partition)
    own.times = learnt.times
    return own


def _read(number: int, partition: Any, summary: Summary) -> _Read:
    own, place = copy.deepcopy(summary), f"partition {number}"
    with naming(place):
        check_not_empty(partition)
        given = own.add(partition, place)
        return _Read(given, base.facts_of(given), own)


def _encoded(
    number: int, read: _Read, events: Events, first: base.Trace
) -> RaggedArray:
    with naming(f"partition {number}"):
        first.check(base.trace_of(read.given))
        return events.encode(read.given)[0]


def _updated(number: int, running: ScalerInChunks, part: RaggedArray) -> ScalerInChunks:
    """Return the scaler, fitted to a part more."""
    running = copy.deepcopy(running)
    with naming(f"partition {number}"):
        running.update(part)
    return running


def _data_of(
    number: int, part: RaggedArray, scaler: Any, preprocessing: Preprocessing
) -> Data:
    with naming(f"partition {number}"):
        return base.training_data(preprocessing, scale(scaler, part))
