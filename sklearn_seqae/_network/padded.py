"""From padded sequences to what the encoder reads, and back, for exported models.

`Preprocessing` does the same with ragged ones; the tests hold them together. Of a
shape, ``B`` are sequences, ``T`` time steps, and ``F`` features that are numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from sklearn_seqae._patches import category_means
from sklearn_seqae._patches.category_means import CategoryMeans
from sklearn_seqae._patches.convolutions import Convolutions
from sklearn_seqae._patches.exact import Standardized
from sklearn_seqae._patches.ngrams import LONGEST, Ngrams, logarithms, numbers
from sklearn_seqae._patches.preprocessing import Preprocessing
from sklearn_seqae._patches.shape import Shape
from sklearn_seqae._patches.steps import order_in_step
from sklearn_seqae._patches.texture import LARGEST, Texture

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
    """Return LSTM steps, (B, n_steps, width), and exact components but the length.

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
        if preprocessing.category_means is not None:
            observed = ops.logical_and(inside, ops.logical_not(ops.isnan(numbers)))
            means = preprocessing.category_means, numbers, observed, own
            exact.append(means_by_category(ops, *means))
        by_time = ops.reshape(own, (-1, n_steps, patch_size * n))
        order = order_in_step(patch_size, n, n)
        # behind the numbers that are decoded
        steps.insert(1, ops.take(by_time, order, axis=-1))
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
        observed = ops.logical_not(ops.isnan(common))
        count, average, variance = moments(ops, common, observed)
        units = norm.units_of(ops, count, average, ops.sqrt(variance))
        exact.append(norm.encode(units, ops))
        mean, size = (ops.expand_dims(unit, 1) for unit in units)
        numbers = ops.cast((common - mean) / size, "float32")
    filled = ops.where(inside, fill(numbers), 0.0)
    channels = [filled]
    if preprocessing.shape is not None:
        shape, values = preprocessing.shape, ops.cast(filled, wide)
        cosines = coefficients(ops, values, *waves(ops, shape, inside, wide))
        exact.append(shape.encode(cosines, ops))
    if norm is not None:
        common = ops.cast(filled, wide) * size + mean
        channels.append(ops.where(inside, ops.cast(common, "float32"), 0.0))
    if preprocessing.texture is not None:
        every = ops.concatenate(channels, axis=-1) if norm is not None else filled
        found = texture(ops, preprocessing.texture, every, inside)
        exact.append(ops.cast(found, wide))
    if scale is not None:  # each step less the one a patch before; zero in the first
        n = preprocessing.patch_size
        delayed = ops.concatenate([filled[:, :n], filled[:, :-n]], axis=1)
        change = ops.cast(ops.where(inside, filled - delayed, 0.0), wide)
        channels.append(ops.cast(change / np.array(scale, wide), "float32"))
    return channels, exact


def interpolated(ops: Any, numbers: Tensor, n: Any, wide: str) -> Tensor:
    """Fill NaN (B, T, F) as `fill_missing`; ``n`` is T, ``wide`` the weights' dtype."""
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
        units = norm.decode(exact[:, places["instance_norm"]], ops)
        mean, size = (ops.expand_dims(unit, 1) for unit in units)
    if shape is not None:
        curves, lengths = waves(ops, shape, inside, own.dtype)
        wanted = shape.decode(exact[:, places["shape"]], ops)
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


# Kernels ------------------------------------------------------------------------------


def responses(
    ops: Any, known: Convolutions, padded: Tensor, inside: Tensor, n_steps: Any
) -> Tensor:
    """Return responses (B, n_steps, n_outputs) to numbers that are 0 beyond ends."""
    found = ops.conv(padded, known.kernel, padding="same")
    own = ops.where(inside, found, 0.0)
    by_patch = ops.reshape(own, (-1, known.patch_size, known.n_kernels))
    mean = ops.sum(ops.abs(by_patch), axis=1) / known.patch_size
    both = ops.concatenate([mean, ops.max(by_patch, axis=1)], axis=-1)
    return ops.reshape(_standardized(known, both), (-1, n_steps, known.n_outputs))


