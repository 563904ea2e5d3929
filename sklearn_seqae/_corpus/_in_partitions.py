"""Sequences in the partitions of a Dask collection, which stay where they are."""

from __future__ import annotations

import copy
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._chunks import BUFFER_SIZE, naming
from sklearn_seqae._corpus._in_memory import Corpus, training_data
from sklearn_seqae._corpus._shuffling import concatenate, smallest
from sklearn_seqae._dask import Tasks, check_not_empty, open_tasks
from sklearn_seqae._gate import (
    describe_features,
    refuse_events,
    take_features,
    validate_sequences,
)
from sklearn_seqae._inputs import Container
from sklearn_seqae._preprocessing import Preprocessing
from sklearn_seqae._ragged import RaggedArray, offsets_from_lengths
from sklearn_seqae._scaling import ScalerInChunks, scale
from sklearn_seqae._validation import refuse_unobserved

if TYPE_CHECKING:
    from sklearn_seqae._keras.training.settings import Data, Partitions


@dataclass(frozen=True)
class PartitionedCorpus(Corpus):
    """Sequences of which each partition has some; the sample is drawn at random.

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

    @property
    def all_lengths(self) -> NDArray[np.int64]:
        """Time steps of all sequences."""
        return self.lengths

    def to_train(self, preprocessing: Preprocessing, batch_size: int) -> Partitions:
        """Return the sequences as training takes them.

        The parts are let go of. If a worker is lost, Dask makes them again.
        """
        from sklearn_seqae._keras.training.settings import Partitions, Totals

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
    estimator: Any, X: Any, scaler: Any, *, reset: bool
) -> PartitionedCorpus:
    """Read all partitions once, each where it is.

    Parameters
    ----------
    estimator : BaseEstimator instance
        As for `validate_sequences`, which checks each partition against the first.
    X : dask DataFrame, Series or Bag
    scaler : transformer or None
        To be fitted; one that is fitted already stays as it is.
    reset : bool
        As for `validate_sequences`.

    Raises
    ------
    ValueError, TypeError
        If a partition can't be used, naming it, or if the scaler can't be fitted in
        parts.
    """
    tasks = open_tasks()
    running = ScalerInChunks(scaler)
    read, features = tasks.read(X), describe_features(estimator)
    if reset:
        first = tasks.submit(_first, type(estimator), read[0])
        ((features, container),) = tasks.gather([first])
        take_features(estimator, features)
    else:
        container = estimator._container
    refuse_events(estimator, container)
    parts = [
        tasks.submit(_read, number, partition, type(estimator), features)
        for number, partition in enumerate(read)
    ]
    facts = tasks.gather([tasks.submit(_facts_of, part) for part in parts])
    of_each = [fact.lengths for fact in facts]
    lengths = np.concatenate(of_each)
    if reset:
        unobserved = np.all([fact.unobserved for fact in facts], axis=0)
        refuse_unobserved(unobserved, len(lengths))
    for number, part in enumerate(parts):
        running = tasks.submit(_updated, number, running, part)
    (running,) = tasks.gather([running])
    scaler = running.fitted()
    sample = scale(scaler, _draw(tasks, parts, of_each, len(facts[0].unobserved)))
    digests = b"".join(fact.digest for fact in facts)
    return PartitionedCorpus(
        container,
        scaler,
        sample,
        np.ones(len(sample)),
        lengths,
        hashlib.blake2b(digests, digest_size=16).hexdigest(),
        tasks=tasks,
        parts=parts,
        sizes=list(map(len, of_each)),
    )


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


class _Facts(NamedTuple):
    """Facts of a partition."""

    lengths: NDArray[np.int64]
    unobserved: NDArray[np.bool_]
    digest: bytes


def _first(kind: type, partition: Any) -> tuple[dict[str, Any], Container]:
    """Return what describes the features of the first partition, and its container."""
    estimator = kind()
    with naming("partition 0"):
        check_not_empty(partition)
        _, container = validate_sequences(estimator, partition, reset=True)
    return describe_features(estimator), container


def _read(
    number: int, partition: Any, kind: type, features: dict[str, Any]
) -> RaggedArray:
    estimator = kind()
    take_features(estimator, features)
    with naming(f"partition {number}"):
        check_not_empty(partition)
        ragged, container = validate_sequences(estimator, partition, reset=False)
        refuse_events(estimator, container)
    return ragged


def _facts_of(part: RaggedArray) -> _Facts:
    digest = hashlib.blake2b(digest_size=16)
    digest.update(part.lengths.data)
    digest.update(part.values.data)
    is_missing: NDArray[np.bool_] = np.isnan(part.values)
    return _Facts(part.lengths, np.all(is_missing, axis=0), digest.digest())


def _updated(number: int, running: ScalerInChunks, part: RaggedArray) -> ScalerInChunks:
    """Return the scaler, fitted to a part more; a task leaves its arguments alone."""
    running = copy.deepcopy(running)
    with naming(f"partition {number}"):
        running.update(part)
    return running


def _data_of(
    number: int, part: RaggedArray, scaler: Any, preprocessing: Preprocessing
) -> Data:
    with naming(f"partition {number}"):
        return training_data(preprocessing, scale(scaler, part))


def _totals_of(data: Data) -> Any:
    return data.totals
