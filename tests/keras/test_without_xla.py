"""Without XLA, and as on a GPU: the same numbers within float32.

With XLA, whole fits are compiled in tests/estimator/test_xla.py.
"""

import numpy as np
import pytest
import tensorflow as tf
from internals import xla
from networks import (
    assert_close_weights,
    plain_settings,
    small_architecture,
    training_data,
    walks_in_patches,
)
from numpy.testing import assert_allclose

from sklearn_seqae import to_sequences
from sklearn_seqae._keras import devices, inference
from sklearn_seqae._keras.inference import decode, encode
from sklearn_seqae._keras.training import cache, epochs, program, workspace
from sklearn_seqae._network.pooling import POOLING
from sklearn_seqae.datasets import make_events

LENGTHS = [5, 16, 1, 9, 12, 3, 16, 7, 2, 11, 4, 8]  # batches of four, and of three
PATCHES = walks_in_patches(LENGTHS, missing=0.2)
ARCHITECTURE = small_architecture(pooling=tuple(POOLING))


def run():
    """Train, embed and decode."""
    result = epochs.train(
        ARCHITECTURE,
        training_data(PATCHES, n_validation=3),
        plain_settings(epochs=4, early_stopping=True, dropout=0.2),
        np.random.RandomState(0),
    )
    weights = result.state.weights
    embeddings = encode(ARCHITECTURE, weights, PATCHES)
    steps = decode(ARCHITECTURE, weights, embeddings, PATCHES.lengths)
    return result, {"embeddings": embeddings, "steps": steps} | weights


@pytest.fixture(scope="module")
def fit():
    """What comes of it without XLA."""
    with xla(False):
        return run()


@pytest.fixture
def gpu(monkeypatch):
    """Keras's own layers, which run on a GPU, here on the CPU."""
    for module in (cache, workspace, program, inference):
        monkeypatch.setattr(module, "has_gpu", lambda: True)


@pytest.mark.slow
@pytest.mark.usefixtures("gpu")
def test_same_numbers_by_what_runs_on_a_gpu(fit):
    expected, expected_arrays = fit
    result, arrays = run()
    assert result.history.keys() == expected.history.keys()
    for name, values in expected.history.items():
        assert_allclose(result.history[name], values, rtol=1e-4, err_msg=name)
    assert_close_weights(arrays, expected_arrays, rtol=1e-3, atol=1e-4)


@pytest.mark.slow
def test_events_by_what_runs_on_a_gpu(plain_autoencoder, request):
    """Categories and times: the same numbers after the same updates."""
    log, _ = make_events(20, max_length=12, random_state=0)
    X = to_sequences(log, by="session", order="time")

    def numbers():
        estimator = plain_autoencoder(
            patch_size=2,
            encoder_inputs=["differences"],
            mask_ratio=0.2,
            pooling=tuple(POOLING),
            forecast_horizon=3,
            optimizer="sgd",  # Adam divides small gradients by their size
            learning_rate=0.1,
        ).fit(X)
        return estimator.history_ | {
            "transform": estimator.transform(X),
            "score_features": estimator.score_features(X),
            "inverse_transform_proba": np.concatenate(
                estimator.inverse_transform_proba(estimator.transform(X))[0]
            ),
            "forecast_proba": np.concatenate(estimator.forecast_proba(X)[0]),
        }

    expected = numbers()
    request.getfixturevalue("gpu")
    found = numbers()
    assert found.keys() == expected.keys()
    for name, values in expected.items():
        assert_allclose(found[name], values, rtol=1e-5, atol=1e-5, err_msg=name)


# Whether XLA compiles -----------------------------------------------------------------


@pytest.fixture
def asked_anew():
    devices.xla_compiles.cache_clear()
    yield
    devices.xla_compiles.cache_clear()


@pytest.mark.xla
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


@pytest.mark.xla
@pytest.mark.usefixtures("asked_anew")
def test_nothing_is_said_where_it_compiles():
    assert devices.xla_compiles()  # warnings are errors here
