"""A buffer in which a stream is shuffled, and a sample that is drawn from it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._containers.ragged import RaggedArray, offsets_from_lengths


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
    return RaggedArray(values, offsets_from_lengths(lengths), parts[0].n_codes)


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
        return concatenate(self._parts)

    def _cut(self) -> None:
        everything, keys = self.sequences(), np.concatenate(self._keys)
        sizes = everything.lengths * everything.n_features
        kept, self._limit = smallest(keys, sizes, self._size)
        self._parts, self._keys = [everything.take(kept)], [keys[kept]]
        self._n_values = self._parts[0].values.size


def smallest(
    keys: NDArray[np.float64], sizes: NDArray[np.int64], limit: int
) -> tuple[NDArray[np.int64], float]:
    """Return which smallest keys' sizes fit, one at least, rising; and the next key."""
    order = np.argsort(keys)
    total = np.cumsum(sizes[order])
    n = max(1, int(np.searchsorted(total, limit, side="right")))
    return np.sort(order[:n]), float(keys[order[n]]) if n < len(order) else np.inf
