"""How the states of one direction of an LSTM layer are pooled over time.

One function for each kind, of the same name; a kind with a layer of its own calls it.
They know neither the order of the axes nor the library that computes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

EPSILON = 1e-4  # added to a variance: a square root has no slope at zero
LIMIT = 3e38  # beyond all states, and still a float32
Tensor = Any
Call = Callable[..., Tensor]


@dataclass(frozen=True)
class States:
    """States of one direction: (T, B, U), or (B, T, U) with time as axis 1."""

    values: Tensor
    own: Tensor  # the steps that are a row's own, with 1 in place of U
    final: Tensor  # the last step that the direction reads, of the same shape
    time: int  # {0, 1}; the axis of time
    ops: Any  # the functions that compute, see `engine.Engine`

    def inside(self, beyond: float = 0.0) -> Tensor:
        """Return the states, with another value beyond a row's end."""
        return self.ops.where(self.own, self.values, beyond)

    def among_own(self, extreme: Call, beyond: float) -> Tensor:
        """Return the largest or smallest state; zero of a row that has none.

        ``beyond`` itself would make an embedding that is not finite, and a gradient.
        """
        found = extreme(self.inside(beyond), axis=self.time)
        return self.ops.where(self.count > 0, found, 0.0)

    def total(self, values: Tensor) -> Tensor:
        return self.ops.sum(values, axis=self.time)

    @property
    def count(self) -> Tensor:
        """Own steps of each row, as a column."""
        return self.total(self.ops.cast(self.own, self.values.dtype))

    @property
    def n_steps(self) -> Tensor:
        """The same, but 1 at least: a divisor."""
        return self.ops.maximum(self.count, 1)


def last(states: States, call: Call | None) -> Tensor:
    return states.total(states.ops.where(states.final, states.values, 0.0))


def mean(states: States, call: Call | None) -> Tensor:
    return states.total(states.inside()) / states.n_steps


def max(states: States, call: Call | None) -> Tensor:
    return states.among_own(states.ops.max, -LIMIT)


def min(states: States, call: Call | None) -> Tensor:
    return states.among_own(states.ops.min, LIMIT)


def std(states: States, call: Call | None) -> Tensor:
    inside, n = states.inside(), states.n_steps
    average = states.total(inside) / n
    variance = states.total(inside * inside) / n - average * average
    return states.ops.sqrt(states.ops.relu(variance) + EPSILON)


def attention(states: States, call: Call) -> Tensor:
    """Weight states by the softmax over time of their products with a query."""
    inside = states.inside()
    score = states.ops.where(states.own, call(inside), -LIMIT)
    return states.total(states.ops.softmax(score, axis=states.time) * inside)


POOLING: Mapping[str, Callable[..., Tensor]] = MappingProxyType(
    {each.__name__: each for each in (last, mean, max, min, std, attention)}
)
WITH_QUERY = ("attention",)  # kinds with a layer for each direction: a number a state
