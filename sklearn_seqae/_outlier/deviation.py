"""What is measured of a sequence to tell whether it is usual."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._containers.ragged import Ints, RaggedArray
from sklearn_seqae._fitted.autoencoder import Autoencoder
from sklearn_seqae._fitted.scores import losses_by_block
from sklearn_seqae._outlier.crossfit import (
    CrossFittedChain,
    CrossFittedDistance,
    Floats,
)
from sklearn_seqae._sequences.missing import fill_missing
from sklearn_seqae._utils.plain import Positive, PositiveFloats

N_SIZES = 4  # logarithms of size
FLAT = 1e-6  # smallest variance told from none, as a share of the usual one


class Measures(NamedTuple):
    """Measures of scaled sequences; of categories in units of `StepLayout.costs`."""

    embedding: Floats  # (n_sequences, n_components)
    length: Floats  # (n_sequences,)
    # (n_sequences, n_features): mean of each number over the sequence, mean surprisal
    # of categories
    mean: Floats
    # (n_sequences, n_features): of each number over the sequence; entropy of the
    # categories in it
    variance: Floats
    # (n_sequences, n_features): mean square of the steps from one time step to the
    # next; mean surprisal of categories after the one before
    step_variance: Floats
    # (n_sequences, n_features): of the reconstruction, over observed values: mean
    # squares of numbers, cross-entropies of categories
    error: Floats
    # (n_sequences, n_columns): mean surprisal of categories after the one before, as in
    # `step_variance`
    surprisal: Floats

    @classmethod
    def of(
        cls,
        network: Autoencoder,
        scaled: RaggedArray,
        chains: tuple[CrossFittedChain, ...] = (),
        traced: list[Floats] | None = None,
    ) -> Self:
        """Measure sequences; there is a chain for each column of categories.

        ``traced`` are their `traces`, if these are known.
        """
        network.check_decodable(scaled.lengths, "sequence {row}")
        embedding = network.embed(scaled, "float64")
        errors = [
            _mean(losses, block)
            for _, block, losses in losses_by_block(network, scaled, embedding)
        ]
        values, squares, steps = traced or traces(network, scaled, chains)
        n_steps = np.maximum(scaled.lengths - 1, 1)[:, None]
        step_variance = _sum(steps, scaled) / n_steps
        return cls(
            embedding,
            scaled.lengths.astype(np.float64),
            _mean(values, scaled),
            _mean(squares, scaled),
            step_variance,
            np.concatenate(errors),
            step_variance[:, scaled.n_numbers :],
        )

    def log_error(self, usual: Floats, ops: Any = np) -> Any:
        """Return the logarithm of the share of variance that reconstructions miss."""
        error = ops.mean(self.error / usual, 1)
        variance = ops.mean(self.variance / usual, 1)
        return ops.log((error + FLAT) / (variance + FLAT))

    def statistics(self, usual: Floats, ops: Any = np) -> tuple[Any, Any]:
        """Return the statistics whose distances are size and profile.

        Of size, logarithms of length, variances and smallest variance, which is that of
        a feature that hardly varies, among others that do: (n_sequences, 4). Of
        profile, length, and mean, deviation and root mean square step of each feature.
        """
        variance, changes = self.variance / usual, self.step_variance / usual
        variances = ops.mean(variance, 1), ops.mean(changes, 1), ops.min(variance, 1)
        size = ops.stack([self.length, *(v + FLAT for v in variances)], 1)
        length = ops.expand_dims(ops.log(self.length), 1)
        profile = [length, self.mean, ops.sqrt(variance), ops.sqrt(changes)]
        return ops.log(size), ops.concatenate(profile, axis=1)

    def order(self, usual: float, ops: Any = np) -> Any:
        """Return how far surprisals are above the usual, in units of one time step.

        A mean over n time steps varies by the root of n less.
        """
        above = ops.mean(self.surprisal, 1) - usual
        return above * ops.sqrt(self.length - 1)


def traces(
    network: Autoencoder, scaled: RaggedArray, chains: tuple[CrossFittedChain, ...]
) -> list[Floats]:
    """Return what mean, variance and step variance are means of over time.

    Three times (n_timesteps, n_features); a step at the first time step is 0.
    """
    traced = [_of_numbers(scaled.numbers)]
    codes, costs = scaled.codes.astype(np.int64), network.preprocessing.costs
    for column, chain, cost in zip(codes.T, chains, costs, strict=True):
        of_column = _of_categories(column, scaled, chain)
        traced.append([each[:, None] / cost for each in of_column])
    return [np.concatenate(each, axis=1) for each in zip(*traced, strict=True)]


def _of_numbers(numbers: RaggedArray) -> list[Floats]:
    """Return values, squares of what is centred, and squares of steps."""
    values = fill_missing(numbers).values.astype(np.float64)
    mean = _mean(values, numbers)
    centred = values - np.repeat(mean, numbers.lengths, axis=0)
    steps = np.diff(values, axis=0, prepend=values[:1])
    steps[numbers.offsets[:-1]] = 0.0
    return [values, centred**2, steps**2]


def _of_categories(
    codes: Ints, sequences: RaggedArray, chain: CrossFittedChain
) -> list[Floats]:
    """Return surprisals, those within the sequence, and those after the one before."""
    lengths = sequences.lengths
    row = np.repeat(np.arange(len(lengths)), lengths)
    # How often each code of each sequence occurs, at every time step that has it
    _, place, counts = np.unique(
        row * (codes.max() + 1) + codes, return_inverse=True, return_counts=True
    )
    of_codes, of_pairs = chain.surprisals(codes, sequences.offsets)
    return [of_codes, -np.log(counts[place] / lengths[row]), of_pairs]


def _sum(values: Floats, sequences: RaggedArray) -> Floats:
    """Return sums over time, without NaN, of shape (n_sequences, n_features)."""
    return np.add.reduceat(np.nan_to_num(values), sequences.offsets[:-1])


def _mean(values: Floats, sequences: RaggedArray) -> Floats:
    """Return means over time of what is not NaN, 0 where all is."""
    counts = _sum(np.where(np.isnan(values), 0.0, 1.0), sequences)
    return _sum(values, sequences) / np.maximum(counts, 1)


@dataclass(frozen=True)
class Usual:
    """Model of usual sequences."""

    variance: PositiveFloats  # (n_features,): median variance of those that vary
    embedding: CrossFittedDistance
    size: CrossFittedDistance
    profile: CrossFittedDistance
    # Of the logarithm of the relative reconstruction error
    error_mean: float
    error_std: Positive
    # Mean surprisal of a category; None without categories
    order_mean: float | None = None
    order_std: Positive = 1.0  # standard deviation of what `order` returns

    @classmethod
    def fit(
        cls,
        measures: Measures,
        held_out: NDArray[np.bool_],
        random_state: np.random.RandomState,
    ) -> Self:
        """Learn from sequences, some of which the network was not trained on."""
        varying = measures.variance > 0
        some, variance = varying.any(axis=0), np.ones(varying.shape[1])
        of_varying = np.where(varying, measures.variance, np.nan)[:, some]
        variance[some] = np.nanmedian(of_varying, axis=0)
        size, profile = measures.statistics(variance)
        errors = measures.log_error(variance)
        new, trained = errors[held_out], errors[~held_out]
        order_mean, order_std = None, 1.0
        if measures.surprisal.shape[1]:
            surprisal = measures.surprisal.mean(axis=1)
            order_mean = float(np.average(surprisal, weights=measures.length))
            order_std = float(measures.order(order_mean).std()) or 1.0
        return cls(
            variance,
            CrossFittedDistance.fit(measures.embedding, random_state),
            CrossFittedDistance.fit(size, random_state),
            CrossFittedDistance.fit(profile, random_state),
            float(new.mean()),
            # one or two new ones have next to no deviation
            float(max(new.std(), trained.std())) or 1.0,
            order_mean,
            order_std,
        )

    def check_widths(self, n_components: int, n_features: int) -> None:
        """Check that it is of so many components and features."""
        found = [self.variance.shape, self.embedding.n_columns]
        found += [self.size.n_columns, self.profile.n_columns]
        expected = [(n_features,), {n_components}, {N_SIZES}, {1 + 3 * n_features}]
        if found != expected:
            raise ValueError(
                f"what is usual has widths {found}, but the network {expected}"
            )

    def excess(self, measures: Any, ops: Any = np) -> Any:
        """Largest of distances and error, in standard deviations above usual."""
        return reduce(ops.maximum, self.deviations(measures, ops).values())

    def deviations(self, measures: Any, ops: Any = np) -> dict[str, Any]:
        """Each of them, (n_sequences,)."""
        size, profile = measures.statistics(self.variance, ops)
        error = measures.log_error(self.variance, ops) - self.error_mean
        found = {
            "embedding": self.embedding.standardized(measures.embedding, ops),
            "error": error / self.error_std,
            "size": self.size.standardized(size, ops),
            "profile": self.profile.standardized(profile, ops),
        }
        if self.order_mean is not None:
            found["order"] = measures.order(self.order_mean, ops) / self.order_std
        return found
