import re

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.estimator_checks import parametrize_with_checks
from sklearn.utils.validation import check_is_fitted

from sklearn_seqae._validation import (
    MAX_LENGTH,
    validate_embedding,
    validate_lengths,
    validate_sequences,
)
from sklearn_seqae.exceptions import InvalidSequenceError

nan = np.nan


class SequenceStatistics(TransformerMixin, BaseEstimator):
    """The least that an estimator behind the gate can be: first value and length."""

    def __init__(self, n_components=2):
        self.n_components = n_components

    def fit(self, X, y=None):
        validate_sequences(self, X, reset=True)
        return self

    def transform(self, X):
        check_is_fitted(self)
        ragged, _ = validate_sequences(self, X, reset=False)
        first = np.nan_to_num(ragged.values[ragged.offsets[:-1], 0])
        return np.column_stack([first, ragged.lengths])

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


@parametrize_with_checks([SequenceStatistics()])
def test_the_gate_behaves_as_scikit_learn_wants(estimator, check):
    check(estimator)


def state(estimator):
    return {name: np.copy(value) for name, value in vars(estimator).items()}


def assert_refuses(estimator, X, message, error=ValueError, reset=False):
    """Check that X is refused with this message and leaves no trace."""
    before = state(estimator)
    with pytest.raises(error, match=re.escape(message)):
        validate_sequences(estimator, X, reset=reset)
    after = state(estimator)
    assert after.keys() == before.keys()
    for name, value in before.items():
        assert_array_equal(after[name], value)


# -- fit ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("X", "n_features"),
    [
        ([np.ones((3, 4)), np.ones((2, 4))], 4),
        ([[1.0, 2.0, 3.0]], 1),
        (np.ones((2, 5, 3)), 3),
        (np.ones((2, 5)), 5),
        (pd.DataFrame(np.ones((2, 5))), 5),
    ],
)
def test_n_features_in_is_columns_of_tables_and_else_features(X, n_features):
    assert SequenceStatistics().fit(X).n_features_in_ == n_features


def test_feature_names_are_those_of_the_last_fit():
    estimator = SequenceStatistics().fit(pd.DataFrame({"a": [1.0], "b": [2.0]}))
    assert_array_equal(estimator.feature_names_in_, ["a", "b"])
    for X in (np.ones((1, 2)), [[1.0]], pd.DataFrame(np.ones((1, 2)))):
        estimator.fit(pd.DataFrame({"a": [1.0]}))
        assert not hasattr(estimator.fit(X), "feature_names_in_")


def test_a_feature_that_no_sequence_observes_is_refused_in_fit_only():
    X = [np.array([[1.0, nan]]), np.array([[2.0, nan], [3.0, nan]])]
    message = "feature 1 has no observed value in any of 2 sequences"
    assert_refuses(SequenceStatistics(), X, message, InvalidSequenceError, reset=True)
    SequenceStatistics().fit([np.ones((2, 2))]).transform(X)


def test_a_bad_refit_changes_nothing():
    estimator = SequenceStatistics().fit(pd.DataFrame({"a": [1.0]}))
    assert_refuses(estimator, [[1.0], [np.inf]], "sequence 1 holds inf", reset=True)
    mixed_names = pd.DataFrame([[1.0, 2.0]], columns=["a", 1])
    assert_refuses(estimator, mixed_names, "Feature names", TypeError, reset=True)


# -- transform ------------------------------------------------------------------------


def test_sequences_of_any_length_and_kind_follow_a_fit():
    univariate = [[[1.0, 2.0]], np.ones((1, 7, 1)), (np.ones(3),)]
    for seen in (*univariate, np.ones((2, 3))):
        estimator = SequenceStatistics().fit(seen)
        for X in univariate:
            estimator.transform(X)
    multivariate = [[np.ones((2, 3))], np.ones((2, 4, 3)), (np.zeros((1, 3)),)]
    for seen in multivariate:
        estimator = SequenceStatistics().fit(seen)
        for X in multivariate:
            estimator.transform(X)


