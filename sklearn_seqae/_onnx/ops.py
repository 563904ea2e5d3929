"""Functions on the tensors of a graph, by their names in ``keras.ops``.

What is no tensor becomes a constant. Reductions keep no axis.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray
from onnx import helper

from sklearn_seqae._onnx.graph import ML, Tensor

INT = np.dtype(np.int64)
END = np.iinfo(INT).max  # of an axis, whatever its size


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


def exp(x: Tensor) -> Tensor:
    return x.graph.node("Exp", x)


def log(x: Tensor) -> Tensor:
    return x.graph.node("Log", x)


def sqrt(x: Tensor) -> Tensor:
    return x.graph.node("Sqrt", x)


def abs(x: Tensor) -> Tensor:
    return x.graph.node("Abs", x)


def round(x: Tensor) -> Tensor:
    return x.graph.node("Round", x)


def isnan(x: Tensor) -> Tensor:
    return x.graph.node("IsNaN", x, dtype=bool)


def logical_not(x: Tensor) -> Tensor:
    return ~x


def logical_and(x: Tensor, y: Any) -> Tensor:
    return x & y


def isinf(x: Tensor) -> Tensor:
    return x.graph.node("IsInf", x, dtype=bool)


def relu(x: Tensor) -> Tensor:
    return x.graph.node("Relu", x)


def sigmoid(x: Tensor) -> Tensor:
    return x.graph.node("Sigmoid", x)


def tanh(x: Tensor) -> Tensor:
    return x.graph.node("Tanh", x)


def arcsinh(x: Tensor) -> Tensor:  # runtimes have their own for float32 only
    size = abs(x)
    return x.graph.node("Sign", x) * log(size + sqrt(size * size + 1))


def sinh(x: Tensor) -> Tensor:  # likewise
    return (exp(x) - exp(-x)) * 0.5


def maximum(x: Tensor, y: Any) -> Tensor:
    return x.binary("Max", y)


def minimum(x: Tensor, y: Any) -> Tensor:
    return x.binary("Min", y)


def clip(x: Tensor, low: Any, high: Any) -> Tensor:
    """Limit values; NaN stays."""
    return where(x > high, high, where(x < low, low, x))


def matmul(x: Tensor, y: Any) -> Tensor:
    return x.binary("MatMul", y)


def conv(x: Tensor, kernel: NDArray[np.float32], padding: str) -> Tensor:
    """Slide a kernel (2 * reach + 1, F, K) over the time steps of (N, T, F)."""
    assert padding == "same"
    reach = len(kernel) // 2
    weights = x.graph.constant(kernel.transpose(2, 1, 0), x.dtype)
    channels_first = transpose(x, (0, 2, 1))
    found = x.graph.node("Conv", channels_first, weights, pads=[reach, reach])
    return transpose(found, (0, 2, 1))


# Over an axis -------------------------------------------------------------------------


def sum(x: Tensor, axis: int) -> Tensor:
    return _reduce("ReduceSum", x, axis)


def max(x: Tensor, axis: int) -> Tensor:
    return _reduce("ReduceMax", x, axis)


def min(x: Tensor, axis: int) -> Tensor:
    return _reduce("ReduceMin", x, axis)


def any(x: Tensor) -> Tensor:
    """Return whether something is true, a scalar."""
    return _reduce("ReduceMax", reshape(cast(x, np.int32), (-1,)), 0) > 0


def argmax(x: Tensor, axis: int, keepdims: bool = False) -> Tensor:
    return x.graph.node("ArgMax", x, dtype=INT, axis=axis, keepdims=int(keepdims))


def softmax(x: Tensor, axis: int) -> Tensor:
    return x.graph.node("Softmax", x, axis=axis)


def cumsum(x: Tensor, axis: int = 0) -> Tensor:
    return x.graph.node("CumSum", x, x.graph.constant(axis, INT))


# Shapes -------------------------------------------------------------------------------


def concatenate(tensors: Sequence[Tensor], axis: int = -1) -> Tensor:
    return tensors[0].graph.node("Concat", *tensors, axis=axis)


def reshape(x: Tensor, shape: Sequence[Any]) -> Tensor:
    """Reshape; a size is a number or a scalar tensor, 0 is the size that it has."""
    return x.graph.node("Reshape", x, _vector(x, shape))


def broadcast_to(x: Tensor, shape: Sequence[Any]) -> Tensor:
    """Repeat along axes; a size of 1 is the size that there is."""
    return x.graph.node("Expand", x, _vector(x, shape))


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


def take(x: Tensor, index: Any, axis: int = 0, name: str | None = None) -> Tensor:
    """Gather along an axis; a runtime refuses an index that there is not."""
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


def part(x: Tensor, start: Any, stop: Any, axis: int) -> Tensor:
    """Return what lies between two places of an axis."""
    start_stop = (_vector(x, [place]) for place in (start, stop))
    return x.graph.node("Slice", x, *start_stop, x.graph.constant([axis], INT))


def split(x: Tensor, places: int | Sequence[int], axis: int = -1) -> list[Tensor]:
    """Cut an axis into so many parts of one size, or at some places."""
    if isinstance(places, int):
        dtypes, options = places * [x.dtype], {"axis": axis, "num_outputs": places}
        return x.graph.add("Split", [x], dtypes, attributes=options)
    pairs = zip([0, *places], [*places, END], strict=True)
    return [part(x, start, stop, axis) for start, stop in pairs]


def flatnonzero(x: Tensor) -> Tensor:
    """Return the places of a bool vector that are true."""
    return reshape(x.graph.node("NonZero", x, dtype=INT), [-1])


# Checks -------------------------------------------------------------------------------


def refuse(x: Tensor, wrong: Tensor, name: str) -> Tensor:
    """Return ``x``, of int64, unless something is true.

    ONNX has no errors of one's own. So an index is out of bounds then, in a node whose
    name says what is wrong; runtimes name it.
    """
    index = max(reshape(cast(wrong, INT), (-1,)), 0)
    return x + take(x.graph.constant([0], INT), index, name=name)


def _reduce(op_type: str, x: Tensor, axis: int) -> Tensor:
    return x.graph.node(op_type, x, x.graph.constant([axis], INT), keepdims=0)


def _vector(x: Tensor, sizes: Sequence[Any]) -> Tensor:
    """Return int64 numbers, some of them scalar tensors, as a vector."""
    graph = x.graph
    if all(isinstance(size, int) for size in sizes):
        return graph.constant(sizes, INT)
    ones = [
        graph.constant([size], INT)
        if not isinstance(size, Tensor)
        else graph.node("Unsqueeze", size, graph.constant([0], INT))
        for size in sizes
    ]
    return ones[0] if len(ones) == 1 else graph.node("Concat", *ones, axis=0)
