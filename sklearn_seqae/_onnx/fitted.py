"""What is written to a graph: the numbers of a fitted estimator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sklearn_seqae._network.architecture import Architecture
from sklearn_seqae._network.layers import Weights
from sklearn_seqae._onnx import events
from sklearn_seqae._onnx.engine import OnnxEngine
from sklearn_seqae._onnx.graph import Graph, Shape
from sklearn_seqae._patches.preprocessing import Preprocessing
from sklearn_seqae._sequences.schema import Events


@dataclass(frozen=True)
class Fitted:
    """A fitted network, with what stands before and behind it.

    Attributes
    ----------
    architecture : Architecture
    weights : dict of str to ndarray
    preprocessing : Preprocessing
    scaler : transformer or None
        Of those that `check_scaler` takes.
    max_length : int
        Time steps to decode where an embedding holds no length.
    events : Events
    feature_names : tuple
        Of the features of `X`; their numbers where they have none.
    """

    architecture: Architecture
    weights: Weights
    preprocessing: Preprocessing
    scaler: Any
    max_length: int
    events: Events
    feature_names: tuple[Any, ...]

    @property
    def n_features(self) -> int:
        """Features of `X`."""
        return len(self.feature_names)

    @property
    def n_components(self) -> int:
        n_exact = self.preprocessing.n_exact + self.events.n_moments
        return self.architecture.embedding_size + n_exact

    @property
    def sequences(self) -> dict[str, tuple[Any, Shape]]:
        """Dtype and shape of what stands for sequences, by name."""
        return events.declared(self.events, self.n_features)

    @property
    def notes(self) -> dict[str, Any]:
        """Notes on these: names of features, and the kind of the times."""
        return events.notes(self.events, self.feature_names)

    @property
    def notes_of_probabilities(self) -> dict[str, list[Any]]:
        """The categories that have probabilities, by the name of their tensor."""
        known = self.events.categories(self.n_features)
        named = zip(self.feature_names, known, strict=True)
        return {
            f"probabilities_{name}": each.array().tolist()
            for name, each in named
            if each is not None
        }

    def engine(self, graph: Graph) -> OnnxEngine:
        return OnnxEngine(graph, self.architecture.activation, self.weights)
