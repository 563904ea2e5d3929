"""Functions on the tensors of a graph, by their names in ``keras.ops``.

What is no tensor becomes a constant. Reductions keep no axis.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray
from onnx import helper

from sklearn_seqae._onnx.graph import ML, Tensor, operation

INT = np.dtype(np.int64)


def where(condition: Tensor, yes: Any, no: Any) -> Tensor:
    like = yes if isinstance(yes, Tensor) else no
    yes, no = (
        x if isinstance(x, Tensor) else condition.graph.constant(x, like.dtype)
        for x in (yes, no)
    )
    return condition.graph.node("Where", condition, yes, no, dtype=like.dtype)


def cast(x: Tensor, dtype: DTypeLike) -> Tensor:
    if x.dtype == np.dtype(dtype):
        return x
    element = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
    return x.graph.node("Cast", x, dtype=dtype, to=element)


# One number for each ----------------------------------------------------------------


def _each(op_type: str, dtype: DTypeLike | None = None) -> Callable[[Tensor], Tensor]:
    """Return a function of one tensor that adds a node."""
    return lambda x: x.graph.node(op_type, x, dtype=dtype)


exp, log, sqrt, abs = _each("Exp"), _each("Log"), _each("Sqrt"), _each("Abs")
round, relu, cos = _each("Round"), _each("Relu"), _each("Cos")
sigmoid, tanh = _each("Sigmoid"), _each("Tanh")
isnan, isinf = _each("IsNaN", bool), _each("IsInf", bool)
logical_not, logical_and = _each("Not"), operation("And")
maximum, minimum, matmul = operation("Max"), operation("Min"), operation("MatMul")
mod = operation("Mod")


def arcsinh(x: Tensor) -> Tensor:  # runtimes have their own for float32 only
    size = abs(x)
    return x.graph.node("Sign", x) * log(size + sqrt(size * size + 1))


def cbrt(x: Tensor) -> Tensor:
    """Return the cube root of what is not negative."""
    return exp(log(x) / 3)


def sinh(x: Tensor) -> Tensor:  # likewise
    return (exp(x) - exp(-x)) * 0.5


def clip(x: Tensor, low: Any, high: Any) -> Tensor:
    """Limit values; NaN stays."""
    return where(x > high, high, where(x < low, low, x))


def conv(
    x: Tensor, kernel: NDArray[np.float32], padding: str, dilation_rate: int = 1
) -> Tensor:
    """Slide a kernel (2 * reach + 1, F, K) over the time steps of (N, T, F)."""
    assert padding == "same"
    weights = x.graph.constant(kernel.transpose(2, 1, 0), x.dtype)
    by_channel = transpose(x, (0, 2, 1))
    pads, dilations = 2 * [len(kernel) // 2 * dilation_rate], [dilation_rate]
    found = x.graph.node("Conv", by_channel, weights, pads=pads, dilations=dilations)
    return transpose(found, (0, 2, 1))


# Over an axis -------------------------------------------------------------------------


def _over(op_type: str) -> Callable[[Tensor, int], Tensor]:
    """Return a function that reduces an axis."""

    def reduce(x: Tensor, axis: int) -> Tensor:
        return x.graph.node(op_type, x, x.graph.constant([axis], INT), keepdims=0)

    return reduce


sum, max, min = _over("ReduceSum"), _over("ReduceMax"), _over("ReduceMin")
mean = _over("ReduceMean")


def _along(op_type: str) -> Callable[..., Tensor]:
    """Return a function of all values along an axis, or of two tensors."""
    return lambda *given, axis: given[0].graph.node(op_type, *given, axis=axis)


softmax, log_softmax = _along("Softmax"), _along("LogSoftmax")
take_along_axis = _along("GatherElements")


def any(x: Tensor) -> Tensor:
    """Return whether something is true, a scalar."""
    return max(reshape(cast(x, np.int32), (-1,)), 0) > 0


def argmax(x: Tensor, axis: int, keepdims: bool = False) -> Tensor:
    return x.graph.node("ArgMax", x, dtype=INT, axis=axis, keepdims=int(keepdims))


def sort(x: Tensor, axis: int) -> Tensor:
    options, k = {"axis": axis, "largest": 0}, reshape(size(x, axis), (1,))
    return x.graph.add("TopK", [x, k], [x.dtype, INT], attributes=options)[0]


def cumsum(x: Tensor, axis: int = 0) -> Tensor:
    return x.graph.node("CumSum", x, x.graph.constant(axis, INT))


# Shapes -------------------------------------------------------------------------------


def concatenate(tensors: Sequence[Tensor], axis: int = -1) -> Tensor:
    return tensors[0].graph.node("Concat", *tensors, axis=axis)


def stack(tensors: Sequence[Tensor], axis: int) -> Tensor:
    return concatenate([expand_dims(x, axis) for x in tensors], axis)


def reshape(x: Tensor, shape: Sequence[Any]) -> Tensor:
    """Reshape; a size is a number or a scalar tensor, 0 is the size that it has."""
    return x.graph.node("Reshape", x, x.graph.vector(shape))


def broadcast_to(x: Tensor, shape: Sequence[Any]) -> Tensor:
    """Repeat along axes; a size of 1 is the size that there is."""
    return x.graph.node("Expand", x, x.graph.vector(shape))


def transpose(x: Tensor, axes: Sequence[int]) -> Tensor:
    return x.graph.node("Transpose", x, perm=list(axes))


def expand_dims(x: Tensor, axis: int) -> Tensor:
    return x.graph.node("Unsqueeze", x, x.graph.constant([axis], INT))


def size(x: Tensor, axis: int) -> Tensor:
    """Return the length of an axis, a scalar."""
    shape = x.graph.node("Shape", x, dtype=INT)
    return take(shape, x.graph.constant(axis, INT))


def arange(stop: Tensor) -> Tensor:
    graph = stop.graph
    return graph.node("Range", graph.constant(0, INT), stop, graph.constant(1, INT))


# Parts --------------------------------------------------------------------------------


def take(x: Any, index: Any, axis: int = 0, name: str | None = None) -> Tensor:
    """Gather along an axis; a runtime refuses an index that there is not."""
    if not isinstance(x, Tensor):
        x = index.graph.constant(x, x.dtype)
    if not isinstance(index, Tensor):
        index = x.graph.constant(index, INT)
    return x.graph.node("Gather", x, index, axis=axis, name=name)


def look_up(x: Tensor, table: dict[Any, Any], default: Any) -> Tensor:
    """Return what stands in a table for each number or text, the default for others."""
    kind = {str: "string", int: "int64"}
    keys, values = f"keys_{kind[type(next(iter(table)))]}s", kind[type(default)]
    return x.graph.node(
        "LabelEncoder",
        x,
        dtype=object if values == "string" else INT,
        domain=ML,
        **{
            keys: list(table),
            f"values_{values}s": list(table.values()),
            f"default_{values}": default,
        },
    )


def compress(x: Tensor, kept: Tensor) -> Tensor:
    """Return the rows that are kept."""
    return x.graph.node("Compress", x, kept, axis=0)


def split(x: Tensor, n: int, axis: int) -> list[Tensor]:
    """Cut an axis into so many parts of one size."""
    options = {"axis": axis, "num_outputs": n}
    return x.graph.add("Split", [x], n * [x.dtype], attributes=options)


# Checks -------------------------------------------------------------------------------


def refuse(x: Tensor, **problems: Tensor) -> Tensor:
    """Return ``x``, of int64, unless one of some problems is true somewhere.

    An index is out of bounds then, in a node with the name of the problem.
    """
    for name, wrong in problems.items():
        index = max(reshape(cast(wrong, INT), (-1,)), 0)
        x = x + take(x.graph.constant([0], INT), index, name=name)
    return x
