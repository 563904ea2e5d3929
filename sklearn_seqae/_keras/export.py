"""Encoder, decoder and autoencoder as plain Keras models, for people to look at.

They read padded sequences; the tests hold them to `transform`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from sklearn_seqae._keras.devices import check_not_forked
from sklearn_seqae._keras.network.keras_engine import (
    KerasEngine,
    KerasSequence,
    reversed_steps,
)
from sklearn_seqae._keras.network.keras_layers import KerasLayers
from sklearn_seqae._network import forward, padded
from sklearn_seqae._network.architecture import Architecture
from sklearn_seqae._network.decoders import make_decoder, told_values
from sklearn_seqae._network.layers import Weights
from sklearn_seqae._patches.preprocessing import Preprocessing
from sklearn_seqae._patches.steps import order_in_step

Tensor = Any


@dataclass(frozen=True)
class Models:
    """Plain Keras models that share one set of weights."""

    encoder: keras.Model
    decoder: keras.Model
    autoencoder: keras.Model
    forecaster: keras.Model | None


def build_models(
    architecture: Architecture,
    weights: Weights,
    preprocessing: Preprocessing,
    max_length: int,
) -> Models:
    """Build models for summary, plotting and export.

    The encoder reads scaled sequences, (n_samples, n_timesteps, n_features), padded
    with NaN at the end to a multiple of ``patch_size``. The decoder returns scaled
    sequences of the padded length, zero beyond a sequence's own where the embedding
    holds it. The forecaster, of numbers alone, returns the time steps that follow.
    Codes of categories count from 1 and come last; models write the likeliest.
    """
    check_not_forked()
    built = KerasLayers(architecture)
    built.set_weights(weights)
    n_patches = -(-max_length // preprocessing.patch_size)
    engine = KerasEngine(built)
    builder = _Builder(engine, architecture, preprocessing, n_patches, max_length)
    encoder, decoder = builder.encoder(), builder.decoder()
    sequence = encoder.input
    whole = keras.Model(sequence, decoder(encoder(sequence)), name="autoencoder")
    has_forecaster = architecture.forecaster_spec and not architecture.columns
    forecaster = builder.forecaster(encoder) if has_forecaster else None
    return Models(encoder, decoder, whole, forecaster)


@dataclass(frozen=True)
class _Builder:
    """Builds models for sequences of up to ``n_patches`` patches."""

    engine: KerasEngine
    architecture: Architecture
    preprocessing: Preprocessing
    n_patches: int
    max_length: int

    def encoder(self) -> keras.Model:
        """Model of padded sequences to embeddings."""
        sequence = keras.Input(self._shape, name="sequence")
        steps, mask, *exact = self._reader()(sequence)
        read = KerasSequence(steps, mask)
        states: Any = forward.states_of_layers(self.engine, self.architecture, read)
        # A copy, since it has none of Keras's own mask, which a nested model warns of
        values = [ops.copy(of_layer.values) for of_layer in states]
        pooled = self._pooling(values)([*values, mask])
        embedding = forward.embed(self.engine, self.architecture, pooled)
        if exact:
            join = layers.Concatenate(name="embedding_with_exact")
            embedding = join([embedding, *exact])
        return keras.Model(sequence, embedding, name="encoder")

    def decoder(self) -> keras.Model:
        """Model of embeddings to padded sequences."""
        size = self.architecture.embedding_size + self.preprocessing.n_exact
        vector = keras.Input((size,), name="vector")
        embedding, exact = vector, []
        if self.preprocessing.n_exact:
            n_learnt = self.architecture.embedding_size
            given = keras.Input((size,), name="embedding")
            parts = [given[:, :n_learnt], given[:, n_learnt:]]
            split = keras.Model(given, parts, name="learnt_and_exact")
            embedding, *exact = split(vector)
        decoder = make_decoder(self.architecture.decoder_spec)
        written = decoder.decode(self.engine, embedding, self.n_patches, None)
        written = told_values(self.engine, self.architecture.step, written)
        decoded = self._writer()([written, *exact])
        return keras.Model(vector, decoded, name="decoder")

    def forecaster(self, encoder: keras.Model) -> keras.Model:
        """Model of padded sequences to the time steps that follow."""
        sequence = encoder.input
        scale = np.array(self.preprocessing.forecast_scale, np.float32)
        horizon, n_features = scale.shape
        n_recent = self.architecture.n_recent // n_features
        recent = _recent_of(self._filled(sequence), n_recent, sequence)
        embedding = encoder(sequence)[:, : self.architecture.embedding_size]
        changes = forward.forecast(self.engine, self.architecture, embedding, recent)
        numbers, _ = self._unpatched(changes, "unpatch_forecast")
        last = ops.expand_dims(recent[:, :n_features], 1)
        ahead = last + numbers[:, :horizon] * scale
        return keras.Model(sequence, ahead, name="forecaster")

    # Groups of layers that are neither LSTM nor Dense ---------------------------------

    def _reader(self) -> keras.Model:
        """Model of padded sequences to LSTM steps, their mask, and exact components."""
        known, sequence = self.preprocessing, keras.Input(self._shape, name="padded")
        lengths, code = _lengths_of(sequence), known.length_code
        numbers, codes = sequence, None
        if known.n_codes:
            numbers = sequence[..., : known.n_numbers]
            codes = ops.nan_to_num(sequence[..., known.n_numbers :])
        steps, exact = padded.read(
            ops,
            known,
            numbers if known.n_numbers else None,
            codes,
            _is_inside(sequence, lengths),
            self.n_patches,
            fill=self._filled,
            wide="float32",
        )
        if code is not None:
            exact.append(code.encode(ops.cast(lengths, "float32"), ops))
        starts = np.arange(self.n_patches) * known.patch_size
        outputs = [steps, ops.less(starts, lengths)]
        if exact:
            outputs.append(ops.concatenate(exact, axis=-1))
        return keras.Model(sequence, outputs, name="steps_and_mask")

    def _filled(self, numbers: Tensor) -> Tensor:
        return padded.interpolated(ops, numbers, self._shape[0], "float32")

    def _pooling(self, values: list[Tensor]) -> keras.Model:
        """Model of the states of every layer, and their mask, to pooled states."""
        own = [
            keras.Input(v.shape[1:], name=f"states_{n}") for n, v in enumerate(values)
        ]
        mask = keras.Input((self.n_patches,), dtype="bool", name="mask")
        states: Any = [
            KerasSequence(inputs, mask, len(layer.directions))
            for inputs, layer in zip(own, self.architecture.encoder_layers, strict=True)
        ]
        pooled = forward.pool(self.engine, self.architecture, states)
        return keras.Model([*own, mask], pooled, name="pooling")

    def _writer(self) -> keras.Model:
        """Model of what the decoder wrote, last patch first, to padded sequences."""
        code = self.preprocessing.length_code
        patch_size, n_features = self.preprocessing.patch_size, self._shape[1]
        width, n_exact = patch_size * n_features, self.preprocessing.n_exact
        inputs = [keras.Input((self.n_patches, width), name="written")]
        if n_exact:
            inputs.append(keras.Input((n_exact,), name="exact"))
        if code is None:
            lengths: Any = np.full((1, 1), self.max_length, np.float32)
            steps = ops.flip(inputs[0], axis=1)
        else:
            lengths = ops.round(ops.exp(inputs[1][:, -1:] * code.scale + code.mean))
            steps = reversed_steps(inputs[0], ops.ceil(lengths / patch_size))
        decoded, codes = self._unpatched(steps, "unpatch")
        if self.preprocessing.n_exact and self.preprocessing.n_numbers:
            inside = _is_inside(decoded, lengths)
            known = self.preprocessing
            decoded = padded.in_common_units(ops, known, decoded, inputs[1], inside)
        if codes is not None:
            decoded = ops.concatenate([decoded, codes], axis=-1)
        if code is not None:
            decoded = ops.where(_is_inside(decoded, lengths), decoded, 0.0)
        return keras.Model(inputs, decoded, name="in_order_of_time")

    def _unpatched(self, steps: Tensor, name: str) -> tuple[Tensor, Tensor | None]:
        """Return the numbers of steps by time step, and the codes, if there are any."""
        known, n_features = self.preprocessing, self._shape[1]
        n_timesteps = int(steps.shape[1]) * known.patch_size
        reshape = layers.Reshape((n_timesteps, n_features), name=name)
        if not known.n_codes:
            return reshape(steps), None
        order = order_in_step(known.patch_size, n_features, known.n_codes)
        every = reshape(ops.take(steps, np.argsort(order), axis=-1))
        return every[..., : known.n_numbers], every[..., known.n_numbers :]

    @property
    def _shape(self) -> tuple[int, int]:
        """Time steps and features of padded sequences."""
        patch_size = self.preprocessing.patch_size
        return self.n_patches * patch_size, self.preprocessing.n_features


def _lengths_of(sequence: Tensor) -> Tensor:
    """Count the time steps up to the last observed one, as a column."""
    observed = ops.logical_not(ops.isnan(sequence))
    position = np.arange(1, observed.shape[1] + 1)
    any_feature = ops.cast(ops.any(observed, axis=-1), "int32")
    return ops.max(ops.multiply(any_feature, position), axis=1, keepdims=True)


def _recent_of(filled: Tensor, n: int, sequence: Tensor) -> Tensor:
    """Return the last ``n`` steps of some features, as `recent_values` does."""
    at = ops.subtract(_lengths_of(sequence), np.arange(1, n + 1))
    steps = ops.take_along_axis(filled, ops.expand_dims(ops.maximum(at, 0), -1), axis=1)
    inside = ops.expand_dims(ops.greater_equal(at, 0), -1)
    recent = ops.where(inside, steps, ops.zeros_like(steps))
    return ops.reshape(recent, (-1, n * filled.shape[-1]))


def _is_inside(steps: Tensor, lengths: Tensor) -> Tensor:
    """Return where steps (B, T, F) are within the lengths: (B, T, 1)."""
    position = np.arange(steps.shape[1], dtype=np.float32)
    return ops.expand_dims(ops.less(position, ops.cast(lengths, "float32")), -1)
