"""What the aggregator and the outlier detector tell of sequences, in a graph."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from itertools import groupby
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from sklearn_seqae._aggregator import SequenceAggregator
from sklearn_seqae._network.padded import moments, one_before
from sklearn_seqae._onnx import ops, ragged, sequences
from sklearn_seqae._onnx.autoencoder import decoded, encoded
from sklearn_seqae._onnx.graph import Graph, Tensor
from sklearn_seqae._onnx.ragged import Extent
from sklearn_seqae._outlier.crossfit import CrossFittedChain, MarkovChain
from sklearn_seqae._outlier.detector import LSTMAutoencoderOutlierDetector
from sklearn_seqae._outlier.deviation import Measures


def of_aggregator(aggregator: SequenceAggregator) -> onnx.ModelProto:
    graph = Graph()
    found = aggregates_of(aggregator, sequences.inputs(graph, aggregator._schema))
    n_columns = len(aggregator.get_feature_names_out())
    graph.output(found, "aggregates", ["n_samples", n_columns])
    return graph.model("aggregator", "Statistics of ragged sequences.")


def aggregates_of(
    aggregator: SequenceAggregator, given: Mapping[str, Tensor]
) -> Tensor:
    """Aggregate ragged sequences: (N, n_columns), float32; see `declared`."""
    schema = aggregator._schema
    events, read = schema.events, sequences.encode(schema, given)
    columns = [ops.expand_dims(ops.cast(read.lengths, np.float64), 1)]
    if events.clock is not None:
        starts = ragged.starts_of(read.lengths)
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
            of_numbers = _statistics(numbers, aggregator._typical)
            # the last is the sum of logarithms of waits, where time is a number
            found.append(of_numbers if events.clock is None else of_numbers[:, :-1])
        for j, column in enumerate(events.columns):
            own = codes_of(codes, j, extent)
            for _, grams in groupby(aggregator._grams[j], len):
                found.append(_shares(own, [*grams], column.size + 1, extent))
        return [ops.cast(ops.concatenate(found), np.float32)]

    (found,), order = ragged.in_groups(read.lengths, 1, of_group)
    narrow = [ops.cast(each, np.float32) for each in columns]
    return ops.concatenate([*narrow, ops.take(found, ragged.places_in(order))])


def _statistics(values: Tensor, typical: NDArray[np.float64]) -> Tensor:
    """Return the statistics of numbers (N, T, F), one after the other: (N, F * 5)."""
    observed = ~ops.isnan(values)
    n, mean, variance = moments(ops, values, observed)
    total = ops.sum(ops.where(observed, values, 0.0), 1)
    least = ops.min(ops.where(observed, values, np.inf), 1)
    largest = ops.max(ops.where(observed, values, -np.inf), 1)
    usual = values.graph.constant([typical], np.float64)
    mean, least, largest = (ops.where(n > 0, x, usual) for x in (mean, least, largest))
    every = (mean, ops.sqrt(variance), least, largest, total)
    return ops.reshape(ops.stack(every, 2), (0, len(every) * len(typical)))


def _shares(codes: Tensor, grams: list[Any], base: int, extent: Extent) -> Tensor:
    """Return the shares of n-grams of one length, (N, n_grams), float64."""
    order, number = len(grams[0]), codes
    known, before = codes > 0, codes  # a code is 0 for an unknown category
    for lag in range(1, order):
        before = one_before(ops, before)
        known, number = known & (before > 0), number + before * base**lag
    powers = base ** np.arange(order)[::-1]
    places = {int(powers @ gram): 1 + place for place, gram in enumerate(grams)}
    place = ops.look_up(ops.where(known, number, 0), places, 0)
    n = ops.cast(extent.lengths - (order - 1), np.float64)
    in_all = ops.expand_dims(ops.maximum(n, 1.0), 1)
    return counts_of(place, extent, len(grams))[:, 1:] / in_all


def of_detector(detector: LSTMAutoencoderOutlierDetector) -> onnx.ModelProto:
    """Return the model that scores; outputs are named as skl2onnx names them."""
    graph, schema = Graph(), detector._schema
    measures = _measures(detector, sequences.inputs(graph, schema))
    excess = detector._usual.excess(measures, ops)
    decision = -excess - detector.offset_
    label = ops.where(decision < 0, graph.constant(-1, np.int64), 1)
    graph.output(label, "label", ["n_samples"])
    for name, found in {"scores": decision, "score_samples": -excess}.items():
        graph.output(ops.cast(found, np.float32), name, ["n_samples"])
    return graph.model("detector", "Ragged sequences to scores of outliers.")


def _measures(
    detector: LSTMAutoencoderOutlierDetector, given: Mapping[str, Tensor]
) -> Measures:
    """Return `Measures` of ragged sequences, tensors of float64."""
    fitted = detector.estimator_._fitted
    network, read = fitted.network, sequences.read(fitted.schema, given)
    known, lengths = network.preprocessing, read.lengths
    limit = network.architecture.max_steps * known.patch_size
    if limit:
        name = f"every_sequence_has_at_most_{limit}_time_steps"
        lengths = ops.refuse(lengths, **{name: lengths > limit})

    def of_group(extent: Extent) -> list[Tensor]:
        numbers, codes = read.padded(extent)
        parts = encoded(network, numbers, codes, extent)
        embedding = ops.concatenate([ops.cast(part, np.float64) for part in parts])
        written = decoded(network, embedding, extent)
        measured = []
        if numbers is not None:
            measured.append(_of_numbers(numbers, written.pop(0), extent))
        after = []
        for n, chain in enumerate(detector._chains):
            own = codes_of(codes, n, extent)
            each = _of_categories(own, written[n], chain, extent)
            measured.append([ops.expand_dims(x, 1) / known.costs[n] for x in each])
            after.append(measured[-1][2])
        by_kind = [ops.concatenate(each) for each in zip(*measured, strict=True)]
        return [embedding, *by_kind, *([ops.concatenate(after)] if after else [])]

    found, order = ragged.in_groups(lengths, known.patch_size, of_group)
    wild = [ops.isnan(x) | ops.isinf(x) for x in (found[0], found[4])]
    places = ops.refuse(
        ragged.places_in(order),
        every_embedding_and_error_is_in_the_range_of_float32=ops.concatenate(wild),
    )
    of_each: list[Any] = [ops.take(each, places) for each in found]
    of_each.insert(1, ops.cast(lengths, np.float64))
    return Measures(*of_each, *([] if detector._chains else [None]))


def _of_numbers(numbers: Tensor, written: Tensor, extent: Extent) -> list[Tensor]:
    """Return mean, variance, mean square step and error, (N, F) each."""
    own = extent.own
    values = ops.cast(ragged.fill_missing(numbers, extent), np.float64)
    n, mean, variance = moments(ops, values, own)
    before = ops.concatenate([values[:, :1], values[:, :-1]], axis=1)
    step = ops.where(own, values - before, 0.0)
    missed = written - ops.cast(numbers, np.float64)
    _, error, _ = moments(ops, missed * missed, ~ops.isnan(numbers))
    return [mean, variance, ops.sum(step * step, 1) / ops.maximum(n - 1, 1), error]


def _of_categories(
    codes: Tensor, logits: Tensor, chain: CrossFittedChain, extent: Extent
) -> list[Tensor]:
    """Return surprisal, entropy, surprisal after the one before, and error, (N,)."""
    n = ops.cast(extent.lengths, np.float64)
    (size,) = chain.n_codes
    share = counts_of(codes, extent, size - 1) / ops.expand_dims(n, 1)
    entropy = -ops.sum(ops.where(share > 0, share * ops.log(share), 0.0), 1)
    log_p = ops.log_softmax(logits, axis=-1)
    place = ops.expand_dims(ops.maximum(codes - 1, 0), 2)
    told = ops.sum(ops.take_along_axis(log_p, place, axis=2), 2)
    # an unknown category is no less unlikely than any other
    told = ops.where(codes > 0, told, ops.min(log_p, 2))
    error = -ops.sum(ops.where(extent.inside, ops.cast(told, np.float64), 0.0), 1) / n
    before = ops.concatenate([codes[:, :1], codes[:, :-1]], axis=1)
    pairs = [_surprisals(each, before, codes, extent) for each in chain.chains]
    of_codes, of_pairs = (reduce(ops.maximum, x) for x in zip(*pairs, strict=True))
    return [of_codes, entropy, of_pairs, error]


def _surprisals(
    chain: MarkovChain, before: Tensor, codes: Tensor, extent: Extent
) -> tuple[Tensor, Tensor]:
    """Return mean surprisals of codes and of pairs, (N,); see `surprisals`."""
    graph, n_codes = codes.graph, len(chain.shares)
    shares, totals, counts = (
        graph.constant(each, np.float64)
        for each in (chain.shares, chain.totals, chain.counts)
    )
    n, share = ops.cast(extent.lengths, np.float64), ops.take(shares, codes)
    table = {pair: place for place, pair in enumerate(chain.pairs.tolist())}
    place = ops.look_up(before * n_codes + codes, table, len(table) - 1)
    follows = (ops.take(counts, place) + share) / (ops.take(totals, before) + 1)
    has_one_before = extent.inside & (extent.place > 0)
    of_codes = ops.sum(ops.where(extent.inside, -ops.log(share), 0.0), 1)
    of_pairs = ops.sum(ops.where(has_one_before, -ops.log(follows), 0.0), 1)
    return of_codes / n, of_pairs / ops.maximum(n - 1, 1)


# Of a group ---------------------------------------------------------------------------


def codes_of(padded: Tensor | None, column: int, extent: Extent) -> Tensor:
    """Return a column of codes (N, T, n), int64, 0 beyond the ends: (N, T)."""
    assert padded is not None
    own = ops.where(extent.inside, ops.take(padded, column, axis=2), 0.0)
    return ops.cast(own, np.int64)


def counts_of(codes: Tensor, extent: Extent, size: int) -> Tensor:
    """Count the codes 0, 1, ..., ``size`` in each sequence, (N, T): (N, size + 1)."""
    ones = ops.cast(extent.inside, np.float64)
    none = codes.graph.constant([[0]], np.float64)
    none = ops.broadcast_to(none, (ops.size(codes, 0), size + 1))
    options: dict[str, Any] = {"axis": 1, "reduction": "add"}
    return codes.graph.node("ScatterElements", none, codes, ones, **options)
