"""Numbers, text and moments to scaled numbers and codes, and back, as in `Schema`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import count
from typing import Any, NamedTuple

import numpy as np
from sklearn import preprocessing

from sklearn_seqae._containers.kinds import TimeAxis
from sklearn_seqae._onnx import ops, ragged
from sklearn_seqae._onnx.graph import Graph, Shape, Tensor
from sklearn_seqae._onnx.ragged import MISSING, Extent
from sklearn_seqae._sequences.clock import WIDEST, Clock
from sklearn_seqae._sequences.schema import Schema
from sklearn_seqae._sequences.vocabulary import FeatureCategories

NO_TIME = np.iinfo(np.int64).min  # NumPy's NaT

# Fitted attributes: what is subtracted, the divisor
SHIFT_AND_DIVISOR = {
    preprocessing.StandardScaler: ("mean_", "scale_"),
    preprocessing.RobustScaler: ("center_", "scale_"),
    preprocessing.MaxAbsScaler: (None, "scale_"),
}


class Read(NamedTuple):
    """Time steps in the order of the network, and lengths with all checks."""

    numbers: Tensor | None  # (L, n_numbers); the time since the last is last
    codes: Tensor | None  # of categories, (L, n_codes), float32
    start: Tensor | None  # the component that is the moment of the first event, (N, 1)
    lengths: Tensor

    def padded(self, extent: Extent) -> tuple[Tensor | None, Tensor | None]:
        """Return numbers and codes of a group, (N, T, n) each; see `to_padded`."""
        numbers, codes = (
            None if each is None else ragged.to_padded(each, extent)
            for each in (self.numbers, self.codes)
        )
        return numbers, codes


def declared(schema: Schema) -> dict[str, tuple[Any, Shape]]:
    """Return dtype and shape of each tensor that stands for sequences, by name."""
    counts = Counter(name for name, _, _ in _features(schema))
    dtypes = {"values": np.float64, "categories": object}
    found: dict[str, tuple[Any, Shape]] = {
        name: (dtype, ["n_timesteps", counts[name]])
        for name, dtype in dtypes.items()
        if counts[name]
    }
    if schema.events.times is not None:
        found["times"] = _dtype_of_times(schema.events.times), ["n_timesteps"]
    return found | {"lengths": (np.int64, ["n_samples"])}


def notes(schema: Schema) -> dict[str, Any]:
    """Return what stands in each tensor, by its name: features, and the times."""
    found: dict[str, Any] = {}
    for name, (tensor, _, _) in zip(schema.names, _features(schema), strict=True):
        found.setdefault(tensor, []).append(name)
    times = schema.events.times
    if times is not None:
        found["times"] = {
            "name": str(times.name),
            "dtype": times.dtype,
            "time_zone": times.zone,
        }
    return found


def notes_of_probabilities(schema: Schema) -> dict[str, list[Any]]:
    """Return the categories that have probabilities, by the name of their tensor."""
    return {
        f"probabilities_{name}": known.array().tolist()
        for name, (_, _, known) in zip(schema.names, _features(schema), strict=True)
        if known is not None
    }


def inputs(graph: Graph, schema: Schema) -> dict[str, Tensor]:
    """Declare the tensors that stand for sequences as inputs of a graph."""
    every = declared(schema).items()
    return {name: graph.input(name, dtype, shape) for name, (dtype, shape) in every}


def read(schema: Schema, given: Mapping[str, Tensor]) -> Read:
    """Return what `encode` does, with scaled numbers, float32."""
    found = encode(schema, given)
    if found.numbers is None:
        return found
    scaled = ops.cast(_scale(schema.scaler, found.numbers), np.float32)
    name = "every_scaled_value_is_in_the_range_of_float32"
    beyond = ops.isinf(scaled) & ~ops.isinf(found.numbers)
    lengths = ops.refuse(found.lengths, **{name: beyond})
    return found._replace(numbers=scaled, lengths=lengths)


def encode(schema: Schema, given: Mapping[str, Tensor]) -> Read:
    """Return numbers, float64, codes, and first moments, of tensors as `declared`."""
    numbers, codes, parts = [], [], []
    known_ones = [known for _, _, known in _features(schema) if known is not None]
    is_value = any(known.is_text and MISSING in known.values for known in known_ones)
    lengths, start = ragged.checked(given, is_value), None
    for name, column, known in _features(schema):
        if known is None:
            numbers.append(column)
        else:
            code = _encoded(known, ops.take(given[name], column, axis=1))
            codes.append(ops.expand_dims(code, 1))
    if numbers:
        values = given["values"]
        parts.append(ops.take(values, numbers, axis=1) if codes else values)
    if schema.events.clock is not None:
        passed, start, lengths = _times(schema.events.clock, given["times"], lengths)
        parts.append(ops.expand_dims(passed, 1))
    found = ops.cast(ops.concatenate(codes), np.float32) if codes else None
    return Read(ops.concatenate(parts) if parts else None, found, start, lengths)


def write(
    schema: Schema,
    scaled: Tensor | None,
    logits: Sequence[Tensor],
    component: Tensor,
    lengths: Tensor,
) -> dict[str, Tensor]:
    """Undo `read`; return the most likely time steps, and probabilities of categories.

    By name, as `declared` and `notes_of_probabilities`. ``scaled`` are float64,
    ``logits`` those of each column of categories, and the component is the last one of
    each embedding. Moments are refused where `moments_after` refuses them. Of 64 bits
    the last 1,024 ticks are refused as well: sums are float64 here.
    """
    columns: dict[str, list[Tensor]] = {"values": [], "categories": []}
    unscaled: Any = None if scaled is None else _unscale(schema.scaler, scaled)
    numbers = (unscaled[:, n : n + 1] for n in count())
    of_codes = iter(logits)
    for j, (name, _, known) in enumerate(_features(schema)):
        if known is not None:
            columns[name].append(_decoded(known, next(of_codes)))
            continue
        number = next(numbers)
        is_positive = j < len(schema.positive) and schema.positive[j]
        columns[name].append(ops.maximum(number, 0) if is_positive else number)
    found = {name: ops.concatenate(each) for name, each in columns.items() if each}
    clock, times = schema.events.clock, schema.events.times
    if clock is not None and times is not None:
        found["times"], lengths = _moments(
            clock, times, next(numbers), component, lengths
        )
    known_ones = (known for _, _, known in _features(schema) if known is not None)
    probabilities = [
        # of each code the share of each category, (n_codes, n)
        ops.matmul(ops.softmax(each, axis=-1), known.probabilities(np.eye(known.size)))
        for known, each in zip(known_ones, logits, strict=True)
    ]
    named = zip(notes_of_probabilities(schema), probabilities, strict=True)
    return found | {"lengths": lengths} | dict(named)


def _features(schema: Schema) -> list[tuple[str, int, FeatureCategories | None]]:
    """Return the tensor of each feature, the column there, and its categories."""
    found, counts = [], Counter[str]()
    for known in schema.events.categories(schema.features.n_features):
        is_text = known is not None and known.is_text
        name = "categories" if is_text else "values"
        found.append((name, counts[name], known))
        counts[name] += 1
    return found


def _dtype_of_times(times: TimeAxis) -> Any:
    """Return the dtype of moments: ticks of dates and durations are whole numbers."""
    return np.int64 if np.dtype(times.dtype).kind in "mM" else np.float64


# Scalers ------------------------------------------------------------------------------


def check_scaler(scaler: Any) -> None:
    known = (*SHIFT_AND_DIVISOR, preprocessing.MinMaxScaler)
    if scaler is not None and type(scaler) not in known:
        names = ", ".join(sorted(cls.__name__ for cls in known))
        raise ValueError(
            f"the scaler is a {type(scaler).__name__}, which can't be written to an "
            f"ONNX file; expected one of {names}, or None. Fit with one of these."
        )


def _scale(scaler: Any, values: Tensor) -> Tensor:
    """Scale values, float64, with NaN where one is missing."""
    if type(scaler) is preprocessing.MinMaxScaler:
        scaled = values * scaler.scale_ + scaler.min_
        return ops.clip(scaled, *scaler.feature_range) if scaler.clip else scaled
    shift, divisor = _shift_and_divisor(scaler)
    values = values if shift is None else values - shift
    return values if divisor is None else values / divisor


def _unscale(scaler: Any, scaled: Tensor) -> Tensor:
    """Undo `_scale`."""
    if type(scaler) is preprocessing.MinMaxScaler:
        return (scaled - scaler.min_) / scaler.scale_
    shift, divisor = _shift_and_divisor(scaler)
    scaled = scaled if divisor is None else scaled * divisor
    return scaled if shift is None else scaled + shift


def _shift_and_divisor(scaler: Any) -> list[Any]:
    """Return the two by feature; None where the scaler has none."""
    names = SHIFT_AND_DIVISOR.get(type(scaler), (None, None))
    return [None if name is None else getattr(scaler, name) for name in names]


# Categories ---------------------------------------------------------------------------


def _encoded(known: FeatureCategories, column: Tensor) -> Tensor:
    """Return the code of each category, int64; see `FeatureCategories.code_of`."""
    missing = known.missing_code or known.infrequent_code
    if known.is_text:
        table = {MISSING: missing} | dict(zip(known.values, known.codes, strict=True))
        return ops.look_up(column, table, known.infrequent_code)
    graph = column.graph
    codes = graph.constant(known.codes, np.int64)
    is_it = ops.expand_dims(column, 1).equals(known.values)
    code = ops.max(ops.where(is_it, codes, 0), 1)
    missing_code = graph.constant(missing, np.int64)
    other = ops.where(ops.isnan(column), missing_code, known.infrequent_code)
    return ops.where(code > 0, code, other)


def _decoded(known: FeatureCategories, logits: Tensor) -> Tensor:
    """Return the most likely category of each time step, (L, 1)."""
    code = ops.argmax(logits, axis=-1, keepdims=True) + 1
    places = known.position_of_codes()
    if known.is_text:
        values = [*known.values, MISSING]
        table = {n: values[place] for n, place in enumerate(places.tolist())}
        return ops.look_up(code, table, MISSING)
    numbers = np.append(np.array(known.values, np.float64), np.nan)[places]
    return ops.take(code.graph.constant(numbers, np.float64), code)


# Times --------------------------------------------------------------------------------


def _times(
    clock: Clock, times: Tensor, lengths: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Return the feature (L,), the component (N, 1), and lengths that check them."""
    starts = ragged.starts_of(lengths)
    before = [times[:1], times[:-1]]
    passed = ragged.put(since(times, ops.concatenate(before, axis=0)), starts, np.nan)
    if times.dtype.kind == "i":
        missing = times.equals(NO_TIME)
    else:
        missing = ops.isnan(times) | ops.isinf(times)
    lengths = ops.refuse(
        lengths,
        every_time_is_finite=missing,
        times_of_a_sequence_do_not_fall=passed < 0,
    )
    origin = times.graph.constant(clock.origin or 0, times.dtype)
    component = (since(ops.take(times, starts), origin) - clock.mean) / clock.scale
    feature = ops.log(passed / clock.unit + 1)
    return feature, ops.expand_dims(ops.cast(component, np.float32), 1), lengths


