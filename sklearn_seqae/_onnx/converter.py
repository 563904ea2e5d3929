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
    StringTensorType,
)

from sklearn_seqae._onnx.encoder import embedding_of
from sklearn_seqae._onnx.fitted import Fitted
from sklearn_seqae._onnx.graph import OPSETS, Graph

TYPES = {
    np.float64: DoubleTensorType,
    np.int64: Int64TensorType,
    object: StringTensorType,
}


def input_types(fitted: Fitted) -> list[tuple[str, Any]]:
    """Return the inputs of a graph, as skl2onnx takes them."""
    return [
        (name, TYPES[dtype]([n if isinstance(n, int) else None for n in shape]))
        for name, (dtype, shape) in fitted.sequences.items()
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
        numbers = fitted(model)
        if len(inputs) != len(numbers.sequences):
            raise ValueError(
                f"{estimator.__name__} has {len(inputs)} inputs, but it reads "
                f"{', '.join(numbers.sequences)}; pass them in this order."
            )
        operator = scope.declare_local_operator(alias, model)
        operator.inputs = inputs
        embedding = FloatTensorType([None, numbers.n_components])
        operator.outputs.append(scope.declare_local_variable("embedding", embedding))
        return list(operator.outputs)

    def convert(scope: Any, operator: Any, container: Any) -> None:
        graph = Graph(scope.get_unique_variable_name(estimator.__name__))
        numbers = fitted(operator.raw_operator)
        given = {
            name: graph.input(variable.full_name, dtype, shape)
            for variable, (name, (dtype, shape)) in zip(
                operator.inputs, numbers.sequences.items(), strict=True
            )
        }
        found = embedding_of(numbers, given)
        graph.output(found, operator.outputs[0].full_name, [None, None])
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
            op_domain=node.domain,
            op_version=OPSETS[node.domain],
            name=node.name,
            **{a.name: helper.get_attribute_value(a) for a in node.attribute},
        )
