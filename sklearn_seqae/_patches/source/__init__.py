"""The sequences of a fit: in memory, in chunks, or in partitions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import check_consistent_length
from sklearn.utils.validation import _check_sample_weight

from sklearn_seqae._containers.chunks import SequenceChunks
from sklearn_seqae._containers.dask import is_dask
from sklearn_seqae._containers.gate import check_alone, check_one_each
from sklearn_seqae._containers.ragged import RaggedArray
from sklearn_seqae._patches.source.in_chunks import as_read, read_chunks
from sklearn_seqae._patches.source.in_partitions import read_partitions
from sklearn_seqae._patches.source.source import Source
from sklearn_seqae._sequences.scaling import make_scaler
from sklearn_seqae._sequences.schema import Schema
from sklearn_seqae._sequences.summary import Summary

__all__ = ["Source", "as_read", "read_source"]


def read_source(
    X: Any,
    y: Any,
    sample_weight: ArrayLike | None,
    parameters: Mapping[str, Any],
    by: str,
    known: Schema | None = None,
) -> Source:
    """Check sequences and what stands beside them, learn their schema, scale them.

    ``by`` names the estimator; ``known`` is the schema of a fit that goes on.
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


def checked_weights(
    ragged: RaggedArray, sample_weight: ArrayLike | None
) -> NDArray[np.float64]:
    """Return the weight of each sequence, 1 for None."""
    weight: NDArray[Any] = _check_sample_weight(
        sample_weight,
        np.empty((len(ragged), 1)),
        dtype=np.float64,
        ensure_non_negative=True,
    )
    if not weight.any():
        raise ValueError(
            "every sample_weight is zero, which leaves no sequence to train on; give "
            "at least one sequence a positive weight."
        )
    return weight
