import pickle
import re
from functools import partial
from io import BytesIO

import numpy as np
import pandas as pd
import pytest
from helpers import objects
from numpy.testing import assert_array_equal
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.model_selection import train_test_split
from sklearn.utils.estimator_checks import parametrize_with_checks
from sklearn.utils.validation import check_is_fitted

from sklearn_seqae import to_sequences
from sklearn_seqae._containers.gate import (
    Features,
    FeaturesIn,
    check_one_each,
    validate_sequences,
)
from sklearn_seqae._containers.readers import to_ragged

nan = np.nan


class SequenceStatistics(FeaturesIn, TransformerMixin, BaseEstimator):
    """The least that an estimator behind the gate can be: first value and length."""

    def __init__(self, n_components=2):
        self.n_components = n_components

    @property
    def _features(self):
        return self._seen

    def read(self, X, features=None):
        return validate_sequences(X, features, type(self).__name__)

    def fit(self, X, y=None):
        self._seen = Features.of(X, *self.read(X))
        return self

    def transform(self, X):
        check_is_fitted(self)
        ragged, _ = self.read(X, self._seen)
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
        estimator.fit(X) if reset else estimator.read(X, estimator._seen)
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
    for columns in ("ba", "ac", "abc", "a"):
        X = channels(kind, "ab")
        if kind in ("long", "nested"):
            X = X.assign(c=X["a"])[list(columns)]
        elif kind == "polars":
            X = X.with_columns(c="a").select(list(columns))
        else:
            X = X.append_column("c", X["a"]).select(list(columns))
        message = (
            f"X has the features {list(columns)}, but SequenceStatistics was fitted "
            "with the features ['a', 'b']; select them in that order: x[['a', 'b']]"
        )
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


# Containers of the same two sequences whose names are not those of columns.


def table(columns=("a", "b")):
    values = pd.DataFrame(np.arange(16.0).reshape(8, 2), columns=["a", "b"])
    return values[list(columns)].assign(id=[0, 0, 0, 0, 0, 1, 1, 1], t=range(8))


def frames(columns=("a", "b"), library="pandas"):
    found = [x[list(columns)] for _, x in table(columns).groupby("id")]
    if library == "pandas":
        return found
    module = pytest.importorskip(library, reason="an option of ours")
    if library == "polars":
        return [module.DataFrame(dict(x)) for x in found]
    return [module.Table.from_pandas(x, preserve_index=False) for x in found]


def cells(columns=("a", "b")):
    return to_sequences(table(columns), by="id", order="t")


def from_parquet(columns=("a", "b"), read=pd.read_parquet):
    pytest.importorskip("pyarrow", reason="an option of ours")
    file = BytesIO()
    cells(columns).map(list).to_frame("cells").to_parquet(file)
    file.seek(0)
    return read(file)


def arrow_from_parquet(columns=("a", "b")):
    parquet = pytest.importorskip("pyarrow.parquet", reason="an option of ours")
    return from_parquet(columns, parquet.read_table).select(["cells"])  # without ids


NAMED = {
    "frames": frames,
    "polars frames": partial(frames, library="polars"),
    "pyarrow tables": partial(frames, library="pyarrow"),
    "object array of frames": lambda *columns: objects(frames(*columns)),
    "tuple of frames": lambda *columns: tuple(frames(*columns)),
    "cells": cells,
    "cells that are frames": lambda *columns: pd.Series(frames(*columns)),
    "column of cells": lambda *columns: cells(*columns).to_frame("cells"),
    "long": lambda *columns: table(*columns).set_index(["id", "t"]),
    "sorted": lambda *columns: cells(*columns)[::-1].sort_index(),
    "selected": lambda *columns: cells(*columns).loc[[0, 1]],
    "joined": lambda *c: pd.concat([cells(*c)[:1], cells(*c)[1:]]),
    "copied": lambda *columns: cells(*columns).map(np.copy),
    "pickled": lambda *columns: pickle.loads(pickle.dumps(cells(*columns))),
    "split": lambda *c: train_test_split(cells(*c), test_size=1, shuffle=False)[0],
    "parquet": from_parquet,
    "column of parquet": lambda *columns: from_parquet(*columns)["cells"],
    "pyarrow of parquet": arrow_from_parquet,
}


