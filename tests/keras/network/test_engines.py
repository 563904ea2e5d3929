"""Two engines, one forward pass: both give the numbers of the references."""

from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import references
import tensorflow as tf
from networks import (
    assert_close_to_scale,
    assert_is_gradient,
    drawn_weights,
    small_architecture,
    tensors,
    walks_in_patches,
)
from numpy.testing import assert_allclose
from references import ByKeras, ByNumpy

from sklearn_seqae._keras.network.fused_engine import FusedEngine
from sklearn_seqae._keras.network.keras_engine import KerasEngine
from sklearn_seqae._keras.network.keras_layers import KerasLayers
from sklearn_seqae._keras.training.draws import layer_masks, mask_width
from sklearn_seqae._network import forward
from sklearn_seqae._network.architecture import Architecture
from sklearn_seqae._network.decoders import make_decoder
from sklearn_seqae._network.engine import Wanted
from sklearn_seqae._network.pooling import POOLING
from sklearn_seqae._patches.packing import pack
from sklearn_seqae._sequences.vocabulary import Column

LENGTHS = [5, 1, 4, 3, 0, 2]  # 0: a row that holds nothing
N_STEPS = 5
STACKED = {"hidden_layer_sizes": (5, 3), "decoder_layer_sizes": (3, 5)}
AHEAD = {"n_forecast_steps": 3, "n_recent": 2}
CATEGORIES = {  # of two time steps a step: a number, and one of five and of three
    "n_inputs": 6,
    "n_timesteps": 2,
    "columns": (Column("category", 5), Column("category", 3)),
    "bidirectional": True,
}

ARCHITECTURES = {
    "one way": {},
    "both ways": {"bidirectional": True},
    "relu": {"bidirectional": True, "activation": "relu"},
    "stacked": STACKED,
    "stacked both ways": {**STACKED, "bidirectional": True},
    "three layers, one value": {
        "n_inputs": 1,
        "embedding_size": 1,
        "hidden_layer_sizes": (2, 3, 2),
        "decoder_layer_sizes": (2, 3, 2),
    },
    "extra inputs": {"n_extra_inputs": 2, "bidirectional": True},
    "pooled states": {
        "bidirectional": True,
        "hidden_layer_sizes": (4, 3),
        "pooling": ("max", "std", "last", "mean", "min"),
    },
    "no bottleneck": {
        "bidirectional": True,
        "pooling": ("mean", "std"),
        "bottleneck": False,
        "embedding_size": 16,
    },
    "attention": {
        "bidirectional": True,
        "hidden_layer_sizes": (4, 3),
        "pooling": ("attention", "last"),
    },
    "every pooling": {"pooling": tuple(POOLING)},
    "projection": {"pooling": ("mean",), "projection_size": 5},
    "variational": {"variational": True},
    "reshape": {"decoder": "reshape", "max_steps": 5, "embedding_size": 10},
    "reshape, stacked, relu": {
        "decoder": "reshape",
        "max_steps": 11,  # more than the buffer has
        "embedding_size": 11,
        "decoder_layer_sizes": (3, 5),
        "activation": "relu",
    },
    "single_shot": {"decoder": "single_shot", "max_steps": 5, "embedding_size": 5},
    "single_shot, stacked": {
        "decoder": "single_shot",
        "max_steps": 11,
        "embedding_size": 22,
        "decoder_layer_sizes": (3, 5),
    },
    "unfold": {"decoder": "unfold"},
    "unfold, stacked, relu": {
        "decoder": "unfold",
        "n_inputs": 4,
        "decoder_layer_sizes": (3, 5),
        "activation": "relu",
    },
    "forecaster": AHEAD,
    "forecaster, stacked, over a block": {
        **AHEAD,
        "decoder_layer_sizes": (4, 3),
        "n_forecast_steps": 19,
    },
    "forecaster, relu": {**AHEAD, "activation": "relu"},
    "categories": {**CATEGORIES, "n_extra_inputs": 4},
    "categories alone": {"n_inputs": 1, "columns": (Column("category", 4),)},
    "categories, ahead": {**CATEGORIES, **AHEAD, "n_recent": 9},
    "categories at once": {
        **CATEGORIES,
        "decoder": "single_shot",
        "max_steps": 5,
        "embedding_size": 5,
    },
    "categories, fed back": {**CATEGORIES, "decoder": "unfold"},
}
CASES = [
    *((name, False) for name in ARCHITECTURES),
    *(
        (name, True)  # with dropout
        for name in (
            "stacked",
            "stacked both ways",
            "extra inputs",
            "reshape, stacked, relu",
            "single_shot, stacked",
            "unfold, stacked, relu",
            "forecaster, stacked, over a block",
            "categories",
        )
    ),
]


