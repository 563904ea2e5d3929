"""A trained network for ragged sequences: what it looks like, and its weights.

Arrays and plain values only, so a fitted estimator can be pickled without Keras and
read without importing it. TensorFlow is imported when something is computed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._batching import (
    auto_epochs,
    default_patch_size,
    from_patches,
    hold_out,
    to_patches,
)
from sklearn_seqae._lengths import LengthCode
from sklearn_seqae._ragged import RaggedArray

if TYPE_CHECKING:
    from sklearn_seqae._keras.architecture import Architecture
    from sklearn_seqae._keras.models import Models
    from sklearn_seqae._keras.training import Result

BLOCK = 1024  # sequences decoded at a time where only their errors are wanted
PROJECTION = 64  # numbers in which a sequence and its crop are compared
POOLING = ("last", "mean", "max", "min", "std", "attention")
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
    pooling : tuple of str
        What is kept of the encoder's states.
    head : bool
        Whether a layer makes the embedding of them; they are the embedding otherwise.
    agreement : bool
        Whether sequences are trained to agree with crops of them.
    """

    n_features: int
    n_components: int
    hidden_layer_sizes: tuple[int, ...]
    bidirectional: bool
    activation: str
    patch_size: int
    length_code: LengthCode | None
    pooling: tuple[str, ...]
    head: bool
    agreement: bool

    @classmethod
    def choose(
        cls,
        parameters: Mapping[str, Any],
        scaled: RaggedArray,
        sample_weight: NDArray[np.float64],
    ) -> Design:
        """Decide what the network looks like, from parameters and data.

        Parameters
        ----------
        parameters : mapping
            The estimator's, by name.
        scaled : RaggedArray
        sample_weight : ndarray of shape (n_sequences,)

        Raises
        ------
        ValueError
            If `hidden_layer_sizes` are no sizes, `pooling` names what there is not, or
            the length takes the one component.
        """
        lengths = scaled.lengths
        sizes = _as_sizes(parameters["hidden_layer_sizes"])
        pooling = _as_pooling(parameters["pooling"])
        bidirectional = bool(parameters["bidirectional"])
        n_pooled = (1 + bidirectional) * sum(sizes) * len(pooling)
        n_components = parameters["n_components"]
        with_length = parameters["length_component"]
        if with_length == "auto":
            with_length = n_components != 1 and lengths.min() < lengths.max()
        if with_length and n_components == 1:
            raise ValueError(
                "length_component=True takes one component, which leaves none for the "
                "content: n_components is 1; expected at least 2."
            )
        patch_size = parameters["patch_size"]
        auto = patch_size == "auto"
        return cls(
            n_features=scaled.n_features,
            n_components=int(
                n_pooled + bool(with_length) if n_components is None else n_components
            ),
            hidden_layer_sizes=sizes,
            bidirectional=bidirectional,
            activation=parameters["activation"],
            patch_size=default_patch_size(lengths) if auto else int(patch_size),
            length_code=LengthCode.fit(lengths, sample_weight) if with_length else None,
            pooling=pooling,
            head=n_components is not None,
            agreement=parameters["agreement_weight"] > 0,
        )

    def check_same(self, parameters: Mapping[str, Any]) -> None:
        """Check that the parameters that shape the network are those of this design.

        Raises
        ------
        ValueError
            If one is another, naming it. The patch size that "auto" chose stands.
        """
        asked: dict[str, Any] = {
            "n_components": parameters["n_components"],
            "pooling": _as_pooling(parameters["pooling"]),
            "agreement": parameters["agreement_weight"] > 0,
            "hidden_layer_sizes": _as_sizes(parameters["hidden_layer_sizes"]),
            "bidirectional": bool(parameters["bidirectional"]),
            "activation": parameters["activation"],
        }
        if parameters["patch_size"] != "auto":
            asked["patch_size"] = parameters["patch_size"]
        if parameters["length_component"] != "auto":
            asked["length_component"] = bool(parameters["length_component"])
        for name, now in asked.items():
            fitted = getattr(self, name)
            if name == "n_components" and not self.head:
                fitted = None
            if now != fitted:
                raise ValueError(
                    f"{name} is {now!r}, but the fit to go on from had {fitted!r}; set "
                    "it back, or start anew with fit and warm_start=False."
                )

    @property
    def length_component(self) -> bool:
        """Whether the last component means the length."""
        return self.length_code is not None

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
            pooling=self.pooling,
            head=self.head,
            n_projection=PROJECTION if self.agreement else 0,
        )


def _as_sizes(hidden_layer_sizes: Any) -> tuple[int, ...]:
    try:
        sizes = np.atleast_1d(np.asarray(hidden_layer_sizes))
    except ValueError:  # lists of unequal length inside
        sizes = np.empty(0)
    is_integer = sizes.dtype.kind in "iu"
    if sizes.ndim != 1 or not sizes.size or not is_integer or sizes.min() < 1:
        raise ValueError(
            f"hidden_layer_sizes is {hidden_layer_sizes!r}; expected a positive int, "
            "or one for each layer."
        )
    return tuple(int(size) for size in sizes)


def _as_pooling(pooling: Any) -> tuple[str, ...]:
    kinds = (pooling,) if isinstance(pooling, str) else tuple(pooling)
    known = all(isinstance(kind, str) and kind in POOLING for kind in kinds)
    if not kinds or not known or len(set(kinds)) < len(kinds):
        raise ValueError(
            f"pooling is {pooling!r}; expected one of {', '.join(POOLING)}, or a tuple "
            "of several, each once."
        )
    return kinds


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
        code = Z if self.design.length_code is None else Z[:, :-1]
        return self._decode(code, n_timesteps)

    def lengths(self, Z: NDArray[Any], default: int) -> NDArray[np.int64]:
        """Time steps that embeddings mean, ``default`` where they hold no length."""
        if self.design.length_code is None:
            return np.full(len(Z), default)
        return self.design.length_code.decode(Z[:, -1])

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
        to_patches(scaled, design.patch_size),
        sample_weight.astype(np.float32),
        np.setdiff1d(np.arange(len(scaled)), validation),
        validation,
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
