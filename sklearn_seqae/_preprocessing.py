"""From scaled sequences to the steps of the network, and the length's component.

Fitted numbers of the data are here; `Architecture` holds sizes only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._batching import (
    Patches,
    default_patch_size,
    difference_sizes,
    to_patches,
    with_divided_differences,
)
from sklearn_seqae._lengths import LengthCode
from sklearn_seqae._prefixes import Prefixes, change_scale
from sklearn_seqae._ragged import RaggedArray


@dataclass(frozen=True)
class Preprocessing:
    """Patches, differences, the length component and the forecaster's units.

    Attributes
    ----------
    n_features : int
        Features of a scaled time step.
    patch_size : int
        Time steps per LSTM step.
    length_code : LengthCode or None
        The length as the last component, if it is one.
    difference_scale : tuple of float or None
        Divisors of the differences between patches, by feature, where the encoder
        reads them.
    forecast_scale : tuple of tuple of float or None
        Size of the change for each time step of the horizon and each feature, where
        there is a forecaster; see `change_scale`.
    """

    n_features: int
    patch_size: int
    length_code: LengthCode | None = None
    difference_scale: tuple[float, ...] | None = None
    forecast_scale: tuple[tuple[float, ...], ...] | None = None

    @classmethod
    def fit(
        cls,
        parameters: Mapping[str, Any],
        scaled: RaggedArray,
        sample_weight: NDArray[np.float64],
    ) -> tuple[Preprocessing, Patches]:
        """Fit to scaled sequences, and cut them into patches.

        Parameters
        ----------
        parameters : mapping
            The estimator's, by name.
        scaled : RaggedArray
        sample_weight : ndarray of shape (n_sequences,)

        Raises
        ------
        ValueError
            If the length takes the only component.
        """
        lengths, n_components = scaled.lengths, parameters["n_components"]
        with_length = parameters["length_component"]
        if with_length == "auto":
            with_length = n_components != 1 and lengths.min() < lengths.max()
        if with_length and n_components == 1:
            raise ValueError(
                "length_component=True takes one component, which leaves none for the "
                "content: n_components is 1; expected at least 2."
            )
        patch_size, horizon = parameters["patch_size"], parameters["forecast_horizon"]
        if patch_size == "auto":
            patch_size = default_patch_size(lengths)
        patches = to_patches(scaled, patch_size, bool(parameters["differences"]))
        difference_scale = forecast_scale = None
        if parameters["differences"]:
            sizes = difference_sizes(patches, scaled, sample_weight)
            patches = with_divided_differences(patches, sizes)
            difference_scale = tuple(sizes.tolist())
        if horizon is not None:
            change = change_scale(scaled, sample_weight, horizon)
            forecast_scale = tuple(map(tuple, change.tolist()))
        length_code = LengthCode.fit(lengths, sample_weight) if with_length else None
        fitted = cls(
            scaled.n_features,
            int(patch_size),
            length_code,
            difference_scale,
            forecast_scale,
        )
        return fitted, patches

    @property
    def n_lengths(self) -> int:
        """Components that hold the length: 1 or 0."""
        return int(self.length_code is not None)

    @property
    def forecast_horizon(self) -> int | None:
        """Time steps that the forecaster predicts at a time; None without one."""
        return None if self.forecast_scale is None else len(self.forecast_scale)

    def n_steps(self, n_timesteps: Any) -> Any:
        """LSTM steps that sequences of so many time steps take."""
        return -(-n_timesteps // self.patch_size)

    def patches(self, scaled: RaggedArray) -> Patches:
        """Cut scaled sequences into the patches that the encoder reads."""
        patches = to_patches(scaled, self.patch_size, self.difference_scale is not None)
        if self.difference_scale is None:
            return patches
        return with_divided_differences(patches, np.array(self.difference_scale))

    def prefixes(self, scaled: RaggedArray) -> Prefixes | None:
        """Return prefixes to train a forecaster on; None without one."""
        if self.forecast_scale is None:
            return None
        scale = np.array(self.forecast_scale)
        return Prefixes(scaled, self.patch_size, scale, self.patches)
