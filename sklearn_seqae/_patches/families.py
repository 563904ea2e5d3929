"""Families of exact components: their names, what they read, and what they mean."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._containers.ragged import RaggedArray
from sklearn_seqae._patches.exact import Units
from sklearn_seqae._patches.shape import Shape


class Family(NamedTuple):
    """Exact components of one kind."""

    part: str  # the field of `Preprocessing` that encodes them
    reads: str  # and what it reads, of `Own`
    what: str  # for messages


FAMILIES = {  # in the order of the vector
    "instance_norm": Family(
        "instance_norm", "units", "the mean and the scale of each feature"
    ),
    "shape": Family("shape", "cosines", "cosines of each feature"),
    "texture": Family("texture", "every", "kernels"),
    "ngrams": Family("ngrams", "scaled", "which categories follow one another"),
    "category_means": Family("category_means", "scaled", "numbers by category"),
    "length": Family("length_code", "lengths", "the length"),
}
# What parameters may name, in the order of the vector, and of what is read of a patch
NAMES = {
    "exact_components": tuple(FAMILIES),
    "encoder_inputs": ("differences", "kernels"),
}


def asked_names(parameter: str, given: Any) -> Any:
    """Return the names that a parameter has, each once, in one order, or "auto"."""
    if isinstance(given, str):  # checked before: it is "auto"
        return given
    known = NAMES[parameter]
    are_known = all(isinstance(name, str) and name in known for name in given)
    if not are_known or len(set(given)) < len(given):
        raise ValueError(
            f"{parameter} is {given!r}; expected 'auto', or a list of some of "
            f"{', '.join(map(repr, known))}, each once."
        )
    return tuple(name for name in known if name in given)


@dataclass(frozen=True)
class Own:
    """Sequences, their numbers in the units in which the network writes them."""

    numbers: RaggedArray  # NaN where one is missing
    filled: RaggedArray
    units: Units
    scaled: RaggedArray  # in common units, with codes
    has_units: bool  # of their own
    shape: Shape | None

    @property
    def lengths(self) -> NDArray[np.int64]:
        return self.filled.lengths

    @cached_property
    def common(self) -> NDArray[np.floating]:
        """The same, filled, in the units that all sequences share."""
        mean, scale = (np.repeat(u, self.lengths, axis=0) for u in self.units)
        return self.filled.values * scale + mean

    @property
    def every(self) -> RaggedArray:
        """Numbers in own units and, where those differ, in common ones."""
        if not self.has_units:
            return self.filled
        both = [self.filled.values, self.common.astype(self.filled.values.dtype)]
        return self.filled.with_values(np.concatenate(both, axis=1))

    @cached_property
    def cosines(self) -> NDArray[np.float64] | None:
        """Coefficients, (n_sequences, n_features, n_cosines), if they are exact."""
        return None if self.shape is None else self.shape.coefficients(self.filled)


class Known(NamedTuple):
    """Exact components of sequences, told as `Own` does."""

    units: Units
    cosines: NDArray[np.float64] | None
    ngrams: NDArray[np.floating] | None = None  # the components, for draws
