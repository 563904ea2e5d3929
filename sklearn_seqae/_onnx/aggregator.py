"""What `SequenceAggregator` tells of sequences, in a graph."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import onnx
from numpy.typing import NDArray

from sklearn_seqae._aggregator import SequenceAggregator
from sklearn_seqae._onnx import ops, sequences
from sklearn_seqae._onnx.graph import Graph, Tensor
from sklearn_seqae._onnx.ragged import (
    Extent,
    codes_of,
    counts_of,
    in_groups,
    moments,
    places_in,
    starts_of,
)


def model(aggregator: SequenceAggregator) -> onnx.ModelProto:
    graph = Graph()
    found = aggregates_of(aggregator, sequences.inputs(graph, aggregator._schema))
    n_columns = len(aggregator.get_feature_names_out())
    graph.output(found, "aggregates", ["n_samples", n_columns])
    return graph.model("aggregator", "Statistics of ragged sequences.")


def aggregates_of(
    aggregator: SequenceAggregator, given: Mapping[str, Tensor]
) -> Tensor:
    """Aggregate ragged sequences: (N, n_columns), float32; see `declared`."""
    if any(len(gram) > 1 for of_feature in aggregator._grams for gram in of_feature):
        raise ValueError(
            "SequenceAggregator has n-grams of several events, which can't be written "
            "to an ONNX file; fit with ngram_range=(1, 1)."
        )
    schema = aggregator._schema
    events, read = schema.events, sequences.encode(schema, given)
    columns = [ops.expand_dims(ops.cast(read.lengths, np.float64), 1)]
    if events.clock is not None:
        starts = starts_of(read.lengths)
        first, last = (
            ops.take(given["times"], place)
            for place in (starts, starts + read.lengths - 1)
        )
        duration = sequences.since(last, first) * aggregator._unit_of_duration
        columns.append(ops.expand_dims(duration, 1))

    def of_group(extent: Extent) -> list[Tensor]:
        numbers, codes = read.padded(extent)
        found = []
        if numbers is not None:
            of_numbers = _of_numbers(numbers, aggregator._typical)
            # the last is the sum of logarithms of waits, where time is a number
            found.append(of_numbers if events.clock is None else of_numbers[:, :-1])
        n = ops.expand_dims(ops.cast(extent.lengths, np.float64), 1)
        for place, column in enumerate(events.columns):
            own = codes_of(codes, place, extent)
            found.append(counts_of(own, extent, column.size)[:, 1:] / n)  # 0: unknown
        return [ops.cast(ops.concatenate(found), np.float32)]

    (found,), order = in_groups(read.lengths, 1, of_group)
    narrow = [ops.cast(each, np.float32) for each in columns]
    return ops.concatenate([*narrow, ops.take(found, places_in(order))])


def _of_numbers(values: Tensor, typical: NDArray[np.float64]) -> Tensor:
    """Return the statistics of numbers (N, T, F), one after the other: (N, F * 5)."""
    observed = ~ops.isnan(values)
    n, mean, variance = moments(values, observed)
    total = ops.sum(ops.where(observed, values, 0.0), 1)
    least = ops.min(ops.where(observed, values, np.inf), 1)
    largest = ops.max(ops.where(observed, values, -np.inf), 1)
    usual = values.graph.constant([typical], np.float64)
    mean, least, largest = (ops.where(n > 0, x, usual) for x in (mean, least, largest))
    every = (mean, ops.sqrt(variance), least, largest, total)
    return ops.reshape(ops.stack(every, 2), (0, len(every) * len(typical)))
