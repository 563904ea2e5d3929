"""Sequences in chunks, read once before training and once in every epoch.

The first pass fits the scaler, counts, and draws a sample. An epoch goes through a
buffer: when it is full, half of its sequences, drawn at random, are trained on.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._chunks import SequenceChunks, naming
from sklearn_seqae._corpus._in_memory import Corpus, training_data
from sklearn_seqae._corpus._shuffling import Sample, shuffled
from sklearn_seqae._gate import refuse_events, validate_sequences
from sklearn_seqae._preprocessing import Preprocessing
from sklearn_seqae._ragged import RaggedArray
from sklearn_seqae._scaling import ScalerInChunks, scale
from sklearn_seqae._validation import refuse_unobserved
from sklearn_seqae.exceptions import _count

if TYPE_CHECKING:
    from sklearn_seqae._keras.training.settings import Stream


@dataclass(frozen=True)
class ChunkedCorpus(Corpus):
    """Sequences that are too many for the buffer; the sample is drawn at random.

    Attributes
    ----------
    chunks : SequenceChunks
    estimator : BaseEstimator instance
        Knows the features that they must have.
    """

    chunks: Any = None
    estimator: Any = None

    @property
    def all_lengths(self) -> NDArray[np.int64]:
        """Time steps of all sequences."""
        return self.lengths

    def to_train(self, preprocessing: Preprocessing, batch_size: int) -> Stream:
        """Return the sequences as training takes them."""
        from sklearn_seqae._keras.training.settings import Data, Stream

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
        """Read all chunks again, in an order drawn at random if that can be.

        Raises
        ------
        ValueError
            If there are fewer sequences than before, or more.
        """
        n, found = len(self.lengths), 0
        for place, chunk in self.chunks._placed(random_state):
            with naming(place):
                ragged, _ = validate_sequences(self.estimator, chunk, reset=False)
                yield scale(self.scaler, ragged)
            found += len(ragged)
        if found != n:
            raise ValueError(
                f"X had {_count(n, 'sequence')} when it was read first, and {found} "
                "when it was read again; it must yield the same chunks each time. A "
                "function that returns one generator twice does not."
            )


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

    Returns
    -------
    Corpus
        In memory, if all sequences fit into the buffer.

    Raises
    ------
    ValueError, TypeError
        If a chunk can't be used, naming it, if there is none, or if the scaler can't be
        fitted in chunks.
    """
    sample, container, running = Sample(X.buffer_size), None, None
    lengths: list[NDArray[np.int64]] = []
    digest = hashlib.blake2b(digest_size=16)
    unobserved: Any = reset
    begins = reset
    for place, chunk in X._placed():
        with naming(place):
            ragged, found = validate_sequences(estimator, chunk, reset=begins)
            refuse_events(estimator, found)
        container, begins = container or found, False
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
    if running is None:
        return Corpus.of(sample.sequences(), container, scaler, reset=reset)
    of_all = np.concatenate(lengths)
    refuse_unobserved(unobserved, len(of_all))
    scaler = running.fitted()
    scaled = scale(scaler, sample.sequences())
    return ChunkedCorpus(
        container,
        scaler,
        scaled,
        np.ones(len(scaled)),
        of_all,
        digest.hexdigest(),
        chunks=X,
        estimator=estimator,
    )


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
