"""Sequences of which a sample, drawn at random, stands for all."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._corpus._in_memory import Corpus
from sklearn_seqae._events import Given


@dataclass(frozen=True)
class SampledCorpus(Corpus):
    """Sequences that are elsewhere; the sample is drawn at random."""

    @property
    def all_lengths(self) -> NDArray[np.int64]:
        """Time steps of all sequences."""
        return self.lengths


class Facts(NamedTuple):
    """Facts of a part of the sequences, or of all.

    Attributes
    ----------
    lengths : ndarray of shape (n_sequences,)
    unobserved : ndarray of shape (n_features,), bool
        Features without an observed value.
    digest : bytes
        Of all that was read.
    """

    lengths: NDArray[np.int64]
    unobserved: NDArray[np.bool_]
    digest: bytes


def facts_of(given: Given) -> Facts:
    """Return the facts of sequences as they were read."""
    sequences, digest = given.sequences, hashlib.blake2b(digest_size=16)
    digest.update(sequences.lengths.data)
    digest.update(sequences.values.data)
    digest.update(repr(given.container.levels).encode("utf-8", "surrogatepass"))
    if given.moments is not None:
        digest.update(given.moments.ticks.data)
    is_missing: NDArray[np.bool_] = np.isnan(sequences.values)
    return Facts(sequences.lengths, np.all(is_missing, axis=0), digest.digest())


def joined(facts: Sequence[Facts]) -> Facts:
    """Return the facts of all parts."""
    lengths, unobserved, digests = zip(*facts, strict=True)
    return Facts(
        np.concatenate(lengths),
        np.all(unobserved, axis=0),
        hashlib.blake2b(b"".join(digests), digest_size=16).digest(),
    )
