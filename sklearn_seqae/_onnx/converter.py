"""The transformer and the aggregator as parts of what skl2onnx converts."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from textwrap import shorten
from typing import Any

import numpy as np
import onnx
import skl2onnx
from onnx import helper
from skl2onnx._supported_operators import sklearn_operator_name_map
from skl2onnx.common import data_types
from skl2onnx.common._registration import get_converter, get_shape_calculator
from sklearn.base import is_classifier
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
)
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.svm import LinearSVC
from sklearn.utils.validation import check_is_fitted

from sklearn_seqae._aggregator import SequenceAggregator
from sklearn_seqae._estimator import LSTMAutoencoderTransformer
from sklearn_seqae._onnx.autoencoder import embedding_of
from sklearn_seqae._onnx.graph import OPSETS, Graph, Shape, Tensor
from sklearn_seqae._onnx.sequences import check_scaler, declared
from sklearn_seqae._onnx.statistics import aggregates_of

# What each writes
OURS = {LSTMAutoencoderTransformer: "embedding", SequenceAggregator: "aggregates"}
TYPES = {
    np.float64: data_types.DoubleTensorType,
    np.int64: data_types.Int64TensorType,
    object: data_types.StringTensorType,
}


def of_pipeline(
    estimator: Pipeline | FeatureUnion, inputs: dict[str, tuple[Any, Shape]]
) -> onnx.ModelProto:
    """Convert a pipeline or a union, and make our own parts known to skl2onnx."""
    _register()
    # Lengths first: skl2onnx takes a union for float64 if the first input is, and for
    # float32 if that has integers
    types = [
        (name, TYPES[dtype]([n if isinstance(n, int) else None for n in shape]))
        for name, (dtype, shape) in reversed(inputs.items())
    ]
    whole = _without_nothing(estimator)
    last = whole.steps[-1][1] if isinstance(whole, Pipeline) else whole
    # An array of probabilities in place of dicts; LinearSVC has neither. The id alone
    # keeps skl2onnx from asking for dicts.
    of_last = {} if isinstance(last, LinearSVC) else {"zipmap": False}
    try:
        return skl2onnx.convert_sklearn(
            whole,
            initial_types=types,
            options={id(last): of_last} if is_classifier(last) else None,
            target_opset=OPSETS,
        )
    except Exception as error:
        name, step = _refused(whole) or ("all together", estimator)
        reason = shorten(str(error), 200)
        raise ValueError(
            f"skl2onnx can't convert the step {name!r}, {step!r}: it says {reason!r}. "
            "Write the pipeline without it, or with another estimator in its place."
        ) from error


def _without_nothing(estimator: Any) -> Any:
    """Return an estimator without steps that do nothing, or are dropped."""
    if isinstance(estimator, Pipeline):
        kept = [s for s in estimator.steps if s[1] not in (None, "passthrough")]
        return Pipeline([(name, _without_nothing(step)) for name, step in kept])
    if isinstance(estimator, FeatureUnion):
        kept = [branch for branch in estimator.transformer_list if branch[1] != "drop"]
        branches = [(name, _without_nothing(branch)) for name, branch in kept]
        return FeatureUnion(branches, transformer_weights=estimator.transformer_weights)
    return estimator


def _behind(estimator: Any) -> Iterator[tuple[str, Any]]:
    """Yield the steps that do not take sequences, by name."""
    if isinstance(estimator, FeatureUnion):
        for _, branch in estimator.transformer_list:
            yield from _behind(branch)
    elif isinstance(estimator, Pipeline):
        yield from _behind(estimator.steps[0][1])
        yield from estimator.steps[1:]


def _refused(estimator: Any) -> tuple[str, Any] | None:
    """Return the first step that skl2onnx can't convert alone, if there is one."""
    for name, step in _behind(estimator):
        embedding = data_types.FloatTensorType([None, step.n_features_in_])
        try:
            skl2onnx.convert_sklearn(
                step, initial_types=[("embedding", embedding)], target_opset=OPSETS
            )
        except Exception:
            return name, step
    return None


