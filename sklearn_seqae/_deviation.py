"""What is measured of a sequence to tell whether it is usual."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._autoencoder import Autoencoder
from sklearn_seqae._distance import CrossFittedDistance
from sklearn_seqae._missing import fill_missing
from sklearn_seqae._ragged import RaggedArray
from sklearn_seqae._scores import BLOCK

Floats = NDArray[np.float64]

N_FOLDS = 5
FLAT = 1e-6  # smallest variance told from none, as a share of the usual one


class Measures(NamedTuple):
    """Measures of scaled sequences.

    Attributes
    ----------
    embedding : ndarray of shape (n_sequences, n_components)
    length : ndarray of shape (n_sequences,)
    mean, variance : ndarray of shape (n_sequences, n_features)
        Of each feature over the sequence.
    step_variance : ndarray of shape (n_sequences, n_features)
        Mean square of the steps from one time step to the next.
    squared_error : ndarray of shape (n_sequences, n_features)
        Mean square of the reconstruction error, over observed values.
    """

    embedding: Floats
    length: Floats
    mean: Floats
    variance: Floats
    step_variance: Floats
    squared_error: Floats

    @classmethod
    def of(cls, network: Autoencoder, scaled: RaggedArray) -> Self:
        """Measure sequences."""
        network.check_decodable(scaled.lengths, "sequence {row}")
        embedding = network.embed(scaled, "float64")
        starts = range(0, len(scaled), BLOCK)
        errors = [_squared_error(network, scaled, embedding, k) for k in starts]
        values = fill_missing(scaled).values.astype(np.float64)
        mean = _mean(values, scaled)
        centred = values - np.repeat(mean, scaled.lengths, axis=0)
        steps = np.diff(values, axis=0, prepend=values[:1])
        steps[scaled.offsets[:-1]] = 0.0
        n_steps = np.maximum(scaled.lengths - 1, 1)[:, None]
        return cls(
            embedding,
            scaled.lengths.astype(np.float64),
            mean,
            _mean(centred**2, scaled),
            _sum(steps**2, scaled) / n_steps,
            np.concatenate(errors),
        )


def _squared_error(
    network: Autoencoder, scaled: RaggedArray, embedding: Floats, start: int
) -> Floats:
    """Return mean squared errors of a block, of shape (n_sequences, n_features)."""
    block = scaled[start : start + BLOCK]
    rows = embedding[start : start + BLOCK]
    decoded = network.decode(rows, block.lengths, "sequence {row}", start)
    return _mean((decoded.values.astype(np.float64) - block.values) ** 2, block)


def _sum(values: Floats, sequences: RaggedArray) -> Floats:
    """Return sums over time, without NaN, of shape (n_sequences, n_features)."""
    totals: Floats = np.add.reduceat(np.nan_to_num(values), sequences.offsets[:-1])
    return totals


def _mean(values: Floats, sequences: RaggedArray) -> Floats:
    """Return means over time of what is not NaN, 0 where all is."""
    counts = _sum(np.where(np.isnan(values), 0.0, 1.0), sequences)
    return _sum(values, sequences) / np.maximum(counts, 1)


@dataclass(frozen=True)
class Usual:
    """Model of usual sequences.

    Attributes
    ----------
    variance : ndarray of shape (n_features,)
        Median variance of those that vary.
    embedding, size, profile : CrossFittedDistance
    error_mean, error_std : float
        Of the logarithm of the relative reconstruction error.
    """

    variance: Floats
    embedding: CrossFittedDistance
    size: CrossFittedDistance
    profile: CrossFittedDistance
    error_mean: float
    error_std: float

    @classmethod
    def fit(
        cls,
        measures: Measures,
        held_out: NDArray[np.bool_],
        random_state: np.random.RandomState,
    ) -> Self:
        """Learn from sequences, some of which the network was not trained on."""
        variance = _usual_variance(measures.variance)
        errors = _log_error(measures, variance)
        new, trained = errors[held_out], errors[~held_out]

        def distance(points: Floats) -> CrossFittedDistance:
            return CrossFittedDistance.fit(points, N_FOLDS, random_state)

        return cls(
            variance,
            distance(measures.embedding),
            distance(_size(measures, variance)),
            distance(_profile(measures, variance)),
            float(new.mean()),
            # one or two new ones have next to no deviation
            float(max(new.std(), trained.std())) or 1.0,
        )

    def excess(self, measures: Measures) -> Floats:
        """Largest of distances and error, in standard deviations above usual."""
        error = _log_error(measures, self.variance) - self.error_mean
        return np.maximum.reduce(
            [
                self.embedding.standardized(measures.embedding),
                error / self.error_std,
                self.size.standardized(_size(measures, self.variance)),
                self.profile.standardized(_profile(measures, self.variance)),
            ]
        )


def _usual_variance(variance: Floats) -> Floats:
    varying = np.where(variance > 0, variance, np.nan)
    some = (variance > 0).any(axis=0)
    usual = np.ones(variance.shape[1])
    usual[some] = np.nanmedian(varying[:, some], axis=0)
    return usual


def _log_error(measures: Measures, usual: Floats) -> Floats:
    """Return the logarithm of the share of variance that reconstructions miss."""
    error = (measures.squared_error / usual).mean(axis=1)
    variance = (measures.variance / usual).mean(axis=1)
    return np.log((error + FLAT) / (variance + FLAT))


def _size(measures: Measures, usual: Floats) -> Floats:
    """Return logarithms of length, variances and smallest variance, (n_sequences, 4).

    The smallest is that of a feature that hardly varies, among others that do.
    """
    variance = measures.variance / usual
    step_variance = measures.step_variance / usual
    variances = variance.mean(axis=1), step_variance.mean(axis=1), variance.min(axis=1)
    return np.log(np.column_stack([measures.length, *(v + FLAT for v in variances)]))


def _profile(measures: Measures, usual: Floats) -> Floats:
    """Return length, and mean, deviation and root mean square step of each feature."""
    return np.column_stack(
        [
            np.log(measures.length),
            measures.mean,
            np.sqrt(measures.variance / usual),
            np.sqrt(measures.step_variance / usual),
        ]
    )
