"""Losses of networks that learnt nothing, to judge what others learnt."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._patches.batching import Patches
from sklearn_seqae._patches.steps import Categories

CONSTANT = 1e-14  # variance that may be rounding of float32


class Baselines(NamedTuple):
    """Losses of networks that learnt nothing.

    Attributes
    ----------
    of_mean : float
        Loss of predicting the mean of each feature, and how often categories occur.
    of_zero : float
        Loss of predicting zero, as an untrained network does, or nearly so.
    """

    of_mean: float
    of_zero: float


def baselines(
    patches: Patches, n_features: int, sample_weight: NDArray[np.float64]
) -> Baselines:
    """Mean errors over observed values, without a network.

    Both are 1 at least where features are constant: nothing is better than the mean.
    The loss of predicting how often categories occur is 1, by its definition. An
    untrained network takes all for equally likely.
    """
    observed = patches.observed[:-1]
    values = patches.values[:-1, : observed.shape[1]].astype(np.float64)
    weight = np.repeat(sample_weight, patches.lengths)[:, None] * observed
    if patches.categories is not None:
        return _mixed_baselines(patches.categories, values, weight, patches.n_timesteps)
    values = values.reshape(-1, n_features)
    weight = weight.reshape(-1, n_features)
    return _baselines_of_numbers(values, weight)


def _mixed_baselines(
    categories: Categories,
    values: NDArray[np.float64],
    weight: NDArray[np.float64],
    n_timesteps: int,
) -> Baselines:
    n_numbers = n_timesteps * categories.n_numbers
    of_columns = categories.counts_by_feature(weight.sum(axis=0), n_timesteps)
    of_columns = of_columns[categories.n_numbers :]
    total = weight.sum()
    even = np.log(categories.sizes) / np.array(categories.costs)
    of_mean, of_zero = of_columns.sum() / total, (of_columns @ even) / total
    if n_numbers:
        numbers = _baselines_of_numbers(
            values[:, :n_numbers].reshape(-1, categories.n_numbers),
            weight[:, :n_numbers].reshape(-1, categories.n_numbers),
        )
        share = weight[:, :n_numbers].sum() / total
        of_mean += share * numbers.of_mean
        of_zero += share * numbers.of_zero
    return Baselines(float(of_mean), float(of_zero))


def _baselines_of_numbers(
    values: NDArray[np.float64], weight: NDArray[np.float64]
) -> Baselines:
    """Return those of time steps, (n_timesteps, n_numbers)."""
    total = weight.sum(axis=0)
    of_zero = float((weight * values**2).sum() / total.sum())
    values -= values[0]  # so that rounding errors are no variance
    values -= (weight * values).sum(axis=0) / np.maximum(total, np.finfo(float).tiny)
    of_mean = float((weight * values**2).sum() / total.sum())
    if of_mean <= CONSTANT:
        return Baselines(1.0, max(of_zero, 1.0))
    return Baselines(of_mean, of_zero)
