"""Encoder, decoder and autoencoder as plain Keras models, for people to look at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import keras
import numpy as np
from keras import layers, ops
from numpy.typing import NDArray

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
    forecaster: keras.Model | None = None


def build_models(
    built: Layers,
    architecture: Architecture,
    *,
    patch_size: int,
    max_length: int,
    length_code: LengthCode | None,
    difference_scale: tuple[float, ...] | None = None,
    forecast_scale: tuple[tuple[float, ...], ...] | None = None,
) -> Models:
    """Models for summary, plotting and export, from the layers of `build_layers`.

    The encoder reads scaled sequences padded with NaN at the end,
    ``(n_samples, n_timesteps, n_features)`` with ``n_timesteps`` a multiple of
    ``patch_size``, and gives what ``transform`` gives. (But NaN inside a sequence,
    which ``transform`` interpolates, it takes for zero.) The decoder gives scaled
    sequences of the padded length in the order of time; steps beyond a sequence's
    length are zero where the embedding holds the length. The forecaster, where there
    is one, gives the time steps that follow a sequence.
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
        None
        if forecast_scale is None
        else _forecaster(
            built, architecture, encoder, np.array(forecast_scale, np.float32)
        ),
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
    read = _reader(shape, length_code, difference_scale)(sequence)
    steps, mask = read[:2]
    # A copy, since it has none of Keras's own mask, which a nested model warns of
    states = [ops.copy(s) for s in states_of_layers(built, steps, mask)]
    pooled = _pooling(built, architecture, states)([*states, mask])
    embedding = pooled if built.embedding is None else built.embedding(pooled)
    if length_code is not None:
        embedding = layers.Concatenate(name="embedding_with_length")(
            [embedding, read[2]]
        )
    return keras.Model(sequence, embedding, name="encoder")


# What is not an LSTM or a Dense layer is grouped into models of its own, so that a
# summary or a picture shows a network and not its bookkeeping.


def _reader(
    shape: tuple[int, int, int],
    length_code: LengthCode | None,
    difference_scale: tuple[float, ...] | None,
) -> keras.Model:
    """Model of padded sequences to LSTM steps, which of them count, and the length."""
    n_patches, patch_size, n_features = shape
    sequence = keras.Input((n_patches * patch_size, n_features), name="padded")
    observed = ops.logical_not(ops.isnan(sequence))
    lengths = _lengths_of(observed)
    filled = ops.where(observed, sequence, ops.zeros_like(sequence))
    width = patch_size * n_features
    steps = layers.Reshape((n_patches, width), name="patches")(filled)
    if difference_scale is not None:
        change = _differences(filled, lengths, patch_size)
        change = change / np.array(difference_scale, np.float32)
        extra = layers.Reshape((n_patches, width), name="patches_of_differences")(
            change
        )
        steps = layers.Concatenate(name="patches_with_differences")([steps, extra])
    mask = ops.less(np.arange(n_patches) * patch_size, lengths)
    outputs = [steps, mask]
    if length_code is not None:
        log_length = ops.log(ops.cast(lengths, "float32"))
        outputs.append((log_length - length_code.mean) / length_code.scale)
    return keras.Model(sequence, outputs, name="steps_and_mask")


def _pooling(
    built: Layers, architecture: Architecture, states: list[Any]
) -> keras.Model:
    """Model of the states of every layer, and which steps count, to pooled states."""
    own = [keras.Input(s.shape[1:], name=f"states_{n}") for n, s in enumerate(states)]
    mask = keras.Input(states[0].shape[1:2], dtype="bool", name="mask")
    pooled = pool_layers(built, architecture, own, mask)
    return keras.Model([*own, mask], pooled, name="pooling")


def _decoder(
    built: Layers,
    architecture: Architecture,
    shape: tuple[int, int, int],
    length_code: LengthCode | None,
) -> keras.Model:
    """Model of embeddings to padded sequences; ``shape`` as for the encoder."""
    n_patches, n_code = shape[0], architecture.n_code
    vector = keras.Input((n_code + (length_code is not None),), name="vector")
    code, length = vector, []
    if length_code is not None:
        code, *length = _code_and_length(n_code, length_code)(vector)
    written = decoder_of(architecture).through_layers(
        built, code, n_patches, call_as_it_is
    )
    decoded = _writer(shape, bool(length))([written, *length])
    return keras.Model(vector, decoded, name="decoder")


def _code_and_length(n_code: int, length_code: LengthCode) -> keras.Model:
    """Model that parts an embedding into what is decoded and the length it means."""
    vector = keras.Input((n_code + 1,), name="embedding")
    length = ops.round(ops.exp(vector[:, -1:] * length_code.scale + length_code.mean))
    return keras.Model(vector, [vector[:, :-1], length], name="code_and_length")


