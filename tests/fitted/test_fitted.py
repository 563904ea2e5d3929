"""What a fit leaves, alone and after another one; checks of Z and lengths."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import BaseEstimator

from sklearn_seqae._fitted.fitted import (
    Fitted,
    validate_embedding,
    validate_lengths,
)
from sklearn_seqae._patches.exact import MAX_LENGTH

nan = np.nan


class Embedding(BaseEstimator):
    """The least that an estimator with embeddings can be."""

    def __init__(self, n_components=2):
        self.n_components = n_components


# -- embeddings -----------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_an_embedding_of_floats_is_taken_as_it_is(dtype):
    Z = np.arange(6, dtype=dtype).reshape(3, 2)
    assert np.shares_memory(validate_embedding(Embedding(), Z), Z)
    frame = pd.DataFrame(Z, columns=["z0", "z1"])
    found = validate_embedding(Embedding(), frame)
    assert found.dtype == dtype
    assert_array_equal(found, Z)


@pytest.mark.parametrize("Z", [[[1, 2]], np.array([[1, 2]]), np.float16([[1, 2]])])
def test_other_real_numbers_become_floats(Z):
    found = validate_embedding(Embedding(), Z)
    assert found.dtype in (np.float32, np.float64)
    assert_array_equal(found, [[1, 2]])


def test_the_fitted_width_counts_if_the_estimator_keeps_it():
    estimator = Embedding(n_components=5)
    estimator._n_features_out = 2
    assert validate_embedding(estimator, np.ones((3, 2))).shape == (3, 2)


# -- lengths --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "lengths",
    [
        [1, 2, MAX_LENGTH],
        (1, 2, MAX_LENGTH),
        np.array([1, 2, MAX_LENGTH], dtype=np.uint32),
        np.array([1.0, 2.0, MAX_LENGTH]),
        pd.Series([1, 2, MAX_LENGTH], dtype="Int64"),
    ],
)
def test_lengths_are_whole_numbers_of_any_kind(lengths):
    found = validate_lengths(lengths, 3)
    assert found.dtype == np.int64
    assert_array_equal(found, [1, 2, MAX_LENGTH])


# -- a fit after another one ----------------------------------------------------------


def a_fit(history, max_length):
    n_iter = len(history["loss"])
    return Fitted(None, None, max_length, history, n_iter, None)


def test_a_history_goes_on_where_another_ended():
    before = a_fit({"loss": [1.0], "val_loss": [0.1]}, 9)
    found = a_fit({"loss": [3.0, 4.0], "kl_loss": [0.3, 0.4]}, 5).after(before)
    expected = {
        "loss": [1.0, 3.0, 4.0],
        "val_loss": [0.1, nan, nan],
        "kl_loss": [nan, 0.3, 0.4],
    }
    assert found.history.keys() == expected.keys()
    for name, values in expected.items():
        assert_array_equal(found.history[name], values)
    assert (found.n_iter, found.max_length) == (3, 9)


def test_a_first_fit_comes_after_none():
    fit = a_fit({"loss": [1.0]}, 5)
    assert fit.after(None) is fit
