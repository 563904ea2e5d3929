"""From embeddings to ragged values, in a graph: what `inverse_transform` computes."""

from __future__ import annotations

from typing import Any

import numpy as np

from sklearn_seqae._lengths import MAX_LENGTH
from sklearn_seqae._network import units
from sklearn_seqae._network.decoders import LARGEST, make_decoder
from sklearn_seqae._onnx import ops
from sklearn_seqae._onnx.fitted import Fitted
from sklearn_seqae._onnx.graph import Tensor
from sklearn_seqae._onnx.ragged import (
    Extent,
    from_lstm_steps,
    from_padded,
    n_patches,
)
from sklearn_seqae._onnx.scaling import unscale


def values_of(fitted: Fitted, embedding: Tensor) -> tuple[Tensor, Tensor]:
    """Decode embeddings.

    Parameters
    ----------
    fitted : Fitted
    embedding : Tensor of shape (N, n_components), float32

    Returns
    -------
    values : Tensor of shape (L, F), float64
        In the units of the input of `fit`.
    lengths : Tensor of shape (N,), int64
    """
    preprocessing, spec = fitted.preprocessing, fitted.architecture.decoder_spec
    patch_size, n_features = preprocessing.patch_size, preprocessing.n_features
    n_learnt = fitted.architecture.embedding_size
    lengths = _lengths(fitted, embedding)
    extent = Extent.of(lengths, patch_size)
    n_steps: Any = extent.n_steps // patch_size
    learnt = ops.clip(ops.part(embedding, 0, n_learnt, axis=1), -LARGEST, LARGEST)
    steps = make_decoder(spec).decode(
        fitted.engine(embedding.graph),
        learnt,
        n_steps,
        ops.cast(n_patches(lengths, patch_size), np.int32),
    )
    own = from_lstm_steps(steps, extent, patch_size, n_features)
    decoded = ops.cast(extent.only_inside(own), np.float64)
    if preprocessing.instance_norm is not None:
        norm = preprocessing.instance_norm
        end = n_learnt + norm.n_components
        components = ops.cast(ops.part(embedding, n_learnt, end, axis=1), np.float64)
        mean, size = units.decode(ops, norm, components)
        n = ops.expand_dims(ops.cast(lengths, np.float64), 1)
        centre = ops.expand_dims(ops.sum(decoded, 1) / n, 1)
        decoded = (decoded - centre) * ops.expand_dims(size, 1)
        decoded = decoded + ops.expand_dims(mean, 1)
    scaled = from_padded(decoded, extent, n_features)
    return unscale(fitted.scaler, scaled), lengths


def _lengths(fitted: Fitted, embedding: Tensor) -> Tensor:
    """Return the lengths that embeddings mean, and refuse what can't be decoded."""
    strange = ops.isnan(embedding) | ops.isinf(embedding)
    code, name = fitted.preprocessing.length_code, "every_embedding_is_finite"
    if code is None:
        length = embedding.graph.constant([fitted.max_length], np.int64)
        lengths = ops.broadcast_to(length, [ops.size(embedding, 0)])
        return ops.refuse(lengths, strange, name)
    component = ops.take(embedding, fitted.n_components - 1, axis=1)
    log_length = ops.cast(component, np.float64) * code.scale + code.mean
    length = ops.maximum(ops.round(ops.exp(log_length)), 1)
    longest = fitted.architecture.max_steps * fitted.preprocessing.patch_size
    limit = longest or MAX_LENGTH
    lengths = ops.cast(ops.minimum(length, limit), np.int64)
    lengths = ops.refuse(lengths, strange, name)
    name = f"an_embedding_means_a_sequence_of_over_{limit}_time_steps"
    return ops.refuse(lengths, length > limit, name)
