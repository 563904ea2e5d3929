"""Sequences in the partitions of a Dask collection, which stay where they are."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._containers.chunks import BUFFER_SIZE, naming
from sklearn_seqae._containers.dask import Tasks, check_not_empty, open_tasks
from sklearn_seqae._containers.gate import (
    describe_features,
    take_features,
    validate_sequences,
)
from sklearn_seqae._containers.kinds import TimeAxis
from sklearn_seqae._containers.ragged import RaggedArray, offsets_from_lengths
from sklearn_seqae._containers.readers import Container
from sklearn_seqae._patches.preprocessing import Preprocessing
from sklearn_seqae._patches.source.in_memory import training_data
from sklearn_seqae._patches.source.sampled import (
    Facts,
    SampledCorpus,
    Trace,
    facts_of,
    joined,
    trace_of,
)
from sklearn_seqae._patches.source.shuffling import concatenate, smallest
from sklearn_seqae._patches.validation import refuse_unobserved
from sklearn_seqae._sequences.events import Events, Given
from sklearn_seqae._sequences.events_in_chunks import EventsInChunks
from sklearn_seqae._sequences.scaling import ScalerInChunks, scale

if TYPE_CHECKING:
    from sklearn_seqae._patches.source.data import Data, Partitions


AT_A_TIME = 8  # partitions of which what was learnt is here


@dataclass(frozen=True)
class PartitionedCorpus(SampledCorpus):
    """Sequences of which each partition has some.

    Attributes
    ----------
    tasks : Tasks
    parts : list
        Results of tasks: the sequences of each partition, in their own units.
    sizes : list of int
        Sequences of each.
    """

    tasks: Any = None
    parts: Any = None
    sizes: Any = None

    def to_train(self, preprocessing: Preprocessing, batch_size: int) -> Partitions:
        """Return the sequences as training takes them.

        The parts are let go of. If a worker is lost, Dask makes them again.
        """
        from sklearn_seqae._patches.source.data import Partitions, Totals

        of_sample = super().to_train(preprocessing, batch_size)
        submit, gather = self.tasks.submit, self.tasks.gather
        data = [
            submit(_data_of, number, part, self.scaler, preprocessing)
            for number, part in enumerate(self.parts)
        ]
        self.parts.clear()
        totals = gather([submit(_totals_of, of_part) for of_part in data])
        return Partitions(
            preprocessing.n_steps(self.lengths),
            offsets_from_lengths(self.sizes),
            Totals(*map(sum, zip(*totals, strict=True))),
            of_sample.baselines,
            self.tasks,
            data,
        )


def survey_partitions(
    estimator: Any, X: Any, scaler: Any, events: EventsInChunks, *, reset: bool
) -> PartitionedCorpus:
    """Read all partitions once, each where it is.

    Parameters
    ----------
    estimator : BaseEstimator instance
        As for `validate_sequences`, which checks each partition against the first.
    X : dask DataFrame, Series or Bag
    scaler : transformer or None
        To be fitted; one that is fitted already stays as it is.
    events : EventsInChunks
    reset : bool
        As for `validate_sequences`.

    Raises
    ------
    ValueError, TypeError
        If a partition can't be used, naming it, or if the scaler can't be fitted in
        parts.
    """
    tasks = open_tasks()
    ScalerInChunks(scaler)  # raises before anything is read
    read, container = _read_all(estimator, tasks, tasks.read(X), events, reset)
    facts = tasks.gather([tasks.submit(_facts_of, each) for each in read])
    lengths, unobserved, digest = joined(facts)
    of_each = [each.lengths for each in facts]
    if reset:
        _learn(events, tasks, read)
    learnt = events.learnt()
    if reset:
        refuse_unobserved(unobserved, len(lengths))
    parts = [
        tasks.submit(_encoded, number, each, learnt, facts[number].trace)
        for number, each in enumerate(read)
    ]
    read.clear()  # if a worker is lost, Dask reads again, and must find the same
    running: Any = ScalerInChunks(scaler, learnt.n_codes)
    for number, part in enumerate(parts):
        running = tasks.submit(_updated, number, running, part)
    (running,) = tasks.gather([running])
    scaler = running.fitted()
    n_features = len(unobserved) + learnt.n_moments
    drawn = _draw(tasks, parts, of_each, n_features)
    sample = scale(scaler, drawn, learnt.n_codes)
    return PartitionedCorpus(
        events.container(container),
        scaler,
        sample,
        np.ones(len(sample)),
        lengths,
        learnt,
        digest,
        tasks=tasks,
        parts=parts,
        sizes=list(map(len, of_each)),
    )


def _read_all(
    estimator: Any,
    tasks: Tasks,
    partitions: list[Any],
    events: EventsInChunks,
    reset: bool,
) -> tuple[list[Any], Container]:
    """Return what was read of each partition, and the container of the first."""
    kind, features = type(estimator), describe_features(estimator)
    container: Any = None if reset else estimator._container
    if reset:
        first = tasks.submit(_first, kind, partitions[0], events)
        ((features, container, events.times),) = tasks.gather([first])
        take_features(estimator, features)
    read = [
        tasks.submit(_read, number, partition, kind, features, events)
        for number, partition in enumerate(partitions)
    ]
    return read, container


def _learn(events: EventsInChunks, tasks: Tasks, read: list[Any]) -> None:
    """Learn from partitions, in their order; a few at a time come here."""
    found = [tasks.submit(_events_of, each) for each in read]
    for start in range(0, len(found), AT_A_TIME):
        several = tasks.gather(found[start : start + AT_A_TIME])
        for number, of_partition in enumerate(several, start):
            with naming(f"partition {number}"):
                events.merge(of_partition)


def _draw(
    tasks: Tasks, parts: list[Any], lengths: list[NDArray[np.int64]], n_features: int
) -> RaggedArray:
    """Draw sequences at random, as many as a buffer holds, as `Sample` does."""
    of_all = np.concatenate(lengths)
    keys = np.random.default_rng(0).random(len(of_all))
    kept, _ = smallest(keys, of_all * n_features, BUFFER_SIZE)
    is_kept = np.zeros(len(of_all), bool)
    is_kept[kept] = True
    ends = np.cumsum([len(each) for each in lengths])
    chosen = np.split(is_kept, ends[:-1])
    return concatenate(
        tasks.gather(
            [
                tasks.submit(RaggedArray.take, part, mask)
                for part, mask in zip(parts, chosen, strict=True)
                if mask.any()
            ]
        )
    )


# What runs in tasks ------------------------------------------------------------------


class _Read(NamedTuple):
    """A partition as it was read, and what was learnt of it."""

    given: Given
    events: EventsInChunks


def _first(
    kind: type, partition: Any, events: EventsInChunks
) -> tuple[dict[str, Any], Container, TimeAxis | None]:
    """Return what describes the features, the container and the times of the first."""
    estimator = kind()
    own = copy.deepcopy(events)
    with naming("partition 0"):
        check_not_empty(partition)
        sequences, container = validate_sequences(estimator, partition, reset=True)
        own.update(partition, sequences, container)
    return describe_features(estimator), container, own.times


def _read(
    number: int,
    partition: Any,
    kind: type,
    features: dict[str, Any],
    events: EventsInChunks,
) -> _Read:
    estimator, place = kind(), f"partition {number}"
    own = copy.deepcopy(events)  # a task leaves its arguments alone
    take_features(estimator, features)
    with naming(place):
        check_not_empty(partition)
        sequences, container = validate_sequences(estimator, partition, reset=False)
        return _Read(own.update(partition, sequences, container, place=place), own)


def _facts_of(read: _Read) -> Facts:
    return facts_of(read.given)


def _events_of(read: _Read) -> EventsInChunks:
    return read.events


def _encoded(number: int, read: _Read, events: Events, first: Trace) -> RaggedArray:
    with naming(f"partition {number}"):
        first.check(trace_of(read.given))
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
        scaled = scale(scaler, part, preprocessing.n_codes)
        return training_data(preprocessing, scaled)


def _totals_of(data: Data) -> Any:
    return data.totals
