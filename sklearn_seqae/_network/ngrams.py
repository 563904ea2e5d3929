"""N-grams of padded sequences, for exported models; see `_patches.ngrams`."""

from __future__ import annotations

from typing import Any

import numpy as np

from sklearn_seqae._patches.ngrams import LONGEST, Ngrams, logarithms, numbers

Tensor = Any


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
