"""Sequences in chunks, read before training and once in every epoch.

Where there are categories or times, the scaler and the sample take a second pass.
"""

from __future__ import annotations

import copy
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._containers.chunks import SequenceChunks, naming
from sklearn_seqae._containers.ragged import RaggedArray
from sklearn_seqae._patches.preprocessing import Preprocessing
from sklearn_seqae._patches.source import source as base
from sklearn_seqae._patches.source.data import Data, Stream, Totals
from sklearn_seqae._patches.source.source import Source
from sklearn_seqae._sequences.scaling import ScalerInChunks, scale
from sklearn_seqae._sequences.schema import Events, Given, Schema
from sklearn_seqae._sequences.summary import Summary
from sklearn_seqae._utils import warn_user
from sklearn_seqae.exceptions import _count


@dataclass(frozen=True)
class ChunkedSource(Source):
    """Sequences that are too many for the buffer."""

    chunks: Any = None
    by: str = ""  # name of the estimator, for messages

    def to_train(self, preprocessing: Preprocessing, batch_size: int) -> Stream:
        of_sample = super().to_train(preprocessing, batch_size)
        totals, sampled = of_sample.totals, self.sample.lengths
        # Of all, by their lengths. Only the size of the gradients depends on these
        # counts; the history counts itself
        totals = Totals(
            totals.values * (self.lengths.sum() / sampled.sum()),
            float(len(self.lengths)),
            totals.ahead * len(self.lengths) / len(sampled),
        )

        def turns(generator: np.random.Generator) -> Iterator[Data]:
            size = self.chunks.buffer_size
            for part in shuffled(self._scaled(generator), size, batch_size, generator):
                yield base.training_data(preprocessing, part)

        return Stream(
            preprocessing.n_steps(self.lengths), totals, of_sample.baselines, turns
        )

    def _scaled(self, random_state: np.random.Generator) -> Iterator[RaggedArray]:
        """Read all chunks again, in an order drawn at random if that can be."""
        schema = self.schema
        again = checked(self.chunks, schema, self.traces, self.by, random_state)
        for place, _, given in again:
            with naming(place):
                yield scale(schema.scaler, schema.events.encode(given)[0])


def read_chunks(X: SequenceChunks, scaler: Any, summary: Summary) -> Source:
    """Read all chunks once or, if there are categories or times, twice.

    If all sequences fit into the buffer, they stay in memory, and are read once. The
    scaler is to be fitted, unless the summary knows the schema already.
    """
    reset = summary.is_new
    facts: list[base.Facts] = []
    traces: Mapping[str, list[base.Trace]] = defaultdict(list)
    held: list[tuple[str, Given]] = []  # all chunks, while they fit into the buffer
    n_values, prepared = 0, None
    for place, chunk in X._placed():
        with naming(place):
            given = summary.add(chunk, place)
        facts.append(base.facts_of(given))
        traces[place].append(facts[-1].trace)
        sequences = given.sequences
        n_values += sequences.values.size
        if n_values <= X.buffer_size:
            # a copy, since a generator may fill the same array again
            own = sequences.with_values(sequences.values.copy())
            held.append((place, given._replace(sequences=own)))
            continue
        known = summary.so_far
        if prepared is None:
            prepared = _Preparation(scaler, X.buffer_size)
        if known is not None:
            for each in (*held, (place, given)):
                prepared.add(*each, known)
        held.clear()
    if not facts:
        raise ValueError("X has no chunks, so there is no sequence to train on.")
    n_columns = None if summary.features is None else summary.features.n_columns
    if reset and n_columns is not None and n_columns < max(5, min(len(facts), 33)):
        warn_user(
            f"each row of each chunk is read as one univariate sequence of {n_columns} "
            f"time steps. If each of the {len(facts)} chunks is one sequence, pass "
            "them all, without SequenceChunks, or lists of them as chunks."
        )
    schema = summary.schema(scaler)
    if prepared is None:
        whole = base.concatenate([_encoded(*each, schema.events) for each in held])
        source = Source.in_memory(whole, schema, np.ones(len(whole)), reset=reset)
        return replace(source, traces=traces)
    lengths, unobserved, digest = base.joined(facts)
    if reset:
        base.refuse_unobserved(unobserved, len(lengths))
    if summary.so_far is None:
        prepared = _Preparation(scaler, X.buffer_size)
        for place, _, given in checked(X, schema, traces, summary.by):
            prepared.add(place, given, schema.events)
    scaler, sample = prepared.result()
    return ChunkedSource(
        replace(schema, scaler=scaler),
        sample,
        np.ones(len(sample)),
        lengths,
        digest,
        traces,
        chunks=X,
        by=summary.by,
    )


