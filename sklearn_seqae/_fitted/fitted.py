"""All that a fit leaves: the schema of `X`, the network, how training went."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import check_array

from sklearn_seqae._containers.gate import check_same_ids
from sklearn_seqae._containers.ragged import Floats
from sklearn_seqae._containers.readers import checks
from sklearn_seqae._containers.writers import ids_of_rows
from sklearn_seqae._fitted.autoencoder import Autoencoder
from sklearn_seqae._network.architecture import Architecture
from sklearn_seqae._network.design import make_architecture
from sklearn_seqae._patches.exact import MAX_LENGTH
from sklearn_seqae._sequences.scaling import SCALERS
from sklearn_seqae._sequences.schema import Encoded, Schema
from sklearn_seqae._utils.plain import AsItIs
from sklearn_seqae.exceptions import _count


class Vectors(NamedTuple):
    """Vectors to be decoded."""

    Z: NDArray[Any]  # (n_samples, n_components): those of the network
    n_timesteps: NDArray[np.int64]  # (n_samples,)
    # (n_samples,): the moment of each first event, if time is a feature
    starts: NDArray[Any] | None


@dataclass(frozen=True)
class Fitted:
    """A fit."""

    schema: Schema
    network: Autoencoder
    max_length: int  # time steps of the longest sequence
    history: dict[str, Any]
    n_iter: int  # epochs
    random_state: AsItIs  # from which training goes on

    def after(self, before: Fitted | None) -> Fitted:
        """Return a fit that went on from an earlier one, as a whole."""
        if before is None:
            return self
        return replace(
            self,
            max_length=max(self.max_length, before.max_length),
            # NaN where one had no such loss
            history={
                name: before.history.get(name, [np.nan] * before.n_iter)
                + self.history.get(name, [np.nan] * self.n_iter)
                for name in before.history | self.history
            },
            n_iter=before.n_iter + self.n_iter,
        )

    @property
    def n_components(self) -> int:
        return self.network.n_components + self.schema.events.n_moments

    def names_of_components(self, prefix: str) -> list[str]:
        """Name the components; those that are learnt have the prefix and a number."""
        schema, network = self.schema, self.network
        known = schema.events.names_in_network(schema.names)
        known = [f"x{name}" if isinstance(name, int) else str(name) for name in known]
        return [
            *(f"{prefix}{n}" for n in range(network.architecture.embedding_size)),
            *network.preprocessing.names_of_exact(known, schema.events.names_of_codes),
            *["start"] * schema.events.n_moments,
        ]

    def encode(self, X: Any, by: str) -> Encoded:
        """Check sequences against those in `fit`, and scale them."""
        return self.schema.encode(self.schema.read(X, by))

    def vectors(self, estimator: Any, Z: ArrayLike, lengths: Any = None) -> Vectors:
        """Check embeddings, and return what they mean."""
        checked = validate_embedding(estimator, Z)
        vectors, starts = self.schema.events.without_moments(checked)
        if lengths is None:
            n_timesteps = self.network.lengths(vectors, default=self.max_length)
        else:
            n_timesteps = validate_lengths(lengths, len(vectors))
            check_same_ids(lengths, ids_of_rows(Z), "lengths", "Z.index")
        return Vectors(vectors, n_timesteps, starts)

    def probabilities(
        self, log_p: list[NDArray[np.float32]], offsets: NDArray[np.int64]
    ) -> list[list[NDArray[np.float64]] | None]:
        """Return probabilities of categories, by feature and sequence."""
        n_features = self.schema.features.n_features
        return self.schema.events.probabilities(log_p, offsets, n_features)

    def check_consistent(self) -> None:
        """Check parts, as a file has them, against each other; raise a ValueError."""
        network, schema = self.network, self.schema
        _check_specification(network)
        _check_weights(network)
        columns, known = schema.events.columns, network.architecture.columns
        if columns != known:
            raise ValueError(f"the vocabulary has {columns}, but the network {known}")
        if schema.scaler is None or type(schema.scaler) in SCALERS.values():
            found = schema.features.n_features
            expected = network.preprocessing.n_features - schema.events.n_moments
            if found != expected:
                what = f"X has {found} features, but the network has {expected}"
                raise ValueError(what)
            scale = getattr(schema.scaler, "scale_", None)  # None where it only shifts
            if scale is not None and not (np.isfinite(scale) & (scale != 0)).all():
                what = "scale_ of scaler_ has a value that is zero or not finite"
                raise ValueError(what)
        if self.max_length < 1:
            raise ValueError(f"max_length is {self.max_length}")


def _check_specification(network: Autoencoder) -> None:
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


def _check_weights(network: Autoencoder) -> None:
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


def validate_embedding(estimator: Any, Z: Any) -> Floats:
    """Check that embeddings are real and finite; an array of floats isn't copied."""
    columns = checks.as_names(list(getattr(Z, "columns", ())))
    try:
        Z = np.asarray(Z) if isinstance(Z, list | tuple) else checks.as_plain(Z)
    except ValueError as error:
        raise ValueError(
            "Z is not rectangular; pass vectors like those that transform returns, all "
            f"of one length. NumPy says: {error}"
        ) from error
    Z = check_array(Z, ensure_all_finite=False, input_name="Z")
    Z = checks.as_float(checks.as_real(Z, "Z"))
    name = type(estimator).__name__
    # The number in fit: a user may have set n_components since.
    expected = getattr(estimator, "_n_features_out", estimator.n_components)
    if Z.shape[1] != expected:
        raise ValueError(
            f"Z has {_count(Z.shape[1], 'component')}, but {name} is expecting "
            f"{expected}; pass vectors like those that transform returns."
        )
    if columns is not None:
        names: Any = getattr(estimator, "get_feature_names_out", tuple)()
        if sorted(columns) == sorted(names) and list(columns) != list(names):
            raise ValueError(
                "Z has its components in another order than transform returns; pass "
                f"Z[estimator.get_feature_names_out()] of this {name}."
            )
    bad = ~np.isfinite(Z)
    if bad.any():
        row, component = np.unravel_index(bad.argmax(), bad.shape)
        raise ValueError(
            f"row {row} of Z has {Z[row, component]} as component {component}; an "
            "embedding must be finite to be decoded."
        )
    return Z


def validate_lengths(lengths: ArrayLike, n_sequences: int) -> NDArray[np.int64]:
    """Check the lengths at which sequences are decoded, from 1 to 2**20."""
    wanted = f"expected one whole number for each of {_count(n_sequences, 'sequence')}"
    try:
        array = np.asarray(checks.as_plain(lengths))
    except ValueError as error:  # lists of unequal length inside
        raise ValueError(f"lengths is not 1-D; {wanted}.") from error
    if array.shape != (n_sequences,):
        raise ValueError(f"lengths has shape {array.shape}; {wanted}.")
    if array.dtype == bool:
        raise TypeError(f"lengths has dtype bool; {wanted}.")
    array = checks.as_real(array, "lengths")
    bad = ~((array >= 1) & (array <= MAX_LENGTH) & (array == np.floor(array)))
    if bad.any():
        row = int(bad.argmax())
        raise ValueError(
            f"lengths[{row}] is {array[row]}; expected a whole number from 1 to "
            f"{MAX_LENGTH}."
        )
    return array.astype(np.int64)
