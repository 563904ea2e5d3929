"""Ragged values and lengths to padded sequences and back, in a graph.

``N`` sequences have ``L`` time steps in all; ``T`` is the length that they are padded
to, ``F`` the number of features.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from sklearn_seqae._network.padded import interpolated
from sklearn_seqae._onnx import ops
from sklearn_seqae._onnx.graph import Tensor

MISSING = ""  # text in place of a category that is missing
GROUP = 2**12  # LSTM steps that are padded together, or one sequence that is longer


@dataclass(frozen=True)
class Extent:
    """Sequences that are padded together: a group of all that there are; int64."""

    rows: Tensor  # their numbers among all, (N,)
    lengths: Tensor  # time steps of each, (N,)
    starts: Tensor  # where each begins among the time steps of all, (N,)
    n_steps: Tensor  # T, which has room for all patches of the longest one

    @property
    def place(self) -> Tensor:
        """The numbers of all time steps, (T,)."""
        return ops.arange(self.n_steps)

    @property
    def inside(self) -> Tensor:
        """Where a time step is a sequence's own, (N, T)."""
        return self.place < ops.expand_dims(self.lengths, 1)

    @property
    def own(self) -> Tensor:
        """The same, beside features: (N, T, 1)."""
        return ops.expand_dims(self.inside, 2)


def n_patches(lengths: Tensor, patch_size: int) -> Tensor:
    return (lengths + (patch_size - 1)) // patch_size


def in_groups(
    lengths: Tensor, patch_size: int, compute: Callable[[Extent], Sequence[Tensor]]
) -> tuple[list[Tensor], Tensor]:
    """Compute tensors for groups of sequences, the longest sequences first.

    A group has at most `GROUP` LSTM steps, fewer than half of them padding. Returns the
    joined tensors, and the numbers of the sequences in this order, (N,).
    """
    n, graph = ops.size(lengths, 0), lengths.graph
    steps, order = graph.add(
        "TopK",
        [n_patches(lengths, patch_size), ops.reshape(n, (1,))],
        [np.int64, np.int64],
        attributes={"axis": 0},
    )
    starts, room = starts_of(lengths), graph.constant(GROUP, np.int64)

    def group(start: Tensor) -> tuple[Tensor, Sequence[Tensor]]:
        longest = ops.take(steps, start)
        next_ones = steps[start : start + ops.maximum(room // longest, 1)]
        alike = ops.sum(ops.cast(next_ones * 2 > longest, np.int64), 0)
        stop = start + alike
        rows = order[start:stop]
        own = ops.take(lengths, rows), ops.take(starts, rows)
        return stop, compute(Extent(rows, *own, longest * patch_size))

    return graph.in_parts(n, group), order


def starts_of(lengths: Tensor) -> Tensor:
    """Return where each sequence begins, (N,)."""
    return ops.cumsum(lengths) - lengths


def places_in(order: Tensor) -> Tensor:
    """Return where each number stands in an order."""
    n = ops.arange(ops.size(order, 0))
    return order.graph.node("ScatterElements", order, order, n, axis=0)


def put(values: Tensor, places: Tensor, value: float) -> Tensor:
    """Return a vector with a value at some places."""
    one = values.graph.constant([value], values.dtype)
    updates = ops.broadcast_to(one, [ops.size(places, 0)])
    return values.graph.node("ScatterElements", values, places, updates, axis=0)


def time_steps_in(order: Tensor, lengths: Tensor) -> Tensor:
    """Return where each time step stands if the sequences are in an order, (L,)."""
    n, starts = ops.sum(lengths, 0), starts_of(lengths)
    starts_in_order = starts_of(ops.take(lengths, order))
    moved = ops.take(starts_in_order, places_in(order)) - starts
    zeros = ops.broadcast_to(starts.graph.constant([0], np.int64), [n])
    row_of_each = ops.cumsum(put(zeros, starts, 1)) - 1
    return ops.arange(n) + ops.take(moved, row_of_each)


def checked(given: Mapping[str, Tensor], is_value: bool) -> Tensor:
    """Return lengths, with checks; ``is_value``: the text `MISSING` is a category.

    Times may be all that is given.
    """
    lengths = given["lengths"]
    total, problems = ops.sum(lengths, 0), {}
    for name, tensor in given.items():
        if name != "lengths":
            rule = f"the_sum_of_lengths_is_the_number_of_rows_of_{name}"
            problems[rule] = ~total.equals(ops.size(tensor, 0))
    problems["every_length_is_at_least_1"] = lengths < 1
    if "values" in given:
        infinite = ops.isinf(given["values"])
        problems["every_value_is_finite_or_NaN_where_missing"] = infinite
    lengths = ops.refuse(lengths, **problems)
    if is_value or given.keys() == {"lengths", "times"}:
        return lengths
    starts, observed = starts_of(lengths), lengths * 0
    for name, tensor in given.items():
        if name == "values":
            n = ops.sum(ops.cast(~ops.isnan(tensor), np.int64), 1)
        elif name == "categories":
            n = ops.sum(ops.look_up(tensor, {MISSING: 0}, 1), 1)
        else:
            continue
        up_to = ops.cumsum(n)
        own = ops.take(up_to, starts + lengths - 1) - ops.take(up_to - n, starts)
        observed = observed + own
    return ops.refuse(lengths, every_sequence_has_an_observed_value=observed < 1)


def to_padded(values: Tensor, extent: Extent) -> Tensor:
    """Pad the sequences of a group, out of (L, F), with NaN at the ends: (N, T, F)."""
    rows = ops.expand_dims(extent.starts, 1) + extent.place
    padded = ops.take(values, ops.where(extent.inside, rows, 0))
    return ops.where(extent.own, padded, np.nan)


def from_padded(padded: Tensor, extent: Extent) -> Tensor:
    """Return the time steps of a group, one sequence after the other."""
    every = padded.graph.node("Flatten", padded, axis=2)
    return ops.compress(every, ops.reshape(extent.inside, (-1,)))


def from_lstm_steps(
    steps: Tensor, extent: Extent, patch_size: int, n_features: int
) -> Tensor:
    """Return what a decoder wrote, last step first, in the order of time: (N, T, F)."""
    last = ops.expand_dims(n_patches(extent.lengths, patch_size) - 1, 1)
    step = ops.maximum(last - ops.arange(extent.n_steps // patch_size), 0)
    rows = ops.transpose(steps, (1, 0, 2))
    index = ops.broadcast_to(ops.expand_dims(step, 2), (1, 1, patch_size * n_features))
    in_order = ops.take_along_axis(rows, index, axis=1)
    return ops.reshape(in_order, (0, -1, n_features))


def fill_missing(padded: Tensor, extent: Extent) -> Tensor:
    """Fill NaN of a group; nothing is computed where nothing is missing."""
    return padded.graph.either(
        ops.any(ops.isnan(padded) & extent.own),
        lambda: interpolated(ops, padded, extent.n_steps, "float64"),
        lambda: padded,
    )
