"""Read the `X` of a fit, whatever it is in."""

from __future__ import annotations

from typing import Any

from numpy.typing import ArrayLike
from sklearn.utils import check_consistent_length

from sklearn_seqae._containers.chunks import SequenceChunks
from sklearn_seqae._containers.dask import is_dask
from sklearn_seqae._containers.gate import (
    check_alone,
    check_one_each,
    validate_sequences,
)
from sklearn_seqae._patches.source.in_chunks import survey
from sklearn_seqae._patches.source.in_memory import Corpus
from sklearn_seqae._patches.source.in_partitions import survey_partitions
from sklearn_seqae._sequences.events_in_chunks import EventsInChunks
from sklearn_seqae._sequences.weighting import checked_weights


def read_corpus(
    estimator: Any,
    X: Any,
    y: Any,
    sample_weight: ArrayLike | None,
    scaler: Any,
    events: EventsInChunks,
    *,
    reset: bool,
) -> Corpus:
    """Check sequences and what stands beside them, and scale them.

    Parameters
    ----------
    estimator : BaseEstimator instance
        As for `validate_sequences`.
    X : container, SequenceChunks or Dask collection
    y : array-like or None
    sample_weight : array-like of shape (n_sequences,) or None
    scaler : transformer or None
        With ``reset`` it is to be fitted.
    events : EventsInChunks
        To learn categories and times, or with those of the fit that goes on.
    reset : bool
        Whether a fit begins, rather than goes on.

    Raises
    ------
    ValueError, TypeError
        If something can't be used.
    """
    if isinstance(X, SequenceChunks) or is_dask(X):
        check_alone(sample_weight)
        read = survey_partitions if is_dask(X) else survey
        corpus = read(estimator, X, scaler, events, reset=reset)
        check_consistent_length(corpus.lengths, y)
        return corpus
    sequences, container = validate_sequences(estimator, X, reset=reset)
    check_one_each(X, sequences, y=y, sample_weight=sample_weight)
    weight = checked_weights(sequences, sample_weight)
    given = events.update(X, sequences, container, weight)
    learnt = events.learnt()
    encoded, _ = learnt.encode(given)
    return Corpus.of(encoded, container, scaler, weight, learnt, reset=reset)
