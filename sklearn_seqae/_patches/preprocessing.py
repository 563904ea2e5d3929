"""From scaled sequences to the steps of the network, and the length's component."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._containers.ragged import RaggedArray
from sklearn_seqae._patches import batching
from sklearn_seqae._patches.batching import Patches
from sklearn_seqae._patches.category_means import (
    FEWEST,
    CategoryMeans,
    default_n_groups,
)
from sklearn_seqae._patches.convolutions import Convolutions, default_n_kernels
from sklearn_seqae._patches.exact import InstanceNorm, LengthCode, Units
from sklearn_seqae._patches.families import FAMILIES, NAMES, Known, Own, asked_names
from sklearn_seqae._patches.heads import HEADS
from sklearn_seqae._patches.ngrams import Ngrams, default_n_ngrams
from sklearn_seqae._patches.prefixes import N_RECENT, Prefixes, change_scale
from sklearn_seqae._patches.shape import Shape, default_n_cosines
from sklearn_seqae._patches.steps import StepLayout
from sklearn_seqae._patches.texture import N_COMPONENTS, Texture
from sklearn_seqae._sequences.missing import fill_missing
from sklearn_seqae._sequences.vocabulary import Column
from sklearn_seqae._utils.plain import Positive


@dataclass(frozen=True)
class Preprocessing:
    """Patches, exact components, and what the encoder reads beside the values."""

    n_features: int  # features of a scaled time step
    patch_size: int  # time steps per LSTM step
    # The length as the last component, if it is one
    length_code: LengthCode | None = None
    # Mean and scale of each sequence as components, if they are
    instance_norm: InstanceNorm | None = None
    # Divisors of differences between patches, by feature, where the encoder reads them
    difference_scale: tuple[Positive, ...] | None = None
    # As from `change_scale`, by time step and feature, where there is a forecaster
    forecast_scale: tuple[tuple[Positive, ...], ...] | None = None
    # The features that are no numbers, and come last: without units and differences
    columns: tuple[Column, ...] = ()
    costs: tuple[Positive, ...] = ()  # see `StepLayout`
    # Kernels whose responses the encoder reads, if there are any
    convolutions: Convolutions | None = None
    # Cosines of each feature as components, shares of responses, counts, if they are
    shape: Shape | None = None
    texture: Texture | None = None
    ngrams: Ngrams | None = None
    category_means: CategoryMeans | None = None

    @classmethod
    def fit(
        cls, parameters: Mapping[str, Any], source: Any, *, decoder_cuts: bool
    ) -> Preprocessing:
        """Fit to the sample of a `Source`, as the estimator's parameters ask for it.

        ``decoder_cuts`` says that the decoder cuts the embedding into parts.
        """
        scaled, sample_weight, columns = source.sample, source.weight, source.columns
        lengths, weight_of_lengths = scaled.lengths, sample_weight
        if source.all_lengths is not None:
            lengths = source.all_lengths
            weight_of_lengths = np.ones(len(lengths))
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
        room = np.inf  # components that "auto" may take
        if n_components is not None:  # what is cut has a size that was thought of
            room = 0 if decoder_cuts else n_components // 2 - int(with_length)
        if exact == "auto" and norm is not None and norm.n_components > room:
            norm, room = None, 0
        room -= 0 if norm is None else norm.n_components
        patch_size = parameters["patch_size"]
        if patch_size == "auto":
            patch_size = batching.default_patch_size(lengths)
        fitted = cls(
            scaled.n_features,
            int(patch_size),
            LengthCode.fit(lengths, weight_of_lengths) if with_length else None,
            norm,
            columns=columns,
            costs=_costs(scaled, sample_weight, columns),
        )
        own = fitted.own(scaled)
        parts = fitted._parts_of(exact, n_components, room, own, sample_weight)
        fitted = replace(fitted, **parts)
        if n_components is not None:
            _check_room(n_components, fitted)
        return fitted._with_scales(parameters, own, sample_weight)

    def _parts_of(
        self, asked: Any, n_components: int | None, room: float, own: Own, weight: Any
    ) -> dict[str, Any]:
        """Return the families that are asked for, or fit, but units and length."""
        is_auto, found = asked == "auto", dict[str, Any]()
        if self.n_numbers and not (is_auto and self.n_codes):
            room_of_cosines = room
            if is_auto and n_components is not None:  # most of it is to be learnt
                room_of_cosines = min(room, n_components // 8)
            n = default_n_cosines(own.lengths, self.n_numbers, room_of_cosines)
            if "shape" in asked:
                n = max(n, 1)
            if n > 0 and (is_auto or "shape" in asked):
                found["shape"] = Shape.fit(n, own.filled, weight)
            has_room = is_auto and room >= N_COMPONENTS + n * self.n_numbers
            if has_room or "texture" in asked:
                n_units = 1 if self.instance_norm is None else 2
                found["texture"] = Texture.fit(N_COMPONENTS, own.every, weight, n_units)
        sizes = tuple(column.size for column in self.columns)
        n = default_n_ngrams(room if is_auto else np.inf)
        if self.n_codes and n and (is_auto or "ngrams" in asked):
            found["ngrams"] = Ngrams.fit(n, own.scaled, weight, sizes)
            room -= found["ngrams"].n_components
        if self.n_numbers and self.n_codes and (is_auto or "category_means" in asked):
            left = room if is_auto else np.inf
            n = default_n_groups(left, self.n_numbers, self.n_codes)
            if n or not is_auto:
                groups = max(n, FEWEST), own.scaled, weight, sizes
                found["category_means"] = CategoryMeans.fit(*groups)
        return found

    def _with_scales(
        self, parameters: Mapping[str, Any], own: Own, weight: Any
    ) -> Preprocessing:
        """Fit what responses, differences and changes ahead are divided by."""
        found: dict[str, Any] = {}
        if self.n_numbers:
            patch_size, filled = self.patch_size, own.filled
            read = asked_names("encoder_inputs", parameters["encoder_inputs"])
            if read == "auto":
                plain = self.n_codes or patch_size == 1  # a patch with nothing in it
                read = ("differences",) if plain else NAMES["encoder_inputs"]
            if "kernels" in read:
                n = default_n_kernels(patch_size)
                kernels = Convolutions.fit(n, patch_size, filled, weight)
                found["convolutions"] = kernels
            if "differences" in read:
                change = batching.differences(filled, patch_size)
                sizes = batching.root_mean_squares(change, filled.lengths, weight)
                found["difference_scale"] = tuple(sizes.tolist())
        if parameters["forecast_horizon"] is not None:
            horizon = parameters["forecast_horizon"]
            size = change_scale(own.scaled.numbers, weight, horizon)
            found["forecast_scale"] = tuple(map(tuple, size.tolist()))
        return replace(self, **found)

    @property
    def parts(self) -> dict[str, Any]:
        """Encoders of exact components, by their names, in their order."""
        every = {name: getattr(self, of.part) for name, of in FAMILIES.items()}
        return {name: part for name, part in every.items() if part is not None}

    @property
    def n_exact(self) -> int:
        """Components that are no work of the network."""
        return sum(part.n_components for part in self.parts.values())

    @property
    def exact_components(self) -> tuple[str, ...]:
        """Names of these components, in their order."""
        return tuple(self.parts)

    @property
    def places(self) -> dict[str, slice]:
        """Where they are among what is exact, by name."""
        end = 0
        return {
            name: slice(end, end := end + part.n_components)
            for name, part in self.parts.items()
        }

    def names_of_exact(
        self, features: Sequence[str], categories: Sequence[Sequence[str]]
    ) -> list[str]:
        """Name the exact components, by the names of features and of their codes."""
        numbers, columns = features[: self.n_numbers], features[self.n_numbers :]
        norm, shape, names = self.instance_norm, self.shape, list[str]()
        if norm is not None:
            for has, what in ((norm.has_mean, "mean"), (norm.has_scale, "scale")):
                named = zip(numbers, has, strict=True)
                names += [f"{name}_{what}" for name, stands in named if stands]
        if shape is not None:
            cosines = [f"cosine{k}" for k in shape.half_cycles]
            names += [f"{name}_{cosine}" for name in numbers for cosine in cosines]
        if self.texture is not None:
            names += [f"kernel{n}" for n in range(self.texture.n_components)]
        if self.ngrams is not None:
            names += self.ngrams.names(columns, categories)
        if self.category_means is not None:
            names += self.category_means.names(numbers, columns, categories)
        return names + ["length"] * int(self.length_code is not None)

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

    def own(self, scaled: RaggedArray) -> Own:
        """Return numbers in the units in which the network writes them."""
        numbers = scaled.numbers
        units = _common_units(len(numbers), self.n_numbers)
        if self.instance_norm is not None:
            units = self.instance_norm.units(numbers)
            numbers = self.instance_norm.normalize(numbers, units)
        filled, has_units = fill_missing(numbers), self.instance_norm is not None
        return Own(numbers, filled, units, scaled, has_units, self.shape)

    def patches(self, scaled: RaggedArray) -> Patches:
        return self.read(scaled)[0]

    def read(self, scaled: RaggedArray) -> tuple[Patches, Own]:
        """Return the patches that the encoder reads, and numbers in own units."""
        own, also = self.own(scaled), []
        if self.instance_norm is not None:
            also.append(own.common)
        if self.difference_scale is not None:
            change = batching.differences(own.filled, self.patch_size)
            also.append(change / np.array(self.difference_scale))
        n_differences = int(self.difference_scale is not None)
        read = self.convolutions.read(own.filled) if self.convolutions else None
        written = scaled.with_numbers(own.numbers.values)
        layout = self.layout(self.patch_size)
        beside = also, n_differences, layout, read
        return batching.to_patches(written, self.patch_size, *beside), own

    def prefixes(self, scaled: RaggedArray) -> Prefixes | None:
        """Return prefixes to train a forecaster on; None without one."""
        if self.forecast_scale is None:
            return None
        scale = np.array(self.forecast_scale)
        return Prefixes(scaled, self.patch_size, scale, self.patches, self.layout(1))

    def recent_codes(self, recent: NDArray[np.floating], j: int) -> NDArray[np.int64]:
        """Return the codes of a column among `recent_values`, the latest first."""
        codes = recent[:, (self.n_numbers + j) * N_RECENT :][:, :N_RECENT]
        return codes.astype(np.int64)

    # Components that are exact --------------------------------------------------------

    def exact(self, own: Own) -> NDArray[np.float64]:
        """Return the exact components, shape (n_sequences, n_exact)."""
        found: list[NDArray[Any]] = [np.empty((len(own.filled), 0))]
        for name, part in self.parts.items():
            components = part.encode(getattr(own, FAMILIES[name].reads))
            found.append(components.reshape(len(own.filled), part.n_components))
        return np.concatenate(found, axis=1)

    def known_of(self, exact: NDArray[np.floating]) -> Known:
        """Return what exact components mean."""
        exact, places = exact.astype(np.float64), self.places
        units, cosines = _common_units(len(exact), self.n_numbers), None
        if self.instance_norm is not None:
            units = self.instance_norm.decode(exact[:, places["instance_norm"]])
        if self.shape is not None:
            cosines = self.shape.decode(exact[:, places["shape"]])
        ngrams = None if self.ngrams is None else exact[:, places["ngrams"]]
        return Known(units, cosines, ngrams)

    def in_common_units(self, own: RaggedArray, known: Known | Own) -> RaggedArray:
        """Bring decoded sequences into common units, with what is known exactly."""
        numbers = own.numbers
        if self.shape is not None and known.cosines is not None:
            numbers = self.shape.with_coefficients(numbers, known.cosines)
        if self.instance_norm is not None:
            numbers = self.instance_norm.denormalize(numbers, known.units)
        return own if numbers is own.numbers else own.with_numbers(numbers.values)


def _common_units(*shape: int) -> Units:
    return Units(np.zeros(shape), np.ones(shape))


def _costs(
    scaled: RaggedArray, sample_weight: NDArray[np.float64], columns: tuple[Column, ...]
) -> tuple[float, ...]:
    """Return what the errors of each column are divided by."""
    weight = np.repeat(sample_weight, scaled.lengths)
    return tuple(
        HEADS[column.kind](column.size).cost(values, weight)
        for column, values in zip(columns, scaled.codes.T, strict=True)
    )


def _check_room(n_components: int, fitted: Preprocessing) -> None:
    """Check that what is exact leaves a component for the content."""
    if fitted.n_exact < n_components:
        return
    named = ", ".join(f"{n!r} ({FAMILIES[n].what})" for n in fitted.exact_components)
    raise ValueError(
        f"exact_components has {named}, which take {fitted.n_exact} components, but "
        f"n_components is {n_components}; expected at least {fitted.n_exact + 1}."
    )