class _Preparation:
    """Fits a scaler to one chunk after the other; draws a sample of ``size`` values."""

    def __init__(self, scaler: Any, size: int) -> None:
        self._sample = Sample(size)
        # a copy, since it may have to begin anew
        self._running = ScalerInChunks(copy.deepcopy(scaler))
        self._is_full = False

    def add(self, place: str, given: Given, events: Events) -> None:
        encoded = _encoded(place, given, events)
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
        return scaler, scale(scaler, self._sample.sequences())


def as_read(X: Any, source: Source, by: str) -> Any:
    """Return the `X` of a fit, to be read once more; chunks are checked again."""
    return X if source.traces is None else _AsRead(X, source, by)


class _AsRead(SequenceChunks):
    """Chunks that raise an error where they are not those that a fit has read."""

    def __init__(self, X: SequenceChunks, source: Source, by: str) -> None:
        super().__init__(X.make_iterator, buffer_size=X.buffer_size)
        self._again = X, source.schema, source.traces, by

    def _placed(
        self, random_state: np.random.Generator | None = None
    ) -> Iterator[tuple[str, Any]]:
        for place, chunk, _ in checked(*self._again, random_state):
            yield place, chunk


def checked(
    X: SequenceChunks,
    schema: Schema,
    traces: Mapping[str, Sequence[base.Trace]],
    by: str,
    random_state: np.random.Generator | None = None,
) -> Iterator[tuple[str, Any, Given]]:
    """Yield all chunks again, where each is from, and what was read of it."""
    to_come = {place: deque(of_place) for place, of_place in traces.items()}
    for place, chunk in X._placed(random_state):
        with naming(place):
            given = schema.read(chunk, by)
            if not to_come.get(place):
                raise ValueError(
                    f"fit did not find this when it read X first. {base.SAME_AGAIN}"
                )
            to_come[place].popleft().check(base.trace_of(given))
        yield place, chunk, given
    absent = [trace.n_sequences for left in to_come.values() for trace in left]
    if absent:
        n = sum(trace.n_sequences for each in traces.values() for trace in each)
        place = next(place for place, left in to_come.items() if left)
        raise ValueError(
            f"X had {_count(n, 'sequence')} when it was read first, and "
            f"{n - sum(absent)} when it was read again: {place} is the first that is "
            f"absent. {base.SAME_AGAIN} One that returns one generator twice does not."
        )


def _encoded(place: str, given: Given, events: Events) -> RaggedArray:
    with naming(place):
        return events.encode(given)[0]


# The buffer in which they are shuffled, and the sample that is drawn of them ----------


def shuffled(
    chunks: Iterable[RaggedArray],
    buffer_size: int,
    batch_size: int,
    random_state: np.random.Generator,
) -> Iterator[RaggedArray]:
    """Shuffle sequences in a buffer.

    When ``buffer_size`` values fill it, half of its sequences leave it, drawn at
    random; in the end the rest. It may hold a chunk more, and always holds a batch.
    Each part but the last has a multiple of ``batch_size`` sequences.
    """
    held: list[RaggedArray] = []
    n_values, n_held = 0, 0
    for chunk in chunks:
        held.append(chunk)
        n_values += chunk.values.size
        n_held += len(chunk)
        while n_values > buffer_size and n_held > batch_size:
            n = max(n_held // 2 // batch_size, 1) * batch_size
            buffer, order = base.concatenate(held), random_state.permutation(n_held)
            yield buffer.take(order[:n])
            held = [buffer.take(order[n:])]
            n_values, n_held = held[0].values.size, len(held[0])
    if n_held:
        yield base.concatenate(held)


class Sample:
    """Sequences drawn at random from a stream, as many as fit; all while they do.

    Every sequence gets a random key. Those with the smallest keys stay.
    """

    def __init__(self, size: int) -> None:
        self._size, self._n_values, self._limit = size, 0, np.inf
        self._parts: list[RaggedArray] = []
        self._keys: list[NDArray[np.float64]] = []
        # The same whatever the estimator's seed, as all sequences would be
        self._random_state = np.random.default_rng(0)

    def __len__(self) -> int:
        return sum(map(len, self._keys))

    def has_room_for(self, ragged: RaggedArray) -> bool:
        return self._n_values + ragged.values.size <= self._size

    def add(self, ragged: RaggedArray) -> None:
        keys = self._random_state.random(len(ragged))
        kept = np.flatnonzero(keys < self._limit)
        self._parts.append(ragged.take(kept))  # a copy
        self._keys.append(keys[kept])
        self._n_values += self._parts[-1].values.size
        if self._n_values > self._size:
            self._cut()

    def sequences(self) -> RaggedArray:
        return base.concatenate(self._parts)

    def _cut(self) -> None:
        everything, keys = self.sequences(), np.concatenate(self._keys)
        sizes = everything.lengths * everything.n_features
        kept, self._limit = base.smallest(keys, sizes, self._size)
        self._parts, self._keys = [everything.take(kept)], [keys[kept]]
        self._n_values = self._parts[0].values.size
