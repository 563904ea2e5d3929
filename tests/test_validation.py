import re

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.estimator_checks import parametrize_with_checks
from sklearn.utils.validation import check_is_fitted

from sklearn_seqae._inputs import to_ragged
from sklearn_seqae._validation import (
    MAX_LENGTH,
    check_features_observed,
    check_one_each,
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


def channels(kind, columns=("a", "b")):
    """Two sequences of two channels, in a frame that names them."""
    a, b = np.ones((3, 2)), np.zeros((1, 2))
    lists = {name: [x[:, j] for x in (a, b)] for j, name in enumerate(columns)}
    if kind == "long":
        index = pd.MultiIndex.from_tuples([("p", 0), ("p", 1), ("p", 2), ("q", 0)])
        return pd.DataFrame(np.concatenate([a, b]), index, list(columns))
    if kind == "nested":
        return pd.DataFrame(lists)
    if kind == "polars":
        return pytest.importorskip("polars", reason="an option").DataFrame(lists)
    pa = pytest.importorskip("pyarrow", reason="an option")
    return pa.table({name: [x.tolist() for x in lists[name]] for name in lists})


FRAMES = ["long", "nested", "polars", "arrow"]


@pytest.mark.parametrize("kind", FRAMES)
def test_columns_are_features_where_they_are_channels(kind):
    estimator = SequenceStatistics().fit(channels(kind))
    assert estimator.n_features_in_ == 2
    assert_array_equal(estimator.feature_names_in_, ["a", "b"])
    assert_array_equal(estimator.transform(channels(kind)), [[1, 3], [0, 1]])


def test_one_column_is_one_feature_to_scikit_learn_whatever_it_holds():
    frame = pd.DataFrame({"a": [[[1.0, 2.0]], [[3.0, 4.0], [5.0, 6.0]]]})
    estimator = SequenceStatistics().fit(frame)
    assert estimator.n_features_in_ == 1
    assert_array_equal(estimator.feature_names_in_, ["a"])
    column = SequenceStatistics().fit(frame["a"])
    assert column.n_features_in_ == 1
    assert not hasattr(column, "feature_names_in_")
    wider = pd.DataFrame({"a": [[[1.0, 2.0, 3.0]]]})
    for fitted, X in ((estimator, wider), (column, wider["a"])):
        assert_refuses(fitted, X, "sequence 0 has 3 features, but SequenceStatist")


def test_a_feature_that_no_sequence_observes():
    X = [np.array([[1.0, nan]]), np.array([[2.0, nan], [3.0, nan]])]
    ragged, _ = to_ragged(X)
    message = "feature 1 has no observed value in any of 2 sequences"
    with pytest.raises(InvalidSequenceError, match=message):
        check_features_observed(ragged)
    SequenceStatistics().fit([np.ones((2, 2))]).transform(X)  # for fit alone


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


@pytest.mark.parametrize("kind", FRAMES)
def test_other_channels_than_in_fit_are_refused(kind):
    estimator = SequenceStatistics().fit(channels(kind))
    for columns, message in [
        ("ba", "Feature names must be in the same order as they were in fit"),
        (
            "ac",
            "Feature names unseen at fit time:\n- c\nFeature names seen at fit time",
        ),
        ("abc", "Feature names unseen at fit time:\n- c"),
        ("a", "Feature names seen at fit time, yet now missing:\n- b"),
    ]:
        X = channels(kind, "ab")
        if kind in ("long", "nested"):
            X = X.assign(c=X["a"])[list(columns)]
        elif kind == "polars":
            X = X.with_columns(c="a").select(list(columns))
        else:
            X = X.append_column("c", X["a"]).select(list(columns))
        assert_refuses(estimator, X, message)


def test_kinds_of_frames_follow_each_other():
    estimator = SequenceStatistics().fit(channels("long"))
    for kind in FRAMES:
        assert_array_equal(estimator.transform(channels(kind)), [[1, 3], [0, 1]])


@pytest.mark.parametrize("kind", FRAMES)
def test_rows_of_a_table_do_not_follow_channels(kind):
    estimator = SequenceStatistics().fit(channels(kind))
    for table in (np.ones((3, 2)), pd.DataFrame(np.ones((3, 2)), columns=["a", "b"])):
        assert_refuses(estimator, table, "has 1 feature, but SequenceStatistics is exp")


def test_names_of_channels_that_are_missing_or_new_are_a_warning_too():
    X = [np.ones((3, 2))]
    with pytest.warns(UserWarning, match="X does not have valid feature names"):
        SequenceStatistics().fit(channels("long")).transform(X)
    with pytest.warns(UserWarning, match="X has feature names, but"):
        SequenceStatistics().fit(X).transform(channels("nested"))
    unnamed = channels("long").set_axis([0, 1], axis=1)
    SequenceStatistics().fit(X).transform(unnamed)
    SequenceStatistics().fit(unnamed).transform(X)


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


# -- one for each sequence ------------------------------------------------------------

THREE, _ = to_ragged([[1.0, 2.0], [3.0], [4.0, 5.0, 6.0]])


@pytest.mark.parametrize(
    "y",
    [None, [0, 1, 0], ["a", "b", "c"], pd.Series([1, 2, 3]), np.ones((3, 2))],
)
def test_one_for_each_sequence(y):
    check_one_each(THREE, y=y, sample_weight=None)


@pytest.mark.parametrize("weight", [None, 1.0, [1, 2, 3], np.ones(4), np.ones((3, 1))])
def test_other_weights_are_left_to_scikit_learn(weight):
    check_one_each(THREE, y=None, sample_weight=weight)


@pytest.mark.parametrize("name", ["y", "sample_weight"])
def test_one_for_each_time_step_is_refused(name):
    given = {"y": None, "sample_weight": None} | {name: np.ones(6)}
    message = (
        f"{name} has 6 entries, one for each time step, but X holds 3 sequences; pass "
        "one for each sequence, .*groupby"
    )
    with pytest.raises(ValueError, match=message):
        check_one_each(THREE, **given)


@pytest.mark.parametrize("y", [[], [0, 1], np.ones(7)])
def test_another_number_of_labels_is_scikit_learn_s_error(y):
    with pytest.raises(ValueError, match=r"inconsistent numbers of samples: \[3, \d\]"):
        check_one_each(THREE, y=y, sample_weight=None)


def test_sequences_of_one_step_have_one_for_each():
    ragged, _ = to_ragged([[1.0], [2.0]])
    check_one_each(ragged, y=[0, 1], sample_weight=[1, 2])


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
