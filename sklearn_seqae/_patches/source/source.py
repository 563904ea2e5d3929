"""The sequences of a fit: a sample by which a network is designed, and the way to all.

In memory, the sample is everything.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._containers.ragged import RaggedArray
from sklearn_seqae._patches.preprocessing import Preprocessing
from sklearn_seqae._patches.source.data import Data, baselines
from sklearn_seqae._sequences.scaling import fit_scaler, scale
from sklearn_seqae._sequences.schema import Schema
from sklearn_seqae.exceptions import InvalidSequenceError, _count


@dataclass(frozen=True)
class Source:
    """The sequences of a fit, scaled."""

    schema: Schema  # learnt from them, or earlier
    sample: RaggedArray  # those that count, scaled: distinct ones, of positive weight
    weight: NDArray[np.float64]  # of each, at most 1
    lengths: NDArray[np.int64]  # time steps of all in order, 0 for weight zero
    # Of all sequences, where they are elsewhere, and the sample is drawn at random
    digest: str = ""
    traces: Any = None  # of the chunks of each place, if they came in chunks

    @classmethod
    def in_memory(
        cls,
        encoded: RaggedArray,
        schema: Schema,
        sample_weight: NDArray[np.float64],
        *,
        reset: bool,
    ) -> Self:
        """Return the source of sequences in their own units.

        With ``reset``, the schema's scaler is to be fitted.
        """
        distinct, weight = merge_repeated(encoded, sample_weight)
        weight /= weight.max()  # only ratios count; clear of float32's limits
        if reset:
            ragged = encoded.take(distinct)
            refuse_unobserved(np.isnan(ragged.values).all(axis=0), len(ragged))
            scaler = fit_scaler(schema.scaler, ragged, weight)
            schema = replace(schema, scaler=scaler)
        # All are scaled, so that an error tells the place of a sequence in X
        sample = scale(schema.scaler, encoded).take(distinct)
        lengths = np.where(sample_weight > 0, encoded.lengths, 0)
        return cls(schema, sample, weight, lengths)

    @property
    def all_lengths(self) -> NDArray[np.int64] | None:
        """Time steps of all sequences, if the sample does not have all of them."""
        return self.lengths if self.digest else None

    @property
    def longest(self) -> int:
        """Time steps of the longest sequence that counts."""
        known = self.all_lengths
        return int((self.sample.lengths if known is None else known).max())

    def to_train(self, preprocessing: Preprocessing, batch_size: int) -> Any:
        """Return the sequences as training takes them."""
        data = training_data(preprocessing, self.sample, self.weight)
        untrained = baselines(data.patches, preprocessing.n_features, self.weight)
        return replace(data, baselines=untrained)


def training_data(
    preprocessing: Preprocessing,
    scaled: RaggedArray,
    weight: NDArray[np.float64] | None = None,
) -> Data:
    """Cut scaled sequences into patches to train on; None weighs each as 1."""
    n = len(scaled)
    return Data(
        preprocessing.patches(scaled),
        np.ones(n, np.float32) if weight is None else weight.astype(np.float32),
        np.arange(n),
        np.arange(0),
        preprocessing.prefixes(scaled),
    )


def merge_repeated(
    ragged: RaggedArray, sample_weight: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Merge equal sequences, add up their weights, and drop those of weight zero.

    Beside the largest weight, zero is what float32 can't tell from it.

    Returns the distinct ones by index, and their weights. The order depends on the
    sequences alone. So a weight of 2 and a sequence passed twice give the same
    training, whatever the order of `X`.
    """
    digests = [hashlib.blake2b(s.data, digest_size=16).digest() for s in ragged]
    _, first, group = np.unique(digests, return_index=True, return_inverse=True)
    total: NDArray[Any] = np.bincount(
        group, weights=sample_weight, minlength=len(first)
    )
    if not np.isfinite(total).all():
        raise ValueError(
            f"sample_weight is as large as {sample_weight.max():.3g}, and weights of "
            "equal sequences add up to infinity; divide all weights by a constant."
        )
    kept = total > total.max() * np.finfo(np.float32).tiny
    return first[kept], total[kept]


def refuse_unobserved(unobserved: Any, n_sequences: int) -> None:
    """Raise if a feature has no observed value."""
    if unobserved.any():
        raise InvalidSequenceError(
            f"feature {int(unobserved.argmax())} has no observed value in any of "
            f"{_count(n_sequences, 'sequence')}, only NaN; leave it out."
        )
