"""Read the `X` of a fit, whatever it is in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numpy.typing import ArrayLike
from sklearn.utils import check_consistent_length

from sklearn_seqae._chunks import SequenceChunks
from sklearn_seqae._corpus._in_chunks import survey
from sklearn_seqae._corpus._in_memory import Corpus
from sklearn_seqae._corpus._in_partitions import survey_partitions
from sklearn_seqae._dask import is_dask
from sklearn_seqae._gate import check_alone, check_one_each, validate_sequences
from sklearn_seqae._inputs import Container
from sklearn_seqae._ragged import RaggedArray


def read_corpus(
    estimator: Any,
    X: Any,
    y: Any,
    sample_weight: ArrayLike | None,
    scaler: Any,
    encode: Callable[[RaggedArray, Container], RaggedArray],
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
    encode : callable
        Brings sequences as they were read into the order of the network: numbers, then
        codes of categories. It sets the estimator's `_events`.
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
        corpus = read(estimator, X, scaler, reset=reset)
        check_consistent_length(corpus.lengths, y)
        return corpus
    given, container = validate_sequences(estimator, X, reset=reset)
    check_one_each(X, given, y=y, sample_weight=sample_weight)
    given = encode(given, container)
    sizes = estimator._events.category_sizes
    return Corpus.of(given, container, scaler, sample_weight, sizes, reset=reset)
