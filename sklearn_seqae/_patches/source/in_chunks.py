"""Sequences in chunks, read before training and once in every epoch.

The first pass learns categories and times, fits the scaler, counts, and draws a sample.
Where there are categories or times, the scaler and the sample take a second one. An
epoch goes through a buffer: when it is full, half of its sequences, drawn at random,
are trained on. What a later pass reads must be what the first one has read.
"""

from __future__ import annotations

import copy
from collections import defaultdict, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._containers.chunks import SequenceChunks, naming
from sklearn_seqae._containers.gate import validate_sequences
from sklearn_seqae._containers.ragged import RaggedArray
from sklearn_seqae._containers.readers import Container
from sklearn_seqae._patches.preprocessing import Preprocessing
from sklearn_seqae._patches.source.in_memory import Corpus, training_data
from sklearn_seqae._patches.source.sampled import (
    SAME_AGAIN,
    Facts,
    SampledCorpus,
    Trace,
    facts_of,
    joined,
    trace_of,
)
from sklearn_seqae._patches.source.shuffling import Sample, concatenate, shuffled
from sklearn_seqae._patches.validation import refuse_unobserved
from sklearn_seqae._sequences.events import Events, Given
from sklearn_seqae._sequences.events_in_chunks import EventsInChunks
from sklearn_seqae._sequences.scaling import ScalerInChunks, scale
from sklearn_seqae.exceptions import _count

if TYPE_CHECKING:
    from sklearn_seqae._patches.source.data import Stream


@dataclass(frozen=True)
class ChunkedCorpus(SampledCorpus):
    """Sequences that are too many for the buffer.

    Attributes
    ----------
    chunks : SequenceChunks
    estimator : BaseEstimator instance
        Knows the features that they must have.
    """

    chunks: Any = None
    estimator: Any = None

    def to_train(self, preprocessing: Preprocessing, batch_size: int) -> Stream:
        """Return the sequences as training takes them."""
        from sklearn_seqae._patches.source.data import Data, Stream

        of_sample = super().to_train(preprocessing, batch_size)

        def turns(generator: np.random.Generator) -> Iterator[Data]:
            size = self.chunks.buffer_size
            for part in shuffled(self._scaled(generator), size, batch_size, generator):
                yield training_data(preprocessing, part)

        return Stream(
            preprocessing.n_steps(self.lengths),
            extrapolated(of_sample.totals, self.sample.lengths, self.lengths),
            of_sample.baselines,
            turns,
        )

    def _scaled(self, random_state: np.random.Generator) -> Iterator[RaggedArray]:
        """Read all chunks again, in an order drawn at random if that can be."""
        events, traces = self.events, self.traces
        again = read_again(self.estimator, self.chunks, events, traces, random_state)
        for place, encoded in again:
            with naming(place):
                yield scale(self.scaler, encoded, events.n_codes)


def survey(
    estimator: Any,
    X: SequenceChunks,
    scaler: Any,
    events: EventsInChunks,
    *,
    reset: bool,
) -> Corpus:
    """Read all chunks once or, if there are categories or times, twice.

    Parameters
    ----------
    estimator : BaseEstimator instance
        As for `validate_sequences`, which checks each chunk against the first.
    X : SequenceChunks
    scaler : transformer or None
        To be fitted; one that is fitted already stays as it is.
    events : EventsInChunks
    reset : bool
        As for `validate_sequences`.

    Returns
    -------
    Corpus
        In memory, if all sequences fit into the buffer; then they are read once.

    Raises
    ------
    ValueError, TypeError
        If a chunk can't be used, naming it, if there is none, or if the scaler can't be
        fitted in chunks.
    """
    container, facts, held, prepared = _first_pass(estimator, X, scaler, events, reset)
    traces = defaultdict(list)
    for place, each in facts:
        traces[place].append(each.trace)
    learnt, container = events.learnt(), events.container(container)
    if prepared is None:
        whole = concatenate([_encoded(*each, learnt)[1] for each in held])
        weight = np.ones(len(whole))
        corpus = Corpus.of(whole, container, scaler, weight, learnt, reset=reset)
        return replace(corpus, traces=traces)
    lengths, unobserved, digest = joined([each for _, each in facts])
    if reset:
        refuse_unobserved(unobserved, len(lengths))
    if events.so_far is None:
        prepared = _Preparation(scaler, X.buffer_size, learnt.n_codes)
        for place, encoded in read_again(estimator, X, learnt, traces):
            prepared.add(place, encoded)
    scaler, sample = prepared.result()
    return ChunkedCorpus(
        container,
        scaler,
        sample,
        np.ones(len(sample)),
        lengths,
        learnt,
        digest,
        traces,
        chunks=X,
        estimator=estimator,
    )


class _FirstPass(NamedTuple):
    """Chunks that were read once.

    Attributes
    ----------
    container : Container
        Of the first chunk.
    facts : list of (str, Facts)
        Of each chunk, and where it is from.
    held : list of (str, Given)
        All chunks and where they are from, if they fit into the buffer.
    prepared : _Preparation or None
        None if they do. It has seen all chunks unless events are to be learnt.
    """

    container: Container
    facts: list[tuple[str, Facts]]
    held: list[tuple[str, Given]]
    prepared: _Preparation | None


