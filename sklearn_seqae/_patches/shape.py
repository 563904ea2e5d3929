"""Shape: the strongest cosines of a sequence, over its relative time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.fft import dct

from sklearn_seqae._containers.ragged import RaggedArray
from sklearn_seqae._patches.exact import UNIT, WILDEST, row
from sklearn_seqae._utils.plain import Positive

ENOUGH = 32  # cosines of a feature, by default
ENOUGH_COMPONENTS = 256  # cosines of all features
HIGHEST = 512  # half cycles of a sequence that are looked at
BLOCK = 1 << 18  # products at a time
NEGLIGIBLE = 1e-6  # spread, or share of all energy, that may be rounding

Floats = NDArray[np.float64]
Places = NDArray[np.int64]


@dataclass(frozen=True)
class Shape:
    """Cosine coefficients of each feature, as components of the embedding.

    They are of the discrete cosine transform (Ahmed, Natarajan and Rao, 1974), in the
    units in which the network writes: coefficient `k` belongs to a cosine of `k` half
    cycles over a sequence. In `fit`, those are chosen that hold most of the energy, all
    features together. A sequence of `L` time steps has those below `L`; the others are
    zero. A component is the inverse hyperbolic sine of a standardized one, times
    `UNIT`.
    """

    half_cycles: tuple[int, ...]  # rising, from 1
    left: float  # share of the energy in `fit` that other cosines hold
    # Mean and standard deviation in `fit`, by feature, then by cosine
    typical: tuple[float, ...]
    spread: tuple[Positive, ...]

    @classmethod
    def fit(
        cls, n_cosines: int, filled: RaggedArray, sample_weight: Floats
    ) -> Shape | None:
        """Fit to sequences without missing values; None if none of them varies."""
        chosen, left = _strongest(n_cosines, filled, sample_weight)
        if not chosen:
            return None
        n = len(chosen) * filled.n_features
        plain = cls(chosen, left, (0.0,) * n, (1.0,) * n)
        found = plain.coefficients(filled).reshape(len(filled), n)
        mean = np.average(found, axis=0, weights=sample_weight)
        variance = np.average((found - mean) ** 2, axis=0, weights=sample_weight)
        spread = np.where(np.sqrt(variance) > NEGLIGIBLE, np.sqrt(variance), 1.0)
        return cls(chosen, left, tuple(mean.tolist()), tuple(spread.tolist()))

    @property
    def n_components(self) -> int:
        return len(self.typical)

    @property
    def n_features(self) -> int:
        return len(self.typical) // len(self.half_cycles)

    def coefficients(self, filled: RaggedArray) -> Floats:
        """Return coefficients, shape (n_sequences, n_features, n_cosines)."""
        found = np.empty((len(filled), self.n_features, len(self.half_cycles)))
        values = filled.values.astype(np.float64)
        for rows, places, waves in self._by_length(filled.offsets):
            for feature, of_feature in enumerate(values.T):
                found[rows, feature] = _projected(of_feature[places], waves)
        return found

    def with_coefficients(self, own: RaggedArray, wanted: Floats) -> RaggedArray:
        """Return sequences with other coefficients, all else as it is."""
        values = own.values.astype(np.float64)
        for rows, places, waves in self._by_length(own.offsets):
            for feature, of_feature in enumerate(values.T):
                now = _projected(of_feature[places], waves)
                change = (wanted[rows, feature] - now)[:, None] * waves
                of_feature[places] += change.sum(axis=2)
        return own.with_values(values)

    def encode(self, coefficients: Any, ops: Any = np) -> Any:
        """Return components, (n_sequences, n_components); for `ops` see `exact`."""
        typical, spread = self._rows(coefficients.dtype)
        flat = ops.reshape(coefficients, (-1, self.n_components))
        return UNIT * ops.arcsinh((flat - typical) / spread)

    def decode(self, components: Any, ops: Any = np) -> Any:
        """Return the coefficients that components mean; finite, whatever they are."""
        typical, spread = self._rows(components.dtype)
        limited = ops.clip(components / UNIT, -WILDEST, WILDEST)
        flat = ops.sinh(limited) * spread + typical
        return ops.reshape(flat, (-1, self.n_features, len(self.half_cycles)))

    def _rows(self, dtype: Any) -> list[Any]:
        return [row(numbers, dtype) for numbers in (self.typical, self.spread)]

    def _by_length(self, offsets: Places) -> Iterator[tuple[Places, Places, Floats]]:
        """Yield some sequences of one length, (n,), by index.

        With them the places of their time steps, (n, n_timesteps), and the cosines of
        these, (n_timesteps, n_cosines).
        """
        lengths, k = np.diff(offsets), np.array(self.half_cycles)
        order = np.argsort(lengths, kind="stable")
        distinct, first = np.unique(lengths[order], return_index=True)
        for n, rows in zip(distinct, np.split(order, first[1:]), strict=True):
            place = np.arange(n)
            # Whole numbers until here, so that no cosine of a large number is rounded
            phase = (k * (2 * place + 1)[:, None]) % (4 * n)
            waves = np.where(k < n, np.sqrt(2) * np.cos(np.pi / 2 * phase / n), 0.0)
            step = max(BLOCK // waves.size, 1)
            for some in np.split(rows, range(step, len(rows), step)):
                yield some, offsets[some][:, None] + place, waves


def _projected(values: Floats, waves: Floats) -> Floats:
    """Return coefficients (n, n_cosines); sums, with the same bits in any company."""
    return (values[:, :, None] * waves).sum(axis=1) / len(waves)


def default_n_cosines(lengths: Places, n_features: int, room: float) -> int:
    """Return half the time steps of the median sequence, within limits and room."""
    most = min(ENOUGH_COMPONENTS, room) // n_features
    return int(min(ENOUGH, np.median(lengths) // 2, most))


def _strongest(
    n_cosines: int, filled: RaggedArray, sample_weight: Floats
) -> tuple[tuple[int, ...], float]:
    """Return half cycles that hold most of the energy, and the share of the others."""
    energy, total = np.zeros(HIGHEST), 0.0
    for sequence, weight in zip(filled, sample_weight, strict=True):
        found = dct(sequence.astype(np.float64), axis=0, norm="ortho")[1:]
        squares = weight * (found**2).sum(axis=1) / len(sequence)
        total += squares.sum()
        energy[: len(squares)] += squares[:HIGHEST]
    strongest = np.argsort(-energy, kind="stable")[:n_cosines]
    strongest = strongest[energy[strongest] > NEGLIGIBLE * total]
    left = 1 - energy[strongest].sum() / total if total else 1.0
    return tuple((1 + np.sort(strongest)).tolist()), float(np.clip(left, 0, 1))
