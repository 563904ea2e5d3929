"""Sequences in chunks, read once before training and once in every epoch.

The first pass fits the scaler, counts, and draws a sample. An epoch goes through a
buffer: when it is full, half of its sequences, drawn at random, are trained on.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._chunks import SequenceChunks, naming
from sklearn_seqae._gate import validate_sequences
from sklearn_seqae._inputs import Container
from sklearn_seqae._ragged import RaggedArray, offsets_from_lengths
from sklearn_seqae._scaling import ScalerInChunks, scale
from sklearn_seqae._validation import refuse_unobserved
from sklearn_seqae.exceptions import _count


@dataclass(frozen=True)
class Corpus:
    """The findings of the first pass.

    Attributes
    ----------
    container : Container
        Note on what the first chunk was.
    sample : RaggedArray
        Sequences drawn at random, in their own units; all of them if they fit into the
        buffer.
    lengths : ndarray of shape (n_sequences,)
        Time steps of all sequences.
    is_whole : bool
        Whether the sample has all sequences. Then no scaler is fitted.
    scaler : transformer or None
        Fitted to all sequences.
    digest : str
        Of all values, in the order in which they came.
    """

    container: Container
    sample: RaggedArray
    lengths: NDArray[np.int64]
    is_whole: bool
    scaler: Any
    digest: str


def survey(estimator: Any, X: SequenceChunks, scaler: Any, *, reset: bool) -> Corpus:
    """Read all chunks once.

    Parameters
    ----------
    estimator : BaseEstimator instance
        As for `validate_sequences`, which checks each chunk against the first.
    X : SequenceChunks
    scaler : transformer or None
        To be fitted; one that is fitted already stays as it is.
    reset : bool
        As for `validate_sequences`.

    Raises
    ------
    ValueError, TypeError
        If a chunk can't be used, naming it, if there is none, or if the scaler can't be
        fitted in chunks.
    """
    sample, container, running = _Sample(X.buffer_size), None, None
    lengths: list[NDArray[np.int64]] = []
    digest = hashlib.blake2b(digest_size=16)
    unobserved: Any = True
    for place, chunk in X._placed():
        with naming(place):
            ragged, found = validate_sequences(estimator, chunk, reset=reset)
            _refuse_categories(estimator, found)
        container, reset = container or found, False
        if running is None and not sample.has_room_for(ragged):
            running = ScalerInChunks(scaler)
            if lengths:
                with naming(f"the chunks before {place}"):
                    running.update(sample.sequences())
        if running is not None:
            with naming(place):
                running.update(ragged)
        sample.add(ragged)
        lengths.append(ragged.lengths)
        unobserved = unobserved & np.isnan(ragged.values).all(axis=0)
        digest.update(ragged.lengths.data)
        digest.update(ragged.values.data)
    if container is None:
        raise ValueError("X has no chunks, so there is no sequence to train on.")
    of_all = np.concatenate(lengths)
    refuse_unobserved(unobserved, len(of_all))
    return Corpus(
        container,
        sample.sequences(),
        of_all,
        is_whole=running is None,
        scaler=scaler if running is None else running.fitted(),
        digest=digest.hexdigest(),
    )


def scaled_chunks(
    estimator: Any, X: SequenceChunks, random_state: np.random.Generator, n: int
) -> Iterator[RaggedArray]:
    """Read all chunks again, and scale them.

    Parameters
    ----------
    estimator : BaseEstimator instance
        Has `scaler_`.
    X : SequenceChunks
    random_state : Generator
        Draws the order of the chunks, if the source can be read in any.
    n : int
        Sequences that it had before.

    Raises
    ------
    ValueError
        If it has fewer now, or more.
    """
    found = 0
    for place, chunk in X._placed(random_state):
        with naming(place):
            ragged, _ = validate_sequences(estimator, chunk, reset=False)
            yield scale(estimator.scaler_, ragged)
        found += len(ragged)
    if found != n:
        raise ValueError(
            f"X had {_count(n, 'sequence')} when it was read first, and {found} when "
            "it was read again; it must yield the same chunks each time. A function "
            "that returns one generator twice does not."
        )


def shuffled(
    chunks: Iterable[RaggedArray],
    buffer_size: int,
    batch_size: int,
    random_state: np.random.Generator,
) -> Iterator[RaggedArray]:
    """Shuffle sequences in a buffer.

    When it is full, half of its sequences leave it, drawn at random; in the end the
    rest.

    Parameters
    ----------
    chunks : iterable of RaggedArray
    buffer_size : int
        Values that fill the buffer. It may hold a chunk more, and always holds a batch.
    batch_size : int
        Each part but the last has a multiple of so many sequences.
    random_state : Generator
    """
    held: list[RaggedArray] = []
    n_values, n_held = 0, 0
    for chunk in chunks:
        held.append(chunk)
        n_values += chunk.values.size
        n_held += len(chunk)
        while n_values > buffer_size and n_held > batch_size:
            n = max(n_held // 2 // batch_size, 1) * batch_size
            buffer, order = concatenate(held), random_state.permutation(n_held)
            yield buffer.take(order[:n])
            held = [buffer.take(order[n:])]
            n_values, n_held = held[0].values.size, len(held[0])
    if n_held:
        yield concatenate(held)


def concatenate(parts: Sequence[RaggedArray]) -> RaggedArray:
    """Put ragged arrays one after the other."""
    lengths = np.concatenate([part.lengths for part in parts])
    values = np.concatenate([part.values for part in parts])
    return RaggedArray(values, offsets_from_lengths(lengths))


def _refuse_categories(estimator: Any, container: Container) -> None:
    """Raise where there are categories: a fit in chunks does not take them yet."""
    named = estimator.categorical_features
    is_named = not isinstance(named, str) and named is not None
    if any(container.levels) or is_named or estimator.time is True:
        raise ValueError(
            "X comes in chunks and has categories, or time=True, which fit does not "
            "take yet; fit to a sample of the sequences in memory, and transform the "
            "chunks."
        )


class _Sample:
    """Sequences drawn at random from a stream, as many as fit; all while they do.

    Every sequence gets a random key. Those with the smallest keys stay.
    """

    def __init__(self, size: int) -> None:
        self._size, self._n_values, self._limit = size, 0, np.inf
        self._parts: list[RaggedArray] = []
        self._keys: list[NDArray[np.float64]] = []
        # The same whatever the estimator's seed, as all sequences would be
        self._random_state = np.random.default_rng(0)

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
        return concatenate(self._parts)

    def _cut(self) -> None:
        everything, keys = self.sequences(), np.concatenate(self._keys)
        order = np.argsort(keys)
        sizes = np.cumsum(everything.lengths[order]) * everything.n_features
        n = max(1, int(np.searchsorted(sizes, self._size, side="right")))
        if n < len(order):
            self._limit = keys[order[n]]
        kept = np.sort(order[:n])
        self._parts, self._keys = [everything.take(kept)], [keys[kept]]
        self._n_values = self._parts[0].values.size
