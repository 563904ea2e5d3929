"""Units of single sequences, for exported models.

The same as `_patches.exact`, on sequences padded with NaN; the tests hold them
together. `ops` are the functions that compute, see `engine.Engine`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sklearn_seqae._patches.exact import ROUNDING, WILDEST, InstanceNorm

Tensor = Any


def units_of(ops: Any, norm: InstanceNorm, sequence: Tensor) -> tuple[Tensor, Tensor]:
    """Return mean and scale of padded sequences, (B, n_features) each."""
    dtype = sequence.dtype
    missing = ops.isnan(sequence)
    values = ops.where(missing, 0.0, sequence)
    count = ops.sum(ops.cast(ops.logical_not(missing), dtype), axis=1)
    n = ops.maximum(count, 1.0)
    mean = ops.sum(values, axis=1) / n
    off = ops.where(missing, 0.0, values - ops.expand_dims(mean, 1))
    scale = ops.sqrt(ops.sum(off * off, axis=1) / n)
    varies = scale > ops.maximum(ops.abs(mean) * ROUNDING, 1e-30)
    floor, typical = _row(norm.log_smallest, dtype), _row(norm.log_typical, dtype)
    own = ops.log(ops.where(varies, scale, 1.0))
    own = ops.maximum(ops.where(varies, own, floor), floor)
    logs = own - (own - typical) / n
    known = ops.logical_and(count > 0, np.array([norm.has_mean]))
    has_scale = ops.logical_and(count > -1, np.array([norm.has_scale]))
    return (
        ops.where(known, mean, _row(norm.typical, dtype)),
        ops.exp(ops.where(has_scale, logs, typical)),
    )


def encode(ops: Any, norm: InstanceNorm, mean: Tensor, scale: Tensor) -> Tensor:
    """Return the components of units, means first."""
    typical, spread, log_typical, log_spread = (
        _row(numbers, mean.dtype)
        for numbers in (norm.typical, norm.spread, norm.log_typical, norm.log_spread)
    )
    means = (mean - typical) / spread
    logs = (ops.log(scale) - log_typical) / log_spread
    both = ops.concatenate([means, logs], axis=-1)
    kept = np.flatnonzero(norm.has_mean + norm.has_scale)
    return ops.arcsinh(ops.take(both, kept, axis=-1))


def decode(ops: Any, norm: InstanceNorm, components: Tensor) -> tuple[Tensor, Tensor]:
    """Return mean and scale that components mean."""
    dtype = components.dtype
    has = np.array(norm.has_mean + norm.has_scale)
    spread = np.array(norm.spread + norm.log_spread)
    place = np.zeros((has.sum(), len(has)), dtype)
    place[np.arange(has.sum()), np.flatnonzero(has)] = spread[has]
    limited = ops.clip(components, -WILDEST, WILDEST)
    both = ops.matmul(ops.sinh(limited), place)
    means, logs = ops.split(both, 2, axis=-1)
    logs = ops.clip(logs + _row(norm.log_typical, dtype), -WILDEST, WILDEST)
    return means + _row(norm.typical, dtype), ops.exp(logs)


def _row(numbers: tuple[float, ...], dtype: Any) -> Any:
    return np.array([numbers], dtype)
