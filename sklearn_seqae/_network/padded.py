"""From padded sequences to what the encoder reads, and back, for exported models.

The same as `Preprocessing` does with ragged sequences in NumPy; the tests hold them
together. `ops` are the functions that compute, see `engine.Engine`. Of a shape, ``B``
are sequences, ``T`` time steps, and ``F`` features that are numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from sklearn_seqae._network.standardized import ngrams, texture
from sklearn_seqae._patches.convolutions import Convolutions
from sklearn_seqae._patches.exact import ROUNDING, UNIT, WILDEST, InstanceNorm
from sklearn_seqae._patches.preprocessing import Preprocessing
from sklearn_seqae._patches.shape import Shape

Tensor = Any


def read(
    ops: Any,
    preprocessing: Preprocessing,
    numbers: Tensor | None,
    codes: Tensor | None,
    inside: Tensor,
    n_steps: Any,
    fill: Callable[[Tensor], Tensor],
    wide: str,
) -> tuple[Tensor, list[Tensor]]:
    """Return LSTM steps, (B, n_steps, width), and exact components, if any.

    Without the length.

    ``numbers`` are scaled, (B, T, F), and ``codes`` (B, T, n_codes): NaN where one is
    missing, and beyond the ends. ``inside`` says where a time step is a sequence's own,
    (B, T, 1). ``fill`` fills what is missing of numbers; what it returns beyond the
    ends is dropped. Units and what is exact have the dtype ``wide``.
    """
    steps: list[Tensor] = []
    exact: list[Tensor] = []
    if numbers is not None:
        channels, exact = _channels(ops, preprocessing, numbers, inside, fill, wide)
        width = preprocessing.patch_size * preprocessing.n_numbers
        steps = [ops.reshape(each, (-1, n_steps, width)) for each in channels]
        if preprocessing.convolutions is not None:
            known = preprocessing.convolutions
            steps.insert(1, responses(ops, known, channels[0], inside, n_steps))
    if codes is not None:
        n, patch_size = preprocessing.n_codes, preprocessing.patch_size
        own = ops.where(inside, codes, 0.0)
        if preprocessing.ngrams is not None:
            exact.append(ngrams(ops, preprocessing.ngrams, own))
        by_time = ops.reshape(own, (-1, n_steps, patch_size, n))
        by_column = ops.transpose(by_time, (0, 1, 3, 2))
        # behind the numbers that are decoded
        steps.insert(1, ops.reshape(by_column, (-1, n_steps, patch_size * n)))
    return ops.concatenate(steps, axis=-1) if len(steps) > 1 else steps[0], exact


def _channels(
    ops: Any,
    preprocessing: Preprocessing,
    numbers: Tensor,
    inside: Tensor,
    fill: Callable[[Tensor], Tensor],
    wide: str,
) -> tuple[list[Tensor], list[Tensor]]:
    """Return what the encoder reads of numbers, (B, T, F) each, and what is exact."""
    norm, scale = preprocessing.instance_norm, preprocessing.difference_scale
    exact: list[Tensor] = []
    if norm is not None:
        common = ops.cast(numbers, wide)
        mean, size = units_of(ops, norm, common)
        exact.append(encode(ops, norm, mean, size))
        mean, size = (ops.expand_dims(unit, 1) for unit in (mean, size))
        numbers = ops.cast((common - mean) / size, "float32")
    filled = ops.where(inside, fill(numbers), 0.0)
    channels = [filled]
    if preprocessing.shape is not None:
        shape, values = preprocessing.shape, ops.cast(filled, wide)
        cosines = coefficients(ops, values, *waves(ops, shape, inside, wide))
        exact.append(encode_cosines(ops, shape, cosines))
    if norm is not None:
        common = ops.cast(filled, wide) * size + mean
        channels.append(ops.where(inside, ops.cast(common, "float32"), 0.0))
    if preprocessing.texture is not None:
        every = ops.concatenate(channels, axis=-1) if norm is not None else filled
        lengths = ops.sum(ops.cast(inside, "float32"), axis=1)
        found = texture(ops, preprocessing.texture, every, inside, lengths)
        exact.append(ops.cast(found, wide))
    if scale is not None:  # each step less the one a patch before; zero in the first
        n = preprocessing.patch_size
        delayed = ops.concatenate([filled[:, :n], filled[:, :-n]], axis=1)
        change = ops.cast(ops.where(inside, filled - delayed, 0.0), wide)
        channels.append(ops.cast(change / np.array(scale, wide), "float32"))
    return channels, exact


def interpolated(ops: Any, numbers: Tensor, n: Any, wide: str) -> Tensor:
    """Fill NaN (B, T, F) by linear interpolation over time, as `fill_missing` does.

    ``n`` is T, an int or a scalar tensor; ``wide`` the dtype of weights.
    """
    missing = ops.isnan(numbers)
    place = ops.expand_dims(ops.cast(ops.arange(n), wide), 1)
    observed = ops.sort(ops.where(missing, np.inf, place), axis=1)  # their places
    count = ops.cumsum(ops.cast(ops.logical_not(missing), "int64"), axis=1)
    before = ops.take_along_axis(observed, ops.maximum(count - 1, 0), axis=1)
    after = ops.take_along_axis(observed, ops.minimum(count, n - 1), axis=1)
    after = ops.where(ops.isinf(after), before, after)
    weight = (place - before) / ops.maximum(after - before, 1.0)
    weight = ops.where(after > before, weight, 0.0)  # at the ends the next one
    low, high = (
        ops.take_along_axis(
            numbers, ops.cast(ops.where(ops.isinf(at), 0.0, at), "int64"), axis=1
        )
        for at in (before, after)
    )
    filled = (1.0 - weight) * ops.cast(low, wide) + weight * ops.cast(high, wide)
    found = ops.where(missing, ops.cast(filled, "float32"), numbers)
    return ops.where(ops.isnan(found), 0.0, found)  # where none is observed


def in_common_units(
    ops: Any, preprocessing: Preprocessing, own: Tensor, exact: Tensor, inside: Tensor
) -> Tensor:
    """Bring decoded numbers (B, T, F) into common units, with what is exact.

    ``exact`` are the exact components, of the dtype of the numbers; ``inside`` says
    where a time step is a sequence's own, (B, T, 1). Beyond, there is nothing to read.
    """
    norm, shape = preprocessing.instance_norm, preprocessing.shape
    places = preprocessing.places
    own = ops.where(inside, own, 0.0)
    if norm is not None:
        components = exact[:, places["instance_norm"]]
        mean, size = (ops.expand_dims(x, 1) for x in decode(ops, norm, components))
    if shape is not None:
        curves, lengths = waves(ops, shape, inside, own.dtype)
        wanted = decode_cosines(ops, shape, exact[:, places["shape"]])
        change = wanted - coefficients(ops, own, curves, lengths)
        own = own + ops.matmul(curves, ops.transpose(change, (0, 2, 1)))
    if norm is None:
        return own
    lengths = ops.sum(ops.cast(inside, own.dtype), axis=1)  # (B, 1)
    centre = ops.expand_dims(ops.sum(own, axis=1) / lengths, 1)
    return (own - centre) * size + mean


# Cosines ------------------------------------------------------------------------------


def waves(ops: Any, shape: Shape, inside: Tensor, dtype: Any) -> tuple[Tensor, Tensor]:
    """Return the cosines of time steps, (B, T, K), 0 beyond; and lengths, (B, 1, 1)."""
    place = ops.cumsum(ops.cast(inside, "int64"), axis=1) - 1
    lengths = ops.expand_dims(ops.max(place, axis=1), 1) + 1
    k = np.array([[shape.half_cycles]])
    phase = ops.cast(ops.mod((2 * place + 1) * k, 4 * lengths), dtype)
    curves = ops.cos(phase * (np.pi / 2) / ops.cast(lengths, dtype)) * np.sqrt(2)
    curves = ops.where(ops.logical_and(inside, lengths > k), curves, 0.0)
    return curves, ops.cast(lengths, dtype)


def coefficients(ops: Any, own: Tensor, curves: Tensor, lengths: Tensor) -> Tensor:
    """Return the coefficients (B, F, K) of numbers (B, T, F)."""
    return ops.matmul(ops.transpose(own, (0, 2, 1)), curves) / lengths


def encode_cosines(ops: Any, shape: Shape, cosines: Tensor) -> Tensor:
    """Return the components of coefficients."""
    typical, spread = (_row(x, cosines.dtype) for x in (shape.typical, shape.spread))
    flat = ops.reshape(cosines, (-1, shape.n_components))
    return ops.arcsinh((flat - typical) / spread) * UNIT


def decode_cosines(ops: Any, shape: Shape, components: Tensor) -> Tensor:
    """Return the coefficients that components mean, (B, F, K)."""
    typical, spread = (_row(x, components.dtype) for x in (shape.typical, shape.spread))
    limited = ops.clip(components / UNIT, -WILDEST, WILDEST)
    flat = ops.sinh(limited) * spread + typical
    return ops.reshape(flat, (-1, shape.n_features, len(shape.half_cycles)))


# Kernels ------------------------------------------------------------------------------


def responses(
    ops: Any, known: Convolutions, padded: Tensor, inside: Tensor, n_steps: Any
) -> Tensor:
    """Return what the encoder reads of kernels' responses, (B, n_steps, n_outputs).

    Numbers are zero beyond the ends; what is returned is not, where nobody looks.
    """
    found = ops.conv(padded, known.kernel, padding="same")
    own = ops.where(inside, found, 0.0)
    by_patch = ops.reshape(own, (-1, known.patch_size, known.n_kernels))
    mean = ops.sum(ops.abs(by_patch), axis=1) / known.patch_size
    both = ops.concatenate([mean, ops.max(by_patch, axis=1)], axis=-1)
    centre, scale = (np.array(each, np.float32) for each in (known.mean, known.scale))
    return ops.reshape((both - centre) / scale, (-1, n_steps, known.n_outputs))


# Units of single sequences -----------------------------------------------------------


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
