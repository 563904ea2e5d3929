"""Every kind of container, by the same steps, with the same embedding to the bit.

A kind is how to make it from a list of arrays, how to read it again without the
package, and how scikit-learn may split it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pytest
import skops.io
from helpers import long_frame, objects, padded, without_padding
from numpy.testing import assert_array_equal
from sklearn.model_selection import GridSearchCV, PredefinedSplit

CHANNELS = ["x", "y"]
ROWS, SERIES, NOT_AT_ALL = "rows", "series", "not at all"


@dataclass(frozen=True)
class Kind:
    make: Callable[[list[np.ndarray]], Any]
    read: Callable[[Any], list[Any]] = list
    splits: str = ROWS

    def sequences(self, X):
        """What X holds, read with nothing but its own library."""
        return [np.asarray(x) for x in self.read(X)]


def long_table(sequences):
    ids = [f"s{i:02}" for i in range(len(sequences))]
    return long_frame(sequences, ids, CHANNELS)


def groups_of(frame):
    return [group.to_numpy() for _, group in frame.groupby(level=0, sort=False)]


def channel_columns(sequences, wrap):
    return {name: [wrap(x[:, j]) for x in sequences] for j, name in enumerate(CHANNELS)}


def stacked(columns):
    return [np.column_stack(row) for row in zip(*columns, strict=True)]


def nested_frame(sequences, wrap=np.asarray):
    columns = channel_columns(sequences, wrap)
    return pd.DataFrame({name: objects(cells) for name, cells in columns.items()})


def polars():
    return pytest.importorskip("polars", reason="an option of ours")


def arrow():
    return pytest.importorskip("pyarrow", reason="an option of ours")


def awkward():
    return pytest.importorskip("awkward", reason="tested where it is installed")


def polars_series(sequences, fixed=False):
    pl = polars()
    inner = pl.Array(pl.Float64, 2) if fixed else pl.List(pl.Float64)
    return pl.Series("xy", [x.tolist() for x in sequences], dtype=pl.List(inner))


def polars_frame(sequences):
    return polars().DataFrame(channel_columns(sequences, np.ndarray.tolist))


def arrow_array(sequences, fixed=False):
    pa = arrow()
    inner = pa.list_(pa.float64(), 2) if fixed else pa.list_(pa.float64())
    return pa.array([x.tolist() for x in sequences], pa.large_list(inner))


def arrow_table(sequences):
    return arrow().table(channel_columns(sequences, np.ndarray.tolist))


def in_arrow_within_pandas(sequences):
    lists = arrow_array(sequences, fixed=True)
    return pd.DataFrame({"xy": pd.Series(lists, dtype=pd.ArrowDtype(lists.type))})


def ragged_tensor(sequences):
    import tensorflow as tf

    return tf.RaggedTensor.from_row_lengths(
        np.concatenate(sequences), list(map(len, sequences))
    )


def awkward_array(sequences):
    lengths = list(map(len, sequences))
    return awkward().unflatten(np.concatenate(sequences), lengths)


# Sequences of two features
MULTIVARIATE = {
    "list": Kind(list),
    "tuple": Kind(tuple),
    "object array": Kind(objects),
    "3-D array": Kind(padded, without_padding),
    "long table": Kind(long_table, groups_of, SERIES),
    "long table, rows mixed": Kind(
        lambda s: long_table(s).sort_index(level="time", kind="stable"),
        lambda X: groups_of(X.sort_index()),
        SERIES,
    ),
    "Series of arrays": Kind(lambda s: pd.Series(objects(s))),
    "frame of arrays": Kind(
        lambda s: pd.DataFrame({"xy": objects(s)}), lambda X: X["xy"]
    ),
    "frame of channels": Kind(nested_frame, lambda X: stacked([X.x, X.y])),
    "frame of Series": Kind(
        lambda s: nested_frame(s, pd.Series), lambda X: stacked([X.x, X.y])
    ),
    "2-D object array": Kind(
        lambda s: nested_frame(s).to_numpy(), lambda X: stacked(X.T)
    ),
    "frame of Arrow lists": Kind(
        in_arrow_within_pandas, lambda X: [np.stack(cell) for cell in X["xy"]]
    ),
    "polars Series": Kind(polars_series, lambda X: X.to_list()),
    "polars Series of Arrays": Kind(
        lambda s: polars_series(s, fixed=True), lambda X: X.to_list()
    ),
    "polars frame": Kind(polars_frame, lambda X: stacked(X.to_dict().values())),
    "Arrow array": Kind(arrow_array, lambda X: X.to_pylist()),
    "Arrow array of fixed size": Kind(
        lambda s: arrow_array(s, fixed=True), lambda X: X.to_pylist()
    ),
    "Arrow chunked array": Kind(
        lambda s: arrow().chunked_array([arrow_array(s[:9]), arrow_array(s[9:])]),
        lambda X: X.to_pylist(),
    ),
    "Arrow table": Kind(arrow_table, lambda X: stacked(X.to_pydict().values())),
    "awkward array": Kind(awkward_array, lambda X: X.to_list()),
    "RaggedTensor": Kind(ragged_tensor, lambda X: X.to_list(), NOT_AT_ALL),
}

# Univariate sequences: a table with one in each row, and whatever has a form for them
UNIVARIATE = {
    "list": Kind(list),
    "2-D array": Kind(padded, without_padding),
    "DataFrame": Kind(
        lambda s: pd.DataFrame(padded(s)).add_prefix("t"),
        lambda X: without_padding(X.to_numpy()),
    ),
    "long Series": Kind(lambda s: long_table(s)["x"], groups_of, SERIES),
    "Series of arrays": Kind(lambda s: pd.Series(objects(s))),
    "polars table": Kind(
        lambda s: polars().DataFrame(padded(s)), lambda X: without_padding(X.to_numpy())
    ),
    "Arrow table": Kind(
        lambda s: arrow().Table.from_pandas(pd.DataFrame(padded(s)).add_prefix("t")),
        lambda X: without_padding(X.to_pandas().to_numpy()),
    ),
    "RaggedTensor": Kind(ragged_tensor, lambda X: X.to_list(), NOT_AT_ALL),
}
KINDS = {"multivariate": MULTIVARIATE, "univariate": UNIVARIATE}
ALL = [(dimension, name) for dimension, kinds in KINDS.items() for name in kinds]
SPLIT = [(d, name) for d, name in ALL if KINDS[d][name].splits != NOT_AT_ALL]


@dataclass(frozen=True)
class Case:
    """A container, an estimator fitted on it, and one fitted on the list of arrays."""

    kind: Kind
    X: Any
    autoencoder: Any
    sequences: list[np.ndarray]
    reference: Any
    search: GridSearchCV


def folds_of(sequences):
    return np.arange(len(sequences)) % 2


def search_for(estimator, X, folds):
    search = GridSearchCV(
        estimator, {"epochs": [1, 2]}, cv=PredefinedSplit(folds), error_score="raise"
    )
    return search.fit(X)


@pytest.fixture(scope="module")
def references(fitted_plain, plain_autoencoder, sequences):
    """For each dimension: a list of arrays, what is fitted on it, a search over it."""
    univariate = [x[:, 0] for x in sequences]
    return {
        dimension: (
            X,
            estimator,
            search_for(plain_autoencoder(), X, folds_of(X)),
        )
        for dimension, X, estimator in [
            ("multivariate", sequences, fitted_plain),
            ("univariate", univariate, plain_autoencoder().fit(univariate)),
        ]
    }


@pytest.fixture(scope="module")
def case(request, plain_autoencoder, references):
    dimension, name = request.param
    kind = KINDS[dimension][name]
    sequences, reference, search = references[dimension]
    X = kind.make(sequences)
    return Case(kind, X, plain_autoencoder().fit(X), sequences, reference, search)


def parametrize(cases):
    return pytest.mark.parametrize("case", cases, indirect=True, ids=" ".join)


def assert_holds(kind, found, expected):
    for x, y in zip(kind.sequences(found), expected, strict=True):
        assert_array_equal(x, y)


@parametrize(ALL)
def test_the_same_embedding_to_the_bit(case, plain_autoencoder):
    assert_holds(case.kind, case.X, case.sequences)  # the test reads it right
    Z = case.reference.transform(case.sequences)
    assert_array_equal(case.autoencoder.transform(case.X), Z, strict=True)
    assert_array_equal(plain_autoencoder().fit_transform(case.X), Z, strict=True)
    scores = case.reference.score_samples(case.sequences)
    assert_array_equal(case.autoencoder.score_samples(case.X), scores, strict=True)


@parametrize(ALL)
def test_the_same_kind_and_values_back(case):
    Z = case.reference.transform(case.sequences)
    decoded = case.autoencoder.inverse_transform(Z)
    assert type(decoded) is type(case.X)
    assert_holds(case.kind, decoded, case.reference.inverse_transform(Z))
    reconstructed = case.autoencoder.reconstruct(case.X)
    assert type(reconstructed) is type(case.X)
    expected = case.reference.reconstruct(case.sequences)
    assert_holds(case.kind, reconstructed, expected)
    # What comes back goes in again
    again = case.autoencoder.transform(reconstructed)
    assert_array_equal(again, case.reference.transform(expected), strict=True)


@pytest.mark.slow
@parametrize(SPLIT)
def test_grid_search(case, plain_autoencoder):
    folds = folds_of(case.sequences)
    if case.kind.splits == SERIES:  # by rows; those of a series stay together
        series = case.X.index.get_level_values(0)
        folds = folds[pd.Categorical(series).codes]
    search = search_for(plain_autoencoder(), case.X, folds)
    for result in ("split0_test_score", "split1_test_score"):
        assert_array_equal(search.cv_results_[result], case.search.cv_results_[result])
    expected = case.search.transform(case.sequences)
    assert_array_equal(search.transform(case.X), expected, strict=True)


@parametrize(ALL)
def test_skops_carries_what_the_container_was(case):
    saved = skops.io.dumps(case.autoencoder)
    untrusted = skops.io.get_untrusted_types(data=saved)
    assert untrusted == ["sklearn_seqae._estimator.LSTMAutoencoderTransformer"]
    loaded = skops.io.loads(saved, trusted=untrusted)
    Z = case.reference.transform(case.sequences)
    decoded = loaded.inverse_transform(Z)
    assert type(decoded) is type(case.X)
    assert_holds(case.kind, decoded, case.reference.inverse_transform(Z))