def since(times: Tensor, origin: Tensor) -> Tensor:
    """Return the time since other moments, float64; see `since` of the clock."""
    if times.dtype.kind == "f":
        return times - origin
    after, before = (
        ops.cast(ops.cast(passed, np.uint64), np.float64)
        for passed in (times - origin, origin - times)
    )
    return ops.where(times >= origin, after, -before)


def _moments(
    clock: Clock, times: TimeAxis, feature: Tensor, component: Tensor, lengths: Tensor
) -> tuple[Tensor, Tensor]:
    """Return moments, as `moments_after`, summed by sequence; lengths check them."""
    dtype, origin = _dtype_of_times(times), clock.origin or 0
    waits = (ops.exp(ops.clip(feature, 0, WIDEST)) - 1) * clock.unit
    starts = ops.cast(component, np.float64) * clock.scale + clock.mean
    if np.dtype(times.dtype).kind != "f":
        starts = ops.round(starts)
    least, most = (
        x if float(x) == x else np.nextafter(float(x), 0) for x in times.limits
    )
    if clock.origin is not None:
        slack = ops.abs(starts) * float(np.finfo(np.float32).eps)
        near = ops.clip(starts, least - origin, most - origin)
        starts = ops.where(ops.abs(starts - near) > slack, starts, near)

    def of_group(extent: Extent) -> list[Tensor]:
        is_later = ops.expand_dims(extent.place > 0, 1)
        own = ops.where(is_later, ragged.to_padded(waits, extent), 0)
        passed = ops.cumsum(own, axis=1)
        if np.dtype(times.dtype).kind != "f":
            passed = ops.round(passed)
        start = ops.reshape(ops.take(starts, extent.rows), (-1, 1, 1))
        moment = start + passed + float(origin)
        whole = ops.cast(start, dtype) + origin + ops.cast(passed, dtype)
        return [ragged.from_padded(each, extent) for each in (moment, whole)]

    (moments, whole), order = ragged.in_groups(lengths, 1, of_group)
    name = f"every_moment_is_in_the_range_of_{times.dtype}"
    lengths = ops.refuse(lengths, **{name: (moments < least) | (moments > most)})
    in_order = ops.take(whole, ragged.time_steps_in(order, lengths))
    return ops.reshape(in_order, (-1,)), lengths
