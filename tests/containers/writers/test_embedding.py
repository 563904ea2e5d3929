import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal, assert_index_equal
from sklearn import config_context
from sklearn.base import BaseEstimator, TransformerMixin

from sklearn_seqae._containers.writers import ids_of_rows, with_ids

Z = np.arange(6.0).reshape(2, 3)
LONG = pd.DataFrame(
    {"x": [1.0, 2.0, 3.0]},
    pd.MultiIndex.from_tuples([("b", 0), ("a", 0), ("a", 1)], names=["id", "time"]),
)


class Transformer(TransformerMixin, BaseEstimator):
    def transform(self, X):
        return with_ids(Z, X, self)

    def get_feature_names_out(self, input_features=None):
        return np.array(["z0", "z1", "z2"], dtype=object)


def test_pandas_gets_the_ids_of_a_long_table():
    expected = pd.DataFrame(Z, pd.Index(["b", "a"], name="id"), ["z0", "z1", "z2"])
    set_here = Transformer().set_output(transform="pandas")
    for X in (LONG, LONG["x"]):
        assert_frame_equal(set_here.transform(X), expected)
    with config_context(transform_output="pandas"):
        assert_frame_equal(Transformer().transform(LONG), expected)
        assert isinstance(
            Transformer().set_output(transform="default").transform(LONG), np.ndarray
        )


def test_other_outputs_have_no_index():
    assert Transformer().transform(LONG) is Z
    pl = pytest.importorskip("polars", reason="an option of ours")
    found = Transformer().set_output(transform="polars").transform(LONG)
    assert isinstance(found, pl.DataFrame)


def test_other_frames_have_an_index_that_scikit_learn_takes():
    nested = pd.DataFrame({"x": [[1.0], [2.0, 3.0]]}, index=["q", "p"])
    set_here = Transformer().set_output(transform="pandas")
    for X in (nested, nested["x"]):
        assert_index_equal(set_here.transform(X).index, nested.index)
    assert_index_equal(set_here.transform([[1.0], [2.0]]).index, pd.RangeIndex(2))


def test_ids_of_rows():
    assert_index_equal(ids_of_rows(pd.DataFrame(Z, ["b", "a"])), pd.Index(["b", "a"]))
    assert ids_of_rows(Z) is None
    assert ids_of_rows(Z.tolist()) is None
