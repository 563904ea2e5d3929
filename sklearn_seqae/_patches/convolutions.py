"""Responses of fixed kernels within each patch, which the encoder reads beside it.

They are those of MiniRocket (Dempster, Schmidt and Webb, 2021), and are not trained.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._containers.ragged import RaggedArray, offsets_from_lengths
from sklearn_seqae._utils.plain import Positive

TAPS = 9  # values that a kernel reads
POSITIVE = 3  # of which have weight 2, the others -1
KERNELS_OF_A_TIME_STEP = 8  # for each time step of a patch, by default
ENOUGH_KERNELS = 32  # at most, by default
WIDEST = 4  # patches that a kernel spans
BLOCK = 1 << 16  # time steps at a time, so that responses to all are never in memory
STATISTICS = 2  # of each kernel in a patch
ROUNDING = 1e-5  # of the largest value: responses that vary by less are all alike

Floats = NDArray[np.float32]


def default_n_kernels(patch_size: int) -> int:
    """Eight kernels for each time step of a patch, up to 32."""
    return min(KERNELS_OF_A_TIME_STEP * patch_size, ENOUGH_KERNELS)


@dataclass(frozen=True)
class Convolutions:
    """Fixed kernels, and the usual size of their responses.

    A kernel reads a fixed mixture of the features at nine time steps, a dilation apart.
    The encoder reads the mean magnitude of each kernel's response in a patch, then the
    maximum of each, standardized. Beyond a sequence's ends there are zeros, and
    responses are zero.
    """

    n_features: int
    patch_size: int  # time steps of a patch
    # Mean and standard deviation over the patches in `fit`, of every number that the
    # encoder reads of a patch
    mean: tuple[float, ...]
    scale: tuple[Positive, ...]

    @classmethod
    def fit(
        cls,
        n_kernels: int,
        patch_size: int,
        filled: RaggedArray,
        sample_weight: NDArray[np.float64],
    ) -> Convolutions:
        """Fit to sequences without missing values."""
        n = STATISTICS * n_kernels
        plain = cls(filled.n_features, patch_size, (0.0,) * n, (1.0,) * n)
        read = plain.read(filled).astype(np.float64)
        weight = np.repeat(sample_weight, -(-filled.lengths // patch_size))[:, None]
        mean = (weight * read).sum(axis=0) / weight.sum()
        variance = (weight * (read - mean) ** 2).sum(axis=0) / weight.sum()
        rounding = ROUNDING * np.abs(filled.values).max()
        scale = np.where(np.sqrt(variance) > rounding, np.sqrt(variance), 1.0)
        return replace(plain, mean=tuple(mean.tolist()), scale=tuple(scale.tolist()))

    @property
    def n_kernels(self) -> int:
        return self.n_outputs // STATISTICS

    @property
    def n_outputs(self) -> int:
        """Numbers that the encoder reads of a patch."""
        return len(self.scale)

    @property
    def dilations(self) -> NDArray[np.int64]:
        """Time steps between the values that each kernel reads, (n_kernels,)."""
        # As powers of two, so that the widest spans no more than WIDEST patches
        widest = max(1, WIDEST * self.patch_size // (TAPS - 1))
        return 2 ** (np.arange(self.n_kernels) % widest.bit_length())

    @cached_property
    def _parts(self) -> tuple[Floats, Floats]:
        """Mixtures (n_features, n_kernels), and weights (TAPS, n_kernels)."""
        random_state = np.random.RandomState(0)
        positive = random_state.permutation(list(combinations(range(TAPS), POSITIVE)))
        chosen = positive[np.arange(self.n_kernels) % len(positive)]
        weights = np.full((TAPS, self.n_kernels), -1, np.float32)
        np.put_along_axis(weights, chosen.T, 2, axis=0)
        mixtures = random_state.normal(size=(self.n_features, self.n_kernels))
        mixtures /= np.sqrt((mixtures**2).sum(axis=0))
        return mixtures.astype(np.float32), weights

    @property
    def reach(self) -> int:
        """Time steps that kernels read before and after one."""
        return TAPS // 2 * int(self.dilations.max())

    @property
    def kernel(self) -> Floats:
        """All kernels as one, of shape (2 * reach + 1, n_features, n_kernels)."""
        mixtures, weights = self._parts
        dilations, reach = self.dilations, self.reach
        kernel = np.zeros((2 * reach + 1, *mixtures.shape), np.float32)
        for tap, weight in enumerate(weights):
            at = reach + (tap - TAPS // 2) * dilations
            kernel[at, :, np.arange(self.n_kernels)] = (weight * mixtures).T
        return kernel

    def read(self, filled: RaggedArray) -> Floats:
        """Return what the encoder reads of each patch: (n_steps, n_outputs)."""
        n, p = self.n_kernels, self.patch_size
        gap = -(-self.reach // p)
        grid = _Grid.of(filled, p, gap)
        read = np.empty((len(grid.inside) // p, self.n_outputs), np.float32)
        step, end = max(BLOCK // p, 1), len(read) - gap
        for first in range(gap, end, step):
            last = min(first + step, end)
            wide = grid.values[(first - gap) * p : (last + gap) * p]
            responses = self._responses(wide, gap * p)
            responses[~grid.inside[first * p : last * p]] = 0
            by_patch = responses.reshape(-1, p, n)
            read[first:last, :n] = np.abs(by_patch).mean(axis=1)
            read[first:last, n:] = by_patch.max(axis=1)
        mean, scale = (np.array(each, np.float32) for each in (self.mean, self.scale))
        return (read[grid.patches] - mean) / scale

    def _responses(self, values: Floats, margin: int) -> Floats:
        """Respond to all time steps but those of a margin on either side."""
        # Sums of products one by one, and no matrix product, whose rounding of a row
        # would depend on the number of rows: an embedding has one form to the bit.
        mixtures, weights = self._parts
        dilations, n = self.dilations, len(values) - 2 * margin
        mixed = np.zeros((len(values), self.n_kernels), np.float32)
        for feature, mixture in zip(values.T, mixtures, strict=True):
            mixed += feature[:, None] * mixture
        responses = np.zeros((n, self.n_kernels), np.float32)
        for dilation in np.unique(dilations):
            own = dilations == dilation
            of_own, found = mixed[:, own], np.zeros((n, own.sum()), np.float32)
            for tap, weight in enumerate(weights):
                at = margin + (tap - TAPS // 2) * dilation
                found += of_own[at : at + n] * weight[own]
            responses[:, own] = found
        return responses


class _Grid(NamedTuple):
    """Time steps in whole patches, with patches of zeros around every sequence."""

    values: Floats  # (n_timesteps, n_features)
    inside: NDArray[np.bool_]  # (n_timesteps,): where a time step is a sequence's own
    patches: NDArray[np.int64]  # (n_steps,): where the patches of the sequences are

    @classmethod
    def of(cls, filled: RaggedArray, patch_size: int, gap: int) -> _Grid:
        n_steps = -(-filled.lengths // patch_size)
        gaps = gap * np.arange(1, len(filled) + 1)
        first = offsets_from_lengths(n_steps)
        shift = (first[:-1] + gaps) * patch_size - filled.offsets[:-1]
        place = np.arange(filled.n_timesteps) + np.repeat(shift, filled.lengths)
        n_rows = int(first[-1] + gap * (len(filled) + 1)) * patch_size
        values: Any = np.zeros((n_rows, filled.n_features), np.float32)
        values[place] = filled.values
        inside = np.zeros(n_rows, bool)
        inside[place] = True
        patches = np.arange(first[-1]) + np.repeat(gaps, n_steps)
        return cls(values, inside, patches)
