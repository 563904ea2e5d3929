"""Encoder, decoder and autoencoder as plain Keras models, for people to look at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from sklearn_seqae._keras.architecture import Architecture, Layers
from sklearn_seqae._keras.decoders import decoder_of
from sklearn_seqae._keras.pooling import pool_sequence
from sklearn_seqae._lengths import LengthCode


@dataclass(frozen=True)
class Models:
    """Plain Keras models that share one set of weights."""

    encoder: keras.Model
    decoder: keras.Model
    autoencoder: keras.Model


def build_models(
    built: Layers,
    architecture: Architecture,
    *,
    patch_size: int,
    max_length: int,
    length_code: LengthCode | None,
    difference_scale: tuple[float, ...] | None = None,
) -> Models:
    """Models for summary, plotting and export, from the layers of `build_layers`.

    The encoder reads scaled sequences padded with NaN at the end,
    ``(n_samples, n_timesteps, n_features)`` with ``n_timesteps`` a multiple of
    ``patch_size``, and gives what ``transform`` gives. (But NaN inside a sequence,
    which ``transform`` interpolates, it takes for zero.) The decoder gives scaled
    sequences of the padded length in the order of time; steps beyond a sequence's
    length are zero where the embedding holds the length.
    """
    n_patches = -(-max_length // patch_size)
    shape = (n_patches, patch_size, architecture.n_inputs // patch_size)
    encoder = _encoder(built, architecture, shape, length_code, difference_scale)
    decoder = _decoder(built, architecture, shape, length_code)
    sequence = encoder.input
    return Models(
        encoder,
        decoder,
        keras.Model(sequence, decoder(encoder(sequence)), name="autoencoder"),
    )


def _encoder(
    built: Layers,
    architecture: Architecture,
    shape: tuple[int, int, int],
    length_code: LengthCode | None,
    difference_scale: tuple[float, ...] | None,
) -> keras.Model:
    """Model of padded sequences to embeddings.

    ``shape`` is the number of patches, of time steps in each, and of features.
    """
    n_patches, patch_size, n_features = shape
    sequence = keras.Input((n_patches * patch_size, n_features), name="sequence")
    observed = ops.logical_not(ops.isnan(sequence))
    lengths = _lengths_of(observed)
    filled = ops.where(observed, sequence, ops.zeros_like(sequence))
    width = patch_size * n_features
    patches = layers.Reshape((n_patches, width), name="patches")(filled)
    if difference_scale is not None:
        steps = _differences(filled, lengths) / np.array(difference_scale, np.float32)
        extra = layers.Reshape((n_patches, width), name="patches_of_differences")(steps)
        patches = layers.Concatenate(name="patches_with_differences")([patches, extra])
    mask = ops.less(np.arange(n_patches) * patch_size, lengths)
    embedding = encode_steps(built, architecture, patches, mask)
    if length_code is not None:
        log_length = ops.log(ops.cast(lengths, "float32"))
        column = (log_length - length_code.mean) / length_code.scale
        embedding = layers.Concatenate(name="embedding_with_length")(
            [embedding, column]
        )
    return keras.Model(sequence, embedding, name="encoder")


def _decoder(
    built: Layers,
    architecture: Architecture,
    shape: tuple[int, int, int],
    length_code: LengthCode | None,
) -> keras.Model:
    """Model of embeddings to padded sequences; ``shape`` as for the encoder."""
    n_patches, patch_size, n_features = shape
    n_components = architecture.n_code + (length_code is not None)
    vector = keras.Input((n_components,), name="embedding_input")
    code, steps = vector, None
    if length_code is not None:
        code = vector[:, :-1]
        steps = ops.round(
            ops.exp(vector[:, -1:] * length_code.scale + length_code.mean)
        )
    patches = decoder_of(architecture).through_layers(
        built, code, n_patches, call_as_it_is
    )
    if steps is None:
        in_order_of_time = ops.flip(patches, axis=1)
    else:
        in_order_of_time = reversed_steps(patches, ops.ceil(steps / patch_size))
    flat = layers.Reshape((n_patches * patch_size, n_features), name="unpatch")(
        in_order_of_time
    )
    if steps is not None:
        inside = ops.less(np.arange(n_patches * patch_size, dtype=np.float32), steps)
        flat = ops.where(ops.expand_dims(inside, -1), flat, ops.zeros_like(flat))
    return keras.Model(vector, flat, name="decoder")


def encode_steps(
    built: Layers, architecture: Architecture, steps: Any, mask: Any
) -> Any:
    """Run the encoder's stock layers: steps, as for `pooled_states`, to codes."""
    pooled = pooled_states(built, architecture, steps, mask)
    return pooled if built.embedding is None else built.embedding(pooled)


def pooled_states(
    built: Layers,
    architecture: Architecture,
    steps: Any,
    mask: Any,
    call: Callable[..., Any] | None = None,
) -> Any:
    """Run the encoder's stock layers over padded steps and pool their states.

    Parameters
    ----------
    built : Layers
    architecture : Architecture
    steps : tensor of shape (B, T, n_inputs)
    mask : bool tensor of shape (B, T)
    call : callable, default=None
        How to call a layer; None is as it is.

    Returns
    -------
    tensor of shape (B, n_pooled)
    """
    call = call or call_as_it_is
    n_directions = architecture.n_directions
    queries = list(built.queries)
    states, pooled, sequences = steps, [], []
    for layer in built.encoder:
        states = call(layer, states, mask=mask)
        sequences.append(states)
    for states in sequences:
        scores = None
        if queries:
            units = states.shape[-1] // n_directions
            scores = ops.concatenate(
                [
                    call(queries.pop(0), states[..., d * units : (d + 1) * units])
                    for d in range(n_directions)
                ],
                axis=-1,
            )
        pooled += pool_sequence(
            states, mask, architecture.pooling, n_directions, scores
        )
    return pooled[0] if len(pooled) == 1 else ops.concatenate(pooled, axis=-1)


def call_as_it_is(layer: Any, *args: Any, **kwargs: Any) -> Any:
    """Call a layer with its own weights."""
    return layer(*args, **kwargs)


def _lengths_of(observed: Any) -> Any:
    """Count the time steps up to the last observed one, as a column."""
    position = np.arange(1, observed.shape[1] + 1)
    any_feature = ops.cast(ops.any(observed, axis=-1), "int32")
    return ops.max(ops.multiply(any_feature, position), axis=1, keepdims=True)


def _differences(filled: Any, lengths: Any) -> Any:
    """Each time step less the one before; zero at the first and beyond the end."""
    steps = ops.concatenate(
        [ops.zeros_like(filled[:, :1]), filled[:, 1:] - filled[:, :-1]], axis=1
    )
    inside = ops.expand_dims(ops.less(np.arange(filled.shape[1]), lengths), -1)
    return ops.where(inside, steps, ops.zeros_like(steps))


def reversed_steps(steps: Any, count: Any) -> Any:
    """Reverse each row of steps (B, T, F) by how many it has, (B, 1).

    What stands beyond them is steps of the row, to be left out by who reads it.
    """
    n_steps = steps.shape[1]
    index = ops.subtract(ops.cast(count, "int32") - 1, np.arange(n_steps))
    index = ops.clip(index, 0, n_steps - 1)
    return ops.take_along_axis(steps, ops.expand_dims(index, -1), axis=1)