def test_a_table_of_any_width_follows_a_fit_on_univariate_sequences():
    estimator = SequenceStatistics().fit([[1.0, 2.0, 3.0]])
    for X in (np.ones((2, 5)), pd.DataFrame({"a": [1.0], "b": [2.0]})):
        estimator.transform(X)  # no warning of names: there is nothing to compare


@pytest.mark.parametrize(
    ("seen", "X", "message"),
    [
        (
            [np.ones((3, 12))],
            [np.ones((3, 5))],
            "sequence 0 has 5 features, but SequenceStatistics is expecting 12 "
            "features as input; pass the features that fit saw",
        ),
        (
            np.ones((2, 3, 4)),
            [[1.0, 2.0]],
            "sequence 0 has 1 feature, but SequenceStatistics is expecting 4 features",
        ),
        (
            [np.ones((3, 12))],
            np.ones((2, 12)),
            "sequence 0 has 1 feature, but SequenceStatistics is expecting 12 features "
            "as input; each row of X is one univariate sequence",
        ),
        (
            np.ones((2, 4)),
            [np.ones((2, 4))],
            "sequence 0 has 4 features, but SequenceStatistics is expecting 1 feature "
            "as input",
        ),
        (
            np.ones((2, 4)),
            np.ones((2, 1)),
            "X has 1 features, but SequenceStatistics is expecting 4 features as input",
        ),
        (
            pd.DataFrame(np.ones((2, 4))),
            np.ones((2, 5)),
            "X has 5 features, but SequenceStatistics is expecting 4 features as input",
        ),
        (
            pd.DataFrame({"a": [1.0], "b": [2.0]}),
            pd.DataFrame({"b": [1.0], "a": [2.0]}),
            "Feature names must be in the same order as they were in fit",
        ),
        (
            pd.DataFrame({"a": [1.0], "b": [2.0]}),
            pd.DataFrame({"a": [1.0], "c": [2.0]}),
            "Feature names unseen at fit time:\n- c",
        ),
    ],
)
def test_other_features_than_in_fit_are_refused(seen, X, message):
    assert_refuses(SequenceStatistics().fit(seen), X, message)


def test_names_that_are_missing_or_new_are_a_warning_as_in_scikit_learn():
    named = pd.DataFrame({"a": [1.0], "b": [2.0]})
    with pytest.warns(UserWarning, match="X does not have valid feature names"):
        SequenceStatistics().fit(named).transform(named.to_numpy())
    with pytest.warns(UserWarning, match="X has feature names, but"):
        SequenceStatistics().fit(named.to_numpy()).transform(named)


def test_data_are_checked_before_they_are_compared():
    estimator = SequenceStatistics().fit([np.ones((3, 12))])
    assert_refuses(estimator, [np.ones((3, 12)), []], "sequence 1 is empty")
    assert_refuses(estimator, None, "X is None", TypeError)


# -- embeddings -----------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_an_embedding_of_floats_is_taken_as_it_is(dtype):
    Z = np.arange(6, dtype=dtype).reshape(3, 2)
    assert np.shares_memory(validate_embedding(SequenceStatistics(), Z), Z)
    frame = pd.DataFrame(Z, columns=["z0", "z1"])
    found = validate_embedding(SequenceStatistics(), frame)
    assert found.dtype == dtype
    assert_array_equal(found, Z)


@pytest.mark.parametrize("Z", [[[1, 2]], np.array([[1, 2]]), np.float16([[1, 2]])])
def test_other_real_numbers_become_floats(Z):
    found = validate_embedding(SequenceStatistics(), Z)
    assert found.dtype in (np.float32, np.float64)
    assert_array_equal(found, [[1, 2]])


def test_the_fitted_width_counts_if_the_estimator_keeps_it():
    estimator = SequenceStatistics(n_components=5)
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
