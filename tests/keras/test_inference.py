import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn_seqae._design import Design
from sklearn_seqae._keras.architecture import initial_weights

from sklearn_seqae import _autoencoder
from sklearn_seqae._autoencoder import Autoencoder
from sklearn_seqae._batching import to_patches
from sklearn_seqae._keras import inference
from sklearn_seqae._keras.inference import decode, encode

LENGTHS = [5, 16, 1, 9, 12, 3, 16, 7, 2, 11] * 4  # more than one shard, ties and all


@pytest.fixture(scope="module")
def ragged(make_ragged):
    return make_ragged(LENGTHS, missing=0.1)


@pytest.fixture(scope="module")
def network(make_architecture):
    """An architecture and weights: its compiled functions serve this whole module."""
    architecture = make_architecture(bidirectional=True)
    return architecture, initial_weights(architecture, np.random.RandomState(0))


def encoded(network, ragged):
    return encode(*network, to_patches(ragged, 1))


def decoded(network, codes, lengths):
    """Decoded steps of each sequence, as a list."""
    steps = decode(*network, codes, np.asarray(lengths))
    return np.split(steps, np.cumsum(lengths)[:-1])


# The right numbers --------------------------------------------------------------------


def test_same_numbers_as_keras(network, ragged, through_keras):
    patches = to_patches(ragged[:10], 1)
    codes, steps = through_keras(*network, patches)
    found = encode(*network, patches)
    assert found.dtype == np.float32
    assert_allclose(found, codes, rtol=1e-5, atol=1e-5)
    assert_allclose(
        decode(*network, found, patches.lengths), steps, rtol=1e-5, atol=1e-5
    )


@pytest.mark.usefixtures("without_xla")
def test_same_numbers_as_keras_when_stacked(
    make_architecture, make_patches, through_keras
):
    architecture = make_architecture(
        n_inputs=4,
        encoder_units=(4, 3),
        decoder_units=(3, 4),
        bidirectional=True,
        activation="relu",
    )
    weights = initial_weights(architecture, np.random.RandomState(1))
    patches = make_patches([5, 1, 30, 12], patch_size=2)
    codes, steps = through_keras(architecture, weights, patches)
    found = encode(architecture, weights, patches)
    assert_allclose(found, codes, rtol=1e-5, atol=1e-5)
    back = decode(architecture, weights, found, patches.lengths)
    assert_allclose(back, steps, rtol=1e-5, atol=1e-5)


@pytest.mark.usefixtures("without_xla")
@pytest.mark.parametrize("block", [2, 1024])
def test_squared_errors_are_means_over_observed_values(
    make_ragged, through_numpy, monkeypatch, block
):
    monkeypatch.setattr(_autoencoder, "BLOCK", block)
    ragged = make_ragged([5, 1, 7, 3], missing=0.3)
    design = Design(2, 3, (4,), False, "tanh", 2, None, (4,))
    weights = initial_weights(design.architecture(), np.random.RandomState(0))
    patches = to_patches(ragged, 2)
    _, steps = through_numpy(design.architecture(), weights, patches)
    timesteps = steps.astype(np.float64).reshape(-1, 2)
    expected, start = [], 0
    for x in ragged:
        expected.append(np.nanmean((timesteps[start : start + len(x)] - x) ** 2))
        start += 2 * -(-len(x) // 2)
    found = Autoencoder(design, weights, []).squared_errors(ragged)
    assert found.dtype == np.float64
    assert_allclose(found, expected, rtol=1e-4)


# In the caller's order, whoever the companions are ------------------------------------


def test_results_come_in_the_callers_order(network, ragged):
    codes = encoded(network, ragged)
    order = np.random.default_rng(0).permutation(len(ragged))
    assert_array_equal(encoded(network, ragged.take(order)), codes[order])

    sequences = decoded(network, codes, ragged.lengths)
    shuffled = decoded(network, codes[order], ragged.lengths[order])
    for found, i in zip(shuffled, order, strict=True):
        assert_array_equal(found, sequences[i])


def test_alone_or_in_company_is_the_same_to_the_bit(network, ragged):
    codes = encoded(network, ragged)
    sequences = decoded(network, codes, ragged.lengths)
    for i in range(10):
        alone = encoded(network, ragged[i : i + 1])
        assert_array_equal(alone, codes[i : i + 1])
        (steps,) = decoded(network, alone, [LENGTHS[i]])
        assert_array_equal(steps, sequences[i])


def test_beside_one_ten_times_longer_is_the_same_to_the_bit(
    network, ragged, make_ragged
):
    codes = encoded(network, ragged)
    sequences = decoded(network, codes, ragged.lengths)
    (long,) = make_ragged([120])
    few = [*ragged[:5], long]  # so that all of them share one shard
    beside = encoded(network, type(ragged).from_list(few))
    assert_array_equal(beside[:5], codes[:5])
    steps = decoded(network, beside, [len(x) for x in few])
    for found, expected in zip(steps[:5], sequences[:5], strict=True):
        assert_array_equal(found, expected)


def test_a_shorter_decode_is_the_end_of_a_longer_one(network, ragged):
    """Decoding starts at the last step, so the length asked for decides the rest."""
    codes = encoded(network, ragged[:1])
    (short,), (longer,) = decoded(network, codes, [3]), decoded(network, codes, [9])
    assert_array_equal(short, longer[-3:])


# However the work is cut --------------------------------------------------------------


def test_one_lane_or_two_is_the_same_to_the_bit(network, ragged, monkeypatch):
    results = []
    for n_lanes in (1, 2):
        monkeypatch.setattr(inference, "_n_lanes", lambda n=n_lanes: n)
        codes = encoded(network, ragged)
        results.append((codes, decode(*network, codes, ragged.lengths)))
    assert_array_equal(results[0][0], results[1][0])
    assert_array_equal(results[0][1], results[1][1])


def test_few_or_many_shards_a_call_is_the_same_to_the_bit(network, ragged, monkeypatch):
    monkeypatch.setattr(inference, "_n_lanes", lambda: 1)
    codes = encoded(network, ragged)
    steps = decode(*network, codes, ragged.lengths)
    monkeypatch.setattr(inference, "VALUES_PER_CALL", 1)
    assert_array_equal(encoded(network, ragged), codes)
    assert_array_equal(decode(*network, codes, ragged.lengths), steps)


@pytest.mark.parametrize(
    ("limit", "expected"), [(None, 4), ("", 4), ("2", 2), ("1", 1), ("8", 4), ("0", 1)]
)
def test_lanes_follow_omp_num_threads(monkeypatch, limit, expected):
    monkeypatch.setattr(inference, "n_cores", lambda: 4)
    if limit is None:
        monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    else:
        monkeypatch.setenv("OMP_NUM_THREADS", limit)
    assert inference._n_lanes() == expected
