"""Weights that mean what they say: twice the weight is the sequence given twice."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import _check_sample_weight

from sklearn_seqae._ragged import RaggedArray


def merge_repeated(
    ragged: RaggedArray, sample_weight: ArrayLike | None
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Merge equal sequences, adding up their weights, and drop those without weight.

    What is left comes in an order that depends on the sequences alone. So training
    can't tell a weight of two from a sequence given twice, and not in which order they
    came.

    Parameters
    ----------
    ragged : RaggedArray
    sample_weight : array-like of shape (n_sequences,) or None
        None is one for each.

    Returns
    -------
    distinct : ndarray of int
        The distinct sequences, by index.
    sample_weight : ndarray of float64
        Their weights, positive; the largest is one.

    Raises
    ------
    ValueError
        If the weights are not one finite, non-negative number per sequence, or all
        zero.
    """
    weight: NDArray[Any] = _check_sample_weight(
        sample_weight,
        np.empty((len(ragged), 1)),
        dtype=np.float64,
        ensure_non_negative=True,
    )
    if not weight.any():
        raise ValueError(
            "every sample_weight is zero, which leaves no sequence to train on; give "
            "at least one sequence a positive weight."
        )
    digests = [hashlib.blake2b(s.data, digest_size=16).digest() for s in ragged]
    _, first, group = np.unique(digests, return_index=True, return_inverse=True)
    total: NDArray[Any] = np.bincount(group, weights=weight, minlength=len(first))
    kept = total > 0
    # Only their ratios count; scaled, they are clear of float32's limits.
    return first[kept], total[kept] / total.max()
