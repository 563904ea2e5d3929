"""Components of an embedding that are exact, for what is exact need not be learnt.

Each object has an `encode` and a `decode`. `ops` are the functions that compute: those
of NumPy, of Keras or of an ONNX graph.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._containers.ragged import RaggedArray
from sklearn_seqae._utils.plain import Positive

Floats = NDArray[np.float64]

MAX_LENGTH = 2**20  # of a decoded sequence; a wild one is an error, not an allocation
NEGLIGIBLE = 1e-3  # spread of levels or log scales that no component is spent on
SMALLEST = 1e-3  # of the typical scale: a sequence that is flat is divided by this
ROUNDING = 1e-7  # of the level: less variation than this is rounding of float32
WILDEST = 80.0  # limit of a component: beyond, float64 would overflow in decoding
# Standard deviation of components of which there are many. Pooled states vary by about
# as much, so neither outweighs the other where vectors are compared as they are.
UNIT = 0.2
SEQUENCES = 1 << 13  # whose numbers are in memory at a time


@dataclass(frozen=True)
class LengthCode:
    """Standardized log-length, from which `inverse_transform` reads the length."""

    # Mean and standard deviation of the log-lengths in `fit`
    mean: float
    scale: Positive
    # Limits of the lengths in `fit`; new lengths are drawn between them
    shortest: int
    longest: int
    n_components: ClassVar[int] = 1

    @classmethod
    def fit(cls, lengths: NDArray[np.int64], sample_weight: Floats) -> LengthCode:
        limits = int(lengths.min()), int(lengths.max())
        if limits[0] == limits[1]:  # rounding errors are no spread
            return cls(float(np.log(lengths[0])), 1.0, *limits)
        log_lengths = np.log(lengths)
        mean = np.average(log_lengths, weights=sample_weight)
        variance = np.average((log_lengths - mean) ** 2, weights=sample_weight)
        return cls(float(mean), float(np.sqrt(variance)), *limits)

    def encode(self, lengths: Any, ops: Any = np) -> Any:
        """Return the component of each length, of the same shape."""
        return (ops.log(lengths) - self.mean) / self.scale

    def decode(self, component: NDArray[np.floating]) -> NDArray[np.int64]:
        """Return the length of each component, at least 1."""
        log_lengths = component.astype(np.float64) * self.scale + self.mean
        too_long = np.flatnonzero(log_lengths > np.log(MAX_LENGTH + 0.5))
        if too_long.size:
            row = int(too_long[0])
            raise ValueError(
                f"row {row} of Z has the length component {component[row]:.6g}, which "
                f"means a sequence of over {MAX_LENGTH} time steps; components of "
                "sequences like those in fit lie between about -3 and 3. Pass lengths "
                "to choose the lengths yourself."
            )
        return np.maximum(np.rint(np.exp(log_lengths)), 1).astype(np.int64)

    def sample(
        self, n: int, random_state: np.random.RandomState
    ) -> NDArray[np.floating]:
        """Draw components from the standard normal, within the lengths in `fit`."""
        prior = NormalDist()
        low, high = map(prior.cdf, self.encode(np.array([self.shortest, self.longest])))
        return np.array([prior.inv_cdf(p) for p in random_state.uniform(low, high, n)])


class Units(NamedTuple):
    """Mean and scale of each feature of some sequences, (n_sequences, n_features)."""

    mean: Floats
    scale: Floats


@dataclass(frozen=True)
class InstanceNorm:
    """Units of single sequences, and their components in the embedding.

    Reversible instance normalization (Kim et al., 2022): in own units, every feature of
    a sequence has mean 0 and standard deviation 1. A component is the inverse
    hyperbolic sine of a standardized mean or log scale, so no sequence is an outlier.
    """

    # Mean and standard deviation of the means of sequences, by feature
    typical: tuple[float, ...]
    spread: tuple[Positive, ...]
    # The same of the logarithms of their scales
    log_typical: tuple[float, ...]
    log_spread: tuple[Positive, ...]
    log_smallest: tuple[float, ...]  # lower limit of the logarithms
    # Features whose mean, or scale, is a component
    has_mean: tuple[bool, ...]
    has_scale: tuple[bool, ...]

    @classmethod
    def fit(cls, scaled: RaggedArray, sample_weight: Floats) -> InstanceNorm | None:
        """Fit to sequences; None if their means and scales are all alike."""
        counts, means, scales = _moments(scaled)
        typical, spread = _weighted(means, counts >= 1, sample_weight)
        counted = (sample_weight > 0)[:, None]
        varies = _vary(np, means, scales) & (counts >= 2) & counted
        logs = np.log(np.where(varies, scales, 1))
        log_typical, log_spread = _weighted(logs, varies, sample_weight)
        lowest = np.where(varies, logs, np.inf).min(axis=0)
        within, _ = _weighted(scales**2, counts >= 1, sample_weight)
        has_mean = spread > NEGLIGIBLE * np.sqrt(spread**2 + within)
        has_scale = log_spread > NEGLIGIBLE
        if not has_mean.any() and not has_scale.any():
            return None
        found = (
            typical,
            np.where(has_mean, spread, 1),
            log_typical,
            np.where(has_scale, log_spread, 1),
            np.minimum(lowest, log_typical + np.log(SMALLEST)),
            has_mean,
            has_scale,
        )
        return cls(*(tuple(numbers.tolist()) for numbers in found))

    @property
    def n_components(self) -> int:
        return sum(self.has_mean) + sum(self.has_scale)

    def units(self, scaled: RaggedArray) -> Units:
        """Return the units of each sequence.

        The fewer values are observed, the closer its log scale is to the typical one.
        """
        return self.units_of(np, *_moments(scaled))

    def units_of(self, ops: Any, counts: Any, means: Any, scales: Any) -> Units:
        """Return units, from the moments of what is observed of each sequence."""
        floor, typical = (
            row(x, means.dtype) for x in (self.log_smallest, self.log_typical)
        )
        varies = _vary(ops, means, scales)
        logs = ops.log(ops.where(varies, scales, 1.0))
        own = ops.maximum(ops.where(varies, logs, floor), floor)
        logs = own - (own - typical) / ops.maximum(counts, 1)
        has_mean = ops.logical_and(counts > 0, np.array([self.has_mean]))
        has_scale = ops.logical_and(counts > -1, np.array([self.has_scale]))
        return Units(
            ops.where(has_mean, means, row(self.typical, means.dtype)),
            ops.exp(ops.where(has_scale, logs, typical)),
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

    def encode(self, units: Units, ops: Any = np) -> Any:
        """Return the components of units, means first: (n_sequences, n_components)."""
        typical, spread, log_typical, log_spread = self._rows(units.mean.dtype)
        means = (units.mean - typical) / spread
        logs = (ops.log(units.scale) - log_typical) / log_spread
        both = ops.concatenate([means, logs], axis=-1)
        kept = np.flatnonzero(self.has_mean + self.has_scale)
        return ops.arcsinh(ops.take(both, kept, axis=-1))

    def decode(self, components: Any, ops: Any = np) -> Units:
        """Return the units that components mean; whatever they are, finite ones."""
        typical, spread, log_typical, log_spread = self._rows(components.dtype)
        found = ops.sinh(ops.clip(components, -WILDEST, WILDEST))
        has = np.array(self.has_mean + self.has_scale)
        place = np.where(has, np.cumsum(has) - 1, has.sum())  # the last is zero
        both = ops.concatenate([found, 0.0 * found[:, :1]], axis=-1)
        means, logs = ops.split(ops.take(both, place, axis=-1), 2, axis=-1)
        logs = ops.clip(logs * log_spread + log_typical, -WILDEST, WILDEST)
        return Units(means * spread + typical, ops.exp(logs))

    def _rows(self, dtype: Any) -> list[Any]:
        every = self.typical, self.spread, self.log_typical, self.log_spread
        return [row(numbers, dtype) for numbers in every]


def row(numbers: tuple[float, ...], dtype: Any) -> NDArray[Any]:
    """Return numbers as a row of a matrix."""
    return np.array([numbers], dtype)


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


def _vary(ops: Any, means: Any, scales: Any) -> Any:
    """Return where a sequence varies by more than rounding."""
    tiny = float(np.finfo(means.dtype).tiny)
    return scales > ops.maximum(ROUNDING * ops.abs(means), tiny)


def _weighted(
    values: Floats, counts: NDArray[np.bool_], sample_weight: Floats
) -> tuple[Floats, Floats]:
    """Weighted mean and standard deviation over sequences, of those that count."""
    weight = sample_weight[:, None] * counts
    total = np.maximum(weight.sum(axis=0), np.finfo(float).tiny)
    mean = (weight * values).sum(axis=0) / total
    variance = (weight * (values - mean) ** 2).sum(axis=0) / total
    return mean, np.sqrt(variance)


# Of which there are many --------------------------------------------------------------


class Standardized(ABC):
    """Numbers of sequences that vary by `UNIT` in `fit`; for dataclasses."""

    mean: tuple[float, ...]  # in `fit`
    scale: tuple[Positive, ...]  # what makes the standard deviation `UNIT`

    @abstractmethod
    def measured(self, ragged: RaggedArray) -> Floats:
        """Return the numbers of sequences, (n_sequences, n_components)."""

    def standardized(
        self, ragged: RaggedArray, sample_weight: Floats, negligible: float
    ) -> Self:
        """Return the same, fitted; a spread up to ``negligible`` is not scaled."""
        moments: Any = 0.0
        for part, found in self._parts(ragged):
            weighted = sample_weight[part, None] * found
            both = weighted.sum(axis=0), (weighted * found).sum(axis=0)
            moments = moments + np.array(both)
        mean, squares = moments / sample_weight.sum()
        spread = np.sqrt(np.maximum(squares - mean**2, 0))
        scale = np.where(spread > negligible, spread, 1.0) / UNIT
        fitted = {"mean": tuple(mean.tolist()), "scale": tuple(scale.tolist())}
        return replace(self, **fitted)  # type: ignore[type-var]

    def encode(self, ragged: RaggedArray) -> NDArray[np.float32]:
        """Return the components of sequences: (n_sequences, n_components)."""
        found = np.empty((len(ragged), len(self.scale)), np.float32)
        for part, numbers in self._parts(ragged):
            found[part] = (numbers - self.mean) / self.scale
        return found

    def _parts(self, ragged: RaggedArray) -> Iterator[tuple[slice, Floats]]:
        for first in range(0, len(ragged), SEQUENCES):
            part = slice(first, first + SEQUENCES)
            yield part, self.measured(ragged[part])