def texture(ops: Any, known: Texture, padded: Tensor, inside: Tensor) -> Tensor:
    """Return components (B, n) of numbers that are 0 beyond the ends."""
    lengths = ops.sum(ops.cast(inside, "float32"), axis=1)  # (B, 1)
    values = ops.clip(padded, -LARGEST, LARGEST)
    sources = values, ops.where(inside, values - one_before(ops, values), 0.0)
    sums = []
    for each in known.rounds:
        source, rate = sources[each.of_changes], each.dilation
        found = ops.conv(source, each.kernel, padding="same", dilation_rate=rate)
        edges, widths = (
            np.array(numbers[each.columns], np.float32)
            for numbers in (known.edges, known.widths)
        )
        above = ops.clip((found - edges) / widths + 0.5, 0.0, 1.0)
        sums.append(ops.sum(ops.where(inside, above, 0.0), axis=1))
    return _standardized(known, ops.concatenate(sums, axis=-1) / lengths)


def _standardized(known: Convolutions | Standardized, found: Tensor) -> Tensor:
    """Return numbers less the mean in `fit`, by the scale."""
    mean, scale = (np.array(each, np.float32) for each in (known.mean, known.scale))
    return (found - mean) / scale


def one_before(ops: Any, steps: Tensor) -> Tensor:
    """Return the time step before each, zero before the first."""
    return ops.concatenate([0 * steps[:, :1], steps[:, :-1]], axis=1)


# Categories ---------------------------------------------------------------------------


def ngrams(ops: Any, known: Ngrams, codes: Tensor) -> Tensor:
    """Return components (B, n) of codes (B, T, n_codes), 0 beyond the ends."""
    delayed = [ops.cast(codes, "int64")]
    for _ in range(LONGEST - 1):
        delayed.append(one_before(ops, delayed[-1]))
    columns = range(len(known.category_sizes))
    by_column = [[ops.take(each, c, axis=2) for c in columns] for each in delayed]
    counts = []
    for grams in known.grams:
        n = grams.n_numbers
        signs = np.zeros((n + 1, n // 2), np.float32)  # by number; the last counts none
        signs[np.arange(n), np.arange(n) // 2] = np.tile([1, -1], n // 2)
        each = ops.take(signs, numbers(ops, grams, by_column), axis=0)
        counts.append(ops.sum(each, axis=1))
    return _standardized(known, logarithms(ops, ops.concatenate(counts, axis=-1)))


def means_by_category(
    ops: Any, known: CategoryMeans, numbers: Tensor, observed: Tensor, codes: Tensor
) -> Tensor:
    """Return components (B, n) of numbers (B, T, F), and of codes as `ngrams` does."""
    limits = -category_means.LARGEST, category_means.LARGEST
    values = ops.where(observed, ops.clip(numbers, *limits), 0.0)
    found, by_lag = [], [ops.cast(codes, "int64")]
    by_lag.append(one_before(ops, by_lag[0]))
    both = [
        ops.transpose(each, (0, 2, 1))
        for each in (values, ops.cast(observed, "float32"))
    ]
    for lag, column, groups in known.groups:
        is_in = (groups[:, None] == np.arange(groups.max() + 1)).astype(np.float32)
        mine = ops.take(is_in, ops.take(by_lag[lag], column, axis=2), axis=0)
        total, count = (ops.matmul(each, mine) for each in both)  # (B, F, n_groups)
        width = known.n_numbers * is_in.shape[1]
        found.append(ops.reshape(total / (count + 1), (-1, width)))
    return _standardized(known, ops.arcsinh(ops.concatenate(found, axis=-1)))


# Moments ------------------------------------------------------------------------------


def moments(ops: Any, values: Tensor, counted: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return number, mean and variance over time of what counts, (B, F) each."""
    count = ops.sum(ops.cast(counted, values.dtype), axis=1)
    n = ops.maximum(count, 1.0)
    mean = ops.sum(ops.where(counted, values, 0.0), axis=1) / n
    off = ops.where(counted, values - ops.expand_dims(mean, 1), 0.0)
    return count, mean, ops.sum(off * off, axis=1) / n
