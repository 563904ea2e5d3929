"""The schema of `X` is learnt from one part of the sequences after the other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._containers.gate import Features, validate_sequences
from sklearn_seqae._containers.kinds import Container, TimeAxis
from sklearn_seqae._containers.ragged import RaggedArray
from sklearn_seqae._containers.readers.pandas import (
    Moments,
    in_unit_of,
    joined_times,
    moments_of_sequences,
)
from sklearn_seqae._sequences.clock import ClockInChunks
from sklearn_seqae._sequences.schema import Events, Given, Schema
from sklearn_seqae._sequences.vocabulary import Vocabulary
from sklearn_seqae._sequences.vocabulary_in_chunks import VocabularyInChunks


class Summary:
    """Learns features, categories and times of one part of `X` after the other.

    ``by`` names the estimator in messages. The schema ``known`` of a fit that goes on
    stays as it is.
    """

    def __init__(
        self, parameters: Mapping[str, Any], by: str, known: Schema | None = None
    ) -> None:
        # These alone travel with it: others may hold what can't be copied
        asked = ("categorical_features", "max_categories", "time")
        self._asked = {name: parameters[name] for name in asked}
        self._time, self.by, self._known = parameters["time"], by, known
        # Of the first part, to which the others are held
        self.features = None if known is None else known.features
        self._vocabulary = VocabularyInChunks(
            parameters["categorical_features"], parameters["max_categories"]
        )
        self._clock = ClockInChunks()
        self._first: Container | None = None if known is None else known.container
        self._with_levels: Container | None = None  # the first that has categories
        self.times: TimeAxis | None = None  # of the first part; all are in its unit
        self._place = ""  # of the first part
        self._has_times: bool | None = None  # that part
        self._least: Any = np.inf  # value of each feature

    @property
    def is_new(self) -> bool:
        """Whether a fit begins, rather than goes on."""
        return self._known is None

    def read(self, X: Any) -> tuple[RaggedArray, Container]:
        """Read a part of `X`; the first one tells the features of all."""
        sequences, container = validate_sequences(X, self.features, self.by)
        if self.features is None:
            self.features = Features.of(X, sequences, container)
        self._first = self._first or container
        return sequences, container

    def add(self, X: Any, place: str) -> Given:
        """Read a part of `X` and learn from it; see `update`."""
        sequences, container = self.read(X)
        return self.update(X, sequences, container, place=place)

    def update(
        self,
        X: Any,
        sequences: RaggedArray,
        container: Container,
        sample_weight: NDArray[np.float64] | None = None,
        place: str = "",
    ) -> Given:
        """Learn from further sequences, and return them with their moments.

        ``sequences`` and ``container`` are `X` as it was read; ``place`` says where it
        is from, for messages. Without weights, each weighs 1.
        """
        if self._known is not None:
            return self._known.events.read(X, sequences, container)
        if sample_weight is None:
            sample_weight = np.broadcast_to(1.0, len(sequences))
        part = Summary(self._asked, self.by)
        part._place = place
        part._vocabulary.update(sequences, container, sample_weight, place)
        part._with_levels = container if container.levels else None
        part._least = np.fmin.reduce(sequences.values, axis=0, initial=np.inf)
        moments = part._moments(X, alone=not sequences.n_features)
        if moments is not None:
            times = self.times or moments.times
            ticks = in_unit_of(moments, sequences.offsets, times, "those before")
            part._clock.update(ticks, sequences.offsets, sample_weight)
            part.times = joined_times(times, moments.times)
        self.merge(part)
        return Given(sequences, container, moments)

    def merge(self, other: Summary) -> None:
        """Learn from the sequences of another one, which come later."""
        self._vocabulary.merge(other._vocabulary)
        self._least = np.fmin(self._least, other._least)
        self._with_levels = self._with_levels or other._with_levels
        if self._has_times is None:
            self._has_times, self._place = other._has_times, other._place
        elif other._has_times not in (None, self._has_times):
            ours, theirs = "no times", "times"
            if self._has_times:
                ours, theirs = theirs, ours
            raise ValueError(
                f"X has {theirs}, but {ours} in {self._place}; pass all of it with "
                "times, or set time=False."
            )
        self.times = joined_times(self.times, other.times)
        self._clock.merge(other._clock)

    @property
    def so_far(self) -> Events | None:
        """Events, unless there is something to learn: then only all chunks know."""
        if self._known is not None:
            return self._known.events
        is_plain = not self._vocabulary.has_categories
        return Events() if is_plain and self._time is not True else None

    def schema(self, scaler: Any = None) -> Schema:
        """Return what was learnt of all that came, beside a fitted scaler."""
        if self._known is not None:
            return self._known
        assert self.features is not None and self._first is not None
        container = self._first
        if self._with_levels is not None:
            container = replace(self._with_levels, levels=self._vocabulary.levels)
        events, positive = self._events(), tuple((self._least >= 0).tolist())
        if not self.features.n_features and events.clock is None:
            raise ValueError(
                "X has times alone, of which nothing is to be learnt: all events are "
                "equally far apart, or time is False; pass features as well."
            )
        return Schema(self.features, container, events, scaler, positive)

    def _events(self) -> Events:
        vocabulary = self._vocabulary.fitted()
        is_alone = self.features is not None and not self.features.n_features
        if self.times is None or not self._counts(vocabulary is not None or is_alone):
            return Events(vocabulary)
        clock = self._clock.fitted()
        if clock is None:
            return Events(vocabulary)
        if vocabulary is not None:  # time is a number
            vocabulary = Vocabulary((*vocabulary.features, None))
        return Events(vocabulary, clock, self.times)

    def _counts(self, has_categories: bool) -> bool:
        """Return whether time is a feature where it is not regular."""
        return self._time is True or (self._time == "auto" and has_categories)

    def _moments(self, X: Any, alone: bool) -> Moments | None:
        """Return the moments of `X`, if they count, and note what they are."""
        found = self._vocabulary
        if not self._counts(found.has_categories or found.is_undecided or alone):
            return None
        moments = moments_of_sequences(X)
        if moments is None and self._time is True:
            raise ValueError(
                "time=True, but X has no times; pass a DataFrame indexed by series "
                "and time, of numbers, dates or durations, or use time='auto'. "
                "to_sequences(..., order=..., keep_times=True) makes such sequences."
            )
        self._has_times = moments is not None
        return moments
