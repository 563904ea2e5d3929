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
from sklearn_seqae._patches.prefixes import recent_values, tails

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
        errors[start : start + len(block)] = total / counts
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
    """Log-probabilities of the codes 1, 2, ... at every time step.

    One array of shape (n_timesteps_in_all, n_categories) for each column.
    """
    network.check_decodable(n_timesteps, "row {row} of Z means a sequence that")
    learnt = Z[:, : network.architecture.embedding_size]
    steps = network._steps(learnt, n_timesteps, "row {row} of Z", logits=True)
    return _log_softmax(network, steps, n_timesteps)


def draw_categories(
    network: Autoencoder,
    Z: NDArray[Any],
    decoded: RaggedArray,
    random_state: np.random.RandomState,
) -> RaggedArray:
    """Draw the categories of decoded sequences, in place of the most likely ones.

    From their distribution at each time step, independently of each other.
    """
    if not decoded.n_codes:
        return decoded
    values = decoded.values.copy()
    log_p = log_probabilities(network, Z, decoded.lengths)
    for j, of_column in enumerate(log_p, network.preprocessing.n_numbers):
        gumbel = random_state.gumbel(size=of_column.shape)
        values[:, j] = 1 + np.argmax(of_column + gumbel, axis=1)
    return decoded.with_values(values)


def log_probabilities_ahead(
    network: Autoencoder, scaled: RaggedArray, longest: int
) -> list[NDArray[np.float32]]:
    """Log-probabilities of the codes that come next, over one horizon.

    One array of shape (n_sequences * horizon, n_categories) for each column.
    """
    from sklearn_seqae._keras.inference import forecast

    history, known = tails(scaled, longest), network.preprocessing
    recent = recent_values(history)
    weights, horizon = network._trained.weights, known.forecast_horizon
    embeddings, _ = network._encode(history)
    steps = forecast(network.architecture, weights, embeddings, recent, logits=True)
    network._check_finite(steps, "sequence {row}")
    n_timesteps = np.full(len(scaled), horizon)
    return _log_softmax(network, steps.reshape(-1, steps.shape[-1]), n_timesteps)


def _log_softmax(
    network: Autoencoder, steps: NDArray[np.float32], n_timesteps: NDArray[np.int64]
) -> list[NDArray[np.float32]]:
    """Return log-probabilities of categories, from what the decoder wrote."""
    return [
        log_softmax(
            from_patches(
                steps[:, column.logits], n_timesteps, network.preprocessing.patch_size
            ).values,
            axis=1,
        )
        for column in network.architecture.step.columns
    ]


def losses_by_block(
    network: Autoencoder, scaled: RaggedArray, Z: NDArray[Any] | None = None
) -> Iterator[tuple[int, RaggedArray, NDArray[np.float64]]]:
    """Yield blocks of sequences, and the loss of each of their values.

    With the number of the first one. NaN where nothing is observed. ``Z`` are their
    embeddings, if these are known.
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
    """Return squared errors of numbers, cross-entropies of categories."""
    known, lengths = network.preprocessing, scaled.lengths
    losses = np.empty(scaled.values.shape)
    if Z is None:
        learnt, units = network._encode(scaled, first)
    else:
        learnt = Z[:, : network.architecture.embedding_size]
        _, units = known.own_units(scaled)
    steps = network._steps(learnt, lengths, "sequence {row}", first, logits=True)
    if known.n_numbers:
        written = steps[:, : network.architecture.step.n_numbers]
        own = from_patches(written, lengths, known.patch_size)
        if known.instance_norm is not None:
            own = known.instance_norm.denormalize(own, units)
        difference = own.values.astype(np.float64) - scaled.numbers.values
        losses[:, : known.n_numbers] = difference**2
    row = np.arange(scaled.n_timesteps)
    for j, log_p in enumerate(_log_softmax(network, steps, lengths)):
        code = scaled.values[:, known.n_numbers + j].astype(np.int64)
        # An unknown category is no less unlikely than any other
        told = np.where(code > 0, log_p[row, code - 1], log_p.min(axis=1))
        losses[:, known.n_numbers + j] = -told
    losses[:, known.n_numbers :] /= known.category_costs
    return losses
