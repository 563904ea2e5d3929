"""The architecture that parameters and data ask for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from numbers import Integral
from typing import Any

import numpy as np

from sklearn_seqae._network.architecture import Architecture
from sklearn_seqae._network.decoders import DECODERS
from sklearn_seqae._network.pooling import POOLING
from sklearn_seqae._patches.families import NAMES, asked_names
from sklearn_seqae._patches.prefixes import N_RECENT
from sklearn_seqae._patches.preprocessing import Preprocessing

PROJECTION_SIZE = 64  # numbers in which the contrastive loss compares two rows
SWITCHES = ("contrastive_weight", "kl_weight")  # positive or not decides the layers


def shaping(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters that shape the network, in one form for each meaning."""
    sizes = ("n_components", "forecast_horizon", "patch_size")
    hidden = _layer_sizes("hidden_layer_sizes", parameters["hidden_layer_sizes"])
    of_decoder = parameters["decoder_layer_sizes"]
    if of_decoder is not None:
        of_decoder = _layer_sizes("decoder_layer_sizes", of_decoder)
    return {
        **{name: parameters[name] for name in ("activation", "decoder")},
        **{name: _size(parameters[name]) for name in sizes},
        "pooling": _pooling(parameters["pooling"]),
        "hidden_layer_sizes": hidden,
        "decoder_layer_sizes": of_decoder or hidden[::-1],
        "bidirectional": bool(parameters["bidirectional"]),
        **{name: asked_names(name, parameters[name]) for name in NAMES},
        **{name: parameters[name] > 0 for name in SWITCHES},
    }


def _size(value: Any) -> Any:
    """Return a size, which may be None or "auto", as an int of Python."""
    return int(value) if isinstance(value, Integral) else value


def make_architecture(
    shaped_by: Mapping[str, Any], preprocessing: Preprocessing, longest: int
) -> Architecture:
    n_components, n_exact = shaped_by["n_components"], preprocessing.n_exact
    patch_size = preprocessing.patch_size
    horizon = preprocessing.forecast_horizon
    cuts = DECODERS[shaped_by["decoder"]].cuts
    architecture = Architecture(
        n_inputs=patch_size * preprocessing.n_features,
        embedding_size=0 if n_components is None else n_components - n_exact,
        hidden_layer_sizes=shaped_by["hidden_layer_sizes"],
        decoder_layer_sizes=shaped_by["decoder_layer_sizes"],
        bidirectional=shaped_by["bidirectional"],
        activation=shaped_by["activation"],
        pooling=shaped_by["pooling"],
        bottleneck=n_components is not None,
        projection_size=PROJECTION_SIZE if shaped_by["contrastive_weight"] else 0,
        n_extra_inputs=preprocessing.n_extra_inputs,
        decoder=shaped_by["decoder"],
        max_steps=preprocessing.n_steps(longest) if cuts else 0,
        variational=shaped_by["kl_weight"],
        n_forecast_steps=preprocessing.n_steps(horizon) if horizon else 0,
        n_recent=N_RECENT * preprocessing.n_features if horizon else 0,
        columns=preprocessing.columns,
        n_timesteps=patch_size if preprocessing.columns else 1,
    )
    if n_components is None:
        architecture = replace(architecture, embedding_size=architecture.n_pooled)
    _check_cut(architecture, preprocessing)
    return architecture


def _check_cut(architecture: Architecture, preprocessing: Preprocessing) -> None:
    """Check that the decoder can cut the embedding into parts of equal size."""
    n_parts, size = architecture.max_steps, architecture.embedding_size
    n_exact = preprocessing.n_exact
    if not n_parts or size % n_parts == 0:
        return
    width = max(size // n_parts, 1)
    would_do = [n * n_parts + n_exact for n in (width, width + 1)]
    found = f"n_components is {size + n_exact}"
    if not architecture.bottleneck:
        found = f"n_components is None, which makes {size + n_exact} of them"
    raise ValueError(
        f"decoder={architecture.decoder!r} cuts the embedding into the {n_parts} LSTM "
        f"steps of the longest sequence, but {found}{_apart(preprocessing)}; expected "
        f"{would_do[0]} or {would_do[1]}, for example."
    )


def _apart(preprocessing: Preprocessing) -> str:
    """Say which components the decoder does not cut."""
    n_exact = preprocessing.n_exact
    if not n_exact:
        return ""
    if preprocessing.instance_norm is None:
        return ", one of which is the length"
    lengths = ", and the length" if preprocessing.length_code else ""
    return f", {n_exact} of which are means and scales{lengths}"


def _layer_sizes(name: str, given: Any) -> tuple[int, ...]:
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


def _pooling(pooling: Any) -> tuple[str, ...]:
    kinds = (pooling,) if isinstance(pooling, str) else tuple(pooling)
    known = all(isinstance(kind, str) and kind in POOLING for kind in kinds)
    if not kinds or not known or len(set(kinds)) < len(kinds):
        raise ValueError(
            f"pooling is {pooling!r}; expected one of {', '.join(POOLING)}, or a tuple "
            "of several, each once."
        )
    return kinds
