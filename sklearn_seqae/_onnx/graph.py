"""Nodes of an ONNX graph, written as operations on tensors, each of which adds one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from typing import Any

import numpy as np
import onnx
from numpy.typing import ArrayLike, DTypeLike, NDArray
from onnx import helper, numpy_helper

ML = "ai.onnx.ml"  # domain of the operators of classical machine learning
OPSETS = {"": 18, ML: 3}  # of ONNX 1.13; read by onnxruntime 1.14, of 2023
IR_VERSION = 8  # likewise
END = np.iinfo(np.int64).max  # of an axis, whatever its size
Shape = Sequence[int | str | None]


def operation(op_type: str, dtype: Any = None) -> Callable[[Tensor, Any], Tensor]:
    """Return a method that adds a node; the other input may be a number or an array."""

    def operate(self: Tensor, other: Any) -> Tensor:
        return self.graph.node(op_type, self, self._of(other), dtype=dtype)

    return operate


@dataclass(frozen=True, eq=False)
class Tensor:
    """A value in a graph."""

    graph: Graph = field(repr=False)
    name: str
    dtype: np.dtype[Any]
    is_list: bool = False  # a list of tensors of this dtype: in ONNX, a sequence

    __array_ufunc__ = None  # so that an array on the left leaves the operation to us

    __add__ = __radd__ = operation("Add")
    __sub__ = operation("Sub")
    __mul__ = __rmul__ = operation("Mul")
    __truediv__ = operation("Div")
    __floordiv__ = operation("Div")  # of what is not negative
    __and__ = operation("And")
    __or__ = operation("Or")
    __lt__ = operation("Less", bool)
    __gt__ = operation("Greater", bool)
    __ge__ = operation("GreaterOrEqual", bool)
    equals = operation("Equal", bool)

    def __rsub__(self, other: Any) -> Tensor:
        return self._of(other) - self

    def __neg__(self) -> Tensor:
        return self.graph.node("Neg", self)

    def __invert__(self) -> Tensor:
        return self.graph.node("Not", self)

    def __getitem__(self, key: Any) -> Tensor:
        """Return what lies between places; slices of the first axes, or the last."""
        cuts = key if isinstance(key, tuple) else (key,)
        first = 0
        if cuts[0] is Ellipsis:
            first, cuts = 1 - len(cuts), cuts[1:]
        found = self
        for axis, cut in enumerate(cuts, first):
            start = 0 if cut.start is None else cut.start
            stop = END if cut.stop is None else cut.stop
            if (start, stop) != (0, END):
                start, stop, at = (self.graph.vector([x]) for x in (start, stop, axis))
                found = self.graph.node("Slice", found, start, stop, at)
        return found

    def _of(self, other: Any) -> Tensor:
        if isinstance(other, Tensor):
            return other
        return self.graph.constant(other, self.dtype)


class Graph:
    """An ONNX graph that is being written; a prefix stands before all its names."""

    def __init__(self, prefix: str = "") -> None:
        self._prefix = prefix
        self.nodes: list[onnx.NodeProto] = []
        self._constants: dict[Any, onnx.TensorProto] = {}
        self._inputs: list[onnx.ValueInfoProto] = []
        self._outputs: list[onnx.ValueInfoProto] = []
        self._n_names = 0

    @property
    def constants(self) -> list[onnx.TensorProto]:
        return list(self._constants.values())

    def input(self, name: str, dtype: DTypeLike, shape: Shape) -> Tensor:
        """Declare an input; the name of a dimension says that its size is free."""
        tensor = Tensor(self, name, np.dtype(dtype))
        self._inputs.append(_info(tensor, shape))
        return tensor

    def output(self, tensor: Tensor, name: str, shape: Shape) -> None:
        node = helper.make_node("Identity", [tensor.name], [name], self._new_name(name))
        self.nodes.append(node)
        self._outputs.append(_info(Tensor(self, name, tensor.dtype), shape))

    def constant(self, value: ArrayLike, dtype: DTypeLike) -> Tensor:
        """Return a constant; equal ones are stored once, transposed ones as well."""
        array: NDArray[Any] = np.asarray(value, dtype)
        if array.flags.f_contiguous and not array.flags.c_contiguous:
            return self.node("Transpose", self.constant(array.T, dtype))
        key = array.dtype.str, array.shape, array.tobytes()
        if key not in self._constants:
            name = self._new_name("constant")
            self._constants[key] = numpy_helper.from_array(array, name)
        return Tensor(self, self._constants[key].name, array.dtype)

    def vector(self, sizes: Sequence[Any]) -> Tensor:
        """Return int64 numbers, some of them scalar tensors, as a vector."""
        if not any(isinstance(size, Tensor) for size in sizes):
            return self.constant(sizes, np.int64)
        axis = self.constant([0], np.int64)
        ones = [
            self.node("Unsqueeze", size, axis)
            if isinstance(size, Tensor)
            else self.constant([size], np.int64)
            for size in sizes
        ]
        return ones[0] if len(ones) == 1 else self.node("Concat", *ones, axis=0)

    def node(
        self,
        op_type: str,
        *inputs: Tensor | None,
        dtype: Any = None,
        name: str | None = None,
        **attributes: Any,
    ) -> Tensor:
        """Add a node of one output, by default of its input's dtype; see `add`."""
        return self.add(op_type, inputs, [dtype], name, attributes)[0]

    def add(
        self,
        op_type: str,
        inputs: Sequence[Tensor | None],
        dtypes: Sequence[DTypeLike],
        name: str | None = None,
        attributes: dict[str, Any] | None = None,
    ) -> list[Tensor]:
        """Add a node of as many outputs as there are dtypes, and return them.

        None leaves an optional input out, and is the dtype of the first. Runtimes name
        the node in messages. An attribute ``domain`` says another one than ``ai.onnx``.
        """
        given = [tensor for tensor in inputs if tensor is not None]
        outputs = [
            Tensor(self, self._new_name(op_type), np.dtype(dtype or given[0].dtype))
            for dtype in dtypes
        ]
        node = helper.make_node(
            op_type,
            ["" if tensor is None else tensor.name for tensor in inputs],
            [output.name for output in outputs],
            name or outputs[0].name,
            **(attributes or {}),
        )
        self.nodes.append(node)
        return outputs

    def loop(
        self,
        n: Tensor,
        state: Sequence[Tensor],
        body: Callable[[Sequence[Tensor]], tuple[Sequence[Tensor], Tensor]],
    ) -> Tensor:
        """Repeat a body ``n`` times, and stack what it writes along a new first axis.

        From a state to the next one and what is written. It may use any tensor of this
        graph, as the functions below may.
        """
        inputs = self._before(np.int64, bool, *(x.dtype for x in state))

        def step() -> list[Tensor]:
            after, written = body(inputs[2:])
            return [inputs[1], *after, written]

        scalars = [_info(tensor, []) for tensor in inputs[:2]]
        others = [_info(tensor, None) for tensor in inputs[2:]]
        part, dtypes = self._part("step", step, [*scalars, *others])
        given = [n, self.constant(True, bool), *state]
        return self.add("Loop", given, dtypes[1:], None, {"body": part})[-1]

    def in_parts(
        self, n: Tensor, body: Callable[[Tensor], tuple[Tensor, Sequence[Tensor]]]
    ) -> list[Tensor]:
        """Compute tensors part by part, and put the parts one behind the other.

        From where a part begins to where the next one does, up to ``n``, at least 1.
        """
        before = self._before(np.int64, bool, np.int64)
        inputs = [_info(tensor, []) for tensor in before]
        lists: list[Tensor] = []

        def step() -> list[Tensor]:
            stop, written = body(before[2])
            new = ((each, self._new_name("parts")) for each in written)
            lists.extend(replace(each, name=name, is_list=True) for each, name in new)
            inputs.extend(_info(each, None) for each in lists)
            longer = [
                replace(self.node("SequenceInsert", parts, each), is_list=True)
                for parts, each in zip(lists, written, strict=True)
            ]
            return [stop < n, stop, *longer]

        part, dtypes = self._part("part", step, inputs)
        first = [self.constant(True, bool), self.constant(0, np.int64)]
        none = [self._empty(each.dtype) for each in lists]
        given = [None, *first, *none]
        found = self.add("Loop", given, dtypes[1:], None, {"body": part})
        return [self.node("ConcatFromSequence", each, axis=0) for each in found[1:]]

    def either(
        self, condition: Tensor, yes: Callable[[], Tensor], no: Callable[[], Tensor]
    ) -> Tensor:
        """Compute one of two tensors, of one dtype; the condition is a scalar."""
        then_branch, dtypes = self._part("then_branch", lambda: [yes()])
        else_branch, _ = self._part("else_branch", lambda: [no()])
        branches = {"then_branch": then_branch, "else_branch": else_branch}
        return self.node("If", condition, dtype=dtypes[0], **branches)

    def model(self, name: str, description: str) -> onnx.ModelProto:
        graph = helper.make_graph(
            self.nodes, name, self._inputs, self._outputs, self.constants
        )
        domains = {"", *(node.domain for node in self.nodes)}
        model = helper.make_model(
            graph,
            opset_imports=[helper.make_opsetid(d, OPSETS[d]) for d in sorted(domains)],
            ir_version=IR_VERSION,
            producer_name="sklearn_seqae",
            producer_version=version("sklearn-seqae"),
            doc_string=description,
        )
        onnx.checker.check_model(model, full_check=True)
        return model

    def _before(self, *dtypes: DTypeLike) -> list[Tensor]:
        return [Tensor(self, self._new_name("before"), np.dtype(d)) for d in dtypes]

    def _empty(self, dtype: np.dtype[Any]) -> Tensor:
        """Return a list of no tensor."""
        kind = {"dtype": helper.np_dtype_to_tensor_dtype(dtype)}
        # skl2onnx takes no attribute of this name, and does without for float32
        attributes = {} if dtype == np.float32 else kind
        return self.add("SequenceEmpty", [], [dtype], None, attributes)[0]

    def _part(
        self,
        name: str,
        compute: Callable[[], list[Tensor]],
        inputs: Sequence[onnx.ValueInfoProto] = (),
    ) -> tuple[onnx.GraphProto, list[np.dtype[Any]]]:
        """Return what a function adds, as a graph within this one, and its dtypes."""
        outer, self.nodes = self.nodes, []
        outputs = [
            replace(self.node("Identity", tensor), is_list=tensor.is_list)
            for tensor in compute()
        ]
        nodes, self.nodes = self.nodes, outer
        infos = [_info(tensor, None) for tensor in outputs]
        part = helper.make_graph(nodes, name, list(inputs), infos)
        return part, [tensor.dtype for tensor in outputs]

    def _new_name(self, stem: str) -> str:
        self._n_names += 1
        return f"{self._prefix}{stem.lower()}_{self._n_names}"


def _info(tensor: Tensor, shape: Shape | None) -> onnx.ValueInfoProto:
    element = helper.np_dtype_to_tensor_dtype(tensor.dtype)
    if tensor.is_list:
        return helper.make_tensor_sequence_value_info(tensor.name, element, shape)
    return helper.make_tensor_value_info(tensor.name, element, shape)
