"""What a fit learnt of `X`: its features, its container, its categories, times, scaler.

`Schema` stands between containers and scaled sequences, there and back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._containers.gate import Features, validate_sequences
from sklearn_seqae._containers.kinds import Container
from sklearn_seqae._containers.ragged import RaggedArray
from sklearn_seqae._containers.writers import from_ragged, with_times
from sklearn_seqae._sequences.events import Events, Given
from sklearn_seqae._sequences.scaling import scale, unscale
from sklearn_seqae._utils.plain import AsItIs


class Encoded(NamedTuple):
    """Scaled sequences, and what stands beside them.

    Attributes
    ----------
    scaled : RaggedArray
        Numbers, then codes of categories.
    moments : ndarray of shape (n_timesteps,) or None
        If time is a feature.
    dtype : {"float32", "float64"}
        Of embeddings.
    """

    scaled: RaggedArray
    moments: NDArray[Any] | None
    dtype: str


@dataclass(frozen=True)
class Schema:
    """What was learnt of `X`.

    Attributes
    ----------
    features : Features
    container : Container
        Note on what `X` was.
    events : Events
        Categories and times.
    scaler : transformer or None
    """

    features: Features
    container: Container
    events: Events
    scaler: AsItIs = None

    def read(self, X: Any, by: str) -> Given:
        """Read sequences, and check them against those in `fit`.

        Raises
        ------
        ValueError, TypeError
            If they can't be used or are of another kind; ``by`` names the estimator.
        """
        sequences, container = validate_sequences(X, self.features, by)
        return self.events.read(X, sequences, container)

    def encode(self, given: Given) -> Encoded:
        """Encode categories and times, and scale numbers."""
        encoded, moments = self.events.encode(given)
        scaled = scale(self.scaler, encoded)
        return Encoded(scaled, moments, given.container.dtype)

    def decode(
        self,
        scaled: RaggedArray,
        ids: Any,
        container: Container | None = None,
        random_state: np.random.RandomState | None = None,
        starts: NDArray[Any] | None = None,
        ahead: bool = False,
    ) -> Any:
        """Bring decoded sequences into their own units and the kind seen in `fit`.

        ``starts`` are the moments of first events, or of the last ones before those
        that are ``ahead``; ``random_state`` draws infrequent categories.
        """
        events, container = self.events, container or self.container
        ragged = unscale(self.scaler, scaled)
        ragged, moments = events.decode(
            ragged, container, ids, starts, ahead, random_state
        )
        found = from_ragged(ragged, container, ids)
        if moments is None or events.times is None:
            return found
        return with_times(found, container, moments, events.times)
