"""With and without XLA: the same numbers, as near as float32 can tell.

XLA is off in most other tests, so this is also where all kinds of losses, decoders and
draws are compiled once.
"""

import numpy as np
import pytest
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
        "recurrent_dropout": 0.2,
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


@pytest.fixture(
    scope="module",
    params=["defaults", pytest.param("every loss", marks=pytest.mark.slow)],
)
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


def test_a_second_fit_compiles_nothing(first_fit):
    n_compiled = first_fit["compiled"]
    assert n_compiled["first fit"] > 0
    assert n_compiled["second"] == n_compiled["third"] == n_compiled["first fit"]


def test_other_lengths_compile_nothing_but_a_larger_buffer(first_fit):
    n_compiled = first_fit["compiled"]
    assert n_compiled["shorter sequences"] == n_compiled["first fit"]
    assert n_compiled["a larger buffer"] > n_compiled["first fit"]
