"""Sample weights as counts: weight 2 is the same as passing the sequence twice."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import _check_sample_weight

from sklearn_seqae._containers.ragged import RaggedArray


def merge_repeated(
    ragged: RaggedArray, sample_weight: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Merge equal sequences, add up their weights, and drop those of weight zero.

    Beside the largest weight, zero is what float32 can't tell from it.

    The order of the result depends on the sequences alone. So a weight of 2 and a
    sequence passed twice give the same training, whatever the order of `X`.

    Parameters
    ----------
    ragged : RaggedArray
        The sequences.
    sample_weight : ndarray of shape (n_sequences,)
        Weight of each sequence, see `checked_weights`.

    Returns
    -------
    distinct : ndarray of int
        The distinct sequences, by index.
    sample_weight : ndarray of float64
        Their weights, positive.

    Raises
    ------
    ValueError
        If weights of equal sequences add up to infinity.
    """
    digests = [hashlib.blake2b(s.data, digest_size=16).digest() for s in ragged]
    _, first, group = np.unique(digests, return_index=True, return_inverse=True)
    total: NDArray[Any] = np.bincount(
        group, weights=sample_weight, minlength=len(first)
    )
    if not np.isfinite(total).all():
        raise ValueError(
            f"sample_weight is as large as {sample_weight.max():.3g}, and weights of "
            "equal sequences add up to infinity; divide all weights by a constant."
        )
    kept = total > total.max() * np.finfo(np.float32).tiny
    return first[kept], total[kept]


def checked_weights(
    ragged: RaggedArray, sample_weight: ArrayLike | None
) -> NDArray[np.float64]:
    """Return the weight of each sequence, 1 for None.

    Raises
    ------
    ValueError
        If they are not one finite, non-negative number for each sequence, or all are
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
    return weight