def _first_pass(
    estimator: Any, X: SequenceChunks, scaler: Any, events: EventsInChunks, reset: bool
) -> _FirstPass:
    facts: list[tuple[str, Facts]] = []
    held: list[tuple[str, Given]] = []
    n_values, container, prepared = 0, None, None
    for place, chunk in X._placed():
        with naming(place):
            begins = reset and container is None
            sequences, found = validate_sequences(estimator, chunk, reset=begins)
            given = events.update(chunk, sequences, found, place=place)
        container = container or found
        facts.append((place, facts_of(given)))
        n_values += sequences.values.size
        if n_values <= X.buffer_size:
            # a copy, since a generator may fill the same array again
            own = sequences.with_values(sequences.values.copy())
            held.append((place, given._replace(sequences=own)))
            continue
        known = events.so_far
        if prepared is None:
            n_codes = 0 if known is None else known.n_codes
            prepared = _Preparation(scaler, X.buffer_size, n_codes)
        if known is not None:
            for each in (*held, (place, given)):
                prepared.add(*_encoded(*each, known))
        held.clear()
    if container is None:
        raise ValueError("X has no chunks, so there is no sequence to train on.")
    return _FirstPass(container, facts, held, prepared)


class _Preparation:
    """Fits a scaler to one chunk after the other, and draws a sample.

    Parameters
    ----------
    scaler : transformer or None
    size : int
        Values of the sample, at most.
    n_codes : int
        Features that are codes of categories; the last ones.
    """

    def __init__(self, scaler: Any, size: int, n_codes: int) -> None:
        self._sample, self._n_codes = Sample(size), n_codes
        # a copy, since it may have to begin anew
        self._running = ScalerInChunks(copy.deepcopy(scaler), n_codes)
        self._is_full = False

    def add(self, place: str, encoded: RaggedArray) -> None:
        if not (self._is_full or self._sample.has_room_for(encoded)):
            self._is_full = True
            if len(self._sample):
                with naming(f"the chunks before {place}"):
                    self._running.update(self._sample.sequences())
        if self._is_full:
            with naming(place):
                self._running.update(encoded)
        self._sample.add(encoded)

    def result(self) -> tuple[Any, RaggedArray]:
        """Return the fitted scaler, and the sample, scaled by it."""
        scaler = self._running.fitted()
        return scaler, scale(scaler, self._sample.sequences(), self._n_codes)


def read_again(
    estimator: Any,
    X: SequenceChunks,
    events: Events,
    traces: Mapping[str, Sequence[Trace]],
    random_state: np.random.Generator | None = None,
) -> Iterator[tuple[str, RaggedArray]]:
    """Yield all chunks again, encoded, and where each is from; see `_checked`."""
    for place, _, given in _checked(estimator, X, events, traces, random_state):
        yield _encoded(place, given, events)


def as_read(estimator: Any, X: Any, corpus: Corpus) -> Any:
    """Return the `X` of a fit, to be read once more; chunks are checked as they come.

    Parameters
    ----------
    estimator : BaseEstimator instance
        Fitted.
    X : container, SequenceChunks or Dask collection
    corpus : Corpus
        What the fit read of it.
    """
    if corpus.traces is None:
        return X
    return _AsRead(estimator, X, corpus)


class _AsRead(SequenceChunks):
    """Chunks that raise an error where they are not those that a fit has read."""

    def __init__(self, estimator: Any, X: SequenceChunks, corpus: Corpus) -> None:
        super().__init__(X.make_iterator, buffer_size=X.buffer_size)
        self._again = estimator, X, corpus.events, corpus.traces

    def _placed(
        self, random_state: np.random.Generator | None = None
    ) -> Iterator[tuple[str, Any]]:
        for place, chunk, _ in _checked(*self._again, random_state):
            yield place, chunk


def _checked(
    estimator: Any,
    X: SequenceChunks,
    events: Events,
    traces: Mapping[str, Sequence[Trace]],
    random_state: np.random.Generator | None,
) -> Iterator[tuple[str, Any, Given]]:
    """Yield all chunks again, and what was read of each.

    Raises
    ------
    ValueError
        If they are not those of the first time, naming the first that isn't.
    """
    to_come = {place: deque(of_place) for place, of_place in traces.items()}
    for place, chunk in X._placed(random_state):
        with naming(place):
            sequences, container = validate_sequences(estimator, chunk, reset=False)
            given = events.read(chunk, sequences, container)
            if not to_come.get(place):
                raise ValueError(
                    f"fit did not find this when it read X first. {SAME_AGAIN}"
                )
            to_come[place].popleft().check(trace_of(given))
        yield place, chunk, given
    absent = [trace.n_sequences for left in to_come.values() for trace in left]
    if absent:
        n = sum(trace.n_sequences for each in traces.values() for trace in each)
        place = next(place for place, left in to_come.items() if left)
        raise ValueError(
            f"X had {_count(n, 'sequence')} when it was read first, and "
            f"{n - sum(absent)} when it was read again: {place} is the first that is "
            f"absent. {SAME_AGAIN} One that returns one generator twice does not."
        )


def _encoded(place: str, given: Given, events: Events) -> tuple[str, RaggedArray]:
    with naming(place):
        return place, events.encode(given)[0]


def extrapolated(
    totals: Any, sampled: NDArray[np.int64], lengths: NDArray[np.int64]
) -> Any:
    """Return the counts of all sequences, from those of a sample.

    Only the size of the gradients depends on them; the history counts itself.

    Parameters
    ----------
    totals : Totals
        Of the sample.
    sampled, lengths : ndarray of int64
        Time steps of the sampled sequences, and of all.
    """
    per_step = lengths.sum() / sampled.sum()
    return totals._replace(
        values=totals.values * per_step,
        sequences=float(len(lengths)),
        ahead=totals.ahead * len(lengths) / len(sampled),
    )
