"""All that a fit leaves: the schema of `X`, the network, how training went.

One frozen object, so a fit is taken over by one assignment, and a method that has taken
it sees one fit, whatever other threads do.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sklearn_seqae._containers.gate import check_same_ids
from sklearn_seqae._containers.writers import ids_of_rows
from sklearn_seqae._fitted.autoencoder import Autoencoder
from sklearn_seqae._patches.validation import validate_embedding, validate_lengths
from sklearn_seqae._sequences.schema import Encoded, Schema
from sklearn_seqae._utils.plain import AsItIs

if TYPE_CHECKING:
    from sklearn_seqae._keras.training.settings import Result


class Vectors(NamedTuple):
    """Vectors to be decoded.

    Attributes
    ----------
    Z : ndarray of shape (n_samples, n_components)
        Those of the network.
    n_timesteps : ndarray of shape (n_samples,)
    starts : ndarray of shape (n_samples,) or None
        The moment of each first event, if time is a feature.
    """

    Z: NDArray[Any]
    n_timesteps: NDArray[np.int64]
    starts: NDArray[Any] | None


@dataclass(frozen=True)
class Fitted:
    """A fit.

    Attributes
    ----------
    schema : Schema
    network : Autoencoder
    max_length : int
        Time steps of the longest sequence.
    history : dict of list of float
    n_iter : int
        Epochs.
    random_state : RandomState
        From which training goes on.
    """

    schema: Schema
    network: Autoencoder
    max_length: int
    history: dict[str, Any]
    n_iter: int
    random_state: AsItIs

    @classmethod
    def of(
        cls,
        schema: Schema,
        network: Autoencoder,
        result: Result,
        longest: int,
        random_state: np.random.RandomState,
    ) -> Self:
        """Return what training ended with."""
        names = schema.container.feature_names or range(schema.features.n_features)
        history = schema.events.named(result.history, names)
        return cls(schema, network, longest, history, result.n_epochs, random_state)

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
        """Size of an embedding, what is exact in it included."""
        return self.network.n_components + self.schema.events.n_moments

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
