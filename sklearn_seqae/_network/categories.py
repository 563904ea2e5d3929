"""Codes of categories become vectors, and logits become codes."""

from __future__ import annotations

from typing import Any

from sklearn_seqae._network.engine import Engine
from sklearn_seqae._network.layers import Embedding
from sklearn_seqae._patches.steps import StepLayout

Tensor = Any


def with_vectors(
    engine: Engine,
    tables: tuple[Embedding, ...],
    layout: StepLayout,
    steps: Tensor,
    lengths: Tensor | None = None,
) -> Tensor:
    """Replace the codes in steps by vectors, which layers learn.

    Parameters
    ----------
    engine : Engine
    tables : tuple of Embedding
        Of each column of categories.
    layout : StepLayout
        Of the steps.
    steps : tensor of shape (..., width + n_extra)
    lengths : tensor of shape (B,), default=None
        Own steps of each row, where these are the steps of rows.

    Returns
    -------
    tensor of shape (..., n_read + n_extra)
    """
    if not layout.category_sizes:
        return steps
    cuts = [column.codes.start for column in layout.columns] + [layout.width]
    numbers, *codes, extra = engine.ops.split(steps, cuts, axis=-1)
    vectors = [
        engine.look_up(table, code, lengths)
        for table, code in zip(tables, codes, strict=True)
    ]
    return engine.ops.concatenate([numbers, *vectors, extra], axis=-1)


def most_likely(engine: Engine, layout: StepLayout, written: Tensor) -> Tensor:
    """Replace the logits in what a decoder wrote by the most likely codes.

    Parameters
    ----------
    engine : Engine
    layout : StepLayout
    written : tensor of shape (..., n_outputs)

    Returns
    -------
    tensor of shape (..., width)
    """
    if not layout.category_sizes:
        return written
    ops, cuts = engine.ops, [layout.n_numbers]
    for column in layout.columns:
        for _ in range(layout.n_timesteps):
            cuts.append(cuts[-1] + column.n_categories)
    numbers, *logits = ops.split(written, cuts[:-1], axis=-1)
    codes = [
        ops.cast(ops.argmax(of_one, axis=-1, keepdims=True), numbers.dtype) + 1
        for of_one in logits
    ]
    return ops.concatenate([numbers, *codes], axis=-1)
