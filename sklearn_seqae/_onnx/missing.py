"""Missing values, filled in a graph as `_sequences.missing` fills them."""

from __future__ import annotations

import numpy as np

from sklearn_seqae._onnx import ops
from sklearn_seqae._onnx.graph import Tensor
from sklearn_seqae._onnx.ragged import Extent


def fill_missing(padded: Tensor, extent: Extent) -> Tensor:
    """Fill NaN (N, T, F) by linear interpolation over time, feature by feature.

    Nothing is computed where nothing is missing.
    """
    missing = ops.isnan(padded) & ops.expand_dims(extent.inside, 2)
    return padded.graph.either(
        ops.any(missing), lambda: _filled(padded, extent.n_steps), lambda: padded
    )


def _filled(padded: Tensor, n: Tensor) -> Tensor:
    """Fill all features of all sequences, in one row.

    The place of each observed value follows from how many come before it.
    """
    row = ops.reshape(ops.transpose(padded, (0, 2, 1)), (-1,))
    missing = ops.isnan(row)
    observed = ops.flatnonzero(~missing)
    # One more, so that there is a place to look at where nothing is observed
    nowhere = row.graph.constant([-1], np.int64)
    observed = ops.concatenate([observed, nowhere])
    n_before = ops.cumsum(ops.cast(~missing, np.int64))
    before = ops.take(observed, ops.maximum(n_before - 1, 0))
    after = ops.take(observed, n_before)
    place = ops.arange(ops.size(row, 0))
    start = place // n * n
    has_before = (before >= start) & (before < place)
    has_after = (after < start + n) & (after > place)

    between = has_before & has_after
    before, after = (
        ops.maximum(ops.where(has_before, before, after), 0),
        ops.maximum(ops.where(has_after, after, before), 0),
    )
    distance = ops.cast(ops.maximum(after - before, 1), np.float64)
    passed = ops.cast(place - before, np.float64)
    weight = ops.where(between, passed / distance, 0.0)
    low, high = (ops.cast(ops.take(row, at), np.float64) for at in (before, after))
    filled = (1.0 - weight) * low + weight * high
    known = ops.where(between | has_before | has_after, filled, 0.0)
    whole = ops.where(missing, ops.cast(known, row.dtype), row)
    return ops.transpose(ops.reshape(whole, (ops.size(padded, 0), -1, n)), (0, 2, 1))
