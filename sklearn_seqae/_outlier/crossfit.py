"""Distances of points and surprisals of codes, alike for fitted and new sequences."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.model_selection import KFold
from sklearn.preprocessing import StandardScaler

from sklearn_seqae._containers.ragged import Ints, RaggedArray
from sklearn_seqae._utils.plain import Positive, PositiveFloats

Floats = NDArray[np.float64]

N_FOLDS = 5
SHARE = 0.99  # of the variance, which principal components explain
SMALLEST = 1e-9  # variance of a direction, where a column has 1
NEAR = 2.5  # standard deviations


@dataclass(frozen=True)
class Gaussian:
    """Normal distribution with a covariance of low rank plus a constant.

    That of probabilistic principal component analysis (Tipping and Bishop, 1999,
    Journal of the Royal Statistical Society B, 61(3)). It needs no more points than
    columns, and takes less memory than a full covariance.
    """

    # (n_columns,): of the points
    mean: Floats
    scale: PositiveFloats
    # (n_columns,): mean of the points in these units, which is zero but for rounding
    centre: Floats
    # (n_components, n_columns): directions that explain most of the variance
    components: Floats
    variance: PositiveFloats  # (n_components,): along these
    rest: Positive  # variance along each other direction

    def __post_init__(self) -> None:
        n_components, n_columns = len(self.variance), len(self.mean)
        shapes = self.scale.shape, self.centre.shape, self.components.shape
        if shapes != ((n_columns,), (n_columns,), (n_components, n_columns)):
            raise ValueError(
                f"a Gaussian has shapes {shapes}, for {n_columns} columns and "
                f"{n_components} components"
            )

    @classmethod
    def fit(cls, points: Floats) -> Self:
        """Fit to points of shape (n_points, n_columns)."""
        scaler = StandardScaler().fit(points)
        with np.errstate(invalid="ignore"):  # all equal: no variance to have a share of
            pca = PCA(SHARE).fit(scaler.transform(points))
        return cls(
            scaler.mean_,
            scaler.scale_,
            pca.mean_,
            # A file holds them in this layout, and products round by the layout
            np.ascontiguousarray(pca.components_),
            np.maximum(pca.explained_variance_, SMALLEST),
            float(max(pca.noise_variance_, SMALLEST)),
        )

    def squared_distances(self, points: Any, ops: Any = np) -> Any:
        """Squared Mahalanobis distances from the mean, shape (n_points,)."""
        centred, scores = self._scores(points, ops)
        explained = ops.sum(scores * scores / self.variance, 1)
        # Not a difference of sums: divided by a tiny variance, its rounding would count
        residual = centred - ops.matmul(scores, self.components)
        return explained + ops.sum(residual * residual, 1) / self.rest

    def parts(self, points: Floats) -> Floats:
        """Split squared distances by column, (n_points, n_columns)."""
        centred, scores = self._scores(points)
        residual = centred - scores @ self.components
        turned = (scores / self.variance) @ self.components + residual / self.rest
        return centred * turned

    def nearest(self, points: Floats) -> Floats:
        """Return what is usual near points: within `NEAR` deviations each way."""
        _, scores = self._scores(points)
        limit = NEAR * np.sqrt(self.variance)
        within = np.clip(scores, -limit, limit) @ self.components + self.centre
        return within * self.scale + self.mean

    def _scores(self, points: Any, ops: Any = np) -> tuple[Any, Any]:
        """Return points in units of the fit, and their principal components."""
        centred = (points - self.mean) / self.scale - self.centre
        return centred, ops.matmul(centred, self.components.T)


@dataclass(frozen=True)
class CrossFittedDistance:
    """Largest of several Mahalanobis distances, each fitted without some of the points.

    A covariance makes the points that it was fitted to look close. Here points in `fit`
    and new ones have distances of about the same distribution, as in cross-conformal
    prediction (CV-minmax of Barber, Candes, Ramdas and Tibshirani, 2021, Annals of
    Statistics, 49(1)).

    The cube root of a squared distance is about normal (Wilson and Hilferty, 1931,
    PNAS, 17(12)), so all are brought to mean 0 and standard deviation 1 in `fit`.
    """

    gaussians: tuple[Gaussian, ...]
    # Of the cube roots in `fit`
    mean: float
    std: Positive

    @classmethod
    def fit(cls, points: Floats, random_state: np.random.RandomState | None) -> Self:
        """Fit to points of shape (n_points, n_columns), in random folds.

        None takes runs of points as they come, of which neighbours are alike.
        """
        folds = _folds(points, random_state)
        gaussians = tuple(Gaussian.fit(points[rest]) for rest in folds)
        roots = _roots(gaussians, points)
        return cls(gaussians, float(roots.mean()), float(roots.std()) or 1.0)

    @property
    def n_columns(self) -> set[int]:
        """Columns of the points, one number for all Gaussians."""
        return {len(gaussian.mean) for gaussian in self.gaussians}

    def standardized(self, points: Any, ops: Any = np) -> Any:
        """Distances in standard deviations above the mean of those in `fit`."""
        return (_roots(self.gaussians, points, ops) - self.mean) / self.std

    def parts(self, points: Floats) -> tuple[Floats, Floats]:
        """Split the largest squared distances by column, (n_points, n_columns).

        With the mean from which each is so far.
        """
        found = np.stack([gaussian.parts(points) for gaussian in self.gaussians])
        means = np.stack([g.mean + g.centre * g.scale for g in self.gaussians])
        largest = found.sum(axis=2).argmax(axis=0)
        return found[largest, np.arange(len(points))], means[largest]

    def split(self, points: Floats, n: int) -> Floats:
        """Split standardized distances by feature, (n_points, n), as `parts` says.

        Columns are the features at several time steps.
        """
        parts = self.parts(points)[0].reshape(len(points), -1, n).sum(axis=1)
        total, even = parts.sum(axis=1, keepdims=True), np.full(parts.shape, 1 / n)
        shares = np.divide(parts, total, even, where=total > 0)
        return self.standardized(points)[:, np.newaxis] * shares


def _roots(gaussians: tuple[Gaussian, ...], points: Any, ops: Any = np) -> Any:
    squared = [gaussian.squared_distances(points, ops) for gaussian in gaussians]
    return ops.cbrt(reduce(ops.maximum, squared))


NO_PAIR = np.iinfo(np.int64).max  # above all pairs


@dataclass(frozen=True)
class MarkovChain:
    """First-order Markov chain of codes 0, 1, ..., as for system calls in Ye (2000).

    No probability is zero: each code counts once more than it occurs and, after each
    code, all others count once by their shares.
    """

    shares: PositiveFloats  # (n_codes,): of all time steps
    # (n_pairs + 1,): sorted: a code times n_codes, plus the next one; the last is none
    pairs: Ints
    counts: Floats  # (n_pairs + 1,): how often each pair occurs
    totals: Floats  # (n_codes,): pairs that begin with each code

    def __post_init__(self) -> None:
        n_codes, n_pairs = len(self.shares), len(self.pairs)
        shapes = self.totals.shape, self.counts.shape
        if shapes != ((n_codes,), (n_pairs,)) or self.pairs[-1] != NO_PAIR:
            raise ValueError(
                f"a chain has shapes {shapes}, for {n_codes} codes and {n_pairs} pairs"
            )

    @classmethod
    def fit(cls, codes: Ints, offsets: Ints, n_codes: int) -> Self:
        """Fit to the codes of sequences, one sequence after the other."""
        frequency = np.bincount(codes, minlength=n_codes) + 1.0
        before, after, _ = _neighbours(codes, offsets)
        pairs, counts = np.unique(before * n_codes + after, return_counts=True)
        return cls(
            frequency / frequency.sum(),
            np.append(pairs, NO_PAIR),
            np.append(counts, 0.0),
            np.bincount(before, minlength=n_codes).astype(np.float64),
        )

    def surprisals(self, codes: Ints, offsets: Ints) -> Floats:
        """Return surprisals of codes and of pairs, in nats, (2, n_timesteps).

        That of a pair stands at its second code, and 0 at the first of a sequence.
        """
        found = np.zeros((2, len(codes)))
        found[0] = -np.log(self.shares[codes])
        before, after, rows = _neighbours(codes, offsets)
        pairs = before * len(self.shares) + after
        place = np.searchsorted(self.pairs, pairs)
        count = np.where(self.pairs[place] == pairs, self.counts[place], 0)
        follows = (count + self.shares[after]) / (self.totals[before] + 1)
        found[1, rows] = -np.log(follows)
        return found


@dataclass(frozen=True)
class CrossFittedChain:
    """The largest surprisal of several chains, each fitted without some sequences."""

    chains: tuple[MarkovChain, ...]

    @property
    def n_codes(self) -> set[int]:
        """Number of codes, one for all chains."""
        return {len(chain.shares) for chain in self.chains}

    @classmethod
    def fit(
        cls,
        sequences: RaggedArray,
        column: int,
        n_codes: int,
        random_state: np.random.RandomState,
    ) -> Self:
        """Fit to a column of codes, in random folds."""
        chains = []
        for rest in _folds(sequences.lengths, random_state):
            part = sequences.take(rest)
            codes = part.codes[:, column].astype(np.int64)
            chains.append(MarkovChain.fit(codes, part.offsets, n_codes))
        return cls(tuple(chains))

    def surprisals(self, codes: Ints, offsets: Ints) -> Floats:
        """Return the surprisals that are largest in each sequence, (2, n_timesteps)."""
        found = np.stack([chain.surprisals(codes, offsets) for chain in self.chains])
        sums = np.add.reduceat(found, offsets[:-1], axis=2)
        largest = np.repeat(sums.argmax(axis=0), np.diff(offsets), axis=1)
        return np.take_along_axis(found, largest[np.newaxis], axis=0)[0]


def _folds(
    data: NDArray[Any], random_state: np.random.RandomState | None
) -> Iterator[Ints]:
    """Yield the rows of all folds but one, drawn at random unless there is None."""
    shuffle = random_state is not None
    folds = KFold(N_FOLDS, shuffle=shuffle, random_state=random_state)
    return (rest for rest, _ in folds.split(data))


def _neighbours(codes: Ints, offsets: Ints) -> tuple[Ints, Ints, Ints]:
    """Return each code that has a next one in its sequence, that, and its row."""
    rows = np.delete(np.arange(len(codes)), offsets[:-1])
    return codes[rows - 1], codes[rows], rows
