"""Random numbers of training, from the seed of each update, drawn outside of XLA."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from typing import Any, NamedTuple

import tensorflow as tf

from sklearn_seqae._network.architecture import Architecture
from sklearn_seqae._network.layers import LSTM

ALGORITHM = "philox"  # by name, for the same numbers on every device
Tensor = Any


class Purpose(IntEnum):
    """Purposes of random numbers; each has numbers of its own."""

    INPUTS = 0
    EMBEDDING = 2
    STEPS = 3


class Stochastic(NamedTuple):
    """The random parts of a program's training."""

    dropout: bool = False
    embedding: bool = False  # drawn from a distribution
    steps: bool = False  # noise that the decoder takes, see `DecoderBase`


class Draws(NamedTuple):
    """Random numbers for the rows of a shard in one update; None for none."""

    inputs: Tensor | None = None  # factors of dropout, see `layer_masks`
    embedding: Tensor | None = None  # (n_rows, embedding_size), standard normal
    steps: Tensor | None = None  # (n_steps, n_rows, n_inputs), standard normal


DETERMINISTIC, NOTHING = Stochastic(), Draws()


def draw(
    architecture: Architecture,
    stochastic: Stochastic,
    seed: Tensor,
    rate: Tensor,
    n_shards: int,
    n_rows: int,
    n_steps: int,
) -> list[Draws]:
    """Draw an update's numbers, for each shard; dropout drops a share of ``rate``."""
    rows = n_shards, n_rows
    inputs = embedding = steps = None
    if stochastic.dropout:
        width = mask_width(architecture.lstm_layers)
        inputs = factors(uniform(seed, Purpose.INPUTS, (*rows, width)), rate)
    if stochastic.embedding:
        shape = (*rows, architecture.embedding_size)
        embedding = normal(seed, Purpose.EMBEDDING, shape)
    if stochastic.steps:
        shape_of_steps = n_shards, n_steps, n_rows, architecture.n_inputs
        steps = normal(seed, Purpose.STEPS, shape_of_steps)
    of_all = Draws(inputs, embedding, steps)
    return [
        Draws(*(None if drawn is None else drawn[s] for drawn in of_all))
        for s in range(n_shards)
    ]


def uniform(seed: Tensor, purpose: Purpose, shape: tuple[int, ...]) -> Tensor:
    own = tf.random.fold_in(seed, int(purpose), ALGORITHM)
    return tf.random.stateless_uniform(shape, own, alg=ALGORITHM)


def normal(seed: Tensor, purpose: Purpose, shape: tuple[int, ...]) -> Tensor:
    own = tf.random.fold_in(seed, int(purpose), ALGORITHM)
    return tf.random.stateless_normal(shape, own, alg=ALGORITHM)


# Dropout of the inputs of LSTM layers. As in Keras's LSTM, and in Gal and Ghahramani
# (2016), a dropped input is dropped at every step. Each layer, direction and sequence
# has a mask of its own, which all four gates share.


def factors(uniform: Tensor, rate: Tensor) -> Tensor:
    """Turn draws from [0, 1) into zeros, a share of ``rate``, and 1 / (1 - rate)."""
    return tf.where(uniform < rate, 0.0, 1.0 / (1.0 - rate))


def mask_width(layers: Sequence[LSTM]) -> int:
    """Count the factors of a row's inputs, all layers together."""
    return sum(len(layer.directions) * layer.n_inputs for layer in layers)


def layer_masks(layers: Sequence[LSTM], factors: Tensor | None) -> dict[str, Tensor]:
    """Deal factors (B, `mask_width`) out to the layers: (D, B, F) by name."""
    if factors is None:
        return {}
    sizes = [mask_width([layer]) for layer in layers]
    masks = {}
    for layer, part in zip(layers, tf.split(factors, sizes, -1), strict=True):
        by_direction = (-1, len(layer.directions), layer.n_inputs)
        masks[layer.name] = tf.transpose(tf.reshape(part, by_direction), (1, 0, 2))
    return masks
