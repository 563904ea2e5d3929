"""Responses of kernels within patches, for exported models.

The same as `_patches.convolutions`, on padded sequences; the tests hold them together.
`ops` are the functions that compute, see `engine.Engine`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sklearn_seqae._patches.convolutions import Convolutions

Tensor = Any


def read(
    ops: Any, known: Convolutions, padded: Tensor, inside: Tensor, n_steps: Any
) -> Tensor:
    """Return what the encoder reads of every patch, (B, n_steps, n_outputs).

    Not zero beyond the ends, where nobody looks.

    Parameters
    ----------
    ops : module
    known : Convolutions
    padded : tensor of shape (B, n_steps * patch_size, n_features)
        Zero beyond the ends.
    inside : tensor of shape (B, n_steps * patch_size, 1), bool
        Where a time step is a sequence's own.
    n_steps : int or scalar tensor
    """
    responses = ops.conv(padded, known.kernel, padding="same")
    own = ops.where(inside, responses, 0.0)
    by_patch = ops.reshape(own, (-1, known.patch_size, known.n_kernels))
    mean = ops.sum(ops.abs(by_patch), axis=1) / known.patch_size
    found = ops.concatenate([mean, ops.max(by_patch, axis=1)], axis=-1)
    centre, scale = (np.array(each, np.float32) for each in (known.mean, known.scale))
    return ops.reshape((found - centre) / scale, (-1, n_steps, known.n_outputs))
