"""From ragged values to embeddings, in a graph: what `transform` computes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from sklearn_seqae._network import forward, kernels, units
from sklearn_seqae._onnx import events, ops
from sklearn_seqae._onnx.engine import OnnxSequence
from sklearn_seqae._onnx.fitted import Fitted
from sklearn_seqae._onnx.graph import Tensor
from sklearn_seqae._onnx.missing import fill_missing
from sklearn_seqae._onnx.ragged import (
    Extent,
    checked,
    codes_to_lstm_steps,
    in_groups,
    in_range,
    n_patches,
    places_in,
    to_lstm_steps,
    to_padded,
)
from sklearn_seqae._onnx.scaling import scale
from sklearn_seqae._patches.exact import LengthCode
from sklearn_seqae._patches.preprocessing import Preprocessing


def embedding_of(fitted: Fitted, given: Mapping[str, Tensor]) -> Tensor:
    """Embed ragged sequences.

    Parameters
    ----------
    fitted : Fitted
    given : mapping of str to Tensor
        As `Fitted.sequences`; ``values`` are NaN where one is missing.

    Returns
    -------
    Tensor of shape (N, n_components), float32
    """
    preprocessing = fitted.preprocessing
    read = events.read(fitted.events, fitted.n_features, given, checked(given))
    lengths, scaled = read.lengths, None
    if read.numbers is not None:
        scaled = ops.cast(scale(fitted.scaler, read.numbers), np.float32)
        lengths = in_range(read.numbers, scaled, lengths)
    (found,), order = in_groups(
        lengths,
        preprocessing.patch_size,
        lambda extent: [_of_group(fitted, scaled, read.codes, extent)],
    )
    parts = [ops.take(found, places_in(order))]
    if preprocessing.length_code is not None:
        parts.append(_length_component(preprocessing.length_code, lengths))
    if read.start is not None:
        parts.append(read.start)
    return ops.concatenate(parts) if len(parts) > 1 else parts[0]


def _of_group(
    fitted: Fitted, scaled: Tensor | None, codes: Tensor | None, extent: Extent
) -> Tensor:
    """Return what is learnt of the sequences of a group, and their units."""
    preprocessing, architecture = fitted.preprocessing, fitted.architecture
    patch_size = preprocessing.patch_size
    steps: list[Tensor] = []
    exact: list[Tensor] = []
    if scaled is not None:
        steps, exact = _steps_of_numbers(
            preprocessing, to_padded(scaled, extent), extent
        )
    if codes is not None:
        padded = extent.only_inside(to_padded(codes, extent))
        own = codes_to_lstm_steps(padded, patch_size, preprocessing.n_codes)
        steps.insert(min(1, len(steps)), own)  # behind the numbers that are decoded
    n_steps = ops.cast(n_patches(extent.lengths, patch_size), np.int32)
    sequence = OnnxSequence(ops.concatenate(steps), n_steps)
    engine = fitted.engine(extent.lengths.graph)
    pooled = forward.pooled_states(engine, architecture, sequence)
    embedding = forward.embed(engine, architecture, pooled)
    return ops.concatenate([embedding, *exact]) if exact else embedding


def _steps_of_numbers(
    preprocessing: Preprocessing, padded: Tensor, extent: Extent
) -> tuple[list[Tensor], list[Tensor]]:
    """Return what LSTM steps read of numbers, (n_steps, N, width) each, and units."""
    patch_size, known = preprocessing.patch_size, preprocessing.convolutions
    channels, exact = _channels(preprocessing, padded, extent)
    steps = [
        to_lstm_steps(each, patch_size, preprocessing.n_numbers) for each in channels
    ]
    if known is not None:
        n_steps = extent.n_steps // patch_size
        inside = ops.expand_dims(extent.inside, 2)
        rows = kernels.read(ops, known, channels[0], inside, n_steps)
        steps.insert(1, ops.transpose(rows, (1, 0, 2)))
    return steps, exact


def _channels(
    preprocessing: Preprocessing, padded: Tensor, extent: Extent
) -> tuple[list[Tensor], list[Tensor]]:
    """Return what the encoder reads of numbers, (N, T, F) each, and units of sequences.

    As `Preprocessing.patches` and `Preprocessing.exact`, with the same rounding.
    """
    norm, exact = preprocessing.instance_norm, []
    common = mean = size = None
    if norm is not None:
        common = ops.cast(padded, np.float64)
        mean, size = units.units_of(ops, norm, common)
        exact.append(ops.cast(units.encode(ops, norm, mean, size), np.float32))
        mean, size = (ops.expand_dims(unit, 1) for unit in (mean, size))
        padded = ops.cast((common - mean) / size, np.float32)
    filled = extent.only_inside(fill_missing(padded, extent))
    channels = [filled]
    if norm is not None:
        common = ops.cast(filled, np.float64) * size + mean
        channels.append(extent.only_inside(ops.cast(common, np.float32)))
    if preprocessing.difference_scale is not None:
        change = _differences(filled, extent, preprocessing.patch_size)
        change = ops.cast(change, np.float64) / preprocessing.difference_scale
        channels.append(ops.cast(change, np.float32))
    return channels, exact


def _differences(filled: Tensor, extent: Extent, patch_size: int) -> Tensor:
    """Return each step less the one a patch before; zero in the first, and beyond."""
    first = ops.part(filled, 0, patch_size, axis=1)
    before = ops.part(filled, 0, -patch_size, axis=1)
    delayed = ops.concatenate([first, before], axis=1)
    return extent.only_inside(filled - delayed)


def _length_component(code: LengthCode, lengths: Tensor) -> Tensor:
    log_length = ops.log(ops.cast(lengths, np.float64))
    component = (log_length - code.mean) / code.scale
    return ops.expand_dims(ops.cast(component, np.float32), 1)
