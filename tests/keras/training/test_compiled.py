"""What we rely on in SciKeras."""

import os
import random

import keras
import numpy as np
import pytest
from keras.callbacks import Callback, TerminateOnNaN
from networks import small_architecture
from numpy.testing import assert_array_equal
from tensorflow.python.framework.config import is_op_determinism_enabled

from sklearn_seqae._keras.training.compiled import (
    CLIP_NORM,
    CompiledModel,
    fit_callbacks,
    new_optimizer,
    optimizer_identity,
    optimizer_key,
)


def compiled(optimizer):
    return CompiledModel(small_architecture(), 16, new_optimizer(optimizer))


# Optimizers ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("optimizer", "expected"),
    [
        ("adam", keras.optimizers.Adam),
        ("Adam", keras.optimizers.Adam),
        ("sgd", keras.optimizers.SGD),
        ("rmsprop", keras.optimizers.RMSprop),
        (keras.optimizers.SGD, keras.optimizers.SGD),
        (keras.optimizers.Nadam, keras.optimizers.Nadam),
    ],
)
def test_by_name_or_class_with_clipped_gradients(optimizer, expected):
    found = new_optimizer(optimizer)
    assert type(found) is expected
    assert found.global_clipnorm == CLIP_NORM
    assert float(found.learning_rate) == pytest.approx(
        float(expected().learning_rate)  # Keras's default; workspaces assign their own
    )


def test_an_instance_keeps_its_settings():
    found = new_optimizer(keras.optimizers.SGD(0.25, momentum=0.5, clipnorm=2.0))
    assert float(found.learning_rate) == 0.25
    assert found.momentum == 0.5
    assert found.clipnorm == 2.0
    assert found.global_clipnorm is None


def test_a_learning_rate_schedule_is_kept():
    schedule = keras.optimizers.schedules.ExponentialDecay(0.5, 10, 0.9)
    found = new_optimizer(keras.optimizers.SGD(schedule))
    assert float(found.learning_rate) == 0.5


def test_an_instance_is_not_touched():
    given = keras.optimizers.Adam(0.25)
    config, variables = given.get_config(), [v.numpy() for v in given.variables]
    found = new_optimizer(given)
    found.learning_rate.assign(0.75)
    assert found is not given
    assert not given.built
    assert given.get_config() == config
    for after, before in zip(given.variables, variables, strict=True):
        assert_array_equal(after, before)


def test_the_optimizer_is_built_for_every_weight():
    model = compiled("adam")
    n_moments = 2 * len(model.layers.variables)
    shapes = [v.shape for v in model.optimizer.variables]
    assert len(shapes) >= n_moments
    assert all(v.shape in shapes for v in model.layers.variables.values())


def test_an_unknown_optimizer_is_named():
    with pytest.raises(ValueError, match=r"optimizer.*adamant"):
        new_optimizer("adamant")


def test_what_one_program_serves():
    assert optimizer_key("Adam") == optimizer_key("adam")
    assert optimizer_key("adam") != optimizer_key("sgd")
    sgd = keras.optimizers.SGD
    assert optimizer_key(sgd(0.1)) != optimizer_key(sgd(0.2))
    assert optimizer_key(sgd(0.1)) != optimizer_key(keras.optimizers.RMSprop(0.1))
    assert optimizer_key(sgd) == optimizer_key(sgd)
    for optimizer in ("adam", sgd, sgd(0.1)):
        hash(optimizer_key(optimizer))


def test_equal_instances_are_served_by_one_program():
    """Keras numbers the names of its objects, which says nothing about them."""
    first, second = keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1)
    assert optimizer_key(first) == optimizer_key(second)


def test_an_optimizer_is_known_by_kind_and_configuration():
    """Its state serves another learning rate, but no other optimizer."""
    sgd, adam = keras.optimizers.SGD, keras.optimizers.Adam
    kind, config = optimizer_identity(sgd(0.1, momentum=0.5))
    assert kind == "SGD"
    assert optimizer_identity(sgd(0.2, momentum=0.5)) == (kind, config)
    assert optimizer_identity(sgd(0.1, momentum=0.6)) != (kind, config)
    assert optimizer_identity(adam(0.1))[0] == "Adam"
    for name in ("learning_rate", "name"):
        assert f'"{name}"' not in config


# Model --------------------------------------------------------------------------------


def test_the_model_holds_the_layers_and_is_compiled():
    built = compiled("adam")
    assert built.model.compiled
    assert built.model.optimizer is built.optimizer
    ours = {id(v) for v in built.layers.variables.values()}
    assert {id(v) for v in built.model.trainable_variables} == ours
    assert built.model.input_shape == built.model.output_shape == (None, 16, 2)


def test_nothing_global_is_seeded_or_set():
    def states():
        numpy_state = [np.asarray(s).tolist() for s in np.random.get_state()]
        return (
            random.getstate(),
            numpy_state,
            dict(os.environ),
            is_op_determinism_enabled(),
            keras.config.floatx(),
        )

    keras.utils.set_random_seed(5)
    expected = keras.random.normal((3,)).numpy()
    keras.utils.set_random_seed(5)
    before = states()
    compiled("adam")
    assert states() == before
    assert_array_equal(keras.random.normal((3,)), expected)


# Callbacks ----------------------------------------------------------------------------


def test_callbacks_in_every_form_that_is_taken():
    a, b = Callback(), Callback()
    assert fit_callbacks(None) == []
    assert fit_callbacks([]) == []
    assert fit_callbacks(a) == [a]
    assert fit_callbacks([a, b]) == [a, b]
    assert fit_callbacks((a, b)) == [a, b]
    for given in (TerminateOnNaN, [TerminateOnNaN]):
        (made,) = fit_callbacks(given)
        assert type(made) is TerminateOnNaN


@pytest.mark.parametrize("callbacks", [["early_stopping"], [3], [Callback(), None]])
def test_what_is_no_callback_is_an_error(callbacks):
    with pytest.raises(TypeError, match="callbacks"):
        fit_callbacks(callbacks)


@pytest.mark.parametrize("callbacks", [3, object, len])
def test_a_single_thing_that_is_no_callback_is_an_error(callbacks):
    with pytest.raises(TypeError):
        fit_callbacks(callbacks)
