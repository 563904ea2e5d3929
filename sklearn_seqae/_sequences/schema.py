"""What a fit learnt of `X`: its features, its container, its categories, times, scaler.

Behind `Events`, categories and times, stand numbers, of which one may be the time since
the event before, then codes of categories.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sklearn_seqae._containers.gate import Features, validate_sequences
from sklearn_seqae._containers.kinds import Container, TimeAxis
from sklearn_seqae._containers.ragged import RaggedArray, cut
from sklearn_seqae._containers.readers.checks import by_label
from sklearn_seqae._containers.readers.pandas import (
    Moments,
    in_unit_of,
    moments_of_sequences,
)
from sklearn_seqae._containers.writers import from_ragged, with_times
from sklearn_seqae._sequences.clock import Clock, moments_after
from sklearn_seqae._sequences.scaling import scale, unscale
from sklearn_seqae._sequences.vocabulary import Column, FeatureCategories, Vocabulary
from sklearn_seqae._utils.plain import AsItIs

Floats = NDArray[np.float64]
Ticks = NDArray[Any]  # integers, or float64


class Given(NamedTuple):
    """Sequences as they were read."""

    sequences: RaggedArray
    container: Container
    moments: Moments | None = None  # None where there are none, or they don't count


@dataclass(frozen=True)
class Events:
    """Categories and times of a fit."""

    vocabulary: Vocabulary | None = None  # None where all features are numbers
    clock: Clock | None = None  # None where time is no feature
    times: TimeAxis | None = None  # note on the times, with a clock

    @property
    def columns(self) -> tuple[Column, ...]:
        """The features that are no numbers; the last ones of scaled sequences."""
        return self.vocabulary.columns if self.vocabulary else ()

    @property
    def n_codes(self) -> int:
        return len(self.columns)

    @property
    def n_moments(self) -> int:
        """Components that are moments, behind those of the network: one or none."""
        return int(self.clock is not None)

    def of_network(self, parameters: dict[str, Any]) -> dict[str, Any]:
        """Return parameters for the network, whose components have no moment."""
        n_components = parameters["n_components"]
        if self.clock is None or n_components is None:
            return parameters
        if n_components < 2:
            raise ValueError(
                "time takes one component, which leaves none for the content: "
                f"n_components is {n_components}; expected at least 2, or time=False."
            )
        return parameters | {"n_components": n_components - 1}

    # There ----------------------------------------------------------------------------

    def read(self, X: Any, sequences: RaggedArray, container: Container) -> Given:
        """Put the moments beside sequences that were read of `X`, if they count."""
        if self.clock is None:
            return Given(sequences, container)
        if self.vocabulary is not None:  # what has no categories has no times
            self.vocabulary.check_kinds(sequences, container)
        moments = moments_of_sequences(X)
        if moments is None:
            raise ValueError(
                "X has no times, but fit saw them; pass a DataFrame indexed by series "
                "and time, or what to_sequences made with order=..., whose "
                "X.attrs['order'] names the field of times; or fit with time=False."
            )
        return Given(sequences, container, moments)

    def encode(self, given: Given) -> tuple[RaggedArray, Ticks | None]:
        """Add the time as a feature, if it is one, and encode categories.

        With the moment of each event, in the unit of those in `fit`, if time is one.
        """
        sequences, moments = given.sequences, None
        if self.clock is not None and self.times is not None:
            assert given.moments is not None  # `read` has seen to it
            moments = in_unit_of(given.moments, sequences.offsets, self.times)
            sequences = self.clock.with_time(sequences, moments)
        vocabulary, levels = self.vocabulary, given.container.levels
        if vocabulary is None:
            if not any(levels):
                return sequences, moments
            vocabulary = Vocabulary((None,) * sequences.n_features)
        return vocabulary.encode(sequences, given.container), moments

    def moments(self, starts: Ticks | None) -> NDArray[Any] | None:
        """Return the component that tells the first moment, if time is a feature."""
        if self.clock is None or starts is None:
            return None
        return self.clock.encode(starts)

    # And back -------------------------------------------------------------------------

    def without_moments(self, Z: NDArray[Any]) -> tuple[NDArray[Any], Ticks | None]:
        """Take `moments` off embeddings, the last component."""
        if self.clock is None or self.times is None:
            return Z, None
        return Z[:, :-1], self.clock.decode(Z[:, -1], self.times.limits)

    def draw_starts(self, n: int, random_state: np.random.RandomState) -> Ticks | None:
        """Draw moments of first events from a normal distribution.

        Where the dtype of the times ends, it is cut off: no unsigned one is negative.
        """
        if self.clock is None or self.times is None:
            return None
        limits = self.times.limits
        drawn = self.clock.decode(random_state.standard_normal(n), limits)
        return np.clip(drawn, *limits)

    def decode(
        self,
        ragged: RaggedArray,
        container: Container,
        ids: pd.Index | None,
        starts: Ticks | None,
        ahead: bool = False,
        random_state: np.random.RandomState | None = None,
    ) -> tuple[RaggedArray, NDArray[Any] | None]:
        """Undo `encode`; return the moments of all events as well, if there are some.

        ``starts`` are the moments of first events or, with ``ahead``, of the last ones
        before. ``random_state`` draws infrequent categories.
        """
        if self.vocabulary is not None:
            ragged = self.vocabulary.decode(ragged, container, random_state)
        if self.clock is None or self.times is None or starts is None:
            return ragged, None
        ragged, passed = self.clock.without_time(ragged, ahead)
        show = by_label(pd.RangeIndex(len(ragged)) if ids is None else ids)
        return ragged, moments_after(starts, passed, ragged.offsets, self.times, show)

    # By feature -----------------------------------------------------------------------

    def categories(self, n_features: int) -> list[FeatureCategories | None]:
        """Return the categories of each feature of `X`, None for a number."""
        if self.vocabulary is None:
            return [None] * n_features
        return list(self.vocabulary.features[:n_features])

    def probabilities(
        self,
        log_p: list[NDArray[np.float32]],
        offsets: NDArray[np.int64],
        n_features: int,
    ) -> list[list[Floats] | None]:
        """Return probabilities of categories, by feature and sequence."""
        of_columns = iter(log_p)
        return [
            None
            if each is None
            else list(cut(each.probabilities(np.exp(next(of_columns))), offsets))
            for each in self.categories(n_features)
        ]

    def in_order(self, of_network: Floats) -> Floats:
        """Bring a number of each feature into the order of `X`; time is the last."""
        if self.vocabulary is None:
            return of_network
        found = np.empty_like(of_network)
        found[self.vocabulary.order] = of_network
        return found

    def names_in_network(self, names: Iterable[Any]) -> list[Any]:
        """Return names of features in the order of the network, time among them."""
        known = [*names, *([] if self.times is None else [self.times.name])]
        return [known[j] for j in self.vocabulary.order] if self.vocabulary else known

    @property
    def names_of_codes(self) -> list[list[str]]:
        """Names of the codes 1, 2, ... of each feature that has categories."""
        features = self.vocabulary.features if self.vocabulary else ()
        return [each.names for each in features if each is not None]

    def named(
        self, history: dict[str, list[float]], names: Iterable[Any]
    ) -> dict[str, list[float]]:
        """Name the losses of features, which are numbered as the network has them."""
        if self.vocabulary is None:
            return history
        known = self.names_in_network(names)
        named = {f"loss[{n}]": f"loss[{name}]" for n, name in enumerate(known)}
        return {named.get(name, name): losses for name, losses in history.items()}


def first_of(moments: Ticks | None, of: RaggedArray) -> Ticks | None:
    """Return the moment of each first event, if there are moments."""
    return None if moments is None else moments[of.offsets[:-1]]


def last_of(moments: Ticks | None, of: RaggedArray) -> Ticks | None:
    """Return the moment of each last event, if there are moments."""
    return None if moments is None else moments[of.offsets[1:] - 1]


class Encoded(NamedTuple):
    """Scaled sequences, and what stands beside them."""

    scaled: RaggedArray  # numbers, then codes of categories
    moments: NDArray[Any] | None  # (n_timesteps,): if time is a feature
    dtype: str  # {"float32", "float64"}; of embeddings


@dataclass(frozen=True)
class Schema:
    """Facts that were learnt of `X`."""

    features: Features
    container: Container  # note on what `X` was
    events: Events  # categories and times
    scaler: AsItIs = None
    # Whether no value of a feature is negative in `fit`: none is decoded
    positive: tuple[bool, ...] = ()

    @property
    def names(self) -> Sequence[Any]:
        """Names of the features, or their numbers."""
        return self.container.feature_names or range(self.features.n_features)

    def read(self, X: Any, by: str) -> Given:
        """Read sequences, and check them against those in `fit`."""
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

        The other parameters are as in `Events.decode`.
        """
        events, container = self.events, container or self.container
        ragged = unscale(self.scaler, scaled)
        ragged, moments = events.decode(
            ragged, container, ids, starts, ahead, random_state
        )
        if any(self.positive):
            is_wrong = (ragged.values < 0) & self.positive
            ragged = ragged.with_values(np.where(is_wrong, 0, ragged.values))
        found = from_ragged(ragged, container, ids)
        if moments is None or events.times is None:
            return found
        return with_times(found, container, moments, events.times)
