"""An estimator as it is saved: plain values, arrays, and their checksums.

pickle, joblib, skops and `copy` write what `packed` returns, and `unpacked` reads it.
It names no class of ours but the estimator's. So files outlive changes of the rest, and
skops asks to trust that class only. All of a file is checked before any of it is used.

New fields and parameters with defaults need no new format: to files from before they
have their defaults. For any other change, raise `FORMAT` and add to `MIGRATIONS` how a
state of the format before becomes one of the new.
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Mapping
from dataclasses import fields
from importlib.metadata import version
from types import MappingProxyType
from typing import Any

import numpy as np

from sklearn_seqae._architecture import Architecture
from sklearn_seqae._autoencoder import Autoencoder
from sklearn_seqae._checksums import checksum
from sklearn_seqae._containers import Container
from sklearn_seqae._design import make_architecture
from sklearn_seqae._events import Events
from sklearn_seqae._plain import from_plain, to_plain

Attributes = dict[str, Any]

FORMAT = 1
HEADER = "_saved"  # stands beside the attributes
CLASSES = MappingProxyType(
    {
        "_autoencoder": Autoencoder,
        "_container": Container,
        "_events": Events,
    }
)
OF_KERAS = ("optimizer", "learning_rate")  # parameters that may be objects of Keras
CONFIGURED = "keras"  # marks a dict that was one
UNCHECKED = ("callbacks",)  # anybody's objects
FITTED = ("scaler_", "history_", "n_iter_", "n_features_in_", "_random_state")

# By format; each makes attributes as they were saved into those of the next format.
MIGRATIONS: Mapping[int, Callable[[Attributes], Attributes]] = MappingProxyType({})


def packed(attributes: Mapping[str, Any]) -> Attributes:
    """Return attributes as they are saved, with a header beside them.

    Parameters
    ----------
    attributes : mapping
        All that the estimator has.
    """
    plain = {name: _packed(name, value) for name, value in attributes.items()}
    # Of names and values: a pickle has a name once, though it is in the header, too.
    sums = {n: checksum((n, plain[n])) for n in plain if n not in UNCHECKED}
    versions = {"sklearn_seqae": version("sklearn-seqae")}
    for each in sums.values():
        versions |= each.versions
    digests = {name: each.digest for name, each in sums.items()}
    return plain | {HEADER: {"format": FORMAT, "versions": versions, "sha256": digests}}


def unpacked(saved: Any, cls: type) -> Attributes:
    """Return the attributes that `packed` was given.

    Parameters
    ----------
    saved : object
        What a file holds.
    cls : type
        The estimator's class. Parameters that the file doesn't have get its defaults.

    Raises
    ------
    ValueError
        If the file was changed, holds what doesn't fit together, or is of a later
        release.
    """
    _check_format(saved, cls)
    try:
        plain = _as_written(saved)
        for n in range(saved[HEADER]["format"], FORMAT):
            plain = MIGRATIONS[n](plain)
        attributes = {name: _unpacked(name, value) for name, value in plain.items()}
        attributes = {**_defaults(cls), **attributes}
        if "_autoencoder" in attributes:
            _check_fitted(attributes)
    except (
        ArithmeticError,
        AttributeError,
        LookupError,
        TypeError,
        ValueError,
    ) as error:
        reason = str(error) if type(error) is ValueError else repr(error)
        raise ValueError(
            f"this {cls.__name__} can't be loaded, since it is not as it was saved: "
            f"{reason}. The file was damaged or edited; save the estimator again."
        ) from error
    return attributes


def _check_format(saved: Any, cls: type) -> None:
    """Check that this release can read what was saved.

    Raises
    ------
    ValueError
        If a later release wrote it, or something else.
    """
    header: Any = saved.get(HEADER) if isinstance(saved, Mapping) else None
    known = header.get("format") if isinstance(header, Mapping) else None
    if type(known) is not int or known < 1:
        raise ValueError(
            f"this {cls.__name__} can't be loaded: it has no header that says how it "
            "was saved. The file was damaged or edited; save the estimator again."
        )
    if known > FORMAT:
        raise ValueError(
            f"this {cls.__name__} can't be loaded: a later release of sklearn_seqae "
            f"saved it, in format {known}, and this one reads formats up to {FORMAT}; "
            "update sklearn_seqae."
        )


def _as_written(saved: Attributes) -> Attributes:
    """Return what was saved, without its header.

    Raises
    ------
    ValueError
        If an attribute is absent, unknown, or another than was written.
    """
    plain = {name: value for name, value in saved.items() if name != HEADER}
    digests, versions = saved[HEADER]["sha256"], saved[HEADER]["versions"]
    checked = [name for name in plain if name not in UNCHECKED]
    for name in sorted({*digests, *checked}):
        if name not in plain or name not in digests:
            raise ValueError(f"{name} is {'absent' if name in digests else 'unknown'}")
        found = checksum((name, plain[name]))
        # Estimators of another release of their library may have other attributes.
        same = all(versions.get(key) == now for key, now in found.versions.items())
        if same and found.digest != digests[name]:
            raise ValueError(f"the checksum of {name} is another")
    return plain


def _defaults(cls: type) -> Attributes:
    parameters = inspect.signature(cls).parameters.values()
    return {p.name: p.default for p in parameters if p.default is not p.empty}


def _packed(name: str, value: Any) -> Any:
    if name in CLASSES:
        return to_plain(value)
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    cls = value if isinstance(value, type) else type(value)
    if name in OF_KERAS and cls.__module__.partition(".")[0] == "keras":
        from sklearn_seqae._keras.optimizers import to_config

        config = to_config(value)
        return value if config is None else {CONFIGURED: config}
    return value


def _unpacked(name: str, plain: Any) -> Any:
    if name in CLASSES:
        return from_plain(CLASSES[name], plain, name)
    if name in OF_KERAS and isinstance(plain, dict):
        from sklearn_seqae._keras.optimizers import from_config

        return from_config(plain[CONFIGURED])
    return plain


def _check_fitted(attributes: Attributes) -> None:
    """Check that what was fitted fits together.

    Raises
    ------
    ValueError, LookupError
        If something is absent or contradicts the specification of the network.
    """
    network = attributes["_autoencoder"]
    _check_specification(network)
    _check_weights(network)
    events = attributes.get("_events", Events())
    _check_categories(network, events)
    expected = {
        "patch_size_": network.preprocessing.patch_size,
        "_n_features": network.preprocessing.n_features - events.n_moments,
        "_n_features_out": network.n_components + events.n_moments,
    }
    for name, value in expected.items():
        if attributes[name] != value:
            raise ValueError(
                f"{name} is {attributes[name]!r}, but the network has {value!r}"
            )
    absent = [name for name in FITTED if name not in attributes]
    if absent:
        raise ValueError(f"{absent[0]} is absent")
    if attributes["max_length_"] < 1:
        raise ValueError(f"max_length_ is {attributes['max_length_']}")
    _check_scaler(attributes["scaler_"])


def _check_specification(network: Autoencoder) -> None:
    """Check that the parameters in fit ask for this specification."""
    given, preprocessing = network.architecture, network.preprocessing
    longest = max(given.max_steps, 1) * preprocessing.patch_size
    asked = make_architecture(network.shaped_by, preprocessing, longest)
    for field in fields(Architecture):
        found, expected = getattr(given, field.name), getattr(asked, field.name)
        if found != expected:
            raise ValueError(
                f"{field.name} of the network is {found!r}, but its parameters in fit "
                f"ask for {expected!r}"
            )


def _check_categories(network: Autoencoder, events: Events) -> None:
    """Check that the network has the categories of the vocabulary."""
    sizes = events.category_sizes
    if sizes != network.architecture.category_sizes:
        raise ValueError(
            f"the vocabulary has {sizes} categories, but the network "
            f"{network.architecture.category_sizes}"
        )


def _check_weights(network: Autoencoder) -> None:
    """Check that the weights are those of the specification."""
    if network.state is None:
        raise ValueError("the network has no weights")
    shapes = {name: array.shape for name, array in network.state.weights.items()}
    expected = {weight.name: weight.shape for weight in network.architecture.weights}
    for name in {**expected, **shapes}:
        if shapes.get(name) != expected.get(name):
            raise ValueError(
                f"the weight {name} has shape {shapes.get(name)}; expected "
                f"{expected.get(name)}"
            )


def _check_scaler(scaler: Any) -> None:
    """Check the scale of scikit-learn's scalers, which divide by it."""
    scale = getattr(scaler, "scale_", None)
    if isinstance(scale, np.ndarray) and not (np.isfinite(scale) & (scale != 0)).all():
        raise ValueError("scale_ of scaler_ has a value that is zero or not finite")