def _writer(shape: tuple[int, int, int], with_length: bool) -> keras.Model:
    """Model of what the decoder wrote, last patch first, to padded sequences."""
    n_patches, patch_size, n_features = shape
    n_timesteps = n_patches * patch_size
    written = keras.Input((n_patches, patch_size * n_features), name="written")
    length = keras.Input((1,), name="length") if with_length else None
    if length is None:
        in_order = ops.flip(written, axis=1)
    else:
        in_order = reversed_steps(written, ops.ceil(length / patch_size))
    flat = layers.Reshape((n_timesteps, n_features), name="unpatch")(in_order)
    if length is None:
        return keras.Model([written], flat, name="in_order_of_time")
    inside = ops.less(np.arange(n_timesteps, dtype=np.float32), length)
    flat = ops.where(ops.expand_dims(inside, -1), flat, ops.zeros_like(flat))
    return keras.Model([written, length], flat, name="in_order_of_time")


def _forecaster(
    built: Layers,
    architecture: Architecture,
    encoder: keras.Model,
    scale: NDArray[np.float32],
) -> keras.Model:
    """Model of padded sequences to the time steps that follow, as many as the scale."""
    sequence = encoder.input
    horizon, n_features = scale.shape
    recent = _recent_of(sequence, architecture.n_recent // n_features)
    code = encoder(sequence)[:, : architecture.n_code]
    changes = forecast_changes(built, architecture, code, recent)
    flat = layers.Reshape((-1, n_features), name="unpatch_forecast")(changes)
    last = ops.expand_dims(recent[:, :n_features], 1)
    future = last + flat[:, :horizon] * scale
    return keras.Model(sequence, future, name="forecaster")


def encode_steps(
    built: Layers, architecture: Architecture, steps: Any, mask: Any
) -> Any:
    """Run the encoder's stock layers: steps, as for `pooled_states`, to codes."""
    pooled = pooled_states(built, architecture, steps, mask)
    return pooled if built.embedding is None else built.embedding(pooled)


def forecast_changes(
    built: Layers,
    architecture: Architecture,
    code: Any,
    recent: Any,
    call: Any = None,
) -> Any:
    """Run the forecaster's stock layers, the first step first.

    Parameters
    ----------
    built : Layers
    architecture : Architecture
    code : tensor of shape (B, n_code)
    recent : tensor of shape (B, n_recent)
    call : callable, default=None
        How to call a layer; None is as it is.

    Returns
    -------
    tensor of shape (B, n_forecast_steps, n_inputs)
    """
    as_decoder = replace(built, decoder=built.forecaster, reconstruction=built.forecast)
    vector = ops.concatenate([code, recent], axis=-1)
    return decoder_of(architecture.forecaster).through_layers(
        as_decoder, vector, architecture.n_forecast_steps, call or call_as_it_is
    )


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
    states = states_of_layers(built, steps, mask, call)
    return pool_layers(built, architecture, states, mask, call)


def states_of_layers(
    built: Layers, steps: Any, mask: Any, call: Callable[..., Any] | None = None
) -> list[Any]:
    """Return the states of every encoder layer; arguments as for `pooled_states`."""
    call = call or call_as_it_is
    states, of_layers = steps, []
    for layer in built.encoder:
        states = call(layer, states, mask=mask)
        of_layers.append(states)
    return of_layers


def pool_layers(
    built: Layers,
    architecture: Architecture,
    of_layers: list[Any],
    mask: Any,
    call: Callable[..., Any] | None = None,
) -> Any:
    """Pool the states of every encoder layer; arguments as for `pooled_states`."""
    call = call or call_as_it_is
    n_directions = architecture.n_directions
    queries, pooled = list(built.queries), []
    for states in of_layers:
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


def _recent_of(sequence: Any, n: int) -> Any:
    """Last ``n`` time steps, the latest first, as `recent_values` has them."""
    observed = ops.logical_not(ops.isnan(sequence))
    filled = ops.where(observed, sequence, ops.zeros_like(sequence))
    at = ops.subtract(_lengths_of(observed), np.arange(1, n + 1))
    steps = ops.take_along_axis(filled, ops.expand_dims(ops.maximum(at, 0), -1), axis=1)
    inside = ops.expand_dims(ops.greater_equal(at, 0), -1)
    recent = ops.where(inside, steps, ops.zeros_like(steps))
    return ops.reshape(recent, (-1, n * sequence.shape[-1]))


def _differences(filled: Any, lengths: Any, patch_size: int) -> Any:
    """Each step less the one a patch before; zero in the first, and beyond the end."""
    steps = ops.concatenate(
        [
            ops.zeros_like(filled[:, :patch_size]),
            filled[:, patch_size:] - filled[:, :-patch_size],
        ],
        axis=1,
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
