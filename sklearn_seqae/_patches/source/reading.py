"""Read the `X` of a fit, whatever it is in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from numpy.typing import ArrayLike
from sklearn.utils import check_consistent_length

from sklearn_seqae._containers.chunks import SequenceChunks
from sklearn_seqae._containers.dask import is_dask
from sklearn_seqae._containers.gate import check_alone, check_one_each
from sklearn_seqae._patches.source.in_chunks import read_chunks
from sklearn_seqae._patches.source.in_partitions import read_partitions
from sklearn_seqae._patches.source.source import Source
from sklearn_seqae._sequences.scaling import make_scaler
from sklearn_seqae._sequences.schema import Schema
from sklearn_seqae._sequences.summary import Summary
from sklearn_seqae._sequences.weighting import checked_weights


def read_source(
    X: Any,
    y: Any,
    sample_weight: ArrayLike | None,
    parameters: Mapping[str, Any],
    by: str,
    known: Schema | None = None,
) -> Source:
    """Check sequences and what stands beside them, learn their schema, scale them.

    Parameters
    ----------
    X : container, SequenceChunks or Dask collection
    y : array-like or None
    sample_weight : array-like of shape (n_sequences,) or None
    parameters : mapping
        The estimator's, by name.
    by : str
        Name of the estimator, for messages.
    known : Schema, default=None
        Of the fit that goes on.

    Raises
    ------
    ValueError, TypeError
        If something can't be used.
    """
    summary = Summary(parameters, by, known)
    scaler = make_scaler(parameters["scaler"]) if known is None else known.scaler
    if isinstance(X, SequenceChunks) or is_dask(X):
        check_alone(sample_weight)
        read = read_partitions if is_dask(X) else read_chunks
        source = read(X, scaler, summary)
        check_consistent_length(source.lengths, y)
        return source
    sequences, container = summary.read(X)
    check_one_each(X, sequences, y=y, sample_weight=sample_weight)
    weight = checked_weights(sequences, sample_weight)
    given = summary.update(X, sequences, container, weight)
    schema = summary.schema(scaler)
    encoded, _ = schema.events.encode(given)
    return Source.in_memory(encoded, schema, weight, reset=known is None)
