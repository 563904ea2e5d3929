"""A trained network for ragged sequences: its design, and its weights.

Arrays and plain values only, so a fitted estimator can be pickled without Keras and
read without importing it. TensorFlow is imported when something is computed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._batching import auto_epochs, from_patches, hold_out
from sklearn_seqae._design import Design
from sklearn_seqae._prefixes import extended, recent_values, tails
from sklearn_seqae._ragged import RaggedArray

if TYPE_CHECKING:
    from sklearn_seqae._keras.models import Models
    from sklearn_seqae._keras.training import Result

BLOCK = 1024  # sequences decoded at a time where only their errors are wanted
LARGEST_CODE = 1e30  # a wild vector saturates the network before it overflows float32


@dataclass(frozen=True)
class Autoencoder:
    """A design with weights.

    Attributes
    ----------
    design : Design
    weights : list of ndarray of float32
        In the order of the Keras layers.
    optimizer_state : list of ndarray
        What training goes on with.
    """

    design: Design
    weights: list[NDArray[np.float32]]
    optimizer_state: list[NDArray[Any]]

    def embed(self, scaled: RaggedArray, dtype: str) -> NDArray[Any]:
        """Embeddings of scaled sequences, shape (n_sequences, n_components)."""
        Z = np.empty((len(scaled), self.design.n_components), dtype)
        code = self._encode(scaled)
        Z[:, : code.shape[1]] = code
        if self.design.length_code is not None:
            Z[:, -1] = self.design.length_code.encode(scaled.lengths)
        return Z

    def decode(self, Z: NDArray[Any], n_timesteps: NDArray[np.int64]) -> RaggedArray:
        """Scaled sequences of the given lengths, from any finite embeddings."""
        self.design.check_decodable(n_timesteps, "what row {row} of Z decodes to")
        code = Z if self.design.length_code is None else Z[:, :-1]
        return self._decode(code, n_timesteps)

    def sample(self, n: int, random_state: np.random.RandomState) -> NDArray[Any]:
        """Embeddings from the prior, shape (n, n_components), lengths among them."""
        Z: NDArray[Any] = random_state.standard_normal((n, self.design.n_components))
        if self.design.length_code is not None:
            Z[:, -1] = self.design.length_code.sample(n, random_state)
        return Z

    def lengths(self, Z: NDArray[Any], default: int) -> NDArray[np.int64]:
        """Time steps that embeddings mean, ``default`` where they hold no length."""
        if self.design.length_code is None:
            return np.full(len(Z), default)
        return self.design.length_code.decode(Z[:, -1])

    def reconstruct(self, scaled: RaggedArray) -> RaggedArray:
        """Encode and decode."""
        self.design.check_decodable(scaled.lengths, "sequence {row}")
        return self._decode(self._encode(scaled), scaled.lengths)

    def squared_errors(self, scaled: RaggedArray) -> NDArray[np.float64]:
        """Mean squared reconstruction error of each sequence, over observed values."""
        self.design.check_decodable(scaled.lengths, "sequence {row}")
        errors = np.empty(len(scaled))
        for start in range(0, len(scaled), BLOCK):
            block = scaled[start : start + BLOCK]
            difference = (
                self.reconstruct(block).values.astype(np.float64) - block.values
            )
            observed = np.logical_not(np.isnan(difference))
            squares = np.where(observed, difference, 0.0) ** 2
            starts = block.offsets[:-1]
            total = np.add.reduceat(squares.sum(axis=1), starts)
            counts = np.add.reduceat(observed.sum(axis=1), starts)
            errors[start : start + BLOCK] = total / counts
        return errors

    def forecast(self, scaled: RaggedArray, n_steps: int, longest: int) -> RaggedArray:
        """Predict the next ``n_steps`` time steps of scaled sequences.

        A horizon at a time: what was predicted is appended before the next. At most
        the last ``longest`` time steps are read.
        """
        history, ahead, n = scaled, [], 0
        while n < n_steps:
            history = tails(history, longest)
            ahead.append(self._next(history))
            n += ahead[-1].shape[1]
            history = extended(history, ahead[-1])
        values = np.concatenate(ahead, axis=1)[:, :n_steps]
        offsets = n_steps * np.arange(len(scaled) + 1)
        return RaggedArray(values.reshape(-1, scaled.n_features), offsets)

    def _next(self, scaled: RaggedArray) -> NDArray[np.float32]:
        """Predict one horizon, (n_sequences, horizon, n_features)."""
        from sklearn_seqae._keras.forecasting import forecast

        scale = np.array(self.design.forecast_scale, np.float32)
        recent = recent_values(scaled)
        code = self._encode(scaled)
        changes = forecast(self.design.architecture(), self.weights, code, recent)
        changes = changes.reshape(len(scaled), -1, scaled.n_features)
        last = recent[:, None, : scaled.n_features]
        return last + changes[:, : len(scale)] * scale

    def keras_models(self, max_length: int) -> Models:
        """Plain Keras models of these weights, for up to ``max_length`` time steps."""
        from sklearn_seqae._keras.architecture import build_layers
        from sklearn_seqae._keras.models import build_models

        architecture = self.design.architecture()
        layers = build_layers(architecture)
        layers.set_weights(self.weights)
        return build_models(
            layers,
            architecture,
            patch_size=self.design.patch_size,
            max_length=max_length,
            length_code=self.design.length_code,
            difference_scale=self.design.difference_scale,
            forecast_scale=self.design.forecast_scale,
        )

    def _encode(self, scaled: RaggedArray) -> NDArray[np.float32]:
        from sklearn_seqae._keras.inference import encode

        patches = self.design.patches(scaled)
        return encode(self.design.architecture(), self.weights, patches)

    def _decode(
        self, code: NDArray[Any], n_timesteps: NDArray[np.int64]
    ) -> RaggedArray:
        from sklearn_seqae._keras.inference import decode

        patch_size = self.design.patch_size
        code = np.clip(code, -LARGEST_CODE, LARGEST_CODE).astype(np.float32)
        n_steps = -(-n_timesteps // patch_size)
        steps = decode(self.design.architecture(), self.weights, code, n_steps)
        return from_patches(steps, n_timesteps, patch_size)


def train_autoencoder(
    design: Design,
    scaled: RaggedArray,
    sample_weight: NDArray[np.float64],
    parameters: Mapping[str, Any],
    random_state: np.random.RandomState,
    start: Autoencoder | None = None,
) -> tuple[Autoencoder, Result]:
    """Train on scaled sequences.

    Parameters
    ----------
    design : Design
    scaled : RaggedArray
    sample_weight : ndarray of shape (n_sequences,)
    parameters : mapping
        The estimator's, by name: `validation_fraction` and those of `Settings`.
    random_state : RandomState
    start : Autoencoder, default=None
        What to go on from.

    Returns
    -------
    autoencoder : Autoencoder
    result : Result
        With the losses and the number of epochs.
    """
    from sklearn_seqae._keras import training

    validation = np.arange(0)
    if parameters["early_stopping"]:
        fraction = parameters["validation_fraction"]
        validation = hold_out(len(scaled), fraction, random_state)
    data = training.Data(
        design.patches(scaled),
        sample_weight.astype(np.float32),
        np.setdiff1d(np.arange(len(scaled)), validation),
        validation,
        design.prefixes(scaled),
    )
    names = [field.name for field in fields(training.Settings)]
    asked = {name: parameters[name] for name in names}
    if asked["epochs"] == "auto":
        asked["epochs"] = auto_epochs(len(data.train), asked["batch_size"])
    settings = training.Settings(**asked)
    state = None
    if start is not None:
        state = training.State(start.weights, start.optimizer_state)
    result = training.train(design.architecture(), data, settings, random_state, state)
    return Autoencoder(design, result.state.weights, result.state.optimizer), result
