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

from sklearn_seqae._keras.optimizers import new_optimizer
from sklearn_seqae._keras.training.callbacks import CompiledModel, checked_callbacks


def compiled(optimizer):
    return CompiledModel(small_architecture(), 16, new_optimizer(optimizer))


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


def test_the_optimizer_is_built_for_every_weight():
    model = compiled("adam")
    n_moments = 2 * len(model.layers.variables)
    shapes = [v.shape for v in model.optimizer.variables]
    assert len(shapes) >= n_moments
    assert all(v.shape in shapes for v in model.layers.variables.values())


# Callbacks ----------------------------------------------------------------------------


def test_callbacks_in_every_form_that_is_taken():
    a, b = Callback(), Callback()
    assert checked_callbacks(None) == []
    assert checked_callbacks([]) == []
    assert checked_callbacks(a) == [a]
    assert checked_callbacks([a, b]) == [a, b]
    assert checked_callbacks((a, b)) == [a, b]
    for given in (TerminateOnNaN, [TerminateOnNaN]):
        (made,) = checked_callbacks(given)
        assert type(made) is TerminateOnNaN


@pytest.mark.parametrize("callbacks", [["early_stopping"], [3], [Callback(), None]])
def test_what_is_no_callback_is_an_error(callbacks):
    with pytest.raises(TypeError, match="callbacks"):
        checked_callbacks(callbacks)


@pytest.mark.parametrize("callbacks", [3, object, len])
def test_a_single_thing_that_is_no_callback_is_an_error(callbacks):
    with pytest.raises(TypeError):
        checked_callbacks(callbacks)
