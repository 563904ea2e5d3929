"""From scaled sequences to the steps of the network, and the length's component.

Fitted numbers of the data are here; `Architecture` holds sizes only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._containers.ragged import RaggedArray
from sklearn_seqae._patches.batching import (
    Patches,
    default_patch_size,
    differences,
    root_mean_squares,
    to_patches,
)
from sklearn_seqae._patches.convolutions import Convolutions, default_n_kernels
from sklearn_seqae._patches.exact import InstanceNorm, LengthCode, Units
from sklearn_seqae._patches.heads import HEADS
from sklearn_seqae._patches.prefixes import Prefixes, change_scale
from sklearn_seqae._patches.steps import StepLayout
from sklearn_seqae._sequences.missing import fill_missing
from sklearn_seqae._sequences.vocabulary import Column
from sklearn_seqae._utils.plain import Positive

# What parameters may name, in the order of the vector, and of what is read of a patch
NAMES = {
    "exact_components": ("instance_norm", "length"),
    "encoder_inputs": ("differences", "kernels"),
}


def asked_names(parameter: str, given: Any) -> Any:
    """Return the names that a parameter has, each once, in one order, or "auto"."""
    if isinstance(given, str):  # checked before: it is "auto"
        return given
    known = NAMES[parameter]
    are_known = all(isinstance(name, str) and name in known for name in given)
    if not are_known or len(set(given)) < len(given):
        raise ValueError(
            f"{parameter} is {given!r}; expected 'auto', or a list of some of "
            f"{', '.join(map(repr, known))}, each once."
        )
    return tuple(name for name in known if name in given)


@dataclass(frozen=True)
class Preprocessing:
    """Patches, differences, the length component and the forecaster's units."""

    n_features: int  # features of a scaled time step
    patch_size: int  # time steps per LSTM step
    # The length as the last component, if it is one
    length_code: LengthCode | None = None
    # Mean and scale of each sequence as components, if they are
    instance_norm: InstanceNorm | None = None
    # Divisors of the differences between patches, by feature, where the encoder reads
    # them
    difference_scale: tuple[Positive, ...] | None = None
    # Size of the change for each time step of the horizon and each feature, where there
    # is a forecaster; see `change_scale`
    forecast_scale: tuple[tuple[Positive, ...], ...] | None = None
    # The features that are no numbers, and come last; of numbers alone there are units
    # and differences
    columns: tuple[Column, ...] = ()
    costs: tuple[Positive, ...] = ()  # see `StepLayout`
    # Kernels whose responses the encoder reads, if there are any
    convolutions: Convolutions | None = None

    @classmethod
    def fit(
        cls,
        parameters: Mapping[str, Any],
        scaled: RaggedArray,
        sample_weight: NDArray[np.float64],
        all_lengths: NDArray[np.int64] | None = None,
        columns: tuple[Column, ...] = (),
        *,
        decoder_cuts: bool = False,
    ) -> Preprocessing:
        """Fit to scaled sequences, as the estimator's parameters ask for it.

        ``all_lengths`` are those of all sequences, where ``scaled`` is a sample of
        them; ``decoder_cuts`` says that the decoder cuts the embedding into parts.
        """
        lengths, weight_of_lengths = scaled.lengths, sample_weight
        if all_lengths is not None:
            lengths, weight_of_lengths = all_lengths, np.ones(len(all_lengths))
        n_components = parameters["n_components"]
        exact = asked_names("exact_components", parameters["exact_components"])
        with_length = "length" in exact
        if exact == "auto":
            with_length = n_components != 1 and lengths.min() < lengths.max()
        if with_length and n_components == 1:
            raise ValueError(
                "exact_components has 'length', which takes one component and leaves "
                "none for the content: n_components is 1; expected at least 2."
            )
        numbers, norm = scaled.numbers, None
        if numbers.n_features and (exact == "auto" or "instance_norm" in exact):
            norm = InstanceNorm.fit(numbers, sample_weight)
        if norm is not None and n_components is not None:
            n_exact = norm.n_components + int(with_length)
            if exact == "auto":  # what is cut into parts has a size that was thought of
                is_small = decoder_cuts or 2 * n_exact > n_components
                norm = None if is_small else norm
            else:
                _check_room(n_components, norm.n_components, with_length)
        patch_size = parameters["patch_size"]
        if patch_size == "auto":
            patch_size = default_patch_size(lengths)
        length_code = None
        if with_length:
            length_code = LengthCode.fit(lengths, weight_of_lengths)
        fitted = cls(
            scaled.n_features,
            int(patch_size),
            length_code,
            norm,
            columns=columns,
            costs=_costs(scaled, sample_weight, columns),
        )
        return fitted._with_scales(parameters, numbers, sample_weight)

    def _with_scales(
        self,
        parameters: Mapping[str, Any],
        numbers: RaggedArray,
        sample_weight: NDArray[np.float64],
    ) -> Preprocessing:
        """Fit what responses, differences and changes ahead are divided by."""
        found: dict[str, Any] = {}
        if self.n_numbers:
            patch_size = self.patch_size
            filled = fill_missing(self.own_units(numbers)[0])
            read = asked_names("encoder_inputs", parameters["encoder_inputs"])
            if read == "auto":
                read = ("differences",) if self.n_codes else NAMES["encoder_inputs"]
            if "kernels" in read:
                n_kernels = default_n_kernels(patch_size)
                found["convolutions"] = Convolutions.fit(
                    n_kernels, patch_size, filled, sample_weight
                )
            if "differences" in read:
                change = differences(filled, patch_size)
                sizes = root_mean_squares(change, numbers.lengths, sample_weight)
                found["difference_scale"] = tuple(sizes.tolist())
        if parameters["forecast_horizon"] is not None:
            size = change_scale(numbers, sample_weight, parameters["forecast_horizon"])
            found["forecast_scale"] = tuple(map(tuple, size.tolist()))
        return replace(self, **found)

    @property
    def n_exact(self) -> int:
        """Components that are no work of the network: means, scales and the length."""
        n_units = 0 if self.instance_norm is None else self.instance_norm.n_components
        return n_units + int(self.length_code is not None)

    @property
    def exact_components(self) -> tuple[str, ...]:
        """Names of these components, in their order."""
        parts = self.instance_norm, self.length_code
        named = zip(NAMES["exact_components"], parts, strict=True)
        return tuple(name for name, part in named if part is not None)

    @property
    def encoder_inputs(self) -> tuple[str, ...]:
        """Names of what the encoder reads beside the values."""
        parts = self.difference_scale, self.convolutions
        named = zip(NAMES["encoder_inputs"], parts, strict=True)
        return tuple(name for name, part in named if part is not None)

    @property
    def n_kernels(self) -> int:
        """Kernels whose responses the encoder reads."""
        return 0 if self.convolutions is None else self.convolutions.n_kernels

    @property
    def n_extra_inputs(self) -> int:
        """Values that the encoder reads of a patch beyond those that are decoded."""
        channels = self.instance_norm, self.difference_scale
        n_channels = sum(channel is not None for channel in channels)
        n_read = 0 if self.convolutions is None else self.convolutions.n_outputs
        return n_read + n_channels * self.patch_size * self.n_numbers

    @property
    def forecast_horizon(self) -> int | None:
        """Time steps that the forecaster predicts at a time; None without one."""
        return None if self.forecast_scale is None else len(self.forecast_scale)

    def n_steps(self, n_timesteps: Any) -> Any:
        """LSTM steps that sequences of so many time steps take."""
        return -(-n_timesteps // self.patch_size)

    @property
    def n_codes(self) -> int:
        """Features that are no numbers; the last ones."""
        return len(self.columns)

    @property
    def n_numbers(self) -> int:
        """Features that are numbers; the first ones."""
        return self.n_features - self.n_codes

    def layout(self, n_timesteps: int) -> StepLayout | None:
        """Return the layout of so many time steps, if some features are no numbers."""
        if not self.columns:
            return None
        n = n_timesteps * self.n_numbers
        return StepLayout(n, n_timesteps, self.columns, self.costs)

    # From scaled sequences to what the network reads ----------------------------------

    def own_units(self, scaled: RaggedArray) -> tuple[RaggedArray, Units]:
        """Return numbers in the units in which the network writes them."""
        numbers = scaled.numbers
        if self.instance_norm is None:
            shape = len(numbers), numbers.n_features
            return numbers, Units(np.zeros(shape), np.ones(shape))
        units = self.instance_norm.units(numbers)
        return self.instance_norm.normalize(numbers, units), units

    def patches(self, scaled: RaggedArray) -> Patches:
        """Cut scaled sequences into the patches that the encoder reads."""
        return self.read(scaled)[0]

    def read(self, scaled: RaggedArray) -> tuple[Patches, Units]:
        """Return the patches that the encoder reads, and the units of each sequence."""
        own, units = self.own_units(scaled)
        filled = fill_missing(own)
        also = []
        if self.instance_norm is not None:  # the units that all sequences share
            mean, scale = (np.repeat(unit, own.lengths, axis=0) for unit in units)
            also.append(filled.values * scale + mean)
        if self.difference_scale is not None:
            change = differences(filled, self.patch_size)
            also.append(change / np.array(self.difference_scale))
        n_differences = int(self.difference_scale is not None)
        read = self.convolutions.read(filled) if self.convolutions else None
        written, layout = scaled.with_numbers(own.values), self.layout(self.patch_size)
        patches = to_patches(
            written, self.patch_size, also, n_differences, layout, read
        )
        return patches, units

    def prefixes(self, scaled: RaggedArray) -> Prefixes | None:
        """Return prefixes to train a forecaster on; None without one."""
        if self.forecast_scale is None:
            return None
        scale = np.array(self.forecast_scale)
        return Prefixes(scaled, self.patch_size, scale, self.patches, self.layout(1))

    # Components that are exact --------------------------------------------------------

    def exact(self, units: Units, lengths: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the means, scales and lengths, shape (n_sequences, n_exact)."""
        parts = [np.empty((len(lengths), 0))]
        if self.instance_norm is not None:
            parts.append(self.instance_norm.encode(units))
        if self.length_code is not None:
            parts.append(self.length_code.encode(lengths)[:, None])
        return np.concatenate(parts, axis=1)

    def units_of(self, exact: NDArray[np.floating]) -> Units:
        """Return the units that exact components mean."""
        if self.instance_norm is None:
            shape = len(exact), self.n_numbers
            return Units(np.zeros(shape), np.ones(shape))
        return self.instance_norm.decode(exact[:, : self.instance_norm.n_components])

    def in_common_units(self, own: RaggedArray, units: Units) -> RaggedArray:
        """Bring decoded sequences into the units that all sequences share."""
        if self.instance_norm is None:
            return own
        return own.with_numbers(
            self.instance_norm.denormalize(own.numbers, units).values
        )


def _costs(
    scaled: RaggedArray, sample_weight: NDArray[np.float64], columns: tuple[Column, ...]
) -> tuple[float, ...]:
    """Return what the errors of each column are divided by."""
    weight = np.repeat(sample_weight, scaled.lengths)
    return tuple(
        HEADS[column.kind](column.size).cost(values, weight)
        for column, values in zip(columns, scaled.codes.T, strict=True)
    )


def _check_room(n_components: int, n_units: int, with_length: bool) -> None:
    """Check that what is exact leaves a component for the content."""
    n_exact = n_units + int(with_length)
    if n_exact >= n_components:
        raise ValueError(
            f"exact_components has 'instance_norm', which takes {n_units} components, "
            "the mean and the scale of each feature"
            f"{', and the length takes one' if with_length else ''}, but n_components "
            f"is {n_components}; expected at least {n_exact + 1}."
        )
