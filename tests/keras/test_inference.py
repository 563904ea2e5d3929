"""Embedding, decoding and forecasting: the right numbers, whoever the companions are.

XLA compiles where the same bits are promised: without it, the last bit of a row may
depend on its place in a batch.
"""

import joblib
import numpy as np
import pytest
from networks import drawn_weights, small_architecture, walks, walks_in_patches
from numpy.testing import assert_allclose, assert_array_equal
from references import ByKeras, ByNumpy, changes, embeddings, reconstruction

from sklearn_seqae._fitted import scores
from sklearn_seqae._fitted.autoencoder import Autoencoder
from sklearn_seqae._fitted.scores import errors
from sklearn_seqae._keras import devices, inference
from sklearn_seqae._keras.inference import INFERENCE_ROWS_WITHOUT_XLA as ROWS
from sklearn_seqae._keras.inference import decode, encode, forecast
from sklearn_seqae._network.layers import State
from sklearn_seqae._patches.batching import to_patches
from sklearn_seqae._patches.preprocessing import Preprocessing

LENGTHS = [5, 16, 1, 9, 12, 3, 16, 7, 2, 11] * 4  # more than one shard, ties and all
ARCHITECTURE = small_architecture(bidirectional=True)
NETWORK = ARCHITECTURE, drawn_weights(ARCHITECTURE)


@pytest.fixture(scope="module")
def ragged():
    return walks(LENGTHS, missing=0.1)


def encoded(ragged):
    return encode(*NETWORK, to_patches(ragged, 1))


def decoded(embeddings, lengths):
    """Return decoded steps of each sequence, as a list."""
    steps = decode(*NETWORK, embeddings, np.asarray(lengths))
    return np.split(steps, np.cumsum(lengths)[:-1])


# The right numbers --------------------------------------------------------------------


STACKED = small_architecture(
    n_inputs=4,
    hidden_layer_sizes=(4, 3),
    decoder_layer_sizes=(3, 4),
    bidirectional=True,
    activation="relu",
)


