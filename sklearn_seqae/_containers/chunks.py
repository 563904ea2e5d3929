"""Sequences that come in chunks, for data that are larger than memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils import check_scalar

from sklearn_seqae.exceptions import InvalidSequenceError

BUFFER_SIZE = 2**22  # values


class SequenceChunks:
    """Sequences in chunks, for data that are larger than memory.

    `LSTMAutoencoderTransformer` reads them once in `transform` and `score_samples`, and
    in `fit` once to prepare, or twice if there are categories or times, and once in
    every epoch. It holds one chunk at a time, and in `fit` a buffer.

    Parameters
    ----------
    make_iterator : callable
        Function without arguments that returns a new iterator over the chunks: a
        generator function, say. It yields the same ones at each call, to the bit and in
        the same order; else `fit` raises an error. A chunk is any container of whole
        sequences that `fit` takes.
    buffer_size : int, default=2**22
        Values, time steps times features, that `fit` holds to shuffle them. If all fit
        in, they are read once, and the fit is the one in memory, to the bit.

    See Also
    --------
    ParquetSequences : Chunks of Parquet files.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_seqae import LSTMAutoencoderTransformer, SequenceChunks
    >>> def recordings():
    ...     for day in range(3):
    ...         rng = np.random.default_rng(day)
    ...         yield [rng.normal(size=(n, 2)) for n in (5, 8, 6)]
    >>> autoencoder = LSTMAutoencoderTransformer(
    ...     n_components=2, hidden_layer_sizes=4, epochs=1, random_state=0
    ... )
    >>> autoencoder.fit_transform(SequenceChunks(recordings)).shape
    (9, 2)
    """

    def __init__(
        self, make_iterator: Callable[[], Any], *, buffer_size: int = BUFFER_SIZE
    ) -> None:
        if not callable(make_iterator):
            raise TypeError(
                f"make_iterator is a {type(make_iterator).__name__}; expected a "
                "function that returns a new iterator at each call, such as a "
                "generator function: `fit` reads the chunks several times."
            )
        self.make_iterator = make_iterator
        self.buffer_size = check_scalar(buffer_size, "buffer_size", Integral, min_val=1)

    def __iter__(self) -> Iterator[Any]:
        return (chunk for _, chunk in self._placed())

    def _placed(
        self, random_state: np.random.Generator | None = None
    ) -> Iterator[tuple[str, Any]]:
        """Yield the chunks, and where each is from, for messages.

        A source that can be read in any order takes one from ``random_state``.
        """
        for number, chunk in enumerate(self.make_iterator()):
            yield f"chunk {number}", chunk


@contextmanager
def naming(place: str) -> Iterator[None]:
    """Begin messages of errors with the chunk or the column; "" adds nothing."""
    try:
        yield
    except (TypeError, ValueError) as error:
        known = (InvalidSequenceError, TypeError, ValueError)
        if not place or type(error) not in known:  # of another make
            raise
        raise type(error)(f"{place}: {error}") from error


def for_each_chunk(function: Callable[[Any], Any], X: SequenceChunks) -> Any:
    """Call a function with each chunk, and join the arrays or frames it returns."""
    found = []
    for place, chunk in X._placed():
        with naming(place):
            found.append(function(chunk))
    if not found:
        raise ValueError("X has no chunks.")
    library = type(found[0]).__module__.partition(".")[0]
    if library == "numpy":
        return np.concatenate(found)
    concat = import_module(library).concat  # of pandas or polars
    if library == "pandas" and all(type(f.index) is pd.RangeIndex for f in found):
        return concat(found, ignore_index=True)  # no labels, but numbers in a chunk
    return concat(found)
