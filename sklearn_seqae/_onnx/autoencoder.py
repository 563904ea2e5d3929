"""What `transform` and `inverse_transform` compute, in a graph."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import numpy as np
import onnx

from sklearn_seqae._fitted.autoencoder import Autoencoder
from sklearn_seqae._fitted.fitted import Fitted
from sklearn_seqae._network import forward, padded
from sklearn_seqae._network.decoders import LARGEST, make_decoder
from sklearn_seqae._onnx import ops, ragged, sequences
from sklearn_seqae._onnx.engine import OnnxEngine, OnnxSequence
from sklearn_seqae._onnx.graph import Graph, Tensor
from sklearn_seqae._onnx.ragged import Extent
from sklearn_seqae._patches.exact import MAX_LENGTH


def encoder(fitted: Fitted) -> onnx.ModelProto:
    graph = Graph()
    embedding = embedding_of(fitted, sequences.inputs(graph, fitted.schema))
    graph.output(embedding, "embedding", ["n_samples", fitted.n_components])
    return graph.model("encoder", "Ragged sequences to embeddings.")


def decoder(fitted: Fitted) -> onnx.ModelProto:
    graph, n = Graph(), fitted.n_components
    embedding = graph.input("embedding", np.float32, ["n_samples", n])
    known = sequences.declared(fitted.schema)
    for name, tensor in _sequences_of(fitted, embedding).items():
        _, shape = known.get(name, (None, ["n_timesteps", None]))
        graph.output(tensor, name, shape)
    return graph.model("decoder", "Embeddings to ragged sequences.")


def embedding_of(fitted: Fitted, given: Mapping[str, Tensor]) -> Tensor:
    """Embed ragged sequences, see `declared`: (N, n_components), float32."""
    network, read = fitted.network, sequences.read(fitted.schema, given)

    def of_group(extent: Extent) -> list[Tensor]:
        parts = encoded(network, *read.padded(extent), extent)
        return [ops.concatenate([ops.cast(part, np.float32) for part in parts])]

    patch_size = network.preprocessing.patch_size
    (found,), order = ragged.in_groups(read.lengths, patch_size, of_group)
    parts = [ops.take(found, ragged.places_in(order))]
    if read.start is not None:
        parts.append(read.start)
    return ops.concatenate(parts)


def encoded(
    network: Autoencoder, numbers: Tensor | None, codes: Tensor | None, extent: Extent
) -> list[Tensor]:
    """Return what is learnt of a group, float32, and what is exact, float64."""
    known = network.preprocessing
    steps, exact = padded.read(
        ops,
        known,
        numbers,
        codes,
        extent.own,
        extent.n_steps // known.patch_size,
        fill=partial(ragged.fill_missing, extent=extent),
        wide="float64",
    )
    n_steps = ops.cast(ragged.n_patches(extent.lengths, known.patch_size), np.int32)
    sequence = OnnxSequence(ops.transpose(steps, (1, 0, 2)), n_steps)
    engine = _engine(network, extent.lengths.graph)
    pooled = forward.pooled_states(engine, network.architecture, sequence)
    embedding = forward.embed(engine, network.architecture, pooled)
    code = known.length_code
    if code is not None:
        component = code.encode(ops.cast(extent.lengths, np.float64), ops)
        exact.append(ops.expand_dims(component, 1))
    return [embedding, *exact]


def _sequences_of(fitted: Fitted, embedding: Tensor) -> dict[str, Tensor]:
    """Decode embeddings, (N, n_components), float32; see `sequences.write`."""
    network, lengths = fitted.network, _lengths(fitted, embedding)

    def of_group(extent: Extent) -> list[Tensor]:
        parts = decoded(network, ops.take(embedding, extent.rows), extent)
        return [ragged.from_padded(part, extent) for part in parts]

    patch_size = network.preprocessing.patch_size
    found, order = ragged.in_groups(lengths, patch_size, of_group)
    index = ragged.time_steps_in(order, lengths)
    every = [ops.take(each, index) for each in found]
    numbers = every.pop(0) if network.preprocessing.n_numbers else None
    last = ops.take(embedding, fitted.n_components - 1, axis=1)
    return sequences.write(fitted.schema, numbers, every, last, lengths)


def decoded(network: Autoencoder, embedding: Tensor, extent: Extent) -> list[Tensor]:
    """Return numbers if there are any, and logits of columns: (N, T, n) each."""
    architecture, known = network.architecture, network.preprocessing
    patch_size, n_learnt = known.patch_size, architecture.embedding_size
    step, n_steps = architecture.step, extent.n_steps // patch_size
    learnt = ops.cast(embedding[:, :n_learnt], np.float32)
    steps = make_decoder(architecture.decoder_spec).decode(
        _engine(network, embedding.graph),
        ops.clip(learnt, -LARGEST, LARGEST),
        n_steps,  # type: ignore[arg-type]  # a tensor in a graph
        ops.cast(ragged.n_patches(extent.lengths, patch_size), np.int32),
    )
    found = []
    for part in step.parts:
        n = (part.written.stop - part.written.start) // patch_size
        own = ragged.from_lstm_steps(steps[..., part.written], extent, patch_size, n)
        if part.values.start == 0 and step.n_numbers:
            exact = embedding[:, n_learnt : n_learnt + known.n_exact]
            own, exact = (ops.cast(each, np.float64) for each in (own, exact))
            own = padded.in_common_units(ops, known, own, exact, extent.own)
        found.append(own)
    return found


def _lengths(fitted: Fitted, embedding: Tensor) -> Tensor:
    """Return the lengths that embeddings mean, and refuse what can't be decoded."""
    architecture = fitted.network.architecture
    preprocessing = fitted.network.preprocessing
    strange = ops.isnan(embedding) | ops.isinf(embedding)
    code = preprocessing.length_code
    if code is None:
        length = embedding.graph.constant([fitted.max_length], np.int64)
        lengths = ops.broadcast_to(length, [ops.size(embedding, 0)])
        return ops.refuse(lengths, every_embedding_is_finite=strange)
    component = ops.take(embedding, fitted.network.n_components - 1, axis=1)
    log_length = ops.cast(component, np.float64) * code.scale + code.mean
    length = ops.maximum(ops.round(ops.exp(log_length)), 1)
    limit = architecture.max_steps * preprocessing.patch_size or MAX_LENGTH
    lengths = ops.cast(ops.minimum(length, limit), np.int64)
    name = f"an_embedding_means_a_sequence_of_over_{limit}_time_steps"
    problems = {"every_embedding_is_finite": strange, name: length > limit}
    return ops.refuse(lengths, **problems)


def _engine(network: Autoencoder, graph: Graph) -> OnnxEngine:
    return OnnxEngine(graph, network.architecture.activation, network._trained.weights)
