"""Places of numbers and of other columns in a step that the network reads or writes.

Numbers come first, all together by time step, then the other columns, each by itself.
What a kind of column needs of the network is in `HEADS`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._patches.heads import HEADS, Head
from sklearn_seqae._sequences.vocabulary import Column


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


def to_steps(
    timesteps: NDArray[Any], n_timesteps: int, n_codes: int = 0
) -> NDArray[Any]:
    """Put time steps together to steps, in the order of `StepLayout`.

    The last ``n_codes`` of the features are codes.
    """
    *rows, total, n_features = timesteps.shape
    n_steps = total // n_timesteps
    if not n_codes:
        return timesteps.reshape(*rows, n_steps, n_timesteps * n_features)
    parts = timesteps.reshape(*rows, n_steps, n_timesteps, n_features)
    numbers, codes = np.split(parts, [n_features - n_codes], axis=-1)
    shape = *rows, n_steps, -1
    return np.concatenate(
        [
            numbers.reshape(*rows, n_steps, numbers.shape[-1] * n_timesteps),
            np.moveaxis(codes, -1, -2).reshape(shape),
        ],
        axis=-1,
    )


def to_timesteps(
    steps: NDArray[Any], n_timesteps: int, n_codes: int = 0
) -> NDArray[Any]:
    """Undo `to_steps` of shape (n_steps, n_timesteps * n_features)."""
    if not n_codes:
        return steps.reshape(len(steps) * n_timesteps, -1)
    numbers, codes = np.split(steps, [steps.shape[1] - n_timesteps * n_codes], axis=1)
    n_rows = len(steps) * n_timesteps
    codes = codes.reshape(len(steps), n_codes, n_timesteps).swapaxes(1, 2)
    numbers = numbers.reshape(n_rows, numbers.shape[1] // n_timesteps)
    return np.concatenate([numbers, codes.reshape(n_rows, n_codes)], axis=1)


def drawn(
    layout: StepLayout,
    written: NDArray[np.float32],
    random_state: np.random.RandomState,
) -> NDArray[np.float32]:
    """Draw the values of columns, independently, from what a decoder wrote.

    (..., n_outputs) to (..., width). Numbers stay.
    """
    rows, parts = written.shape[:-1], []
    for part in layout.parts:
        pieces = written[..., part.written].reshape(*rows, part.n, -1)
        values = part.head.draw(pieces, random_state)
        parts.append(values.reshape(*rows, -1).astype(np.float32))
    return np.concatenate(parts, axis=-1)
