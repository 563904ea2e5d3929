"""A trained network for ragged sequences: what it looks like, and its weights.

Arrays and plain values only, so a fitted estimator can be pickled without Keras and read
without importing it. TensorFlow is imported when something is computed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._batching import from_patches, to_patches
from sklearn_seqae._lengths import LengthCode
from sklearn_seqae._ragged import RaggedArray

if TYPE_CHECKING:
    from sklearn_seqae._keras.architecture import Architecture, Models
    from sklearn_seqae._keras.training import Result, Settings

BLOCK = 1024  # sequences decoded at a time where only their errors are wanted
LARGEST_CODE = 1e30  # a wild vector saturates the network before it overflows float32


@dataclass(frozen=True)
class Design:
    """What decides the shapes of the weights, and how sequences meet the network.

    Attributes
    ----------
    n_features : int
        Features of a scaled time step.
    n_components : int
        Size of the embedding, the length component included.
    hidden_layer_sizes : tuple of int
        LSTM units per encoder layer; the decoder has them in reverse.
    bidirectional : bool
    activation : {"tanh", "relu"}
    patch_size : int
        Time steps per LSTM step.
    length_code : LengthCode or None
        How the last component means a length, if it does.
    """

    n_features: int
    n_components: int
    hidden_layer_sizes: tuple[int, ...]
    bidirectional: bool
    activation: str
    patch_size: int
    length_code: LengthCode | None

    def architecture(self) -> Architecture:
        """Return the same in the network's terms."""
        from sklearn_seqae._keras.architecture import Architecture

        return Architecture(
            n_inputs=self.patch_size * self.n_features,
            n_code=self.n_components - (self.length_code is not None),
            encoder_units=self.hidden_layer_sizes,
            decoder_units=self.hidden_layer_sizes[::-1],
            bidirectional=self.bidirectional,
            activation=self.activation,
        )


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
        """Scaled sequences of the given lengths, from embeddings of any finite values."""
        code = Z if self.design.length_code is None else Z[:, :-1]
        return self._decode(code, n_timesteps)

    def reconstruct(self, scaled: RaggedArray) -> RaggedArray:
        """Encode and decode."""
        return self._decode(self._encode(scaled), scaled.lengths)

    def squared_errors(self, scaled: RaggedArray) -> NDArray[np.float64]:
        """Mean squared reconstruction error of each sequence, over observed values."""
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

    def keras_models(self, max_length: int) -> Models:
        """Plain Keras models with these weights, for sequences of up to ``max_length``."""
        from sklearn_seqae._keras.architecture import build_layers, build_models

        architecture = self.design.architecture()
        layers = build_layers(architecture)
        layers.set_weights(self.weights)
        return build_models(
            layers,
            architecture,
            patch_size=self.design.patch_size,
            max_length=max_length,
            length_code=self.design.length_code,
        )

    def _encode(self, scaled: RaggedArray) -> NDArray[np.float32]:
        from sklearn_seqae._keras.inference import encode

        patches = to_patches(scaled, self.design.patch_size)
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
    validation: NDArray[np.int64],
    settings: Settings,
    random_state: np.random.RandomState,
    start: Autoencoder | None = None,
) -> tuple[Autoencoder, Result]:
    """Train on scaled sequences.

    Parameters
    ----------
    design : Design
    scaled : RaggedArray
    sample_weight : ndarray of shape (n_sequences,)
    validation : ndarray of int
        Sequences set aside.
    settings : Settings
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

    data = training.Data(
        to_patches(scaled, design.patch_size),
        sample_weight.astype(np.float32),
        np.setdiff1d(np.arange(len(scaled)), validation),
        validation,
    )
    state = (
        None if start is None else training.State(start.weights, start.optimizer_state)
    )
    result = training.train(design.architecture(), data, settings, random_state, state)
    return Autoencoder(design, result.state.weights, result.state.optimizer), result
