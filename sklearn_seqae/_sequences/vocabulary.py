"""Categories: from those of a container to the codes of a fit, and back."""

from __future__ import annotations

import re
import reprlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._containers.kinds import Container, Levels
from sklearn_seqae._containers.ragged import RaggedArray
from sklearn_seqae._containers.readers.levels import relabelled
from sklearn_seqae._utils import warn_user

_MANY_NUMBERS = 20  # of fewer, each may be a category
_NUMBER = re.compile(  # also with separators of thousands, a currency or percent
    r"[+-]?[$€£]?[+-]?((\d+|\d{1,3}([,.\s']\d{3})+)([.,]\d*)?|[.,]\d+)(e[+-]?\d+)?\s?[%€$]?",
    re.I,
)
UNKNOWN = 0  # code of what fit did not see, unless infrequent ones have a code


@dataclass(frozen=True)
class Column:
    """A feature that is no number, as a network has it."""

    kind: str  # one of `HEADS`
    size: int  # of a category, how many codes there are


@dataclass(frozen=True)
class FeatureCategories:
    """The categories of one feature, as `fit` saw them."""

    values: tuple[Any, ...]  # sorted; without the missing one
    counts: tuple[float, ...]  # time steps of each, weighted
    codes: tuple[int, ...]  # the code of each, from 1 on; infrequent ones share one
    # The code of these, and of unknown ones; `UNKNOWN` if none is infrequent
    infrequent_code: int
    missing_code: int  # the code of a missing category, `UNKNOWN` if there was none

    @property
    def size(self) -> int:
        """Number of codes."""
        return max(*self.codes, self.missing_code)

    @property
    def is_text(self) -> bool:
        return isinstance(self.values[0], str)

    @property
    def names(self) -> list[str]:
        """Names of the codes 1, 2, ...; infrequent ones have one together."""
        names = [""] * self.size
        for value, code in zip(self.values, self.codes, strict=True):
            names[code - 1] = str(value)
        if self.infrequent_code:
            names[self.infrequent_code - 1] = "infrequent_sklearn"  # of OneHotEncoder
        if self.missing_code:
            names[self.missing_code - 1] = "None"
        return names

    @property
    def infrequent(self) -> list[int]:
        """Positions of the infrequent ones, the most frequent of them first."""
        own = self.infrequent_code
        rare = [i for i, code in enumerate(self.codes) if code == own]
        return sorted(rare, key=lambda i: -self.counts[i])

    def array(self, places: Sequence[int] | None = None) -> NDArray[Any]:
        """Return the categories, or some; the missing one is the last of all."""
        if places is not None:
            return np.array([self.values[i] for i in places], object)
        missing = [None] if self.missing_code else []
        return np.array([*self.values, *missing], object)

    def code_of(self, values: Sequence[Any]) -> NDArray[np.float64]:
        known = dict(zip(self.values, self.codes, strict=True))
        other = self.infrequent_code
        return np.array([known.get(value, other) for value in values], np.float64)

    def probabilities(self, of_codes: NDArray[Any]) -> NDArray[np.float64]:
        """Return the probability of each category, from that of each code 1, 2, ...

        Infrequent ones share that of theirs by their frequencies. The last column is
        for a missing category, where `fit` saw one.
        """
        p = of_codes.astype(np.float64)
        p /= p.sum(axis=1, keepdims=True)  # to float64
        counts, codes, rare = np.array(self.counts), self.codes, self.infrequent
        share = np.ones(len(counts))
        share[rare] = counts[rare] / counts[rare].sum() if rare else 1
        columns: NDArray[np.float64] = p[:, np.array(codes) - 1] * share
        if self.missing_code:
            columns = np.column_stack([columns, p[:, self.missing_code - 1]])
        return columns

    def position_of_codes(self) -> NDArray[np.int64]:
        """Return the position of what each code 0, 1, ... means; -1 is missing.

        Of all infrequent ones the most frequent is the most likely.
        """
        places = np.full(self.size + 1, -1)
        places[list(self.codes)] = np.arange(len(self.codes))
        if self.infrequent_code:
            places[self.infrequent_code] = self.infrequent[0]
        return places


