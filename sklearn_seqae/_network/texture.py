"""Texture of padded sequences, for exported models; see `_patches.texture`."""

from __future__ import annotations

from typing import Any

import numpy as np

from sklearn_seqae._patches.texture import LARGEST, Texture

Tensor = Any


def texture(
    ops: Any, known: Texture, padded: Tensor, inside: Tensor, lengths: Tensor
) -> Tensor:
    """Return the components of texture, (B, n_components).

    Numbers (B, T, F) are zero beyond the ends. ``inside`` says where a time step is a
    sequence's own, (B, T, 1); lengths are (B, 1), of the dtype of the numbers.
    """
    values = ops.clip(padded, -LARGEST, LARGEST)
    before = ops.concatenate([0.0 * values[:, :1], values[:, :-1]], axis=1)
    sources = values, ops.where(inside, values - before, 0.0)
    sums = []
    for each in known.rounds:
        found = ops.conv(
            sources[each.of_changes],
            each.kernel,
            padding="same",
            dilation_rate=each.dilation,
        )
        edges, widths = (
            np.array(numbers[each.columns], np.float32)
            for numbers in (known.edges, known.widths)
        )
        above = ops.clip((found - edges) / widths + 0.5, 0.0, 1.0)
        sums.append(ops.sum(ops.where(inside, above, 0.0), axis=1))
    shares = ops.concatenate(sums, axis=-1) / lengths
    mean, scale = (np.array(each, np.float32) for each in (known.mean, known.scale))
    return (shares - mean) / scale
