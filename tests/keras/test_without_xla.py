"""Where XLA can't compile: the same numbers within float32, and one warning."""

import numpy as np
import pytest
import tensorflow as tf
from numpy.testing import assert_allclose

from sklearn_seqae._keras import devices, inference, training, workspace
from sklearn_seqae._keras.inference import decode, encode

LENGTHS = [5, 16, 1, 9, 12, 3, 16, 7, 2, 11, 4, 8]


@pytest.fixture(scope="module")
def run(make_architecture, make_patches):
    """Train, encode and decode: history, codes and decoded steps."""
    architecture = make_architecture()
    patches = make_patches(LENGTHS, missing=0.2)
    n = len(patches)

    def compute(**chance):
        data = training.Data(
            patches, np.ones(n, np.float32), np.arange(3, n), np.arange(3)
        )
        result = training.train(
            architecture,
            data,
            training.Settings(4, 4, "adam", 0.01, True, 10, 1e-4, None, 0, **chance),
            np.random.RandomState(0),
        )
        codes = encode(architecture, result.state.weights, patches)
        steps = decode(architecture, result.state.weights, codes, patches.lengths)
        return result, codes, steps

    return compute


@pytest.fixture(scope="module")
def with_xla(run):
    return run()


CHANCE = {"dropout": 0.2, "recurrent_dropout": 0.2}


@pytest.fixture(scope="module")
def chance_with_xla(run):
    return run(**CHANCE)


def assert_same_numbers(found, expected):
    """Within float32, after some epochs."""
    result, codes, steps = found
    expected, expected_codes, expected_steps = expected
    for name, values in expected.history.items():
        assert_allclose(result.history[name], values, rtol=1e-4)
    for found, weight in zip(result.state.weights, expected.state.weights, strict=True):
        assert_allclose(found, weight, rtol=1e-3, atol=1e-4)
    assert_allclose(codes, expected_codes, rtol=1e-3, atol=1e-4)
    assert_allclose(steps, expected_steps, rtol=1e-3, atol=1e-4)


@pytest.mark.usefixtures("without_xla")
def test_same_numbers(run, with_xla):
    assert_same_numbers(run(), with_xla)


def test_same_numbers_by_what_runs_on_a_gpu(run, with_xla, monkeypatch):
    """Keras's own layers, here on the CPU."""
    for module in (workspace, training, inference):
        monkeypatch.setattr(module, "has_gpu", lambda: True)
    assert_same_numbers(run(), with_xla)


@pytest.mark.usefixtures("without_xla")
def test_the_same_is_left_to_chance(run, chance_with_xla):
    assert_same_numbers(run(**CHANCE), chance_with_xla)


def test_the_same_is_left_to_chance_on_a_gpu(run, chance_with_xla, monkeypatch):
    for module in (workspace, training, inference):
        monkeypatch.setattr(module, "has_gpu", lambda: True)
    assert_same_numbers(run(**CHANCE), chance_with_xla)


@pytest.fixture
def asked_anew():
    devices.xla_compiles.cache_clear()
    yield
    devices.xla_compiles.cache_clear()


@pytest.mark.usefixtures("asked_anew")
@pytest.mark.parametrize(
    "error",
    [
        ValueError("no XLA here"),
        tf.errors.UnimplementedError(None, None, "no XLA here"),
    ],
)
def test_it_is_said_once(monkeypatch, error):
    def function(*_, **options):
        def call(*_):
            raise error

        assert options["jit_compile"]
        return lambda _: call

    monkeypatch.setattr(devices.tf, "function", function)
    with pytest.warns(RuntimeWarning, match=r"XLA.*no XLA here.*slower") as caught:
        answers = [devices.xla_compiles() for _ in range(3)]
    assert answers == [False] * 3
    assert len(caught) == 1


@pytest.mark.usefixtures("asked_anew")
def test_nothing_is_said_where_it_compiles():
    assert devices.xla_compiles()  # warnings are errors here
