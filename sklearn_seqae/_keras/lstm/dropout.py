"""Dropout of LSTM layers: one mask for all steps of a sequence.

As in Keras's LSTM, and in Gal and Ghahramani (2016): a dropped input, or a dropped unit
of the recurrent state, is dropped at every step. Each layer, direction and sequence has
masks of its own. All four gates share a mask.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import tensorflow as tf

from sklearn_seqae._network.layers import LSTM

Tensor = Any


class Masks(NamedTuple):
    """Factors of one layer: zero, or more than one to make up for the zeros.

    Attributes
    ----------
    inputs : tensor of shape (D, B, F) or None
    recurrent : tensor of shape (D, B, U) or None
        None where nothing is dropped.
    """

    inputs: Tensor | None = None
    recurrent: Tensor | None = None


NO_MASKS = Masks()


def factors(uniform: Tensor, rate: Tensor) -> Tensor:
    """Turn draws from [0, 1) into zeros, a share of ``rate``, and 1 / (1 - rate)."""
    return tf.where(uniform < rate, 0.0, 1.0 / (1.0 - rate))


def mask_widths(layers: Sequence[LSTM]) -> tuple[int, int]:
    """Count the factors of a row's inputs and states, all layers together."""
    return (
        sum(len(layer.directions) * layer.n_inputs for layer in layers),
        sum(len(layer.directions) * layer.units for layer in layers),
    )


def layer_masks(
    layers: Sequence[LSTM], inputs: Tensor | None, recurrent: Tensor | None
) -> dict[str, Masks]:
    """Deal a row's factors out to the layers, by name.

    Parameters
    ----------
    layers : sequence of LSTM
    inputs, recurrent : tensor of shape (B, width) or None
        ``width`` as from `mask_widths`. None drops nothing.

    Returns
    -------
    dict of str to Masks
        Empty where nothing is dropped.
    """
    if inputs is None and recurrent is None:
        return {}
    of_inputs = _deal(inputs, [(len(la.directions), la.n_inputs) for la in layers])
    of_states = _deal(recurrent, [(len(la.directions), la.units) for la in layers])
    return {
        layer.name: Masks(*pair)
        for layer, *pair in zip(layers, of_inputs, of_states, strict=True)
    }


def masks_from(masks: Mapping[str, Masks], first: int) -> dict[str, Masks]:
    """Return the masks of the rows from ``first`` on."""
    return {
        name: Masks(*(m if m is None else m[:, first:] for m in own))
        for name, own in masks.items()
    }


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