@pytest.mark.parametrize("architecture", [ARCHITECTURE, STACKED])
@pytest.mark.parametrize(
    "on",
    [pytest.param(True, marks=[pytest.mark.xla, pytest.mark.slow]), False],
    ids=["XLA", "no XLA"],
)
def test_same_numbers_as_keras(architecture, on):
    weights = drawn_weights(architecture)
    patch_size = architecture.n_inputs // 2
    patches = walks_in_patches([5, 1, 30, 12], patch_size=patch_size, missing=0.1)
    layers = ByKeras(architecture, weights)
    found = encode(architecture, weights, patches)
    assert found.dtype == np.float32
    assert_allclose(found, embeddings(layers, patches), rtol=1e-5, atol=1e-5)
    back = decode(architecture, weights, found, patches.lengths)
    assert_allclose(back, reconstruction(layers, patches), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("block", [2, 1024])
def test_errors_are_means_over_observed_values(monkeypatch, block):
    monkeypatch.setattr(scores, "BLOCK", block)
    ragged = walks([5, 1, 7, 3], missing=0.3)
    architecture = small_architecture(n_inputs=4)
    weights = drawn_weights(architecture)
    patches = to_patches(ragged, 2)
    steps = reconstruction(ByNumpy(architecture, weights), patches)
    timesteps = steps.reshape(-1, 2)
    expected, start = [], 0
    for x in ragged:
        expected.append(np.nanmean((timesteps[start : start + len(x)] - x) ** 2))
        start += 2 * -(-len(x) // 2)
    autoencoder = Autoencoder(architecture, Preprocessing(2, 2), {}, State(weights))
    found = errors(autoencoder, ragged)
    assert found.dtype == np.float64
    assert_allclose(found, expected, rtol=1e-4)


# In the caller's order, whoever the companions are ------------------------------------


@pytest.mark.xla
def test_results_come_in_the_callers_order(ragged):
    Z = encoded(ragged)
    order = np.random.default_rng(0).permutation(len(ragged))
    assert_array_equal(encoded(ragged.take(order)), Z[order])

    sequences = decoded(Z, ragged.lengths)
    shuffled = decoded(Z[order], ragged.lengths[order])
    for found, i in zip(shuffled, order, strict=True):
        assert_array_equal(found, sequences[i])


@pytest.mark.xla
def test_alone_or_in_company_is_the_same_to_the_bit(ragged):
    Z = encoded(ragged)
    sequences = decoded(Z, ragged.lengths)
    for i in range(10):
        alone = encoded(ragged[i : i + 1])
        assert_array_equal(alone, Z[i : i + 1])
        (steps,) = decoded(alone, [LENGTHS[i]])
        assert_array_equal(steps, sequences[i])


@pytest.mark.xla
def test_beside_one_ten_times_longer_is_the_same_to_the_bit(ragged):
    Z = encoded(ragged)
    sequences = decoded(Z, ragged.lengths)
    (long,) = walks([120])
    few = [*ragged[:5], long]  # so that all of them share one shard
    beside = encoded(type(ragged).from_list(few))
    assert_array_equal(beside[:5], Z[:5])
    steps = decoded(beside, [len(x) for x in few])
    for found, expected in zip(steps[:5], sequences[:5], strict=True):
        assert_array_equal(found, expected)


@pytest.mark.xla
def test_a_shorter_decode_is_the_end_of_a_longer_one(ragged):
    """Decoding starts at the last step, so the length asked for decides the rest."""
    Z = encoded(ragged[:1])
    (short,), (longer,) = decoded(Z, [3]), decoded(Z, [9])
    assert_array_equal(short, longer[-3:])


# Forecasts ----------------------------------------------------------------------------

AHEAD = small_architecture(n_forecast_steps=3, n_recent=2)


@pytest.fixture(scope="module")
def history():
    """Embeddings and last values of more sequences than a shard has rows."""
    rng = np.random.default_rng(0)
    shapes = (ROWS + 2, 3), (ROWS + 2, 2)
    return [rng.normal(size=shape).astype(np.float32) for shape in shapes]


def test_forecasts_are_those_of_the_equations(history):
    weights = drawn_weights(AHEAD)
    found = forecast(AHEAD, weights, *history)
    assert found.shape == (ROWS + 2, 3, 2)
    layers = ByNumpy(AHEAD, weights)
    expected = [changes(layers, *pair) for pair in zip(*history, strict=True)]
    assert_allclose(found, expected, rtol=1e-4, atol=1e-6)


@pytest.mark.xla
def test_a_forecast_depends_on_its_sequence_alone(history):
    weights = drawn_weights(AHEAD)
    together = forecast(AHEAD, weights, *history)
    alone = forecast(AHEAD, weights, *(array[-1:] for array in history))
    assert_array_equal(alone, together[-1:])


# However the work is cut --------------------------------------------------------------


@pytest.mark.xla
def test_one_thread_or_two_is_the_same_to_the_bit(ragged, monkeypatch):
    results = []
    for n in (1, 2):
        monkeypatch.setattr(inference, "n_threads", lambda n=n: n)
        Z = encoded(ragged)
        results.append((Z, decode(*NETWORK, Z, ragged.lengths)))
    assert_array_equal(results[0][0], results[1][0])
    assert_array_equal(results[0][1], results[1][1])


@pytest.mark.parametrize(
    ("limit", "expected"), [(None, 4), ("", 4), ("2", 2), ("1", 1), ("8", 4), ("0", 1)]
)
def test_threads_follow_omp_num_threads(monkeypatch, limit, expected):
    monkeypatch.setattr(joblib, "cpu_count", lambda: 4)
    if limit is None:
        monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    else:
        monkeypatch.setenv("OMP_NUM_THREADS", limit)
    assert devices.n_threads() == expected
