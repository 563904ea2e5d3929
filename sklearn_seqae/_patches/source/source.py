"""The sequences of a fit: a sample by which a network is designed, and the way to all.

In memory, the sample is everything.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._containers.ragged import RaggedArray
from sklearn_seqae._patches.baselines import baselines
from sklearn_seqae._patches.preprocessing import Preprocessing
from sklearn_seqae._patches.source.data import Data
from sklearn_seqae._patches.validation import check_features_observed
from sklearn_seqae._sequences.scaling import fit_scaler, scale
from sklearn_seqae._sequences.schema import Schema
from sklearn_seqae._sequences.weighting import merge_repeated


@dataclass(frozen=True)
class Source:
    """The sequences of a fit, scaled.

    Attributes
    ----------
    schema : Schema
        Learnt from them, or earlier.
    sample : RaggedArray
        Those that count, scaled: distinct ones, of positive weight.
    weight : ndarray of float64
        Of each, at most 1.
    lengths : ndarray of int64
        Time steps of all, in the user's order; 0 of those of weight zero.
    digest : str, default=""
        Of what the sample does not have.
    traces : dict of str to list of Trace, default=None
        Of the chunks of each place, if they came in chunks.
    """

    schema: Schema
    sample: RaggedArray
    weight: NDArray[np.float64]
    lengths: NDArray[np.int64]
    digest: str = ""
    traces: Any = None

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

        Parameters
        ----------
        encoded : RaggedArray
            Numbers, then codes of categories.
        schema : Schema
            With ``reset``, its scaler is to be fitted.
        sample_weight : ndarray of shape (n_sequences,)
        reset : bool

        Raises
        ------
        ValueError
            If weights add up to infinity, a feature is nowhere observed, or the scaler
            can't be fitted or makes something infinite.
        """
        distinct, weight = merge_repeated(encoded, sample_weight)
        weight /= weight.max()  # only ratios count; clear of float32's limits
        if reset:
            ragged = encoded.take(distinct)
            check_features_observed(ragged)
            scaler = fit_scaler(schema.scaler, ragged, weight)
            schema = replace(schema, scaler=scaler)
        sample = scale(schema.scaler, encoded).take(distinct)
        lengths = np.where(sample_weight > 0, encoded.lengths, 0)
        return cls(schema, sample, weight, lengths)

    @property
    def all_lengths(self) -> NDArray[np.int64] | None:
        """Time steps of all sequences, if the sample does not have all of them."""
        return None

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


@dataclass(frozen=True)
class SampledSource(Source):
    """Sequences that are elsewhere; the sample is drawn at random."""

    @property
    def all_lengths(self) -> NDArray[np.int64]:
        """Time steps of all sequences."""
        return self.lengths


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
