"""Dropout of LSTM layers: one mask for all time steps of a sequence.

As in Keras's LSTM, and as Gal and Ghahramani (2016) have it: what is dropped of a
layer's inputs, or of its recurrent state, is dropped at every step. Each layer,
direction and sequence has masks of its own, and all four gates see the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import tensorflow as tf

if TYPE_CHECKING:
    from sklearn_seqae._keras.architecture import Architecture

Tensor = Any


class Masks(NamedTuple):
    """Factors of one layer: zero, or what makes up for the zeros.

    Attributes
    ----------
    inputs : tensor of shape (D, B, F) or None
    recurrent : tensor of shape (D, B, U) or None
        None where nothing is dropped.
    """

    inputs: Tensor | None = None
    recurrent: Tensor | None = None


def factors(uniform: Tensor, rate: Tensor) -> Tensor:
    """Turn draws from [0, 1) into zeros, as many as ``rate`` says, and a larger rest.

    The rest makes up for the zeros, so that the mean is one.
    """
    return tf.where(uniform < rate, 0.0, 1.0 / (1.0 - rate))


def mask_widths(architecture: Architecture) -> tuple[int, int]:
    """Count the factors of a row's inputs and states, all layers together."""
    shapes = layer_shapes(architecture)
    return sum(d * f for d, f, _ in shapes), sum(d * u for d, _, u in shapes)


def layer_masks(
    architecture: Architecture, inputs: Tensor | None, recurrent: Tensor | None
) -> list[Masks] | None:
    """Deal a row's factors out to the layers, in the order of the data.

    Parameters
    ----------
    architecture : Architecture
    inputs, recurrent : tensor of shape (B, width) or None
        ``width`` as from `mask_widths`.

    Returns
    -------
    list of Masks, or None
        None where nothing is dropped.
    """
    if inputs is None and recurrent is None:
        return None
    shapes = layer_shapes(architecture)
    of_inputs = _deal(inputs, [(d, f) for d, f, _ in shapes])
    of_states = _deal(recurrent, [(d, u) for d, _, u in shapes])
    return [Masks(*pair) for pair in zip(of_inputs, of_states, strict=True)]


def masks_of_rows(masks: list[Masks] | None, first: int) -> list[Masks] | None:
    """Return the masks of the rows from ``first`` on."""
    if masks is None:
        return None
    return [Masks(*(m if m is None else m[:, first:] for m in own)) for own in masks]


def layer_shapes(architecture: Architecture) -> list[tuple[int, int, int]]:
    """Directions, inputs and units of every LSTM layer, in the order of the data."""
    encoder = zip(architecture.encoder_inputs, architecture.encoder_units, strict=True)
    decoder = zip(architecture.decoder_inputs, architecture.decoder_units, strict=True)
    forward = [*decoder]
    if architecture.n_forecast_steps:
        own = architecture.forecaster
        forward += zip(own.decoder_inputs, own.decoder_units, strict=True)
    both = [(architecture.n_directions, *shape) for shape in encoder]
    return both + [(1, *shape) for shape in forward]


def _deal(rows: Tensor | None, shapes: Sequence[tuple[int, int]]) -> list[Tensor]:
    if rows is None:
        return [None] * len(shapes)
    parts = tf.split(rows, [d * width for d, width in shapes], -1)
    return [
        tf.transpose(tf.reshape(part, (-1, d, width)), (1, 0, 2))
        for part, (d, width) in zip(parts, shapes, strict=True)
    ]


def drop(values: Tensor, mask: Tensor | None) -> Tensor:
    """Multiply by a mask, if there is one."""
    return values if mask is None else values * mask