@pytest.mark.parametrize("kind", NAMED)
def test_names_of_features_are_learnt_and_checked(kind):
    estimator = SequenceStatistics().fit(NAMED[kind]())
    assert_array_equal(estimator.sequence_feature_names_in_, ["a", "b"])
    message = (
        "X has the features ['b', 'a'], but SequenceStatistics was fitted with the "
        "features ['a', 'b']; select them in that order: x[['a', 'b']] of a frame, or "
        "to_sequences(..., columns=['a', 'b'])."
    )
    for name, make in NAMED.items():
        estimator.transform(make())
        assert_refuses(estimator, make(("b", "a")), message)
        if name == kind:
            with pytest.warns(UserWarning, match="X has feature names, but"):
                SequenceStatistics().fit([np.ones((3, 2))]).transform(make())
    with pytest.warns(UserWarning, match=r"fitted with feature .* \['a', 'b'\]"):
        estimator.transform([np.ones((3, 2))])
    assert not hasattr(estimator.fit([[1.0]]), "sequence_feature_names_in_")


@pytest.mark.parametrize("make", [list, objects, pd.Series])
def test_frames_differ_in_their_columns(make):
    X = make([frames()[0], np.ones((2, 2)), frames(("b", "a"))[1]])
    message = (
        "sequence 2 has the features ['b', 'a'], but sequence 0 has the features "
        "['a', 'b']; select them in that order: x[['a', 'b']] of a frame"
    )
    assert_refuses(SequenceStatistics(), X, message, reset=True)


def test_frames_among_arrays_are_as_arrays():
    X = [frames()[0], np.ones((2, 2))]
    assert not hasattr(SequenceStatistics().fit(X), "sequence_feature_names_in_")


def test_names_that_are_none():
    for X in (
        [pd.DataFrame(np.ones((3, 2)))],  # numbers, as in scikit-learn
        [pd.DataFrame(np.ones((3, 2)), columns=["a", 1])],
        [pd.Series([1.0, 2.0], name="a"), pd.Series([1.0], name="b")],
        cells().map(lambda x: x[:, :1]),  # whose attrs are those of another width
        pd.DataFrame({"a": [1.0], "b": [2.0]}),  # columns are time steps
    ):
        names = "sequence_feature_names_in_"
        assert not hasattr(SequenceStatistics().fit(X), names)


def test_a_column_of_cells_has_its_own_name():
    frame = cells().to_frame("cells")
    frame.attrs = {}
    estimator = SequenceStatistics().fit(frame)
    estimator.transform(frame["cells"])
    assert_refuses(estimator, frame.add_prefix("other "), "unseen at fit time")


def test_many_names_are_shortened():
    names = [f"sensor {j}" for j in range(40)]
    X = [pd.DataFrame(np.ones((2, 40)), columns=names)]
    estimator = SequenceStatistics().fit(X)
    with pytest.raises(ValueError, match="select them by name") as error:
        estimator.transform([X[0][names[::-1]]])
    assert len(str(error.value)) < 600


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

X = [[1.0, 2.0], [3.0], [4.0, 5.0, 6.0]]
THREE, _ = to_ragged(X)


@pytest.mark.parametrize(
    "y",
    [None, [0, 1, 0], ["a", "b", "c"], pd.Series([1, 2, 3]), np.ones((3, 2))],
)
def test_one_for_each_sequence(y):
    check_one_each(X, THREE, y=y, sample_weight=None)


@pytest.mark.parametrize("weight", [None, 1.0, [1, 2, 3], np.ones(4), np.ones((3, 1))])
def test_other_weights_are_left_to_scikit_learn(weight):
    check_one_each(X, THREE, y=None, sample_weight=weight)


@pytest.mark.parametrize("name", ["y", "sample_weight"])
def test_one_for_each_time_step_is_refused(name):
    given = {"y": None, "sample_weight": None} | {name: np.ones(6)}
    message = (
        f"{name} has 6 entries, one for each time step, but X holds 3 sequences; pass "
        "one for each sequence, .*groupby"
    )
    with pytest.raises(ValueError, match=message):
        check_one_each(X, THREE, **given)


@pytest.mark.parametrize("y", [[], [0, 1], np.ones(7)])
def test_another_number_of_labels_is_scikit_learn_s_error(y):
    with pytest.raises(ValueError, match=r"inconsistent numbers of samples: \[3, \d\]"):
        check_one_each(X, THREE, y=y, sample_weight=None)


