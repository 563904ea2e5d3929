"""What training draws by chance, from the seed of each update.

It is drawn beside the functions that XLA compiles and not within them: of one seed, XLA
deals the numbers out in another order, so a fit would depend on whether it compiles.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Any, NamedTuple

import tensorflow as tf

from sklearn_seqae._keras.architecture import Architecture
from sklearn_seqae._keras.dropout import factors, mask_widths

ALGORITHM = "philox"  # by name, for the same numbers on every device
Tensor = Any


class Purpose(IntEnum):
    """What numbers are drawn for; those of one say nothing about those of another."""

    INPUTS = 0
    RECURRENT = 1
    CODE = 2
    STEPS = 3


class Chance(NamedTuple):
    """What of a program's training is left to chance.

    Attributes
    ----------
    dropout, recurrent_dropout : bool
        Whether LSTM layers leave some of their inputs, or of their state, out.
    code : bool
        Whether codes are drawn from a distribution.
    steps : bool
        Whether the decoder takes chances, see `Decoder.training_error`.
    """

    dropout: bool = False
    recurrent_dropout: bool = False
    code: bool = False
    steps: bool = False


class Draws(NamedTuple):
    """What chance decides for the rows of a shard in one update; None for nothing.

    Attributes
    ----------
    inputs, recurrent : tensor of shape (n_rows, width), default=None
        Factors of dropout, see `layer_masks`.
    code : tensor of shape (n_rows, n_code), default=None
        Of the standard normal distribution.
    steps : tensor of shape (n_steps, n_rows, n_inputs), default=None
        Of the standard normal distribution.
    """

    inputs: Tensor | None = None
    recurrent: Tensor | None = None
    code: Tensor | None = None
    steps: Tensor | None = None


NO_CHANCE, NOTHING = Chance(), Draws()


def draw(
    architecture: Architecture,
    chance: Chance,
    seed: Tensor,
    rates: Tensor,
    n_shards: int,
    n_rows: int,
    n_steps: int,
) -> list[Draws]:
    """Draw what one update needs, for each shard.

    Parameters
    ----------
    architecture : Architecture
    chance : Chance
    seed : int32 tensor of shape (2,)
    rates : tensor of shape (2,)
        Shares of inputs and of states that are left out.
    n_shards, n_rows, n_steps : int
    """
    rows, (n_inputs, n_states) = (n_shards, n_rows), mask_widths(architecture)
    inputs = recurrent = code = steps = None
    if chance.dropout:
        drawn = uniform(seed, Purpose.INPUTS, (*rows, n_inputs))
        inputs = factors(drawn, rates[0])
    if chance.recurrent_dropout:
        drawn = uniform(seed, Purpose.RECURRENT, (*rows, n_states))
        recurrent = factors(drawn, rates[1])
    if chance.code:
        code = normal(seed, Purpose.CODE, (*rows, architecture.n_code))
    if chance.steps:
        shape = (n_shards, n_steps, n_rows, architecture.n_inputs)
        steps = normal(seed, Purpose.STEPS, shape)
    of_all = Draws(inputs, recurrent, code, steps)
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