@functools.cache
def _register() -> None:
    """Make our own known to skl2onnx, and let it convert boosted histograms.

    It writes False where a leaf of these has an integer, which protobuf 7 refuses.
    """
    for ours in OURS:
        skl2onnx.update_registered_converter(
            ours, _alias(ours), lambda operator: None, _convert, parser=_parse
        )
    for boosted in (HistGradientBoostingClassifier, HistGradientBoostingRegressor):
        alias = sklearn_operator_name_map[boosted]
        theirs = get_converter(alias)
        skl2onnx.update_registered_converter(
            boosted,
            alias,
            get_shape_calculator(alias),
            _with_integers(theirs),
            options=theirs.get_allowed_options(),
        )


def _with_integers(theirs: Any) -> Callable[[Any, Any, Any], None]:
    def convert(scope: Any, operator: Any, container: Any) -> None:
        loss = operator.raw_operator.loss
        if loss in ("poisson", "gamma"):  # its converter would leave out the link
            raise ValueError(f"the loss {loss!r} can't be converted")
        theirs(scope, operator, _WithoutBooleans(container))

    return convert


class _WithoutBooleans:
    """A container of skl2onnx that takes the booleans in lists for integers."""

    def __init__(self, container: Any) -> None:
        self._container = container

    def __getattr__(self, name: str) -> Any:
        return getattr(self._container, name)

    def add_node(self, *args: Any, **attributes: Any) -> None:
        for name, value in attributes.items():
            if isinstance(value, list) and any(isinstance(v, bool) for v in value):
                attributes[name] = [int(v) for v in value]
        self._container.add_node(*args, **attributes)


def _alias(cls: type) -> str:
    return f"SklearnSeqae{cls.__name__}"


def _parse(scope: Any, model: Any, inputs: list[Any], **_: Any) -> list[Any]:
    check_is_fitted(model)
    check_scaler(model._schema.scaler)
    names, given = list(declared(model._schema)), {i.raw_name: i for i in inputs}
    if given.keys() >= set(names):  # beside those of other branches
        inputs = [given[name] for name in names]
    elif len(inputs) != len(names):
        raise ValueError(
            f"{type(model).__name__} has {len(inputs)} inputs, but it reads "
            f"{', '.join(names)}; pass them in this order."
        )
    operator = scope.declare_local_operator(_alias(type(model)), model)
    operator.inputs = inputs
    kind = data_types.FloatTensorType([None, len(model.get_feature_names_out())])
    operator.outputs.append(scope.declare_local_variable(OURS[type(model)], kind))
    return list(operator.outputs)


def _convert(scope: Any, operator: Any, container: Any) -> None:
    model = operator.raw_operator
    graph = Graph(scope.get_unique_variable_name(_alias(type(model))))
    given = {
        name: graph.input(variable.full_name, dtype, shape)
        for variable, (name, (dtype, shape)) in zip(
            operator.inputs, declared(model._schema).items(), strict=True
        )
    }
    if isinstance(model, SequenceAggregator):
        found = aggregates_of(model, given)
    else:
        found = embedding_of(model._fitted, given)
    graph.output(found, operator.outputs[0].full_name, [None, None])
    _move(graph, container)


def _move(graph: Graph, container: Any) -> None:
    """Add all nodes of a graph to those of skl2onnx."""
    _tell_what_loops_use(graph)
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


def _tell_what_loops_use(graph: Graph) -> None:
    """Make all tensors that the body of a loop uses count as its inputs.

    skl2onnx sorts nodes by their inputs, and knows neither bodies nor inputs that are
    left out. So what is left out, the limit of turns, is computed from these tensors:
    the largest size. There is no more than one turn for each sequence.
    """
    made = {name for node in graph.nodes for name in node.output}
    for node in [node for node in graph.nodes if node.op_type == "Loop"]:
        body = next(a.g for a in node.attribute if a.name == "body")
        used = (Tensor(graph, name, np.dtype(np.int64)) for name in _read_in(body))
        sizes = [graph.node("Size", tensor) for tensor in used if tensor.name in made]
        node.input[0] = graph.node("Max", *sizes).name


def _read_in(part: onnx.GraphProto) -> list[str]:
    """Return the names of all tensors that the nodes of a part read."""
    found = {name for node in part.node for name in node.input}
    parts = (a.g for node in part.node for a in node.attribute if a.HasField("g"))
    return sorted(found.union(*map(_read_in, parts)))
