"""Whether what a file says of a fitted transformer fits together."""

from __future__ import annotations

from dataclasses import fields

import numpy as np

from sklearn_seqae._fitted.autoencoder import Autoencoder
from sklearn_seqae._fitted.fitted import Fitted
from sklearn_seqae._network.architecture import Architecture
from sklearn_seqae._network.design import make_architecture
from sklearn_seqae._sequences.scaling import SCALERS
from sklearn_seqae._sequences.schema import Events


def check_consistent(fitted: Fitted) -> None:
    """Check the parts of a fit against each other; raise if something contradicts."""
    network, schema = fitted.network, fitted.schema
    _check_specification(network)
    _check_weights(network)
    _check_categories(network, schema.events)
    if schema.scaler is None or type(schema.scaler) in SCALERS.values():
        found = schema.features.n_features
        expected = network.preprocessing.n_features - schema.events.n_moments
        if found != expected:
            raise ValueError(f"X has {found} features, but the network has {expected}")
        scale = getattr(schema.scaler, "scale_", None)  # None where it only shifts
        if scale is not None and not (np.isfinite(scale) & (scale != 0)).all():
            raise ValueError("scale_ of scaler_ has a value that is zero or not finite")
    if fitted.max_length < 1:
        raise ValueError(f"max_length is {fitted.max_length}")


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
    if events.columns != network.architecture.columns:
        raise ValueError(
            f"the vocabulary has {events.columns}, but the network "
            f"{network.architecture.columns}"
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
