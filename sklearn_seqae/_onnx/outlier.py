"""What the outlier detector measures of sequences, in a graph; see `_outlier`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from typing import Any

import numpy as np
import onnx

from sklearn_seqae._onnx import ops, sequences
from sklearn_seqae._onnx.autoencoder import decoded, encoded
from sklearn_seqae._onnx.graph import Graph, Tensor
from sklearn_seqae._onnx.ragged import (
    Extent,
    codes_of,
    counts_of,
    fill_missing,
    in_groups,
    moments,
    places_in,
)
from sklearn_seqae._outlier.crossfit import CrossFittedChain, MarkovChain
from sklearn_seqae._outlier.detector import LSTMAutoencoderOutlierDetector
from sklearn_seqae._outlier.deviation import Measures


def model(detector: LSTMAutoencoderOutlierDetector) -> onnx.ModelProto:
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
        written = [steps for steps, _ in decoded(network, embedding, extent)]
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

    found, order = in_groups(lengths, known.patch_size, of_group)
    wild = [ops.isnan(x) | ops.isinf(x) for x in (found[0], found[4])]
    places = ops.refuse(
        places_in(order),
        every_embedding_and_error_is_in_the_range_of_float32=ops.concatenate(wild),
    )
    of_each: list[Any] = [ops.take(each, places) for each in found]
    of_each.insert(1, ops.cast(lengths, np.float64))
    return Measures(*of_each, *([] if detector._chains else [None]))


def _of_numbers(numbers: Tensor, written: Tensor, extent: Extent) -> list[Tensor]:
    """Return mean, variance, mean square step and error, (N, F) each."""
    own = extent.own
    values = ops.cast(fill_missing(numbers, extent), np.float64)
    n, mean, variance = moments(values, own)
    before = ops.concatenate([values[:, :1], values[:, :-1]], axis=1)
    step = ops.where(own, values - before, 0.0)
    missed = written - ops.cast(numbers, np.float64)
    _, error, _ = moments(missed * missed, ~ops.isnan(numbers))
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
    of_codes, of_pairs = (
        reduce(ops.maximum, each) for each in zip(*pairs, strict=True)
    )
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
