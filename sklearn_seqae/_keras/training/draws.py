"""Random numbers of training, from the seed of each update.

They are drawn beside the functions that XLA compiles and not within them. XLA orders
the numbers of a seed differently, so a fit would depend on whether it compiles.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Any, NamedTuple

import tensorflow as tf

from sklearn_seqae._keras.lstm.dropout import factors, mask_widths
from sklearn_seqae._network.architecture import Architecture

ALGORITHM = "philox"  # by name, for the same numbers on every device
Tensor = Any


class Purpose(IntEnum):
    """Purposes of random numbers; each has numbers of its own."""

    INPUTS = 0
    RECURRENT = 1
    EMBEDDING = 2
    STEPS = 3


class Stochastic(NamedTuple):
    """The random parts of a program's training.

    Attributes
    ----------
    dropout, recurrent_dropout : bool
        Whether LSTM layers drop some of their inputs, or of their state.
    embedding : bool
        Whether embeddings are drawn from a distribution.
    steps : bool
        Whether the decoder takes noise, see `DecoderBase`.
    """

    dropout: bool = False
    recurrent_dropout: bool = False
    embedding: bool = False
    steps: bool = False


class Draws(NamedTuple):
    """Random numbers for the rows of a shard in one update; None for none.

    Attributes
    ----------
    inputs, recurrent : tensor of shape (n_rows, width), default=None
        Factors of dropout, see `layer_masks`.
    embedding : tensor of shape (n_rows, embedding_size), default=None
        Standard normal.
    steps : tensor of shape (n_steps, n_rows, n_inputs), default=None
        Standard normal.
    """

    inputs: Tensor | None = None
    recurrent: Tensor | None = None
    embedding: Tensor | None = None
    steps: Tensor | None = None


DETERMINISTIC, NOTHING = Stochastic(), Draws()


def draw(
    architecture: Architecture,
    stochastic: Stochastic,
    seed: Tensor,
    rates: Tensor,
    n_shards: int,
    n_rows: int,
    n_steps: int,
) -> list[Draws]:
    """Draw the numbers of one update, for each shard.

    Parameters
    ----------
    architecture : Architecture
    stochastic : Stochastic
    seed : int32 tensor of shape (2,)
    rates : tensor of shape (2,)
        Shares of inputs and of states that dropout drops.
    n_shards, n_rows, n_steps : int
    """
    rows = n_shards, n_rows
    n_inputs, n_states = mask_widths(architecture.lstm_layers)
    inputs = recurrent = embedding = steps = None
    if stochastic.dropout:
        drawn = uniform(seed, Purpose.INPUTS, (*rows, n_inputs))
        inputs = factors(drawn, rates[0])
    if stochastic.recurrent_dropout:
        drawn = uniform(seed, Purpose.RECURRENT, (*rows, n_states))
        recurrent = factors(drawn, rates[1])
    if stochastic.embedding:
        shape = (*rows, architecture.embedding_size)
        embedding = normal(seed, Purpose.EMBEDDING, shape)
    if stochastic.steps:
        steps = normal(
            seed, Purpose.STEPS, (n_shards, n_steps, n_rows, architecture.n_inputs)
        )
    of_all = Draws(inputs, recurrent, embedding, steps)
    return [
        Draws(*(None if drawn is None else drawn[s] for drawn in of_all))
        for s in range(n_shards)
    ]


def uniform(seed: Tensor, purpose: Purpose, shape: tuple[int, ...]) -> Tensor:
    """Draw from [0, 1)."""
    own = tf.random.fold_in(seed, int(purpose), ALGORITHM)
    return tf.random.stateless_uniform(shape, own, alg=ALGORITHM)


def normal(seed: Tensor, purpose: Purpose, shape: tuple[int, ...]) -> Tensor:
    """Draw from the standard normal distribution."""
    own = tf.random.fold_in(seed, int(purpose), ALGORITHM)
    return tf.random.stateless_normal(shape, own, alg=ALGORITHM)
