"""Small networks, and the data for them, for tests of the Keras part."""

import dataclasses

import numpy as np
import tensorflow as tf
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_seqae._containers.ragged import RaggedArray
from sklearn_seqae._keras.network.keras_layers import initial_weights
from sklearn_seqae._keras.training.settings import Settings
from sklearn_seqae._network.architecture import Architecture
from sklearn_seqae._patches.batching import split_into_shards, to_patches
from sklearn_seqae._patches.source.data import Data


def small_architecture(**changes):
    """Return an architecture that compiles fast, but for what a test asks for."""
    small = {
        "n_inputs": 2,
        "embedding_size": 3,
        "hidden_layer_sizes": (4,),
        "decoder_layer_sizes": (4,),
        "bidirectional": False,
        "activation": "tanh",
    }
    return Architecture(**(small | changes))


def drawn_weights(architecture, seed=0):
    return initial_weights(architecture, np.random.RandomState(seed))


def tensors(arrays):
    """Return the same mapping, list or array, of tensors."""
    return tf.nest.map_structure(tf.constant, arrays)


def loss_and_gradients(function, given):
    """Return what a function gives, a loss and more, and the gradients of the loss.

    A graph finds the gradients of `with_gradient` without a tape.
    """
    if not tf.executing_eagerly():
        loss, others = function(given)
        flat = tf.gradients(loss, tf.nest.flatten(given), unconnected_gradients="zero")
        return loss, others, tf.nest.pack_sequence_as(given, flat)
    with tf.GradientTape() as tape:
        tape.watch(given)
        loss, others = function(given)
    return loss, others, tape.gradient(loss, given, unconnected_gradients="zero")


def walks(lengths, *, n_features=2, missing=0.0, seed=0):
    """Return smooth random sequences of given lengths, some values missing."""
    rng = np.random.default_rng(seed)
    sequences = []
    for n in lengths:
        walk = rng.normal(size=(n, n_features)).cumsum(axis=0) / np.sqrt(n)
        gaps = rng.random(walk.shape) < missing
        gaps[0] = False  # something is observed
        sequences.append(np.where(gaps, np.nan, walk).astype(np.float32))
    return RaggedArray.from_list(sequences)


def walks_in_patches(lengths, *, patch_size=1, **options):
    return to_patches(walks(lengths, **options), patch_size)


def one_batch(patches, n_shards, n_rows):
    """Return all sequences as the shards of one batch, for `pack`."""
    rows = np.arange(len(patches))
    return split_into_shards(rows, patches.lengths, n_shards, n_rows)[None]


def training_data(patches, n_validation=0, sample_weight=None):
    """Return the data of a fit; the first sequences are held out."""
    order = np.arange(len(patches))
    weight = np.ones(len(patches)) if sample_weight is None else sample_weight
    return Data(
        patches,
        np.asarray(weight, np.float32),
        order[n_validation:],
        order[:n_validation],
    )


def plain_settings(**changes):
    """Return settings of training with nothing but a constant learning rate."""
    plain = Settings(
        epochs=5,
        batch_size=4,
        optimizer="adam",
        learning_rate=0.01,
        constant_rate=True,
        early_stopping=False,
        n_iter_no_change=10,
        callbacks=[],
        verbose=0,
    )
    return dataclasses.replace(plain, **changes)


# -- weights and gradients, by name ---------------------------------------------------


def assert_same_weights(found, expected):
    """Check that two mappings hold the same arrays, to the bit."""
    assert list(found) == list(expected)
    for name, array in expected.items():
        assert_array_equal(found[name], array, err_msg=name)


def assert_same_state(found, expected):
    """Check weights and the optimizer's state, to the bit."""
    assert_same_weights(found.weights, expected.weights)
    assert found.optimizer.fits(expected.optimizer)
    pairs = zip(found.optimizer.variables, expected.optimizer.variables, strict=True)
    for ours, theirs in pairs:
        assert_array_equal(ours, theirs)


def assert_close_weights(found, expected, **tolerance):
    assert list(found) == list(expected)
    for name, array in expected.items():
        assert_allclose(found[name], array, **tolerance, err_msg=name)


def assert_close_to_scale(found, expected, tolerance, what=""):
    """Check relative to the largest value: single gradients may cancel to nothing."""
    scale = max(np.abs(expected).max(), 1e-30)
    assert_allclose(
        found / scale, expected / scale, rtol=0, atol=tolerance, err_msg=what
    )


def moved(weights, gradient, size):
    """Return the weights, a step of a size along the gradient."""
    return {name: w + size * gradient[name] for name, w in weights.items()}


def assert_is_gradient(gradient, objective, weights, step, rtol):
    """Check that along the gradient the objective grows by its squared length.

    No vector but the gradient has this slope and is as long, up to what is orthogonal
    to it: a part that is missing or too much shows.
    """
    above, below = (objective(moved(weights, gradient, h)) for h in (step, -step))
    squared = sum((np.asarray(g, np.float64) ** 2).sum() for g in gradient.values())
    assert_allclose((above - below) / (2 * step), squared, rtol=rtol)
