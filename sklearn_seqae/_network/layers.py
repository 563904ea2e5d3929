"""The layers of a network: names, sizes and weights; no deep-learning library."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Weights = dict[str, NDArray[np.float32]]  # by name, in the order of the layers


class Weight(NamedTuple):
    """An array of a layer.

    Attributes
    ----------
    name : str
        Unique in the network: the layer, for LSTM layers the direction, the kind.
    shape : tuple of int
    initializer : {"glorot_uniform", "orthogonal", "zeros", "unit_forget_bias", \
            "random_normal"}
        In Keras's words.
    """

    name: str
    shape: tuple[int, ...]
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
