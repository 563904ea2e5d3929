"""Components of which there are many, standardized."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._containers.ragged import RaggedArray
from sklearn_seqae._patches.exact import UNIT
from sklearn_seqae._utils.plain import Positive

SEQUENCES = 1 << 13  # whose numbers are in memory at a time


class Standardized(ABC):
    """Numbers of a sequence alone; over those in `fit` they vary by `UNIT`.

    Subclasses are dataclasses with these fields.
    """

    mean: tuple[float, ...]  # in `fit`
    scale: tuple[Positive, ...]  # what makes the standard deviation `UNIT`

    @abstractmethod
    def measured(self, ragged: RaggedArray) -> NDArray[np.float64]:
        """Return the numbers of sequences, (n_sequences, n_components)."""

    def standardized(
        self, ragged: RaggedArray, sample_weight: NDArray[np.float64], negligible: float
    ) -> Any:
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

    def _parts(
        self, ragged: RaggedArray
    ) -> Iterator[tuple[slice, NDArray[np.float64]]]:
        for first in range(0, len(ragged), SEQUENCES):
            part = slice(first, first + SEQUENCES)
            yield part, self.measured(ragged[part])