@dataclass(frozen=True)
class Batch:
    """A shard of six rows, and random numbers for it, as NumPy arrays."""

    architecture: Architecture
    weights: dict
    x: Any
    target: Any
    weight: Any
    lengths: Any
    noise: Any
    recent: Any
    change: Any
    change_weight: Any
    masks: dict

    @property
    def used(self):
        return np.flatnonzero(self.lengths)

    def masks_of(self, row):
        """Return the masks of one row, as `ByNumpy` takes them."""
        return {name: mask.numpy()[:, row] for name, mask in self.masks.items()}


def make_batch(architecture, drops):
    rng = np.random.default_rng(0)
    weights = {
        name: w + rng.normal(0, 0.1, w.shape).astype(np.float32)
        for name, w in drawn_weights(architecture).items()
    }
    n_inputs, n_rows = architecture.n_inputs, len(LENGTHS)
    width = n_inputs + architecture.n_extra_inputs
    patches = walks_in_patches([n for n in LENGTHS if n], n_features=width, missing=0.2)
    patches = type(patches)(
        patches.values, patches.observed[:, :n_inputs], patches.offsets
    )
    for column in architecture.step.column_parts:
        codes = patches.values[:-1, column.values]
        codes[:] = rng.integers(1, column.head.size + 1, codes.shape)
        codes[rng.random(codes.shape) < 0.1] = 0  # masked
        patches.observed[:-1, column.values] &= codes > 0
    rows = np.array([0, 1, 2, 3, -1, 4])
    packed = pack(patches, rows[None, None], N_STEPS, np.ones(len(patches), np.float32))
    x, weight = packed.x[:N_STEPS], packed.weight[:N_STEPS]
    # In training, other rows' steps are beyond a row's end
    beyond = np.arange(N_STEPS)[:, None] >= LENGTHS
    x.swapaxes(1, 2)[beyond] = rng.normal(size=(beyond.sum(), 2, width))
    weight[beyond] = rng.uniform(0.5, 2, size=(beyond.sum(), n_inputs))
    for column in architecture.step.column_parts:
        codes = x[..., column.values].swapaxes(1, 2)
        codes[beyond] = rng.integers(0, column.head.size + 1, codes[beyond].shape)
    ahead = architecture.n_forecast_steps, n_rows, n_inputs
    drawn = (
        rng.normal(size=(N_STEPS, n_rows, n_inputs)),
        rng.normal(size=(n_rows, architecture.n_recent)),
        rng.normal(size=ahead),
        rng.uniform(0.5, 2, ahead) * (rng.random(ahead) < 0.7),
    )
    width = mask_width(architecture.lstm_layers)
    factors = tf.constant(2.0 * (rng.random((n_rows, width)) < 0.5), tf.float32)
    for layout, array in (
        (architecture.recent, drawn[1]),
        (architecture.step, drawn[2]),
    ):
        for column in layout.column_parts:
            codes = array[..., column.values]
            codes[:] = rng.integers(1, column.head.size + 1, codes.shape)
    # A row that holds nothing has an embedding too, of which something is forecast
    drawn[-1][:, np.equal(LENGTHS, 0)] = 0
    return Batch(
        architecture,
        weights,
        x,
        x[:, 1, :, :n_inputs],
        weight,
        np.array(LENGTHS, np.int32),
        *(array.astype(np.float32) for array in drawn),
        layer_masks(architecture.lstm_layers, factors if drops else None),
    )