def test_sequences_of_one_step_have_one_for_each():
    X = [[1.0], [2.0]]
    ragged, _ = to_ragged(X)
    check_one_each(X, ragged, y=[0, 1], sample_weight=[1, 2])


# -- in the order of X ----------------------------------------------------------------

CELLS = pd.Series([[1.0, 2.0], [3.0], [4.0]], index=["p1", "p2", "p3"])
NUMBERED = CELLS.set_axis([1, 2, 3])
WIDE = pd.DataFrame({"a": [1.0, 2.0, 3.0]}, index=["p1", "p2", "p3"])
ROWS = [("p3", 0), ("p3", 1), ("p1", 0), ("p2", 0)]
LONG = pd.Series([1.0, 2.0, 3.0, 4.0], index=pd.MultiIndex.from_tuples(ROWS))


def check_order(X, y):
    for given in (y, y.to_frame()):
        check_one_each(X, to_ragged(X)[0], y=given, sample_weight=None)
    check_one_each(X, to_ragged(X)[0], y=None, sample_weight=y)


@pytest.mark.parametrize(
    ("X", "index"),
    [
        (CELLS, ["p1", "p2", "p3"]),
        (CELLS, pd.Index(["p1", "p2", "p3"], dtype=object)),
        (CELLS, None),
        (CELLS, [7, 4, 1]),  # positions, as a splitter leaves them
        (NUMBERED, None),
        (NUMBERED, [0, 1, 2]),
        (NUMBERED, ["a", "b", "c"]),
        (NUMBERED, pd.Index([1, 2, 3], dtype="Int64")),
        (CELLS.tolist(), ["p3", "p2", "p1"]),
        (WIDE, ["p1", "p2", "p3"]),
        (LONG, ["p3", "p1", "p2"]),
        (CELLS.iloc[[0, 0, 1]], ["p1", "p1", "p2"]),
    ],
)
def test_labels_in_the_order_of_x(X, index):
    check_order(X, pd.Series([0, 1, 0], index=index))


@pytest.mark.parametrize(
    ("X", "index", "message"),
    [
        (
            CELLS,
            ["p2", "p1", "p3"],
            "y has the ids of X in another order (it begins with 'p2', X with 'p1'), "
            "but is read by position; pass y.loc[X.index], or y.to_numpy() if the "
            "order is right.",
        ),
        (NUMBERED, [3, 2, 1], "in another order (it begins with 3, X with 1)"),
        (WIDE, ["p2", "p1", "p3"], "in another order"),
        (LONG, ["p1", "p2", "p3"], "pass y.loc[X.index.unique(0)]"),
        (
            CELLS,
            ["p1", "p2", "p4"],
            "y has an entry for 'p4', but no sequence of X has that id; pass y.loc[",
        ),
        (CELLS, ["a", "b", "c"], "y has an entry for 'a'"),
    ],
)
def test_labels_in_another_order_are_refused(X, index, message):
    ragged, _ = to_ragged(X)
    y = pd.Series([0, 1, 0], index=index)
    for given in (y, y.to_frame()):
        with pytest.raises(ValueError, match=re.escape(message)):
            check_one_each(X, ragged, y=given, sample_weight=None)
    with pytest.raises(ValueError, match=r"sample_weight has .*sample_weight\.loc"):
        check_one_each(X, ragged, y=None, sample_weight=y)


def test_the_remedy_brings_labels_into_order():
    for X, ids in ((CELLS, CELLS.index), (LONG, LONG.index.unique(0))):
        y = pd.Series([0, 1, 0], index=ids[::-1])
        check_order(X, y.loc[ids])


# -- long tables ----------------------------------------------------------------------


@pytest.mark.parametrize("reset", [True, False])
def test_a_long_table_is_refused(reset):
    long = pd.DataFrame({"id": [0] * 6 + [1] * 6, "t": [*range(6)] * 2, "x": 0.5})
    univariate = SequenceStatistics().fit([[1.0, 2.0]])
    message = "pass to_sequences(X, by='id', order='t')"
    assert_refuses(univariate, long, message, reset=reset)


def test_a_table_like_that_of_fit_is_not_questioned():
    counts = np.random.default_rng(0).poisson(5, size=(12, 3))
    rows = pd.DataFrame(counts, columns=["id", "t", "x"])
    estimator = SequenceStatistics().fit(rows)
    estimator.transform(rows.sort_values("id").assign(t=range(12)))
