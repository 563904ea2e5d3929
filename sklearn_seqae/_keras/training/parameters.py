"""Weights and optimizer of a program, in as few variables as can be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import optimizers
from numpy.typing import NDArray

from sklearn_seqae._keras.network import keras_layers
from sklearn_seqae._keras.optimizers import new_optimizer
from sklearn_seqae._network.architecture import Architecture

Tensor = Any
Arrays = list[NDArray[Any]]

# Their update of a number depends on no other number of its array.
ELEMENTWISE = (
    optimizers.SGD,
    optimizers.RMSprop,
    optimizers.Adam,
    optimizers.AdamW,
    optimizers.Adadelta,
    optimizers.Adagrad,
    optimizers.Adamax,
    optimizers.Nadam,
    optimizers.Ftrl,
    optimizers.Lion,
)


class Parameters:
    """The variables of training: weights, and the state of the optimizer.

    Optimizers that treat every number alike get all weights as one vector, which takes
    less to trace and to compile. Others get each weight by itself. The arrays of
    `to_keras` are the same for both: each weight, then the optimizer's variables for
    these, in its own order. ``names`` are those of the weights, in Keras's order;
    ``trained`` is one variable for all of them, or one of each.
    """

    def __init__(self, architecture: Architecture, optimizer: Any) -> None:
        self.names = [weight.name for weight in architecture.weights]
        self._shapes = [weight.shape for weight in architecture.weights]
        each = [keras.Variable("zeros", shape) for shape in self._shapes]
        self.trained, self.optimizer = each, new_optimizer(optimizer)
        self.optimizer.build(each)
        n = len(each) + len(self.optimizer.variables)
        self._members = [[i] for i in range(n)]
        if type(self.optimizer) in ELEMENTWISE and self.optimizer.clipnorm is None:
            size = keras_layers.size_of(self._shapes)
            self.trained = [keras.Variable("zeros", (size,))]
            of_each, self.optimizer = self.optimizer, new_optimizer(optimizer)
            self.optimizer.build(self.trained)
            members = _members(self.optimizer, of_each)
            self._members = [list(range(len(each)))] + [
                [len(each) + i for i in places] for places in members
            ]

    @property
    def variables(self) -> list[Any]:
        """The weights, then the optimizer's variables."""
        return [*self.trained, *self.optimizer.variables]

    def by_name(self, trained: Sequence[Tensor]) -> dict[str, Tensor]:
        """Return tensors of the weights, from those of `trained`."""
        if len(trained) < len(self.names):
            (vector,) = trained
            trained = keras_layers.tensors_from_vector(vector, self._shapes)
        return dict(zip(self.names, trained, strict=True))

    def to_keras(self, values: Sequence[NDArray[Any]]) -> Arrays:
        """Return the values of `variables`, or of the first, as Keras has them."""
        found: dict[int, NDArray[Any]] = {}
        for value, members in zip(values, self._members, strict=False):
            arrays = [value]
            if len(members) > 1:
                arrays = keras_layers.from_vector(value, self._shapes)
            found |= zip(members, arrays, strict=True)
        return [found[i] for i in range(len(found))]

    def from_keras(self, arrays: Sequence[NDArray[Any]]) -> Arrays:
        """Return values of `variables`, from arrays as Keras has them."""
        return [
            keras_layers.to_vector([arrays[i] for i in members])
            if len(members) > 1
            else arrays[members[0]]
            for members in self._members
        ]


def _members(of_vector: Any, of_each: Any) -> list[list[int]]:
    """Return of which variables of ``of_each`` each of ``of_vector`` is made up."""
    place = {id(variable): i for i, variable in enumerate(of_each.variables)}
    own = {id(variable) for variable in of_vector.variables}
    slots = {}  # attributes that list a variable for each weight, such as momentums
    for name, listed in vars(of_vector).items():
        is_slot = isinstance(listed, list) and len(listed) == 1 and id(listed[0]) in own
        if is_slot and name != "_variables":
            slots[id(listed[0])] = [place[id(v)] for v in getattr(of_each, name)]
    in_slots = {i for places in slots.values() for i in places}
    others = iter(sorted(set(place.values()) - in_slots))
    return [
        slots[id(v)] if id(v) in slots else [next(others)] for v in of_vector.variables
    ]