# By an engine -------------------------------------------------------------------------


def fused(batch, weights):
    return FusedEngine(batch.architecture.activation, weights, batch.masks)


def stock(batch, weights):
    return KerasEngine(KerasLayers(batch.architecture), weights, batch.masks)


ENGINES = {"fused": fused, "stock": stock}


def run(make_engine, batch):
    """Return all that an engine makes of a batch, and the gradient of the objective."""
    architecture, weights = batch.architecture, tensors(batch.weights)
    engine, decoder = (
        make_engine(batch, weights),
        make_decoder(architecture.decoder_spec),
    )
    lengths = tf.constant(batch.lengths)
    target, weight, noise, change, change_weight = (
        engine.from_packed(tf.constant(array))
        for array in (
            batch.target,
            batch.weight,
            batch.noise,
            batch.change,
            batch.change_weight,
        )
    )
    wanted = Wanted(target, weight, lengths)
    found = SimpleNamespace()
    with tf.GradientTape() as tape:
        tape.watch(weights)
        sequence = engine.sequence(tf.constant(batch.x), lengths)
        pooled = forward.pooled_states(engine, architecture, sequence)
        embedding = forward.embed(engine, architecture, pooled)
        found.training_error = decoder.training_error(engine, embedding, wanted, noise)
        found.by_feature = found.training_error.by_feature
        objective = found.training_error = found.training_error.total
        own = tf.gather(pooled, batch.used)
        if architecture.projection_size:
            found.projection = forward.project(engine, architecture, own)
            objective += tf.reduce_sum(found.projection**2)
        if architecture.variational:
            found.log_variance = forward.log_variance(engine, architecture, own)
            objective += tf.reduce_sum(found.log_variance**2)
        if architecture.n_forecast_steps:
            recent = tf.constant(batch.recent)
            found.forecast_error = forward.forecast_error(
                engine, architecture, embedding, recent, change, change_weight
            ).total
            objective += found.forecast_error
    gradient = tape.gradient(objective, weights)
    found.gradient = {n: tf.convert_to_tensor(g) for n, g in gradient.items()}
    found.pooled = own
    found.embedding = tf.gather(embedding, batch.used)
    without_dropout = replace(engine, masks={})
    found.error = decoder.error(without_dropout, embedding, wanted).total
    decoded = decoder.decode(without_dropout, embedding, N_STEPS, lengths)
    found.decoded = engine.to_packed(decoded)
    if architecture.n_forecast_steps:
        ahead = forward.forecast(engine, architecture, embedding, recent)
        found.changes = engine.to_packed(ahead)
    return found


# By the references --------------------------------------------------------------------


def by_reference(batch, make_run, rows=None):
    """Return the same, of the rows that hold something, and the objective."""
    rows = batch.used if rows is None else rows
    rows = [row_by_reference(batch, row, make_run(row)) for row in rows]
    found = SimpleNamespace(
        **{name: [getattr(of, name) for of in rows] for name in vars(rows[0])}
    )
    for name in (
        "training_error",
        "error",
        "forecast_error",
        "objective",
        "by_feature",
    ):
        if hasattr(found, name):
            setattr(found, name, sum(getattr(found, name)))
    return found


