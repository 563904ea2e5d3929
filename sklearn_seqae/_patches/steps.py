"""Places of numbers and of categories in a step that the network reads or writes.

Numbers come first, then the codes of categories. A code is 1, 2, ... up to the number
of categories of its column; 0 is none, as in padding, where a step is masked, and of a
category that is not known. The encoder reads a vector for a code, from a table, and
zeros for none. The decoder writes a logit for each category.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

WIDEST = 32  # numbers of the vector that is read for a category


class CategoryColumn(NamedTuple):
    """A column of categories in a step."""

    n_categories: int
    codes: slice  # its codes in a step, one for each time step
    # Its logits in what a decoder writes, those of one time step after the other
    logits: slice


@dataclass(frozen=True)
class StepLayout:
    """The numbers and the codes of a step."""

    n_numbers: int  # numbers, all time steps together
    n_timesteps: int = 1  # time steps that a step holds
    category_sizes: tuple[int, ...] = ()  # number of categories of each column of them
    # Of each column, where that is known: the cross-entropy, in nats, of predicting how
    # often each category occurs; by this, losses are divided
    costs: tuple[float, ...] = ()

    @property
    def n_codes(self) -> int:
        """Codes, all time steps together."""
        return self.n_timesteps * len(self.category_sizes)

    @property
    def width(self) -> int:
        """Values of a step."""
        return self.n_numbers + self.n_codes

    @property
    def n_outputs(self) -> int:
        """Values that a decoder writes for a step."""
        return self.n_numbers + self.n_timesteps * sum(self.category_sizes)

    @property
    def n_read(self) -> int:
        """Values that an LSTM layer reads of a step."""
        sizes = map(vector_size, self.category_sizes)
        return self.n_numbers + self.n_timesteps * sum(sizes)

    @property
    def n_features(self) -> int:
        """Features of a time step."""
        return self.width // self.n_timesteps

    @property
    def columns(self) -> tuple[CategoryColumn, ...]:
        """The columns of categories, in order."""
        found: list[CategoryColumn] = []
        code = logit = self.n_numbers
        for size in self.category_sizes:
            next_code = code + self.n_timesteps
            next_logit = logit + self.n_timesteps * size
            codes, logits = slice(code, next_code), slice(logit, next_logit)
            found.append(CategoryColumn(size, codes, logits))
            code, logit = next_code, next_logit
        return tuple(found)

    @property
    def divisors(self) -> NDArray[np.float32]:
        """Return what the loss of each value of a step is divided by, (width,)."""
        costs = np.repeat(np.array(self.costs, np.float32), self.n_timesteps)
        return np.append(np.ones(self.n_numbers, np.float32), costs)

    def by_feature(self, counts: NDArray[np.float64]) -> NDArray[np.float64]:
        """Sum counts of values (..., width) over time steps: (..., n_features)."""
        numbers, codes = np.split(counts, [self.n_numbers], axis=-1)
        rows, n = counts.shape[:-1], self.n_timesteps
        return np.concatenate(
            [
                numbers.reshape(*rows, n, self.n_numbers // n).sum(axis=-2),
                codes.reshape(*rows, len(self.category_sizes), n).sum(axis=-1),
            ],
            axis=-1,
        )


def vector_size(n_categories: int) -> int:
    """Return how many numbers stand for a category: fastai's rule, limited.

    Examples
    --------
    >>> from sklearn_seqae._patches.steps import vector_size
    >>> [vector_size(n) for n in (2, 10, 50, 1000)]
    [2, 6, 14, 32]
    """
    return min(n_categories, max(1, round(1.6 * n_categories**0.56)), WIDEST)


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
    """Replace the logits in what a decoder wrote by codes, drawn independently.

    (..., n_outputs) to (..., width).
    """
    parts = [written[..., : layout.n_numbers]]
    for column in layout.columns:
        logits = written[..., column.logits]
        shape = *logits.shape[:-1], layout.n_timesteps, column.n_categories
        logits = logits.reshape(shape)
        gumbel = random_state.gumbel(size=shape)  # the largest is drawn by softmax
        parts.append(1 + np.argmax(logits + gumbel, axis=-1).astype(np.float32))
    return np.concatenate(parts, axis=-1)
