"""From embeddings to sequences, in a graph: what `inverse_transform` computes."""

from __future__ import annotations

import numpy as np

from sklearn_seqae._network import units
from sklearn_seqae._network.decoders import LARGEST, make_decoder
from sklearn_seqae._onnx import events, ops
from sklearn_seqae._onnx.fitted import Fitted
from sklearn_seqae._onnx.graph import Tensor
from sklearn_seqae._onnx.ragged import (
    Extent,
    from_lstm_steps,
    from_padded,
    in_groups,
    n_patches,
    time_steps_in,
)
from sklearn_seqae._onnx.scaling import unscale
from sklearn_seqae._patches.exact import MAX_LENGTH


def sequences_of(
    fitted: Fitted, embedding: Tensor
) -> tuple[dict[str, Tensor], list[Tensor]]:
    """Decode embeddings.

    Parameters
    ----------
    fitted : Fitted
    embedding : Tensor of shape (N, n_components), float32

    Returns
    -------
    sequences : dict of str to Tensor
        As `Fitted.sequences`, in the units of the input of `fit`.
    probabilities : list of Tensor of shape (L, n_categories), float32
        Of each feature that has categories.
    """
    lengths = _lengths(fitted, embedding)
    found, order = in_groups(
        lengths,
        fitted.preprocessing.patch_size,
        lambda extent: _of_group(fitted, ops.take(embedding, extent.rows), extent),
    )
    index = time_steps_in(order, lengths)
    every = [ops.take(each, index) for each in found]
    numbers = every.pop(0) if fitted.architecture.step.n_numbers else None
    last = ops.take(embedding, fitted.n_components - 1, axis=1)
    return events.write(fitted.events, fitted.n_features, numbers, every, last, lengths)


def _of_group(fitted: Fitted, embedding: Tensor, extent: Extent) -> list[Tensor]:
    """Return the time steps of a group: numbers if there are any, logits of columns."""
    architecture, patch_size = fitted.architecture, fitted.preprocessing.patch_size
    step, n_steps = architecture.step, extent.n_steps // patch_size
    learnt = ops.part(embedding, 0, architecture.embedding_size, axis=1)
    steps = make_decoder(architecture.decoder_spec).decode(
        fitted.engine(embedding.graph),
        ops.clip(learnt, -LARGEST, LARGEST),
        n_steps,  # type: ignore[arg-type]  # a tensor in a graph
        ops.cast(n_patches(extent.lengths, patch_size), np.int32),
    )

    def padded(start: int, stop: int) -> Tensor:
        own = ops.part(steps, start, stop, axis=2)
        n = (stop - start) // patch_size
        return from_lstm_steps(own, extent, patch_size, n)

    found = []
    if step.n_numbers:
        own = padded(0, step.n_numbers)
        found.append(_numbers(fitted, own, embedding, extent))
    for column in step.columns:
        logits = padded(column.logits.start, column.logits.stop)
        found.append(from_padded(logits, extent, column.n_categories))
    return found


def _numbers(fitted: Fitted, own: Tensor, embedding: Tensor, extent: Extent) -> Tensor:
    """Return decoded numbers, (N, T, F), as those of all time steps in their units."""
    preprocessing = fitted.preprocessing
    norm, start = preprocessing.instance_norm, fitted.architecture.embedding_size
    decoded = ops.cast(extent.only_inside(own), np.float64)
    if norm is not None:
        components = ops.part(embedding, start, start + norm.n_components, axis=1)
        mean, size = units.decode(ops, norm, ops.cast(components, np.float64))
        n = ops.expand_dims(ops.cast(extent.lengths, np.float64), 1)
        centre = ops.expand_dims(ops.sum(decoded, 1) / n, 1)
        decoded = (decoded - centre) * ops.expand_dims(size, 1)
        decoded = decoded + ops.expand_dims(mean, 1)
    scaled = from_padded(decoded, extent, preprocessing.n_numbers)
    return unscale(fitted.scaler, scaled)


def _lengths(fitted: Fitted, embedding: Tensor) -> Tensor:
    """Return the lengths that embeddings mean, and refuse what can't be decoded."""
    strange = ops.isnan(embedding) | ops.isinf(embedding)
    code, name = fitted.preprocessing.length_code, "every_embedding_is_finite"
    if code is None:
        length = embedding.graph.constant([fitted.max_length], np.int64)
        lengths = ops.broadcast_to(length, [ops.size(embedding, 0)])
        return ops.refuse(lengths, strange, name)
    place = fitted.architecture.embedding_size + fitted.preprocessing.n_exact - 1
    component = ops.take(embedding, place, axis=1)
    log_length = ops.cast(component, np.float64) * code.scale + code.mean
    length = ops.maximum(ops.round(ops.exp(log_length)), 1)
    longest = fitted.architecture.max_steps * fitted.preprocessing.patch_size
    limit = longest or MAX_LENGTH
    lengths = ops.cast(ops.minimum(length, limit), np.int64)
    lengths = ops.refuse(lengths, strange, name)
    name = f"an_embedding_means_a_sequence_of_over_{limit}_time_steps"
    return ops.refuse(lengths, length > limit, name)
