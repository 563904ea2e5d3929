"""Time steps as a graph takes and gives them: numbers, text and moments.

To numbers and codes and back, as `_sequences.events` does.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from sklearn_seqae._containers.kinds import TimeAxis
from sklearn_seqae._onnx import ops
from sklearn_seqae._onnx.graph import Shape, Tensor
from sklearn_seqae._onnx.ragged import (
    Extent,
    from_padded,
    in_groups,
    put,
    starts_of,
    time_steps_in,
    to_padded,
)
from sklearn_seqae._sequences.clock import WIDEST, Clock
from sklearn_seqae._sequences.schema import Events
from sklearn_seqae._sequences.vocabulary import FeatureCategories

MISSING = ""  # text in place of a category that is missing
NO_TIME = np.iinfo(np.int64).min  # NumPy's NaT

Tensors = dict[str, Tensor]  # by the names of inputs


class Read(NamedTuple):
    """Time steps in the order of the network.

    Attributes
    ----------
    numbers : Tensor of shape (L, n_numbers), float64, or None
        In own units; the time since the event before is the last.
    codes : Tensor of shape (L, n_codes), float32, or None
        Of categories.
    start : Tensor of shape (N, 1), float32, or None
        The component that is the moment of the first event.
    lengths : Tensor of shape (N,), int64
        With checks of the times.
    """

    numbers: Tensor | None
    codes: Tensor | None
    start: Tensor | None
    lengths: Tensor


def declared(events: Events, n_features: int) -> dict[str, tuple[Any, Shape]]:
    """Return dtype and shape of each tensor that stands for sequences, by name.

    Parameters
    ----------
    events : Events
    n_features : int
        Features of `X`.
    """
    counts = Counter(name for name, _ in _places(events.categories(n_features)))
    dtypes = {"values": np.float64, "categories": object}
    found: dict[str, tuple[Any, Shape]] = {
        name: (dtype, ["n_timesteps", counts[name]])
        for name, dtype in dtypes.items()
        if counts[name]
    }
    if events.times is not None:
        found["times"] = _dtype_of_times(events.times), ["n_timesteps"]
    return found | {"lengths": (np.int64, ["n_samples"])}


def read(
    events: Events, n_features: int, given: Mapping[str, Tensor], lengths: Tensor
) -> Read:
    """Return numbers and codes of all time steps, and the first moments.

    Parameters
    ----------
    events : Events
    n_features : int
    given : mapping of str to Tensor
        As `declared`.
    lengths : Tensor of shape (N,), int64
        Checked.
    """
    features = events.categories(n_features)
    placed = list(zip(_places(features), features, strict=True))
    numbers = [column for (_, column), known in placed if known is None]
    parts, start = [], None
    if numbers:
        is_all = len(numbers) == n_features
        values = given["values"]
        parts.append(values if is_all else ops.take(values, numbers, axis=1))
    if events.clock is not None:
        passed, start, lengths = _times(events.clock, given["times"], lengths)
        parts.append(ops.expand_dims(passed, 1))
    codes = [
        ops.expand_dims(_encoded(known, ops.take(given[name], column, axis=1)), 1)
        for (name, column), known in placed
        if known is not None
    ]
    return Read(
        ops.concatenate(parts) if parts else None,
        ops.cast(ops.concatenate(codes), np.float32) if codes else None,
        start,
        lengths,
    )


def write(
    events: Events,
    n_features: int,
    numbers: Tensor | None,
    logits: Sequence[Tensor],
    component: Tensor,
    lengths: Tensor,
) -> tuple[Tensors, list[Tensor]]:
    """Undo `read`; return the most likely time steps, and probabilities of categories.

    Parameters
    ----------
    events : Events
    n_features : int
    numbers : Tensor of shape (L, n_numbers), float64, or None
        In own units.
    logits : sequence of Tensor of shape (L, n_codes)
        Of each column of categories.
    component : Tensor of shape (N,), float32
        The last one of each embedding.
    lengths : Tensor of shape (N,), int64

    Returns
    -------
    sequences : dict of str to Tensor
        As `declared`. Moments are refused where `moments_after` refuses them. Of 64
        bits the last 1,024 ticks are refused as well: sums are float64 here.
    probabilities : list of Tensor of shape (L, n_categories), float32
        Of each column of categories, in the order of `categories_`.
    """
    features = events.categories(n_features)
    columns: dict[str, list[Tensor]] = {"values": [], "categories": []}
    of_codes, n_done = iter(logits), 0
    for (name, _), known in zip(_places(features), features, strict=True):
        if known is None:
            assert numbers is not None
            column = ops.part(numbers, n_done, n_done + 1, axis=1)
            n_done += 1
        else:
            column = _decoded(known, next(of_codes))
        columns[name].append(column)
    found = {name: ops.concatenate(each) for name, each in columns.items() if each}
    if events.clock is not None and events.times is not None:
        assert numbers is not None
        feature = ops.part(numbers, n_done, n_done + 1, axis=1)
        found["times"], lengths = _moments(
            events.clock, events.times, feature, component, lengths
        )
    known_ones = (known for known in features if known is not None)
    probabilities = [
        _probabilities(known, each)
        for known, each in zip(known_ones, logits, strict=True)
    ]
    return found | {"lengths": lengths}, probabilities


def notes(events: Events, names: Sequence[Any]) -> dict[str, Any]:
    """Return what stands in each tensor, by its name: features, and the times.

    Parameters
    ----------
    events : Events
    names : sequence
        Of the features of `X`, or their numbers.
    """
    found: dict[str, Any] = {}
    for (tensor, _), name in zip(
        _places(events.categories(len(names))), names, strict=True
    ):
        found.setdefault(tensor, []).append(name)
    if events.times is not None:
        times = events.times
        found["times"] = {
            "name": str(times.name),
            "dtype": times.dtype,
            "time_zone": times.zone,
        }
    return found


def _places(features: Sequence[FeatureCategories | None]) -> list[tuple[str, int]]:
    """Return the tensor of each feature, and the column there."""
    found, count = [], Counter[str]()
    for known in features:
        is_text = known is not None and known.is_text
        name = "categories" if is_text else "values"
        found.append((name, count[name]))
        count[name] += 1
    return found


def _dtype_of_times(times: TimeAxis) -> Any:
    """Return the dtype of moments: ticks of dates and durations are whole numbers."""
    return np.int64 if np.dtype(times.dtype).kind in "mM" else np.float64


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
    other = ops.where(
        ops.isnan(column),
        graph.constant(missing, np.int64),
        known.infrequent_code,
    )
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


def _probabilities(known: FeatureCategories, logits: Tensor) -> Tensor:
    """Return the probability of each category; see `FeatureCategories`."""
    p = ops.softmax(logits, axis=-1)
    share = known.probabilities(np.eye(known.size))  # of each code, (n_codes, n)
    return ops.matmul(p, share)


# Times --------------------------------------------------------------------------------


def _times(
    clock: Clock, times: Tensor, lengths: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Return the feature (L,), the component (N, 1), and lengths that check them."""
    starts = starts_of(lengths)
    before = [ops.part(times, 0, 1, axis=0), ops.part(times, 0, -1, axis=0)]
    passed = put(_since(times, ops.concatenate(before, axis=0)), starts, np.nan)
    if times.dtype.kind == "i":
        missing = times.equals(NO_TIME)
    else:
        missing = ops.isnan(times) | ops.isinf(times)
    lengths = ops.refuse(lengths, missing, "every_time_is_finite")
    name = "times_of_a_sequence_do_not_fall"
    lengths = ops.refuse(lengths, passed < 0, name)
    origin = times.graph.constant(clock.origin or 0, times.dtype)
    component = (_since(ops.take(times, starts), origin) - clock.mean) / clock.scale
    feature = ops.log(passed / clock.unit + 1)
    return feature, ops.expand_dims(ops.cast(component, np.float32), 1), lengths


def _since(times: Tensor, origin: Tensor) -> Tensor:
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
    """Return the moments of all events, as `moments_after`, and lengths that check it.

    Each sequence is summed up alone.
    """
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
        passed = ops.cumsum(ops.where(is_later, to_padded(waits, extent), 0), axis=1)
        if np.dtype(times.dtype).kind != "f":
            passed = ops.round(passed)
        start = ops.reshape(ops.take(starts, extent.rows), (-1, 1, 1))
        moment = start + passed + float(origin)
        whole = ops.cast(start, dtype) + origin + ops.cast(passed, dtype)
        return [from_padded(each, extent, 1) for each in (moment, whole)]

    (moments, whole), order = in_groups(lengths, 1, of_group)
    name = f"every_moment_is_in_the_range_of_{times.dtype}"
    lengths = ops.refuse(lengths, (moments < least) | (moments > most), name)
    in_order = ops.take(whole, time_steps_in(order, lengths))
    return ops.reshape(in_order, (-1,)), lengths