def row_by_reference(batch, row, by):
    architecture, n = batch.architecture, batch.lengths[row]
    of = SimpleNamespace()
    of.pooled = references.pooled_states(by, batch.x[:n, 0, row])
    of.embedding = references.embedding(by, of.pooled)
    target, weight = batch.target[:n, row], batch.weight[:n, row]
    trained = references.decoded_in_training(
        by, of.embedding, target, batch.noise[:n, row]
    )
    without_dropout = replace(by, masks={}) if batch.masks else by
    of.decoded = references.decoded(without_dropout, of.embedding, n)
    of.by_feature = references.errors_by_feature(by, trained, target, weight)
    of.training_error = of.by_feature.sum()
    of.error = references.errors_by_feature(by, of.decoded, target, weight).sum()
    of.objective = of.training_error
    if architecture.projection_size:
        of.projection = references.projection(by, of.pooled)
        of.objective += (of.projection**2).sum()
    if architecture.variational:
        of.log_variance = by.dense(architecture.log_variance_layer, of.pooled)
        of.objective += (of.log_variance**2).sum()
    if architecture.n_forecast_steps:
        of.changes = references.changes(by, of.embedding, batch.recent[row])
        of.forecast_error = references.errors_by_feature(
            by, of.changes, batch.change[:, row], batch.change_weight[:, row]
        ).sum()
        of.objective += of.forecast_error
    return of


def by_numpy(batch, weights=None, rows=None):
    weights = weights or batch.weights
    return by_reference(
        batch,
        lambda row: ByNumpy(batch.architecture, weights, batch.masks_of(row)),
        rows,
    )


def by_keras(batch, rows=None):
    layers = ByKeras(batch.architecture, batch.weights)
    return by_reference(batch, lambda row: layers, rows)


# The tests ----------------------------------------------------------------------------


@pytest.fixture(scope="module", params=CASES, ids=str)
def case(request):
    """A batch, what each engine makes of it, and what NumPy does."""
    name, drops = request.param
    batch = make_batch(small_architecture(**ARCHITECTURES[name]), drops)
    found = {engine: run(make, batch) for engine, make in ENGINES.items()}
    return batch, found, by_numpy(batch)


@pytest.fixture(params=ENGINES)
def engine(request):
    return request.param


def assert_same_numbers(batch, found, expected):
    for name in ("pooled", "embedding", "projection", "log_variance"):
        if hasattr(found, name):
            assert_allclose(
                getattr(found, name),
                np.array(getattr(expected, name)),
                rtol=1e-4,
                atol=1e-5,
                err_msg=name,
            )
    for row, steps in zip(batch.used, expected.decoded, strict=True):
        ours = found.decoded[: len(steps), row]
        assert_allclose(ours, steps, rtol=1e-4, atol=1e-5, err_msg=f"row {row}")
    for name in ("training_error", "error"):
        assert_allclose(getattr(found, name), getattr(expected, name), rtol=1e-5)
    if batch.architecture.columns:
        assert_allclose(found.by_feature, expected.by_feature, rtol=1e-4, atol=1e-5)
    if hasattr(found, "changes"):
        for row, steps in zip(batch.used, expected.changes, strict=True):
            assert_allclose(found.changes[:, row], steps, rtol=1e-4, atol=1e-5)
        assert_allclose(found.forecast_error, expected.forecast_error, rtol=1e-5)


def test_the_numbers_are_those_of_the_equations(case, engine):
    batch, found, expected = case
    assert_same_numbers(batch, found[engine], expected)


def test_the_gradient_is_that_of_the_equations(case, engine):
    batch, found, _ = case
    gradient = {name: g.numpy() for name, g in found[engine].gradient.items()}
    length = np.sqrt(sum((g**2).sum() for g in gradient.values()))
    assert_is_gradient(
        gradient,
        lambda weights: by_numpy(batch, weights).objective,
        {name: w.astype(np.float64) for name, w in batch.weights.items()},
        step=1e-4 / length,
        rtol=1e-3,
    )


