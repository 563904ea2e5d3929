"""What the network looks like, decided from parameters and data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._batching import (
    Patches,
    default_patch_size,
    differences,
    to_patches,
)
from sklearn_seqae._lengths import LengthCode
from sklearn_seqae._missing import fill_missing
from sklearn_seqae._prefixes import N_RECENT, Prefixes, change_scale
from sklearn_seqae._ragged import RaggedArray
from sklearn_seqae.exceptions import InvalidSequenceError, _count

if TYPE_CHECKING:
    from sklearn_seqae._keras.architecture import Architecture

PROJECTION = 64  # numbers in which a sequence and its crop are compared
POOLING = ("last", "mean", "max", "min", "std", "attention")
DECODERS = ("repeat", "unfold", "reshape", "single_shot")
SWITCHES = {"contrastive_weight": "contrastive", "kl_weight": "variational"}
CUT_THE_VECTOR = ("reshape", "single_shot")  # into the steps of the longest sequence


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
        LSTM units per encoder layer.
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
    contrastive : bool
        Whether sequences are trained to agree with crops of them.
    difference_scale : tuple of float or None
        By what differences between patches are divided, feature by feature, where
        the encoder reads them, too.
    decoder : str
        How a vector becomes a sequence, one of `DECODERS`.
    decoder_layer_sizes : tuple of int
        LSTM units per decoder layer.
    n_steps : int
        Most LSTM steps that the decoder can write; 0 is no limit.
    variational : bool
        Whether the embedding is the mean of a distribution, trained towards a prior.
    forecast_scale : tuple of tuple of float or None
        Size of the change, for each step of the horizon and each feature, where what
        comes next is predicted; see `change_scale`.
    """

    n_features: int
    n_components: int
    hidden_layer_sizes: tuple[int, ...]
    bidirectional: bool
    activation: str
    patch_size: int
    length_code: LengthCode | None
    decoder_layer_sizes: tuple[int, ...]
    decoder: str = "repeat"
    n_steps: int = 0
    pooling: tuple[str, ...] = ("last",)
    head: bool = True
    contrastive: bool = False
    difference_scale: tuple[float, ...] | None = None
    variational: bool = False
    forecast_scale: tuple[tuple[float, ...], ...] | None = None

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
            If layer sizes are none, `pooling` names what there is not, the length takes
            the one component, `kl_weight` meets no head, or the decoder can't cut a
            vector of this size.
        """
        lengths = scaled.lengths
        sizes = _as_sizes("hidden_layer_sizes", parameters["hidden_layer_sizes"])
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
        variational = parameters["kl_weight"] > 0
        if variational and n_components is None:
            raise ValueError(
                f"kl_weight={parameters['kl_weight']!r} draws the embedding towards a "
                "normal distribution, which takes a layer that makes it: n_components "
                "is None; expected an int."
            )
        asked = parameters["patch_size"]
        patch_size = default_patch_size(lengths) if asked == "auto" else int(asked)
        cuts = parameters["decoder"] in CUT_THE_VECTOR
        design = cls(
            n_features=scaled.n_features,
            n_components=int(
                n_pooled + bool(with_length) if n_components is None else n_components
            ),
            hidden_layer_sizes=sizes,
            bidirectional=bidirectional,
            activation=parameters["activation"],
            patch_size=patch_size,
            length_code=LengthCode.fit(lengths, sample_weight) if with_length else None,
            decoder_layer_sizes=_decoder_sizes(parameters),
            decoder=parameters["decoder"],
            n_steps=-(-int(lengths.max()) // patch_size) * cuts,
            pooling=pooling,
            head=n_components is not None,
            contrastive=parameters["contrastive_weight"] > 0,
            difference_scale=_difference_scale(scaled, sample_weight, patch_size)
            if parameters["differences"]
            else None,
            variational=variational,
            forecast_scale=None
            if (horizon := parameters["forecast_horizon"]) is None
            else tuple(
                map(tuple, change_scale(scaled, sample_weight, horizon).tolist())
            ),
        )
        design._check_cut()
        return design

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
            "differences": bool(parameters["differences"]),
            "forecast_horizon": parameters["forecast_horizon"],
            "hidden_layer_sizes": _as_sizes(
                "hidden_layer_sizes", parameters["hidden_layer_sizes"]
            ),
            "decoder_layer_sizes": _decoder_sizes(parameters),
            "decoder": parameters["decoder"],
            "bidirectional": bool(parameters["bidirectional"]),
            "activation": parameters["activation"],
        }
        if parameters["patch_size"] != "auto":
            asked["patch_size"] = parameters["patch_size"]
        if parameters["length_component"] != "auto":
            asked["length_component"] = bool(parameters["length_component"])
        for name, switch in SWITCHES.items():
            if (parameters[name] > 0) != getattr(self, switch):
                asked_for = "positive" if getattr(self, switch) else "0"
                raise ValueError(
                    f"{name} is {parameters[name]!r}, but in the fit to go on from it "
                    f"was {asked_for}; set it back, or start anew with fit and "
                    "warm_start=False."
                )
        for name, now in asked.items():
            fitted = getattr(self, name)
            if name == "n_components" and not self.head:
                fitted = None
            if now != fitted:
                raise ValueError(
                    f"{name} is {now!r}, but the fit to go on from had {fitted!r}; set "
                    "it back, or start anew with fit and warm_start=False."
                )

    def check_decodable(self, lengths: NDArray[np.int64], what: str) -> None:
        """Check that the decoder can write sequences of these lengths.

        Parameters
        ----------
        lengths : ndarray of shape (n_sequences,)
            Time steps of each.
        what : str
            What an entry is the length of, for the message: "sequence {row}".

        Raises
        ------
        InvalidSequenceError
            If one is too long, naming it.
        """
        limit = self.n_steps * self.patch_size
        too_long = np.flatnonzero(lengths > limit)
        if limit and too_long.size:
            row = int(too_long[0])
            raise InvalidSequenceError(
                f"{what.format(row=row)} has {_count(int(lengths[row]), 'time step')}, "
                f"but decoder={self.decoder!r} writes at most {limit}, those of the "
                "longest sequence in fit; shorten it, fit anew on sequences as long, "
                "or use decoder='repeat', which has no limit."
            )

    @property
    def length_component(self) -> bool:
        """Whether the last component means the length."""
        return self.length_code is not None

    @property
    def differences(self) -> bool:
        """Whether the encoder reads how each patch differs from the one before."""
        return self.difference_scale is not None

    @property
    def forecast_horizon(self) -> int | None:
        """Time steps that are predicted at a time; None if the network doesn't."""
        return None if self.forecast_scale is None else len(self.forecast_scale)

    def prefixes(self, scaled: RaggedArray) -> Prefixes | None:
        """Return what forecasts are learnt from; None if there are to be none."""
        if self.forecast_scale is None:
            return None
        scale = np.array(self.forecast_scale)
        return Prefixes(scaled, self.patch_size, scale, self.patches)

    def patches(self, scaled: RaggedArray) -> Patches:
        """Cut scaled sequences into what the network reads."""
        scale = self.difference_scale
        return to_patches(
            scaled, self.patch_size, None if scale is None else np.array(scale)
        )

    def architecture(self) -> Architecture:
        """Return the same in the network's terms."""
        from sklearn_seqae._keras.architecture import Architecture

        return Architecture(
            n_inputs=self.patch_size * self.n_features,
            n_code=self.n_components - (self.length_code is not None),
            encoder_units=self.hidden_layer_sizes,
            decoder_units=self.decoder_layer_sizes,
            bidirectional=self.bidirectional,
            activation=self.activation,
            pooling=self.pooling,
            head=self.head,
            n_projection=PROJECTION if self.contrastive else 0,
            n_extra=self.patch_size * self.n_features * self.differences,
            decoder=self.decoder,
            n_steps=self.n_steps,
            variational=self.variational,
            n_forecast_steps=-(-(self.forecast_horizon or 0) // self.patch_size),
            n_recent=N_RECENT * self.n_features if self.forecast_horizon else 0,
        )

    def _check_cut(self) -> None:
        """Check that the vector's size is a multiple of the steps that it is cut into.

        Raises
        ------
        ValueError
            If it is not, with sizes that would do.
        """
        n_code = self.n_components - self.length_component
        if not self.n_steps or n_code % self.n_steps == 0:
            return
        parts = max(n_code // self.n_steps, 1)
        would_do = [
            n * self.n_steps + self.length_component for n in (parts, parts + 1)
        ]
        found = f"n_components is {self.n_components}"
        if not self.head:
            found = f"n_components is None, which makes {self.n_components} of them"
        raise ValueError(
            f"decoder={self.decoder!r} cuts the vector into the {self.n_steps} LSTM "
            f"steps of the longest sequence, but {found}"
            f"{', one of which is the length' if self.length_component else ''}; "
            f"expected {would_do[0]} or {would_do[1]}, for example."
        )


def _decoder_sizes(parameters: Mapping[str, Any]) -> tuple[int, ...]:
    """LSTM units per decoder layer: those of the encoder in reverse, unless told."""
    name = "decoder_layer_sizes"
    if parameters[name] is not None:
        return _as_sizes(name, parameters[name])
    return _as_sizes("hidden_layer_sizes", parameters["hidden_layer_sizes"])[::-1]


def _as_sizes(name: str, given: Any) -> tuple[int, ...]:
    try:
        sizes = np.atleast_1d(np.asarray(given))
    except ValueError:  # lists of unequal length inside
        sizes = np.empty(0)
    is_integer = sizes.dtype.kind in "iu"
    if sizes.ndim != 1 or not sizes.size or not is_integer or sizes.min() < 1:
        raise ValueError(
            f"{name} is {given!r}; expected a positive int, or one for each layer."
        )
    return tuple(int(size) for size in sizes)


def _difference_scale(
    scaled: RaggedArray, sample_weight: NDArray[np.float64], patch_size: int
) -> tuple[float, ...]:
    """Root mean square of each feature's differences, 1 where they are all zero."""
    steps = differences(fill_missing(scaled), patch_size).astype(np.float64)
    weight = np.repeat(sample_weight, scaled.lengths)
    size = np.sqrt(np.average(steps**2, axis=0, weights=weight))
    return tuple(float(s) for s in np.where(size > 0, size, 1.0))


def _as_pooling(pooling: Any) -> tuple[str, ...]:
    if isinstance(pooling, str):
        kinds = (pooling,)
    else:
        kinds = tuple(pooling)
    known = all(isinstance(kind, str) and kind in POOLING for kind in kinds)
    if not kinds or not known or len(set(kinds)) < len(kinds):
        raise ValueError(
            f"pooling is {pooling!r}; expected one of {', '.join(POOLING)}, or a tuple "
            "of several, each once."
        )
    return kinds
