"""Every check that scikit-learn has for an estimator, and no excuses.

`check_array_api_input` skips itself, as for any estimator, without SCIPY_ARRAY_API.
"""

import numpy as np
import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from sklearn_seqae import (
    LSTMAutoencoderOutlierDetector,
    LSTMAutoencoderTransformer,
    WindowOutlierDetector,
)


# As scikit-learn's own tests do with whatever iterates, with few epochs: the checks fit
# more than a hundred times. Small batches have equal shapes, so fits share programs.
@parametrize_with_checks([LSTMAutoencoderTransformer(epochs=2, batch_size=8)])
def test_as_it_comes(estimator, check):
    check(estimator)


PLAIN = {"pooling": "last", "contrastive_weight": 0.0, "epochs": 2, "batch_size": 8}

# What the estimator itself does otherwise, whatever the network: it scales nothing,
# holds sequences out, and an embedding is one number with no length in it.
OTHERWISE = {
    "n_components": 1,
    "scaler": None,
    "exact_components": (),
    "early_stopping": True,
    "mask_ratio": 0.0,
    "encoder_inputs": (),
    "hidden_layer_sizes": 4,
    "bidirectional": False,
    "optimizer": "sgd",
}


@pytest.mark.slow
@parametrize_with_checks([LSTMAutoencoderTransformer(**(PLAIN | OTHERWISE))])
def test_with_other_parameters(estimator, check):
    check(estimator)


# Networks of other kinds, several parameters at a time: each check builds one.
#
# Not among them, as the checks contradict its meaning: "length" asked for, which needs
# two components where seven checks set n_components=1. To go on from an earlier
# fit contradicts them too (fitted twice must be the same), so warm_start comes with a
# learning rate that leaves the weights where they were. And whatever the sequences are,
# decoders that cut the vector get one step: a patch as long as the longest.
VARIANTS = [
    {
        "n_components": 1,
        "forecast_horizon": 1,
        "scaler": None,
        "hidden_layer_sizes": (8, 4),
        "exact_components": (),
        "kl_weight": 0.1,
        "noise": 0.1,
        "decoder": "unfold",
    },
    {
        "n_components": 3,
        "scaler": "robust",
        "hidden_layer_sizes": 4,
        "activation": "relu",
        "decoder": "reshape",
        "decoder_layer_sizes": (3, 5),
        "patch_size": 64,
        "early_stopping": True,
        "sparsity_weight": 0.1,
        "dropout": 0.2,
    },
    {
        "scaler": "minmax",
        "hidden_layer_sizes": np.array([4]),
        "bidirectional": False,
        "pooling": ("mean", "attention"),
        "decoder": "single_shot",
        "patch_size": 64,
        "optimizer": "sgd",
        "dropout": 0.2,
        "contrastive_weight": 0.1,
        "warm_start": True,
        "learning_rate": 1e-12,
    },
]


@pytest.mark.trust
@parametrize_with_checks(
    [LSTMAutoencoderTransformer(**(PLAIN | variant)) for variant in VARIANTS]
)
def test_variant(caplog, estimator, check):
    check(estimator)
    # Many networks, one after the other: TensorFlow likes to remark on that.
    assert [record.getMessage() for record in caplog.records] == []


TINY = LSTMAutoencoderTransformer(**PLAIN, n_components=3, hidden_layer_sizes=4)


@pytest.mark.slow
@parametrize_with_checks([LSTMAutoencoderOutlierDetector(TINY)])
def test_outlier_detector(estimator, check):
    check(estimator)


# To it, a table is one recording, whose rows are time steps.
OF_TIME = {
    "check_methods_sample_order_invariance": "the order of time steps matters",
    "check_methods_subset_invariance": "a time step is judged by those around it",
    "check_fit1d": "a 1-D array is a recording of one feature",
    "check_fit2d_predict1d": "a 1-D array is a recording of one feature",
}
OF_WINDOWS = WindowOutlierDetector(
    LSTMAutoencoderOutlierDetector(TINY), window=4, stride=1, contamination=0.1
)


@pytest.mark.slow
@parametrize_with_checks([OF_WINDOWS], expected_failed_checks=lambda _: OF_TIME)
def test_window_detector(estimator, check):
    check(estimator)
