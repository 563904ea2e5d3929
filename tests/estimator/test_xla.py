"""With and without XLA: the same numbers, as near as float32 can tell.

XLA is off in most other tests, so this is also where all kinds of losses, decoders and
draws are compiled once.
"""

import pickle

import numpy as np
import pytest
from helpers import run_python, some_slow
from internals import xla
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_seqae import LSTMAutoencoderTransformer

NETWORKS = {
    "defaults": {},
    "every loss": {
        "n_components": 5,
        "hidden_layer_sizes": 6,
        "activation": "relu",
        "decoder": "unfold",
        "noise": 0.1,
        "dropout": 0.2,
        "sparsity_weight": 0.1,
        "kl_weight": 0.1,
        "forecast_horizon": 4,
        "patch_size": 2,
        "batch_size": 4,
        "optimizer": "sgd",
    },
}


def make(parameters):
    # Few epochs: differences in the last bit grow with every update
    usual = {"epochs": 3, "early_stopping": True, "random_state": 0}
    return LSTMAutoencoderTransformer(**(usual | parameters))


@pytest.fixture(scope="module", params=some_slow(NETWORKS, {"every loss"}))
def both(request, few_sequences):
    """One estimator fitted with XLA, one without."""
    fits = []
    for on in (True, False):
        with xla(on):
            fits.append(make(NETWORKS[request.param]).fit(few_sequences))
    return fits


def with_and_without(use, *arguments):
    results = []
    for on in (True, False):
        with xla(on):
            results.append(use(*arguments))
    return results


def test_losses_agree(both):
    with_xla, without = (ae.history_ for ae in both)
    assert with_xla.keys() == without.keys()
    for name, losses in with_xla.items():
        assert_allclose(losses, without[name], rtol=1e-3, err_msg=name)


def test_weights_agree(both, few_sequences):
    """Both are embedded in the same way here, so what differs is what was learnt."""
    with_xla, without = (ae.transform(few_sequences) for ae in both)
    assert_allclose(with_xla, without, rtol=1e-2, atol=1e-3)


def test_embeddings_agree(both, sequences):
    with_xla, without = with_and_without(both[0].transform, sequences)
    assert_allclose(with_xla, without, rtol=1e-4, atol=1e-5)


def test_decoded_sequences_agree(both, sequences):
    Z = both[0].transform(sequences)
    scaled = [
        both[0].scaler_.transform(np.vstack(X))
        for X in with_and_without(both[0].inverse_transform, Z)
    ]
    assert_allclose(*scaled, rtol=1e-4, atol=1e-5)


def test_forecasts_agree(both, sequences):
    if not hasattr(both[0], "forecast"):
        assert not hasattr(both[1], "forecast")
        return
    found = [np.vstack(X) for X in with_and_without(both[0].forecast, sequences)]
    assert_allclose(*map(both[0].scaler_.transform, found), rtol=1e-4, atol=1e-5)


def test_the_program_of_one_is_not_lent_to_the_other(few_sequences):
    """Off, on, off again: the third is the first, to the bit."""

    def embed(on):
        with xla(on):
            return make({}).fit_transform(few_sequences)

    first, _, third = embed(False), embed(True), embed(False)
    assert_array_equal(third, first)


# In a process of its own

EMBED = """
import pickle
import sys
from pathlib import Path

given, left = map(Path, sys.argv[1:])
estimator, X = pickle.loads(given.read_bytes())
left.write_bytes(pickle.dumps(estimator.fit_transform(X)))
"""


@pytest.mark.trust
@pytest.mark.xla
def test_what_xla_keeps_in_a_folder_has_the_same_bits(few_sequences, tmp_path):
    """The option of TensorFlow's that the page about cost names."""
    estimator = make({"epochs": 1, "hidden_layer_sizes": 8})
    given, left, kept = tmp_path / "given", tmp_path / "left", tmp_path / "kept"
    given.write_bytes(pickle.dumps((estimator, few_sequences)))
    flags = {"TF_XLA_FLAGS": f"--tf_xla_persistent_cache_directory={kept}"}
    programs = []
    for _ in range(2):
        run_python(EMBED, given, left, environment=flags)
        Z = pickle.loads(left.read_bytes())
        assert_array_equal(Z, estimator.fit_transform(few_sequences))
        programs.append(sorted((p.name, p.stat().st_mtime_ns) for p in kept.iterdir()))
    assert programs[0]
    assert programs[1] == programs[0]  # all of them were found


def test_a_second_fit_compiles_nothing(first_fit):
    n_compiled = first_fit["compiled"]
    assert n_compiled["first fit"] > 0
    assert n_compiled["second"] == n_compiled["third"] == n_compiled["first fit"]


def test_other_lengths_compile_nothing_but_a_larger_buffer(first_fit):
    n_compiled = first_fit["compiled"]
    assert n_compiled["shorter sequences"] == n_compiled["first fit"]
    assert n_compiled["a larger buffer"] > n_compiled["first fit"]
