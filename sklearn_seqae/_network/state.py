"""The trained state of a network: arrays and plain values, so no Keras to unpickle."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from sklearn_seqae._network.layers import Weights


@dataclass(frozen=True)
class OptimizerState:
    """An optimizer's variables, and the optimizer that they belong to.

    Attributes
    ----------
    kind : str
        The optimizer's class.
    config : str
        Its configuration as JSON, without name and learning rate.
    variables : list of ndarray
    """

    kind: str
    config: str
    variables: list[NDArray[Any]]

    def fits(self, other: OptimizerState) -> bool:
        """Whether training can go on from one with the other."""
        return (self.kind, self.config) == (other.kind, other.config)

    def described_beside(self, other: OptimizerState) -> str:
        """Return the kind, or, if it is the same, the settings that differ."""
        if self.kind != other.kind:
            return self.kind
        own, theirs = json.loads(self.config), json.loads(other.config)
        changed = [name for name in own if own[name] != theirs.get(name)]
        return f"{self.kind} with " + ", ".join(f"{n}={own[n]!r}" for n in changed)


@dataclass(frozen=True)
class State:
    """The start or the end of training.

    Attributes
    ----------
    weights : dict of str to ndarray of float32
        By the names of the specification.
    optimizer : OptimizerState, default=None
        None is a fresh optimizer.
    """

    weights: Weights
    optimizer: OptimizerState | None = None
