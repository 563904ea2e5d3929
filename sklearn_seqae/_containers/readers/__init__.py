"""From any container of sequences to a RaggedArray."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from scipy import sparse

from sklearn_seqae._containers.kinds import Container, load, reader_of
from sklearn_seqae._containers.readers.arrays import (
    from_channels_first,
    ragged_from_numpy,
    ragged_from_sequence,
)
from sklearn_seqae._containers.readers.checks import ACCEPTED, Read, describe
from sklearn_seqae._containers.readers.nested import time_field
from sklearn_seqae._containers.readers.pandas import ids_of_sequences

__all__ = [
    "Container",
    "from_channels_first",
    "ids_of_sequences",
    "time_field",
    "to_ragged",
]


def to_ragged(X: Any) -> Read:
    """Turn any container of sequences into one ragged array.

    The user guide has a table of them. Trailing NaN of a 3-D array and of rows of
    numbers is padding; any other NaN is missing. `X` is never changed; float32 and
    float64 are not copied where that can be avoided.

    >>> ragged, container = to_ragged([[1, 2, 3], [4, 5]])
    >>> ragged.lengths
    array([3, 2])
    >>> container.kind, container.univariate
    ('list', True)
    """
    if reader := reader_of(X):
        return load("readers", reader)(X)
    if hasattr(X, "__array__") or sparse.issparse(X) or isinstance(X, memoryview):
        return ragged_from_numpy(X)
    if isinstance(X, Sequence) and not isinstance(X, str | bytes | bytearray):
        return ragged_from_sequence(X)
    remedy = ""
    if isinstance(X, Mapping):
        remedy = " pandas.Series(X) is such a frame, with the keys as ids."
    elif isinstance(X, Iterable) and not isinstance(X, str | bytes | bytearray):
        remedy = (
            " If it yields sequences, pass list(X); if it yields chunks of them, pass "
            "SequenceChunks(function), with the function that makes it."
        )
    raise TypeError(f"X is {describe(X)}; expected {ACCEPTED}.{remedy}")
