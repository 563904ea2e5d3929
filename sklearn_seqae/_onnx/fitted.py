"""What is written to a graph: the numbers of a fitted estimator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sklearn_seqae._architecture import Architecture
from sklearn_seqae._layers import Weights
from sklearn_seqae._onnx.engine import OnnxEngine
from sklearn_seqae._onnx.graph import Graph
from sklearn_seqae._preprocessing import Preprocessing


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
    """

    architecture: Architecture
    weights: Weights
    preprocessing: Preprocessing
    scaler: Any
    max_length: int

    @property
    def n_components(self) -> int:
        return self.architecture.embedding_size + self.preprocessing.n_exact

    def engine(self, graph: Graph) -> OnnxEngine:
        return OnnxEngine(graph, self.architecture.activation, self.weights)
