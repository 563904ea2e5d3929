"""Places of numbers and of other columns in a step that the network reads or writes.

Numbers come first, all together by time step, then the other columns, each by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._patches.heads import HEADS, Head
from sklearn_seqae._sequences.vocabulary import Column

Indices = NDArray[np.int64]


class Part(NamedTuple):
    """The numbers of a step, or another column of it."""

    head: Head
    values: slice  # its values in a step
    written: slice  # what a decoder writes for them
    n: int  # how often the head is applied: for each time step, or once to all numbers


@dataclass(frozen=True)
class StepLayout:
    """The numbers and the other columns of a step."""

    n_numbers: int  # numbers, all time steps together
    n_timesteps: int = 1  # time steps that a step holds
    columns: tuple[Column, ...] = ()  # the others
    # Of each column, where that is known: what its errors are divided by
    costs: tuple[float, ...] = ()

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """The numbers, if there are any, and each other column."""
        n, t = self.n_numbers, self.n_timesteps
        whole = slice(0, n)
        found = [Part(HEADS["number"](n), whole, whole, 1)] if n else []
        value = write = n
        for column in self.columns:
            head = HEADS[column.kind](column.size)
            values = slice(value, value := value + t)
            written = slice(write, write := write + t * head.n_written)
            found.append(Part(head, values, written, t))
        return tuple(found)

    @property
    def column_parts(self) -> tuple[Part, ...]:
        """The parts that are no numbers."""
        return self.parts[len(self.parts) - len(self.columns) :]

    @property
    def width(self) -> int:
        """Values of a step."""
        return self.n_numbers + self.n_timesteps * len(self.columns)

    @property
    def n_outputs(self) -> int:
        """Values that a decoder writes for a step."""
        return sum(part.n * part.head.n_written for part in self.parts)

    @property
    def n_read(self) -> int:
        """Values that an LSTM layer reads of a step."""
        return sum(part.n * part.head.n_read for part in self.parts)

    @property
    def n_features(self) -> int:
        """Features of a time step."""
        return self.width // self.n_timesteps

    @property
    def divisors(self) -> NDArray[np.float32]:
        """Return what the loss of each value of a step is divided by, (width,)."""
        costs = np.repeat(np.array(self.costs, np.float32), self.n_timesteps)
        return np.append(np.ones(self.n_numbers, np.float32), costs)

    def by_feature(self, counts: NDArray[np.float64]) -> NDArray[np.float64]:
        """Sum counts of values (..., width) over time steps: (..., n_features)."""
        shape = *counts.shape[:-1], self.n_timesteps, -1
        by_time = [counts[..., part.values].reshape(shape) for part in self.parts]
        return np.concatenate([each.sum(axis=-2) for each in by_time], axis=-1)


def order_in_step(n_timesteps: int, n_features: int, n_codes: int) -> Indices:
    """Return where a step's values stand in its time steps, one after the other."""
    place = np.arange(n_timesteps * n_features).reshape(n_timesteps, n_features)
    numbers, codes = np.split(place, [n_features - n_codes], axis=1)
    return np.concatenate([numbers.ravel(), codes.T.ravel()])


def to_steps(timesteps: NDArray[Any], n_timesteps: int, n_codes: int) -> NDArray[Any]:
    """Put time steps together, in the order of `StepLayout`; codes come last."""
    *rows, total, n_features = timesteps.shape
    shape = *rows, total // n_timesteps, n_timesteps * n_features
    steps = timesteps.reshape(shape)
    if not n_codes:
        return steps
    return np.take(steps, order_in_step(n_timesteps, n_features, n_codes), axis=-1)


def to_timesteps(steps: NDArray[Any], n_timesteps: int, n_codes: int) -> NDArray[Any]:
    """Undo `to_steps` of shape (n_steps, n_timesteps * n_features)."""
    n_features = steps.shape[1] // n_timesteps
    if n_codes:
        order = order_in_step(n_timesteps, n_features, n_codes)
        steps = np.take(steps, np.argsort(order), axis=1)
    return steps.reshape(len(steps) * n_timesteps, n_features)


def drawn(
    layout: StepLayout, written: NDArray[Any], random_state: np.random.RandomState
) -> NDArray[np.float32]:
    """Draw columns, (..., n_outputs) to (..., width), independently; numbers stay."""
    rows, parts = written.shape[:-1], []
    for part in layout.parts:
        pieces = written[..., part.written].reshape(*rows, part.n, -1)
        values = part.head.draw(pieces, random_state)
        parts.append(values.reshape(*rows, -1).astype(np.float32))
    return np.concatenate(parts, axis=-1)
