"""Weights as one vector: Keras's own updates of each weight are the reference."""

import keras
import numpy as np
import pytest
from keras import optimizers
from networks import assert_close_to_scale, drawn_weights, small_architecture
from numpy.testing import assert_array_equal

from sklearn_seqae._keras.optimizers import new_optimizer
from sklearn_seqae._keras.training.parameters import ELEMENTWISE, Parameters

ARCHITECTURE = small_architecture()
WEIGHTS = drawn_weights(ARCHITECTURE)
TOGETHER = [
    *(kind.__name__ for kind in ELEMENTWISE),
    optimizers.Adam(amsgrad=True, weight_decay=0.1, clipvalue=0.05),
    optimizers.AdamW(use_ema=True, ema_overwrite_frequency=2),
    optimizers.RMSprop(momentum=0.9, centered=True, global_clipnorm=0.1),
    optimizers.SGD(optimizers.schedules.ExponentialDecay(0.5, 1, 0.5), momentum=0.9),
    optimizers.Adam(gradient_accumulation_steps=2),
]


class OwnAdam(optimizers.Adam):
    """Who knows what a subclass does."""


APART = [optimizers.Lamb(), "adafactor", optimizers.Adam(clipnorm=0.1), OwnAdam]


def name_of(optimizer):
    return optimizer if isinstance(optimizer, str) else type(optimizer).__name__


def gradients(seed):
    rng = np.random.default_rng(seed)
    return [rng.normal(size=w.shape).astype(np.float32) for w in WEIGHTS.values()]


def updated_by_keras(optimizer, n_updates):
    """Return weights and state after updates of each weight by itself."""
    variables = [keras.Variable(w) for w in WEIGHTS.values()]
    of_each = new_optimizer(optimizer)
    of_each.build(variables)
    for seed in range(n_updates):
        given = [keras.ops.convert_to_tensor(g) for g in gradients(seed)]
        of_each.apply(given, variables)
    return [v.numpy() for v in (*variables, *of_each.variables)]


def updated(parameters, n_updates):
    """Return the same, of `Parameters`."""
    n = len(WEIGHTS)
    fresh = parameters.to_keras([v.numpy() for v in parameters.variables])[n:]
    values = parameters.from_keras([*WEIGHTS.values(), *fresh])
    for variable, value in zip(parameters.variables, values, strict=True):
        variable.assign(value)
    n_trained = len(parameters.trained)
    for seed in range(n_updates):
        # in the form of the weights, whatever the optimizer keeps
        given = parameters.from_keras([*gradients(seed), *fresh])[:n_trained]
        given = [keras.ops.convert_to_tensor(g) for g in given]
        parameters.optimizer.apply(given, parameters.trained)
    return parameters.to_keras([v.numpy() for v in parameters.variables])


@pytest.mark.parametrize("optimizer", [*TOGETHER, *APART], ids=name_of)
def test_updates_are_those_of_keras(optimizer):
    found = updated(Parameters(ARCHITECTURE, optimizer), 3)
    expected = updated_by_keras(optimizer, 3)
    assert any((f != w).any() for f, w in zip(found, WEIGHTS.values(), strict=False))
    for ours, theirs in zip(found, expected, strict=True):
        assert ours.shape == theirs.shape
        assert_close_to_scale(ours, theirs, 1e-5)


@pytest.mark.parametrize("optimizer", TOGETHER, ids=name_of)
def test_elementwise_optimizers_update_one_vector(optimizer):
    (vector,) = Parameters(ARCHITECTURE, optimizer).trained
    assert vector.shape == (sum(w.size for w in WEIGHTS.values()),)


@pytest.mark.parametrize("optimizer", APART, ids=name_of)
def test_others_update_each_weight(optimizer):
    shapes = [v.shape for v in Parameters(ARCHITECTURE, optimizer).trained]
    assert shapes == [w.shape for w in WEIGHTS.values()]


@pytest.mark.parametrize("optimizer", [*TOGETHER, *APART], ids=name_of)
def test_from_keras_and_back(optimizer):
    parameters = Parameters(ARCHITECTURE, optimizer)
    rng = np.random.default_rng(0)
    arrays = [rng.normal(size=a.shape) for a in updated_by_keras(optimizer, 0)]
    values = parameters.from_keras(arrays)
    for value, variable in zip(values, parameters.variables, strict=True):
        assert np.shape(value) == variable.shape
    for found, expected in zip(parameters.to_keras(values), arrays, strict=True):
        assert_array_equal(found, expected)


def test_weights_have_their_names():
    parameters = Parameters(ARCHITECTURE, "adam")
    (vector,) = parameters.from_keras([*WEIGHTS.values(), *[np.zeros(())] * 100])[:1]
    by_name = parameters.by_name([keras.ops.convert_to_tensor(vector)])
    assert list(by_name) == list(WEIGHTS)
    for name, tensor in by_name.items():
        assert_array_equal(tensor, WEIGHTS[name])
