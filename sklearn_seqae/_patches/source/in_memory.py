"""Sequences that are all in memory."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._containers.ragged import RaggedArray
from sklearn_seqae._containers.readers import Container
from sklearn_seqae._patches.baselines import baselines
from sklearn_seqae._patches.preprocessing import Preprocessing
from sklearn_seqae._patches.validation import check_features_observed
from sklearn_seqae._sequences.events import Events
from sklearn_seqae._sequences.scaling import fit_scaler, scale
from sklearn_seqae._sequences.weighting import merge_repeated

if TYPE_CHECKING:
    from sklearn_seqae._patches.source.data import Data


@dataclass(frozen=True)
class Corpus:
    """The sequences of a fit, scaled.

    Attributes
    ----------
    container : Container
        Note on what they were in.
    scaler : transformer or None
        Fitted to them, or earlier.
    sample : RaggedArray
        Those that count, scaled: distinct ones, of positive weight.
    weight : ndarray of float64
        Of each, at most 1.
    lengths : ndarray of int64
        Time steps of all, in the user's order.
    events : Events
        Categories and times, learnt from them or earlier.
    digest : str, default=""
        Of what the sample does not have.
    traces : dict of str to list of Trace, default=None
        Of the chunks of each place, if they came in chunks.
    """

    container: Container
    scaler: Any
    sample: RaggedArray
    weight: NDArray[np.float64]
    lengths: NDArray[np.int64]
    events: Events
    digest: str = ""
    traces: Any = None

    @classmethod
    def of(
        cls,
        encoded: RaggedArray,
        container: Container,
        scaler: Any,
        sample_weight: NDArray[np.float64],
        events: Events,
        *,
        reset: bool,
    ) -> Self:
        """Return the corpus of sequences in their own units.

        Parameters
        ----------
        encoded : RaggedArray
            Numbers, then codes of categories.
        container : Container
        scaler : transformer or None
        sample_weight : ndarray of shape (n_sequences,)
        events : Events
        reset : bool
            Whether to fit the scaler.

        Raises
        ------
        ValueError
            If weights add up to infinity, a feature is nowhere observed, or the scaler
            can't be fitted or makes something infinite.
        """
        distinct, weight = merge_repeated(encoded, sample_weight)
        weight /= weight.max()  # only ratios count; clear of float32's limits
        n_codes = events.n_codes
        if reset:
            ragged = encoded.take(distinct)
            check_features_observed(ragged)
            scaler = fit_scaler(scaler, ragged, weight, n_codes)
        sample = scale(scaler, encoded, n_codes).take(distinct)
        return cls(container, scaler, sample, weight, encoded.lengths, events)

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


def training_data(
    preprocessing: Preprocessing,
    scaled: RaggedArray,
    weight: NDArray[np.float64] | None = None,
) -> Data:
    """Cut scaled sequences into patches to train on; None weighs each as 1."""
    from sklearn_seqae._patches.source.data import Data

    n = len(scaled)
    return Data(
        preprocessing.patches(scaled),
        np.ones(n, np.float32) if weight is None else weight.astype(np.float32),
        np.arange(n),
        np.arange(0),
        preprocessing.prefixes(scaled),
    )
