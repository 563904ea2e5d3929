"""The transformer as a part of what skl2onnx converts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import skl2onnx
from onnx import helper
from skl2onnx.common.data_types import (
    DoubleTensorType,
    FloatTensorType,
    Int64TensorType,
)

from sklearn_seqae._onnx.encoder import embedding_of
from sklearn_seqae._onnx.fitted import Fitted
from sklearn_seqae._onnx.graph import OPSETS, Graph


def input_types(n_features: int) -> list[tuple[str, Any]]:
    """Return the inputs of a graph, as skl2onnx takes them."""
    return [
        ("values", DoubleTensorType([None, n_features])),
        ("lengths", Int64TensorType([None])),
    ]


def register(estimator: type, fitted: Callable[[Any], Fitted]) -> None:
    """Make an estimator known to skl2onnx.

    Parameters
    ----------
    estimator : type
        Class of the estimator.
    fitted : callable
        Of an estimator: its fitted numbers.
    """

    def parse(scope: Any, model: Any, inputs: list[Any], **_: Any) -> list[Any]:
        operator = scope.declare_local_operator(alias, model)
        operator.inputs = inputs
        shape = [None, fitted(model).n_components]
        embedding = FloatTensorType(shape)
        operator.outputs.append(scope.declare_local_variable("embedding", embedding))
        return list(operator.outputs)

    def convert(scope: Any, operator: Any, container: Any) -> None:
        graph = Graph(scope.get_unique_variable_name(estimator.__name__))
        values, lengths, embedding = (
            variable.full_name for variable in (*operator.inputs, *operator.outputs)
        )
        found = embedding_of(
            fitted(operator.raw_operator),
            graph.input(values, np.float64, [None, None]),
            graph.input(lengths, np.int64, [None]),
        )
        graph.output(found, embedding, [None, None])
        _move(graph, container)

    alias = f"SklearnSeqae{estimator.__name__}"
    skl2onnx.update_registered_converter(
        estimator, alias, lambda operator: None, convert, parser=parse
    )


def _move(graph: Graph, container: Any) -> None:
    """Add all nodes of a graph to those of skl2onnx."""
    for constant in graph.constants:
        container.add_initializer(constant.name, None, None, constant)
    for node in graph.nodes:
        container.add_node(
            node.op_type,
            list(node.input),
            list(node.output),
            op_version=OPSETS[""],
            name=node.name,
            **{a.name: helper.get_attribute_value(a) for a in node.attribute},
        )
