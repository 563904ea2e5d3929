"""Optimizers, made and told apart. How they are saved is tested with saving."""

import keras
import pytest
from numpy.testing import assert_array_equal

from sklearn_seqae._keras.optimizers import (
    CLIP_NORM,
    new_optimizer,
    optimizer_identity,
    optimizer_key,
)


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
