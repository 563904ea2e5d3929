"""Length of a sequence as a component of its embedding, and back, exactly."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._utils.plain import Positive

# Longest decoded sequence. A wild length is an error, not a huge allocation.
MAX_LENGTH = 2**20


@dataclass(frozen=True)
class LengthCode:
    """Standardized log-length, from which `inverse_transform` reads the length.

    The logarithm puts short and long sequences on one scale. Standardizing it by the
    lengths in `fit` puts it on the scale of the other components.

    Attributes
    ----------
    mean, scale : float
        Mean and standard deviation of the log-lengths in `fit`.
    shortest, longest : int
        Limits of the lengths in `fit`. New lengths are drawn between them.
    """

    mean: float
    scale: Positive
    shortest: int
    longest: int

    @classmethod
    def fit(
        cls, lengths: NDArray[np.int64], sample_weight: NDArray[np.float64]
    ) -> LengthCode:
        limits = int(lengths.min()), int(lengths.max())
        if limits[0] == limits[1]:  # rounding errors are no spread
            return cls(float(np.log(lengths[0])), 1.0, *limits)
        log_lengths = np.log(lengths)
        mean = np.average(log_lengths, weights=sample_weight)
        variance = np.average((log_lengths - mean) ** 2, weights=sample_weight)
        return cls(float(mean), float(np.sqrt(variance)), *limits)

    def encode(self, lengths: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the component of each length, shape (n_sequences,)."""
        return (np.log(lengths) - self.mean) / self.scale

    def decode(self, component: NDArray[np.floating]) -> NDArray[np.int64]:
        """Return the length of each component, at least 1.

        Raises
        ------
        ValueError
            If a length would be over 2**20 time steps. Names the row.
        """
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
        low, high = (
            prior.cdf(component)
            for component in self.encode(np.array([self.shortest, self.longest]))
        )
        return np.array([prior.inv_cdf(p) for p in random_state.uniform(low, high, n)])