@dataclass(frozen=True)
class Vocabulary:
    """The categories of all features; None for a feature that is a number."""

    features: tuple[FeatureCategories | None, ...]

    @property
    def columns(self) -> tuple[Column, ...]:
        """The features that are no numbers."""
        sizes = [each.size for each in self.features if each is not None]
        return tuple(Column("category", size) for size in sizes)

    @property
    def order(self) -> list[int]:
        """The features in the order of the network: numbers first."""
        places = range(len(self.features))
        return sorted(places, key=lambda j: self.features[j] is not None)

    def encode(self, ragged: RaggedArray, container: Container) -> RaggedArray:
        """Return numbers as they are, then the codes of categories.

        Warn if none of the categories of a feature was in fit.
        """
        self.check_kinds(ragged, container)
        columns = []
        for j in self.order:
            column, levels = ragged.values[:, j], container.levels_of(j)
            known = self.features[j]
            if known is not None:
                column = _encoded(known, column, levels, container.name_of(j))
            elif levels is not None:
                column = relabelled(column, levels.values)  # categories of numbers
            columns.append(column)
        values = np.column_stack(columns).astype(ragged.dtype)
        return RaggedArray(values, ragged.offsets, len(self.columns))

    def check_kinds(self, ragged: RaggedArray, container: Container) -> None:
        """Raise a TypeError if text is where numbers were in `fit`, or the reverse."""
        for j, column in enumerate(ragged.values.T):
            known, levels = self.features[j], container.levels_of(j)
            is_text = levels is not None and isinstance(levels.values[0], str)
            if known is None and levels is not None and is_text:
                raise TypeError(
                    f"{container.name_of(j)} holds categories, {levels.values[0]!r} "
                    "for example, but numbers in fit; convert it, or fit anew."
                )
            if known is None or is_text == known.is_text or np.isnan(column).all():
                continue
            raise TypeError(
                f"{container.name_of(j)} holds {'text' if is_text else 'numbers'}, "
                f"but categories in fit, {known.values[0]!r} for example; pass the "
                "categories as they were."
            )

    def decode(
        self,
        ragged: RaggedArray,
        container: Container,
        random_state: np.random.RandomState | None = None,
    ) -> RaggedArray:
        """Undo `encode`, for a container with the levels of `fit`.

        ``random_state`` draws infrequent categories; None takes the most frequent.
        """
        values = np.empty(ragged.values.shape)
        for place, j in enumerate(self.order):
            column, known = ragged.values[:, place], self.features[j]
            if known is not None:
                column = _decoded(known, column, container.levels_of(j), random_state)
            values[:, j] = column
        return RaggedArray(values, ragged.offsets)


def warn_of_numbers(values: Sequence[Any], levels: Levels, name: str) -> None:
    """Warn if nearly all text is numbers, and there are many of them.

    A dtype of categories is meant, and a number that begins with 0 is a code.
    """
    if levels.is_categorical or not values:
        return
    found = [v for v in values if isinstance(v, str) and _NUMBER.fullmatch(v.strip())]
    is_code = any(v[:1] == "0" and v[1:].isdigit() for v in found)
    if is_code or len(found) < max(_MANY_NUMBERS, 0.9 * len(values)):
        return
    warn_user(
        f"{name} is text, of which {len(found)} of {len(values)} categories are "
        f"numbers, such as {found[0]!r}: each is read as a category. Convert it: "
        "column.astype(float), or pandas.to_numeric(column, errors='coerce'), without "
        "signs of units and separators of thousands, with a point for decimals; if "
        "these are categories, name it in categorical_features."
    )


def _encoded(
    known: FeatureCategories, column: NDArray[Any], levels: Levels | None, name: str
) -> NDArray[np.float64]:
    is_missing = np.isnan(column)
    found, positions = np.unique(column[~is_missing], return_inverse=True)
    values = found.tolist()
    if levels is not None:
        values = [levels.values[int(position)] for position in values]
    table = known.code_of(values)
    if values and set(known.values).isdisjoint(values):
        warn_user(
            f"{name} has none of the categories in fit: it holds "
            f"{reprlib.repr(values)}, and fit saw {reprlib.repr(list(known.values))}; "
            "all are read as unknown. Spell them as in fit."
        )
    codes = np.full(len(column), float(known.missing_code or known.infrequent_code))
    codes[~is_missing] = table[positions]
    return codes


def _decoded(
    known: FeatureCategories,
    column: NDArray[Any],
    levels: Levels | None,
    random_state: np.random.RandomState | None,
) -> NDArray[np.float64]:
    """Return positions in the levels or, where there are none, the numbers."""
    codes = column.astype(np.int64)
    places = known.position_of_codes()[codes]
    rare = known.infrequent
    if random_state is not None and len(rare) > 1:
        share = np.array(known.counts)[rare]
        drawn = random_state.choice(rare, len(codes), p=share / share.sum())
        places = np.where(codes == known.infrequent_code, drawn, places)
    meant: Sequence[Any] = known.values
    if levels is not None:
        where = {value: i for i, value in enumerate(levels.values)}
        meant = [where[value] for value in known.values]
    return relabelled(places, meant)
