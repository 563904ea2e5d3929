"""The layers of a network, and its trained state: arrays and plain values alone."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._patches.steps import StepLayout

Weights = dict[str, NDArray[np.float32]]  # by name, in the order of the layers


class Weight(NamedTuple):
    """An array of a layer."""

    # Unique in the network: the layer, for LSTM layers the direction, the kind
    name: str
    shape: tuple[int, ...]
    # {"glorot_uniform", "orthogonal", "zeros", "unit_forget_bias", "random_normal"}; in
    # Keras's words
    initializer: str


@dataclass(frozen=True)
class LSTM:
    """An LSTM layer: ``n_inputs`` values a step in, ``units`` a direction out."""

    name: str
    n_inputs: int
    units: int
    bidirectional: bool = False
    return_sequences: bool = True

    @property
    def directions(self) -> tuple[str, ...]:
        return ("forward", "backward") if self.bidirectional else ("forward",)

    @property
    def n_outputs(self) -> int:
        """Width of the states, both directions together."""
        return self.units * len(self.directions)

    @property
    def weights(self) -> tuple[Weight, ...]:
        gates = 4 * self.units
        kinds = (
            ("kernel", (self.n_inputs, gates), "glorot_uniform"),
            ("recurrent_kernel", (self.units, gates), "orthogonal"),
            ("bias", (gates,), "unit_forget_bias"),
        )
        return tuple(
            Weight(f"{self.name}/{direction}/{kind}", shape, initializer)
            for direction in self.directions
            for kind, shape, initializer in kinds
        )


@dataclass(frozen=True)
class Dense:
    """A fully connected layer; ``time_distributed`` says that it writes every step."""

    name: str
    n_inputs: int
    units: int
    use_bias: bool = True
    activation: str | None = None
    time_distributed: bool = False

    @property
    def weights(self) -> tuple[Weight, ...]:
        shape = self.n_inputs, self.units
        kernel = Weight(f"{self.name}/kernel", shape, "glorot_uniform")
        bias = Weight(f"{self.name}/bias", (self.units,), "zeros")
        return (kernel, bias) if self.use_bias else (kernel,)


@dataclass(frozen=True)
class Embedding:
    """A table with a vector of ``units`` numbers for each category of a column."""

    name: str
    n_inputs: int
    units: int

    @property
    def weights(self) -> tuple[Weight, ...]:
        shape = self.n_inputs, self.units
        return (Weight(f"{self.name}/embeddings", shape, "random_normal"),)


Layer = LSTM | Dense | Embedding


@dataclass(frozen=True)
class DecoderSpec:
    """The layers of one decoder, and what it reads and writes."""

    kind: str  # one of `DECODERS`
    lstm: tuple[LSTM, ...]
    output: Dense  # writes steps
    step: StepLayout  # what stands in a step
    n_parts: int  # parts that it cuts an embedding into; 0 if it does not
    # By which it reads categories, if it does; they are the encoder's
    tables: tuple[Embedding, ...] = ()

    @property
    def layers(self) -> tuple[Layer, ...]:
        return (*self.lstm, self.output)

    @property
    def layers_with_tables(self) -> tuple[Layer, ...]:
        """Every layer that it runs."""
        return (*self.tables, *self.layers)


@dataclass(frozen=True)
class OptimizerState:
    """An optimizer's variables, and the optimizer that they belong to."""

    kind: str  # the optimizer's class
    config: str  # its configuration as JSON, without name and learning rate
    variables: list[NDArray[Any]]

    def fits(self, other: OptimizerState) -> bool:
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
    """The start or the end of training."""

    weights: Weights  # by the names of the specification
    optimizer: OptimizerState | None = None  # None is a fresh optimizer
