"""Level and scale of each sequence as components of its embedding, and back.

Reversible instance normalization (Kim et al., 2022): the network reads and writes each
sequence in units of its own, in which every feature has mean 0 and standard deviation
1 over the sequence. The means and standard deviations are components of the embedding,
so decoding needs no guess of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._containers.ragged import RaggedArray
from sklearn_seqae._utils.plain import Positive

Floats = NDArray[np.float64]

NEGLIGIBLE = 1e-3  # spread of levels or log scales that no component is spent on
SMALLEST = 1e-3  # of the typical scale: a sequence that is flat is divided by this
ROUNDING = 1e-7  # of the level: less variation than this is rounding of float32
WILDEST = 80.0  # limit of a component: beyond, float64 would overflow in decoding


class Units(NamedTuple):
    """Mean and scale of each feature of some sequences, (n_sequences, n_features)."""

    mean: Floats
    scale: Floats


@dataclass(frozen=True)
class InstanceNorm:
    """Units of single sequences, and their components in the embedding.

    A component is the inverse hyperbolic sine of a standardized mean or log scale. It
    is linear near zero and logarithmic far from it, so no sequence is an outlier.

    Attributes
    ----------
    typical, spread : tuple of float
        Mean and standard deviation of the means of sequences, by feature.
    log_typical, log_spread : tuple of float
        The same of the logarithms of their scales.
    log_smallest : tuple of float
        Lower limit of the logarithms.
    has_mean, has_scale : tuple of bool
        Features whose mean, or scale, is a component.
    """

    typical: tuple[float, ...]
    spread: tuple[Positive, ...]
    log_typical: tuple[float, ...]
    log_spread: tuple[Positive, ...]
    log_smallest: tuple[float, ...]
    has_mean: tuple[bool, ...]
    has_scale: tuple[bool, ...]

    @classmethod
    def fit(cls, scaled: RaggedArray, sample_weight: Floats) -> InstanceNorm | None:
        """Fit to sequences; None if their means and scales are all alike.

        Parameters
        ----------
        scaled : RaggedArray
            NaN where a value is missing.
        sample_weight : ndarray of shape (n_sequences,)
        """
        counts, means, scales = _moments(scaled)
        typical, spread = _weighted(means, counts >= 1, sample_weight)
        counted = (sample_weight > 0)[:, None]
        varies = _vary(means, scales) & (counts >= 2) & counted
        logs = np.log(np.where(varies, scales, 1))
        log_typical, log_spread = _weighted(logs, varies, sample_weight)
        lowest = np.where(varies, logs, np.inf).min(axis=0)
        within, _ = _weighted(scales**2, counts >= 1, sample_weight)
        has_mean = spread > NEGLIGIBLE * np.sqrt(spread**2 + within)
        has_scale = log_spread > NEGLIGIBLE
        if not has_mean.any() and not has_scale.any():
            return None
        return cls(
            *(
                tuple(numbers.tolist())
                for numbers in (
                    typical,
                    np.where(has_mean, spread, 1),
                    log_typical,
                    np.where(has_scale, log_spread, 1),
                    np.minimum(lowest, log_typical + np.log(SMALLEST)),
                    has_mean,
                    has_scale,
                )
            )
        )

    @property
    def n_components(self) -> int:
        return sum(self.has_mean) + sum(self.has_scale)

    def units(self, scaled: RaggedArray) -> Units:
        """Return the units of each sequence.

        The fewer values are observed, the closer its log scale is to the typical one: a
        single value has no scale of its own.
        """
        counts, means, scales = _moments(scaled)
        varies = _vary(means, scales)
        logs = np.log(np.where(varies, scales, 1))
        floor = np.array(self.log_smallest)
        own = np.maximum(np.where(varies, logs, floor), floor)
        n = np.maximum(counts, 1)
        logs = own + (np.array(self.log_typical) - own) / n
        return Units(
            np.where((counts > 0) & np.array(self.has_mean), means, self.typical),
            np.exp(np.where(self.has_scale, logs, self.log_typical)),
        )

    def normalize(self, scaled: RaggedArray, units: Units) -> RaggedArray:
        """Bring sequences into units of their own, float32."""
        mean, scale = (np.repeat(unit, scaled.lengths, axis=0) for unit in units)
        return scaled.with_values(((scaled.values - mean) / scale).astype(np.float32))

    def denormalize(self, own: RaggedArray, units: Units) -> RaggedArray:
        """Bring decoded sequences into common units, with exactly these means."""
        values = own.values.astype(np.float64)
        starts, n = own.offsets[:-1], own.lengths
        centre = np.add.reduceat(values, starts, axis=0) / n[:, None]
        mean = np.repeat(units.mean - centre * units.scale, n, axis=0)
        return own.with_values(values * np.repeat(units.scale, n, axis=0) + mean)

    def encode(self, units: Units) -> Floats:
        """Return the components of units, means first: (n_sequences, n_components)."""
        means = (units.mean - self.typical) / self.spread
        logs = (np.log(units.scale) - self.log_typical) / self.log_spread
        kept = means[:, self.has_mean], logs[:, self.has_scale]
        return np.arcsinh(np.concatenate(kept, axis=1))

    def decode(self, components: NDArray[np.floating]) -> Units:
        """Return the units that components mean; whatever they are, finite ones."""
        limited = np.clip(components.astype(np.float64), -WILDEST, WILDEST)
        has = self.has_mean + self.has_scale
        both = np.zeros((len(components), len(has)))
        both[:, has] = np.sinh(limited)
        means, logs = np.split(both, 2, axis=1)
        logs = logs * self.log_spread + self.log_typical
        scales = np.exp(np.clip(logs, -WILDEST, WILDEST))
        return Units(means * self.spread + self.typical, scales)


def _moments(ragged: RaggedArray) -> tuple[NDArray[np.int64], Floats, Floats]:
    """Count, mean and standard deviation of the observed values, by sequence."""
    values = ragged.values.astype(np.float64)
    observed = np.logical_not(np.isnan(values))
    starts = ragged.offsets[:-1]
    counts = np.add.reduceat(observed, starts, axis=0, dtype=np.int64)
    n = np.maximum(counts, 1)
    means = np.add.reduceat(np.where(observed, values, 0), starts, axis=0) / n
    off = values - np.repeat(means, ragged.lengths, axis=0)
    squares = np.where(observed, off, 0) ** 2
    return counts, means, np.sqrt(np.add.reduceat(squares, starts, axis=0) / n)


def _vary(means: Floats, scales: Floats) -> NDArray[np.bool_]:
    """Return where a sequence varies by more than rounding."""
    return scales > np.maximum(ROUNDING * np.abs(means), np.finfo(float).tiny)


def _weighted(
    values: Floats, counts: NDArray[np.bool_], sample_weight: Floats
) -> tuple[Floats, Floats]:
    """Weighted mean and standard deviation over sequences, of those that count."""
    weight = sample_weight[:, None] * counts
    total = np.maximum(weight.sum(axis=0), np.finfo(float).tiny)
    mean = (weight * values).sum(axis=0) / total
    variance = (weight * (values - mean) ** 2).sum(axis=0) / total
    return mean, np.sqrt(variance)
