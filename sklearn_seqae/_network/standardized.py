"""Texture and n-grams of padded sequences, for exported models; see `_patches`."""

from __future__ import annotations

from typing import Any

import numpy as np

from sklearn_seqae._patches.ngrams import LONGEST, Ngrams, logarithms, numbers
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
            np.array(of_all[each.columns], np.float32)
            for of_all in (known.edges, known.widths)
        )
        above = ops.clip((found - edges) / widths + 0.5, 0.0, 1.0)
        sums.append(ops.sum(ops.where(inside, above, 0.0), axis=1))
    shares = ops.concatenate(sums, axis=-1) / lengths
    mean, scale = (np.array(each, np.float32) for each in (known.mean, known.scale))
    return (shares - mean) / scale


def ngrams(ops: Any, known: Ngrams, codes: Tensor) -> Tensor:
    """Return the components of n-grams, (B, n_components).

    Codes (B, T, n_codes) are 0 beyond the ends.
    """
    delayed = [ops.cast(codes, "int64")]
    for _ in range(LONGEST - 1):
        last = delayed[-1]
        delayed.append(ops.concatenate([0 * last[:, :1], last[:, :-1]], axis=1))
    columns = range(len(known.category_sizes))
    by_column = [[ops.take(each, c, axis=2) for c in columns] for each in delayed]
    counts = []
    for grams in known.grams:
        n = grams.n_numbers
        signs = np.zeros((n + 1, n // 2), np.float32)  # by number; the last counts none
        signs[np.arange(n), np.arange(n) // 2] = np.tile([1, -1], n // 2)
        each = ops.take(signs, numbers(ops, grams, by_column), axis=0)
        counts.append(ops.sum(each, axis=1))
    logs = logarithms(ops, ops.concatenate(counts, axis=-1))
    mean, scale = (np.array(each, np.float32) for each in (known.mean, known.scale))
    return (logs - mean) / scale
