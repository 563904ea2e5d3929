"""Ragged values and lengths to padded sequences and back, in a graph.

``N`` sequences have ``L`` time steps in all; ``T`` is the length that they are padded
to, ``F`` the number of features.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from sklearn_seqae._onnx import ops
from sklearn_seqae._onnx.graph import Tensor


@dataclass(frozen=True)
class Extent:
    """The lengths of padded sequences.

    Attributes
    ----------
    lengths : Tensor of shape (N,), int64
        Time steps of each sequence.
    n_steps : Tensor, int64
        T.
    """

    lengths: Tensor
    n_steps: Tensor

    @classmethod
    def of(cls, lengths: Tensor, patch_size: int) -> Extent:
        """Return the extent that has room for all patches of the longest sequence."""
        longest = ops.max(n_patches(lengths, patch_size), 0) * patch_size
        return cls(lengths, longest)

    @property
    def place(self) -> Tensor:
        """The numbers of all time steps, (T,)."""
        return ops.arange(self.n_steps)

    @property
    def inside(self) -> Tensor:
        """Where a time step is a sequence's own, (N, T)."""
        return self.place < ops.expand_dims(self.lengths, 1)

    def only_inside(self, padded: Tensor, beyond: float = 0.0) -> Tensor:
        """Return (N, T, F) with another value beyond the ends."""
        return ops.where(ops.expand_dims(self.inside, 2), padded, beyond)


def n_patches(lengths: Tensor, patch_size: int) -> Tensor:
    """Count the patches that sequences take."""
    return (lengths + (patch_size - 1)) // patch_size


def checked(given: Mapping[str, Tensor]) -> Tensor:
    """Return the lengths; a graph that runs refuses what `transform` refuses.

    Parameters
    ----------
    given : mapping of str to Tensor
        ``lengths``, int64, and tensors with a row for each time step.
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
    for name, wrong in problems.items():
        lengths = ops.refuse(lengths, wrong, name)
    return lengths


def in_range(values: Tensor, scaled: Tensor, lengths: Tensor) -> Tensor:
    """Return the lengths, if scaling has made no value infinite."""
    wrong = ops.isinf(scaled) & ~ops.isinf(values)
    return ops.refuse(lengths, wrong, "every_scaled_value_is_in_the_range_of_float32")


def to_padded(values: Tensor, extent: Extent) -> Tensor:
    """Pad (L, F) with NaN at the ends: (N, T, F)."""
    starts = ops.cumsum(extent.lengths) - extent.lengths
    rows = ops.expand_dims(starts, 1) + extent.place
    padded = ops.take(values, ops.where(extent.inside, rows, 0))
    return extent.only_inside(padded, np.nan)


def from_padded(padded: Tensor, extent: Extent, n_features: int) -> Tensor:
    """Undo `to_padded`."""
    every = ops.reshape(padded, (-1, n_features))
    return ops.compress(every, ops.reshape(extent.inside, (-1,)))


def to_lstm_steps(padded: Tensor, patch_size: int, n_features: int) -> Tensor:
    """Cut padded sequences into patches, time-major: (T / patch_size, N, width)."""
    rows = ops.reshape(padded, (0, -1, patch_size * n_features))
    return ops.transpose(rows, (1, 0, 2))


def codes_to_lstm_steps(padded: Tensor, patch_size: int, n_codes: int) -> Tensor:
    """Cut padded codes into patches, one column after the other; see `to_steps`."""
    patches = ops.reshape(padded, (0, -1, patch_size, n_codes))
    by_column = ops.transpose(patches, (0, 1, 3, 2))
    return to_lstm_steps(by_column, patch_size, n_codes)


def from_lstm_steps(
    steps: Tensor, extent: Extent, patch_size: int, n_features: int
) -> Tensor:
    """Return what a decoder wrote, last step first, in the order of time: (N, T, F)."""
    last = ops.expand_dims(n_patches(extent.lengths, patch_size) - 1, 1)
    step = ops.maximum(last - ops.arange(extent.n_steps // patch_size), 0)
    rows = ops.transpose(steps, (1, 0, 2))
    index = ops.broadcast_to(ops.expand_dims(step, 2), (1, 1, patch_size * n_features))
    in_order = steps.graph.node("GatherElements", rows, index, axis=1)
    return ops.reshape(in_order, (0, -1, n_features))
