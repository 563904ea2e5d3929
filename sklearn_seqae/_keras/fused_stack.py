"""Layers of `fused_lstm`, one on the other, that write from a vector."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from sklearn_seqae._keras.dropout import Masks, drop
from sklearn_seqae._keras.fused_lstm import (
    LSTMWeights,
    Scratch,
    lstm,
    lstm_over_constant,
)

Tensor = Any


def lstm_stack_over_constant(
    vector: Tensor,
    stack: Sequence[LSTMWeights],
    lengths: Tensor,
    n_timesteps: int,
    *,
    activation: str = "tanh",
    scratch: Sequence[Scratch] | None = None,
    masks: Sequence[Masks] | None = None,
) -> Tensor:
    """Run layers of which the first reads a vector at every step.

    Parameters
    ----------
    vector : tensor of shape (B, F)
    stack : sequence of LSTMWeights
        Layers of one direction, in the order of the data.
    lengths, n_timesteps, activation
        As in `lstm_over_constant`.
    scratch : sequence of Scratch, default=None
        One for each layer.
    masks : sequence of Masks, default=None
        What dropout leaves of each layer; None drops nothing.

    Returns
    -------
    tensor of shape (T, 1, B, U)
        States of the last layer.
    """
    buffers = scratch or len(stack) * [None]
    kept = masks or [Masks()] * len(stack)
    first = stack[0]
    read = drop(vector[None], kept[0].inputs)
    states = lstm_over_constant(
        tf.matmul(read, first.kernel) + first.bias[:, None],
        first.recurrent_kernel,
        lengths,
        n_timesteps,
        activation=activation,
        recurrent_mask=kept[0].recurrent,
        scratch=buffers[0],
    )
    for layer, mask, buffer in zip(stack[1:], kept[1:], buffers[1:], strict=True):
        states, _ = lstm(
            drop(states, mask.inputs),
            layer,
            lengths,
            activation=activation,
            recurrent_mask=mask.recurrent,
            scratch=buffer,
        )
    return states
