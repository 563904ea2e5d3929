"""Errors of reconstructions, and distributions of the categories that are decoded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax

from sklearn_seqae._containers.ragged import RaggedArray
from sklearn_seqae._fitted.autoencoder import Autoencoder
from sklearn_seqae._patches.batching import from_patches
from sklearn_seqae._patches.heads import Head

BLOCK = 1024  # sequences decoded at a time where only their errors are wanted
WIDTH = 64  # values of a step; where a decoder writes more, blocks are smaller


def errors(network: Autoencoder, scaled: RaggedArray) -> NDArray[np.float64]:
    """Mean reconstruction error of each sequence, over observed values."""
    network.check_decodable(scaled.lengths, "sequence {row}")
    errors = np.empty(len(scaled))
    for start, block, losses in losses_by_block(network, scaled):
        observed = np.logical_not(np.isnan(losses))
        starts = block.offsets[:-1]
        squares = np.where(observed, losses, 0.0)
        total = np.add.reduceat(squares.sum(axis=1), starts)
        counts = np.add.reduceat(observed.sum(axis=1), starts)
        # Of times alone, one event has none
        errors[start : start + len(block)] = total / np.maximum(counts, 1)
    return errors


def errors_by_feature(network: Autoencoder, scaled: RaggedArray) -> NDArray[np.float64]:
    """Mean reconstruction error of each feature, NaN where it is not observed."""
    network.check_decodable(scaled.lengths, "sequence {row}")
    total = np.zeros(scaled.n_features)
    counts = np.zeros(scaled.n_features)
    for _, _, losses in losses_by_block(network, scaled):
        total += np.nansum(losses, axis=0)
        counts += np.logical_not(np.isnan(losses)).sum(axis=0)
    return np.divide(total, counts, np.full(len(total), np.nan), where=counts > 0)


def log_probabilities(
    network: Autoencoder, Z: NDArray[Any], n_timesteps: NDArray[np.int64]
) -> list[NDArray[np.float32]]:
    """Log-probabilities of codes at each time step, an array for each column."""
    network.check_decodable(n_timesteps, "row {row} of Z means a sequence that")
    learnt = Z[:, : network.architecture.embedding_size]
    steps = network._steps(learnt, n_timesteps, "row {row} of Z", raw=True)
    return [
        log_softmax(written, axis=1)
        for _, head, written in _columns(network, steps, n_timesteps)
        if head.is_finite
    ]


def _columns(
    network: Autoencoder, steps: NDArray[np.float32], n_timesteps: NDArray[np.int64]
) -> Iterator[tuple[int, Head, NDArray[Any]]]:
    """Yield the columns that are no numbers, and what is written for each time step."""
    known = network.preprocessing
    parts = network.architecture.step.column_parts
    for j, part in enumerate(parts, known.n_numbers):
        written = steps[:, part.written]
        by_time = from_patches(written, n_timesteps, known.patch_size)
        yield j, part.head, by_time.values


def losses_by_block(
    network: Autoencoder, scaled: RaggedArray, Z: NDArray[Any] | None = None
) -> Iterator[tuple[int, RaggedArray, NDArray[np.float64]]]:
    """Yield blocks of sequences, and the loss of each of their values.

    With the number of the first; NaN where nothing is observed; ``Z`` if known.
    """
    n = max(1, BLOCK * WIDTH // max(WIDTH, network.architecture.step.n_outputs))
    for start in range(0, len(scaled), n):
        block = scaled[start : start + n]
        rows = None if Z is None else Z[start : start + n]
        if scaled.n_codes:
            yield start, block, _mixed_losses(network, block, rows, start)
            continue
        if rows is None:
            decoded = network.reconstruct(block, start)
        else:
            decoded = network.decode(rows, block.lengths, "sequence {row}", start)
        yield start, block, (decoded.values.astype(np.float64) - block.values) ** 2


def _mixed_losses(
    network: Autoencoder, scaled: RaggedArray, Z: NDArray[Any] | None, first: int
) -> NDArray[np.float64]:
    """Return the errors of all values, also of columns that are no numbers."""
    known, lengths = network.preprocessing, scaled.lengths
    losses = np.empty(scaled.values.shape)
    if Z is None:
        learnt, own = network._encode(scaled, first)
    else:
        learnt = Z[:, : network.architecture.embedding_size]
        own = known.own(scaled)
    steps = network._steps(learnt, lengths, "sequence {row}", first, raw=True)
    if known.n_numbers:
        written = steps[:, : network.architecture.step.n_numbers]
        decoded = from_patches(written, lengths, known.patch_size)
        decoded = known.in_common_units(decoded, own)
        difference = decoded.values.astype(np.float64) - scaled.numbers.values
        losses[:, : known.n_numbers] = difference**2
    for j, head, written in _columns(network, steps, lengths):
        losses[:, j] = head.loss(written, scaled.values[:, j : j + 1])[:, 0]
    losses[:, known.n_numbers :] /= known.costs
    return losses