def test_both_engines_have_one_gradient(case):
    """Of every weight; a slope alone could hide one of many."""
    _, found, _ = case
    for name, theirs in found["stock"].gradient.items():
        ours = found["fused"].gradient[name]
        assert_close_to_scale(ours.numpy(), theirs.numpy(), 1e-4, name)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_both_references_agree(name):
    batch = make_batch(small_architecture(**ARCHITECTURES[name]), False)
    rows = [LENGTHS.index(1), LENGTHS.index(3)]
    found, expected = by_keras(batch, rows), by_numpy(batch, rows=rows)
    assert vars(found).keys() == vars(expected).keys()
    for what, wanted in vars(expected).items():
        ours = getattr(found, what)
        if not isinstance(wanted, list):
            ours, wanted = [ours], [wanted]
        for a, b in zip(ours, wanted, strict=True):
            assert_allclose(a, b, rtol=1e-4, atol=1e-5, err_msg=what)


def test_dropout_drops_something():
    architecture = small_architecture(**ARCHITECTURES["stacked"])
    without, found = (
        float(run(fused, make_batch(architecture, drops)).training_error)
        for drops in (False, True)
    )
    assert round(found, 4) != round(without, 4)


# Rows that hold nothing, and what is beyond a row's end -------------------------------


@pytest.mark.parametrize("name", ENGINES)
def test_a_row_that_holds_nothing_has_a_finite_embedding(name):
    """Of a wide layer too: 0 times what is not finite is not 0 in a gradient."""
    architecture = small_architecture(
        hidden_layer_sizes=(64,),
        embedding_size=64,
        pooling=tuple(POOLING),
        projection_size=8,
    )
    found = run(ENGINES[name], make_batch(architecture, False))
    for weight, gradient in found.gradient.items():
        assert np.isfinite(gradient).all(), weight


@pytest.mark.parametrize("part", ["encoder", "decoder"])
def test_what_explodes_beyond_a_rows_end_does_not_count(part):
    """A relu state may grow without bound in the steps after its sequence has ended."""
    architecture = small_architecture(
        n_inputs=1,
        embedding_size=1,
        hidden_layer_sizes=(1,),
        decoder_layer_sizes=(1,),
        activation="relu",
    )
    calm, wild = [[0.0, 0, 1, 0]], [[0.0, 0, 1e4, 0]]
    weights = {
        name: tf.constant(value, tf.float32)
        for layer in architecture.lstm_layers
        for name, value in {
            f"{layer.name}/forward/kernel": [[1.0, 1, 1, 1]],
            f"{layer.name}/forward/recurrent_kernel": wild
            if layer.name.startswith(part)
            else calm,
            f"{layer.name}/forward/bias": [0.0, 0, 0, 0],
        }.items()
    }
    for layer in ("embedding", "reconstruction"):
        weights[f"{layer}/kernel"] = tf.constant([[1.0]])
        weights[f"{layer}/bias"] = tf.constant([0.0])
    decoder, engine = (
        make_decoder(architecture.decoder_spec),
        FusedEngine("relu", weights),
    )

    def loss_and_gradient(lengths):
        """Row 0 is short and positive; row 1 is negative, so that it stays at zero."""
        own = (np.arange(16)[:, None] < lengths)[:, None, :, None]
        x = tf.constant(own * np.array([1.0, -1.0])[:, None], tf.float32)
        x = tf.repeat(x, 2, axis=1)
        weight = tf.constant(own[:, 0], tf.float32)
        steps = tf.constant(lengths, tf.int32)
        with tf.GradientTape() as tape:
            tape.watch(weights)
            sequence = engine.sequence(x, steps)
            pooled = forward.pooled_states(engine, architecture, sequence)
            embedding = forward.embed(engine, architecture, pooled)
            wanted = Wanted(x[:, 1], weight, steps)
            loss = decoder.error(engine, embedding, wanted).total
        return loss, tape.gradient(loss, weights)

    loss, gradient = loss_and_gradient([2, 16])
    alone = [loss_and_gradient(lengths) for lengths in ([2, 0], [0, 16])]
    assert_allclose(loss, alone[0][0] + alone[1][0], rtol=1e-5)
    for name, found in gradient.items():
        expected = alone[0][1][name] + alone[1][1][name]
        assert_allclose(found, expected, rtol=1e-4, atol=1e-6, err_msg=name)
