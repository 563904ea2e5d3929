"""Units of single sequences in Keras operations, for exported models.

The same as `_instance_norm`, on sequences padded with NaN; the tests hold them
together.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from keras import ops

from sklearn_seqae._instance_norm import ROUNDING, WILDEST, InstanceNorm

Tensor = Any


def units_of(norm: InstanceNorm, sequence: Tensor) -> tuple[Tensor, Tensor]:
    """Return mean and scale of padded sequences, (B, n_features) each."""
    observed = ops.logical_not(ops.isnan(sequence))
    values = ops.where(observed, sequence, 0.0)
    count = ops.sum(ops.cast(observed, "float32"), axis=1)
    n = ops.maximum(count, 1.0)
    mean = ops.sum(values, axis=1) / n
    off = ops.where(observed, values - ops.expand_dims(mean, 1), 0.0)
    scale = ops.sqrt(ops.sum(off * off, axis=1) / n)
    varies = scale > ops.maximum(ROUNDING * ops.abs(mean), 1e-30)
    floor, typical = _row(norm.log_smallest), _row(norm.log_typical)
    own = ops.log(ops.where(varies, scale, 1.0))
    own = ops.maximum(ops.where(varies, own, floor), floor)
    logs = own + ops.subtract(typical, own) / n
    known = ops.logical_and(count > 0, np.array([norm.has_mean]))
    return (
        ops.where(known, mean, _row(norm.typical)),
        ops.exp(ops.where(np.array([norm.has_scale]), logs, typical)),
    )


def encode(norm: InstanceNorm, mean: Tensor, scale: Tensor) -> Tensor:
    """Return the components of units, means first."""
    means = (mean - _row(norm.typical)) / _row(norm.spread)
    logs = (ops.log(scale) - _row(norm.log_typical)) / _row(norm.log_spread)
    both = ops.concatenate([means, logs], axis=-1)
    kept = np.flatnonzero(norm.has_mean + norm.has_scale)
    return ops.arcsinh(ops.take(both, kept, axis=-1))


def decode(norm: InstanceNorm, components: Tensor) -> tuple[Tensor, Tensor]:
    """Return mean and scale that components mean."""
    has = np.array(norm.has_mean + norm.has_scale)
    spread = np.array(norm.spread + norm.log_spread, np.float32)
    place = np.zeros((has.sum(), len(has)), np.float32)
    place[np.arange(has.sum()), np.flatnonzero(has)] = spread[has]
    limited = ops.clip(components, -WILDEST, WILDEST)
    both = ops.matmul(ops.sinh(limited), place)
    means, logs = ops.split(both, 2, axis=-1)
    return means + _row(norm.typical), ops.exp(logs + _row(norm.log_typical))


def _row(numbers: tuple[float, ...]) -> Any:
    return np.array([numbers], np.float32)
