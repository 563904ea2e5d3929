"""A hundred ways to hold it wrong: the right answer, or an error that helps.

Each is one line of a table: `RIGHT` for what is odd but clear, `WRONG` for the rest.
"""

import copy
import pickle
import re
from collections import UserList, deque
from decimal import Decimal
from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from helpers import assert_same_sequences, long_frame, objects, padded
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV

from sklearn_seqae import (
    LSTMAutoencoderTransformer,
    from_channels_first,
    to_frame,
    to_sequences,
)

nan, inf = np.nan, np.inf
RNG = np.random.default_rng(0)

# Six sequences of two features, of whole numbers that every dtype holds
X = [RNG.integers(0, 100, size=(n, 2)).astype(float) for n in (5, 3, 7, 4, 6, 2)]
UNIVARIATE = [x[:, 0] for x in X]
GAPS = [np.where(RNG.random(x.shape) < 0.2, nan, x) for x in X]
IDS = [f"p{i}" for i in range(6)]


class Subclass(np.ndarray):
    """An array of a class of its own."""


class ArrayLike:
    """What NumPy can read, and that is all."""

    def __init__(self, values):
        self.values = values

    def __array__(self, dtype=None, copy=None):
        return np.array(self.values, dtype=dtype)


def each(function, sequences=X):
    return [function(x) for x in sequences]


def as_dtype(dtype):
    return each(lambda x: x.astype(dtype))


def masked(x):
    return np.ma.array(np.where(np.isnan(x), -1e9, x), mask=np.isnan(x))


def wide_memory(x):
    """A view of every third column of a larger array in Fortran order."""
    wide = np.full((len(x), 6), -1e9, order="F")
    wide[:, ::3] = x
    return wide[:, ::3]


def read_only(x):
    x = x.copy()
    x.setflags(write=False)
    return x


def unnamed_frame(x):
    return pd.DataFrame(x, index=range(50, 50 + len(x)))


def nullable(x):
    return pd.DataFrame(x).astype("Int64").to_numpy()


def long(sequences=X, ids=IDS):
    return long_frame(sequences, ids, [0, 1])


def shuffled_rows(frame):
    """Rows of all sequences mixed, each sequence in its own order."""
    time = frame.index.get_level_values("time")
    return frame.iloc[np.argsort(time, kind="stable")]


def polars():
    return pytest.importorskip("polars", reason="an option of ours")


def pyarrow():
    return pytest.importorskip("pyarrow", reason="an option of ours")


def awkward():
    return pytest.importorskip("awkward", reason="an option of ours")


def tensorflow():
    import tensorflow

    return tensorflow


def constant(value, shape):
    """An array of one number in memory, with strides of zero."""
    return np.broadcast_to(value, shape)


# -- what has an answer -------------------------------------------------------------

# name: what is passed, and the plain list that it stands for
RIGHT = {
    # dtypes
    "float16": lambda: (as_dtype("f2"), X),
    "float32": lambda: (as_dtype("f4"), X),
    "long double": lambda: (as_dtype("g"), X),
    "big endian": lambda: (as_dtype(">f8"), X),
    "int8": lambda: (as_dtype("i1"), X),
    "uint64": lambda: (as_dtype("u8"), X),
    "bool": lambda: (each(lambda x: x > 50), each(lambda x: (x > 50) * 1.0)),
    "dtypes in one list": lambda: ([X[0].astype("f4"), X[1].astype(int), *X[2:]], X),
    "objects": lambda: (as_dtype(object), X),
    "objects, None": lambda: (
        each(lambda x: np.where(np.isnan(x), None, x), GAPS),
        GAPS,
    ),
    "objects, NA": lambda: (each(nullable, GAPS), GAPS),
    "decimals": lambda: (each(lambda x: [[*map(Decimal, row)] for row in x]), X),
    "fractions": lambda: (each(lambda x: [[*map(Fraction, row)] for row in x]), X),
    "categories of numbers": lambda: (
        each(lambda x: pd.DataFrame(x).astype("category")),
        X,
    ),
    # memory
    "Fortran order": lambda: (each(np.asfortranarray), X),
    "transposed twice": lambda: (each(lambda x: x.T.copy().T), X),
    "views of every third column": lambda: (each(wide_memory), X),
    "negative strides": lambda: (each(lambda x: x[::-1].copy()[::-1]), X),
    "strides of zero": lambda: ([constant(3.0, (4, 2))], [np.full((4, 2), 3.0)]),
    "read-only": lambda: (each(read_only), X),
    "views of one array": lambda: (np.split(np.vstack(X), [5, 8, 15, 19, 25]), X),
    "one object, twice": lambda: ([X[0], X[0]], [X[0], X[0].copy()]),
    # classes of arrays
    "masked": lambda: (each(masked, GAPS), GAPS),
    "masked integers": lambda: (each(lambda x: masked(x).astype(int), GAPS), GAPS),
    "masked 3-D": lambda: (masked(padded(GAPS, n_timesteps=7)), GAPS),
    "subclass": lambda: (each(lambda x: x.view(Subclass)), X),
    "memoryview": lambda: (each(memoryview), X),
    "array-like": lambda: (each(ArrayLike), X),
    "array-like 3-D": lambda: (ArrayLike(padded(X)), X),
    "buffers": lambda: ([memoryview(X[0]), *X[1:]], X),
    "tensors": lambda: (each(tensorflow().constant), X),
    "tensor": lambda: (tensorflow().constant(padded(X)), X),
    # lists
    "tuple": lambda: (tuple(X), X),
    "lists of lists": lambda: (each(np.ndarray.tolist), X),
    "lists of tuples": lambda: (each(lambda x: [*map(tuple, x)]), X),
    "lists of rows": lambda: (each(list), X),
    "deque": lambda: (deque(X), X),
    "UserList": lambda: (UserList(each(UserList)), X),
    "one sequence": lambda: (X[:1], X[:1]),
    "one step": lambda: ([X[0][:1]], [X[0][:1]]),
    "object array": lambda: (objects(X), X),
    "object array of equal lengths": lambda: (
        objects([X[0], X[0] + 1]),
        [X[0], X[0] + 1],
    ),
    # 3-D arrays
    "3-D": lambda: (padded(X), X),
    "3-D, padded twice": lambda: (padded(X, extra=9), X),
    "3-D of objects": lambda: (padded(X).astype(object), X),
    "3-D in Fortran order": lambda: (np.asfortranarray(padded(X)), X),
    "3-D, a view": lambda: (padded(X)[::-1], X[::-1]),
    "3-D list": lambda: (padded([X[0], X[0]]).tolist(), [X[0], X[0]]),
    "channels first": lambda: (from_channels_first(each(np.transpose)), X),
    "channels first, 3-D": lambda: (
        from_channels_first(padded([X[0], X[0] + 1]).transpose(0, 2, 1)),
        [X[0], X[0] + 1],
    ),
    # pandas
    "frames": lambda: (each(unnamed_frame), X),
    "frames of nullable integers": lambda: (
        each(lambda x: pd.DataFrame(x).astype("Int64"), GAPS),
        GAPS,
    ),
    "frames of sparse columns": lambda: (
        each(lambda x: pd.DataFrame(x).astype(pd.SparseDtype(float, 0))),
        X,
    ),
    "Series": lambda: (pd.Series(X), X),
    "Series of lists": lambda: (pd.Series(each(np.ndarray.tolist), index=IDS), X),
    "Series of frames": lambda: (pd.Series(each(unnamed_frame), index=IDS), X),
    "Series with ids that repeat": lambda: (pd.Series(X, index=[7] * 6), X),
    "Series with two levels": lambda: (
        pd.Series(X, index=pd.MultiIndex.from_product([[0, 1], [5, 6, 7]])),
        X,
    ),
    "Series that is reversed": lambda: (pd.Series(X)[::-1], X[::-1]),
    "column": lambda: (pd.DataFrame({0: X}), X),
    "columns": lambda: (pd.DataFrame({0: UNIVARIATE, 1: each(lambda x: x[:, 1])}), X),
    "long": lambda: (long(), X),
    "long, ids in no order": lambda: (long(ids=[9, 1, 8, 2, 7, 3]), X),
    "long, rows mixed": lambda: (shuffled_rows(long()), X),
    "long, unused categories": lambda: (
        long(ids=pd.Categorical([*"fabcde"], categories=[*"abcdefghi"])),
        X,
    ),
    "long, gaps": lambda: (long(GAPS), GAPS),
    "to_sequences of mixed rows": lambda: (
        to_sequences(
            long().reset_index().sample(frac=1, random_state=0), by="id", order="time"
        ),
        X,
    ),
    # other libraries
    "polars": lambda: (polars().Series(each(np.ndarray.tolist)), X),
    "polars, nulls": lambda: (
        polars().Series(each(lambda x: np.where(np.isnan(x), None, x).tolist(), GAPS)),
        GAPS,
    ),
    "pyarrow": lambda: (pyarrow().array(each(np.ndarray.tolist)), X),
    "pyarrow, a slice": lambda: (pyarrow().array(each(np.ndarray.tolist))[2:], X[2:]),
    "awkward": lambda: (awkward().Array(each(np.ndarray.tolist)), X),
    "ragged tensor": lambda: (tensorflow().ragged.constant(each(np.ndarray.tolist)), X),
}


@pytest.fixture(scope="module")
def ae(fitted_plain):
    """One that must be in the end what it was in the beginning."""
    before = pickle.dumps(fitted_plain)
    yield fitted_plain
    assert pickle.dumps(fitted_plain) == before


@pytest.mark.parametrize("name", RIGHT)
def test_the_right_answer(ae, name):
    given, plain = RIGHT[name]()
    expected = ae.transform(plain)
    assert_allclose(ae.transform(given), expected, rtol=1e-4, atol=1e-5)


# -- what has none ------------------------------------------------------------------

LONG = long_frame(X, IDS, ["pulse", "temp"])
FLAT = LONG.reset_index()
EXPECTED = "expected a list of"
PAIRS = "Of pairs such as .*, pass the sequences"


def transform(given, error, message):
    return (lambda ae: ae.transform(given)), error, message


def fit(message, given=X, y=None, weight=None, error=ValueError, **parameters):
    return (
        lambda ae: clone(ae).set_params(**parameters).fit(given, y, weight),
        error,
        message,
    )


def inverse(message, Z, lengths=None, error=ValueError):
    return (lambda ae: ae.inverse_transform(Z, lengths)), error, message


def reordered(ae):
    Z = pd.DataFrame(ae.transform(X), columns=ae.get_feature_names_out())
    return ae.inverse_transform(Z[Z.columns[::-1]])


def of_other_ids(ae):
    Z = pd.DataFrame(ae.transform(X), index=IDS)
    return ae.inverse_transform(Z, pd.Series(4, index=IDS[::-1]))


def tree(**of):
    return GridSearchCV(LSTMAutoencoderTransformer(), of, error_score="raise")


# name: the call, its error, and what the message must say
WRONG = {
    # no container
    "None": transform(None, TypeError, f"X is None; {EXPECTED}"),
    "number": transform(3, TypeError, f"X is the int 3; {EXPECTED}"),
    "0-d": transform(np.array(3.0), TypeError, f"X is the ndarray .*{EXPECTED}"),
    "name of a file": transform(
        "x.csv", TypeError, f"X is the str 'x.csv'; {EXPECTED}"
    ),
    "bytes": transform(b"123", TypeError, f"X is the bytes b'123'; {EXPECTED}"),
    "class": transform(list, TypeError, f"X is a type; {EXPECTED}"),
    "generator": transform((x for x in X), TypeError, r"X is a generator.* list\(X\)"),
    "map": transform(map(np.copy, X), TypeError, r"X is a map.* pass list\(X\)"),
    "set": transform({1.0}, TypeError, r"X is a set.* pass list\(X\)"),
    "dict": transform(
        dict(zip(IDS, X, strict=True)), TypeError, r"X is a dict.* pandas.Series\(X\)"
    ),
    "dict values": transform({0: X[0]}.values(), TypeError, r"dict_values.* list\(X\)"),
    "groups": transform(FLAT.groupby("id"), TypeError, "X is a DataFrameGroupBy"),
    "pairs of groups": transform([*FLAT.groupby("id")], ValueError, PAIRS),
    "pairs of id and array": transform([("p0", X[0])], ValueError, PAIRS),
    "sparse": transform(sparse.csr_array(np.eye(3)), TypeError, "dense data is req"),
    "matrix": transform(X[0].view(np.matrix), TypeError, "np.matrix is not supported"),
    "object": transform(SimpleNamespace(X=X), TypeError, "X is a SimpleNamespace; exp"),
    # nothing in it
    "empty list": transform([], ValueError, "X is an empty list: found 0 sequences"),
    "empty 3-D": transform(np.empty((0, 3, 2)), ValueError, r"0 sequence\(s\)"),
    "no time steps": transform(
        [X[0], X[0][:0]], ValueError, "sequence 1 is empty.* lea"
    ),
    "no features": transform([X[0][:, :0]], ValueError, "sequence 0 is empty.* leave"),
    "nothing observed": transform([X[0], X[1] * nan], ValueError, "1 has no observed"),
    "all masked": transform(
        [np.ma.masked_all((3, 2))], ValueError, "no observed value"
    ),
    # other shapes
    "one sequence alone": transform(X[0], ValueError, r"X in a list, \[X\], if it is"),
    "one univariate alone": transform(UNIVARIATE[0], ValueError, r"in a list: \[X\]"),
    "one Series alone": transform(pd.Series([1.0, 2]), ValueError, r"a list: \[X\]"),
    "numbers": transform(
        [1.0, 2.0], ValueError, "0 is the float 1.0.* put it in a list"
    ),
    "embeddings": transform(np.ones((3, 4)), ValueError, "row of X is one univariate"),
    "4-D": transform(np.ones((1, 2, 3, 2)), ValueError, "X has 4 dimensions"),
    "too deep": transform(
        [[[[1.0, 2.0]]]], ValueError, "sequence 0 is a list; expected"
    ),
    "rows of other widths": transform([[[1, 2], [3]]], ValueError, "0 is not rectang"),
    "1-D among 2-D": transform(
        [X[0], X[0][:, 0]], ValueError, "sequence 1 is 1-D, but"
    ),
    "3-D among 2-D": transform(
        [X[0], X[0][None]], ValueError, "1 is an array of shape"
    ),
    "channels first in a list": transform(
        each(np.transpose), ValueError, "If they come before time, use from_channels_f"
    ),
    "channels first in 3-D": transform(
        np.ones((3, 2, 5)), ValueError, r"pass from_channels_first\(X\)"
    ),
    "more features": transform(
        [np.ones((4, 3))], ValueError, "has 3 features.* 2 feat"
    ),
    "fewer features": transform(UNIVARIATE, ValueError, "has 1 feature, .* 2 features"),
    "None among": transform([X[0], None], ValueError, "1 is None.* leave the sequence"),
    "NaN among": transform(
        [X[0], nan], ValueError, "1 is the float nan.* leave the seq"
    ),
    "text among": transform([X[0], "ab"], ValueError, "sequence 1 is the str 'ab'"),
    "dict among": transform([X[0], {}], ValueError, "sequence 1 is a dict; expected"),
    "generator among": transform([(r for r in X[0])], ValueError, "0 is a generator"),
    "sparse among": transform([sparse.eye(2)], ValueError, "sequence 0 is a dia_"),
    # no real numbers
    "complex": transform(
        each(lambda x: x * 1j), ValueError, "Complex data .*sequence 0"
    ),
    "text": transform(
        [[["1", "2"]]], TypeError, "feature 0 holds categories, '1' .*numbers in fit"
    ),
    "bytes in an array": transform([[[b"1", b"2"]]], TypeError, "sequence 0 has dtype"),
    "text among objects": transform(
        [np.array([["1", 2]], object)], TypeError, "feature 0 holds categories, '1'"
    ),
    "dates": transform(
        [np.array([["2020", "2021"]], "M8[Y]")], TypeError, "dtype datetime64.* convert"
    ),
    "durations": transform([np.ones((2, 2), "m8[s]")], TypeError, "dtype timedelta64"),
    "dates in a frame": transform(
        [pd.DataFrame({"t": pd.date_range("2020", periods=2), "x": 1.0})],
        TypeError,
        "sequence 0 holds a Timestamp.* convert",
    ),
    "records of dates": transform(
        [np.ones(2, "f8,M8[s]")], TypeError, "column 'f1' has dtype datetime64"
    ),
    "rows of dicts": transform(
        [[{"a": 1}, {"b": 1}]], ValueError, "sequence 0 has a dict at time step 1"
    ),
    "inf": transform(
        [X[0], np.full((2, 2), inf)], ValueError, "sequence 1 holds inf .*step 0"
    ),
    "too large": transform(
        [[[1, 10**400]]], ValueError, "sequence 0 holds .*too large"
    ),
    # frames
    "long without its index": fit(
        r"to_sequences\(X, by='id', order='time'", FLAT, error=TypeError
    ),
    "long with ids alone": fit(
        r"to_sequences\(X.reset_index\(\), by='id', order='time'\)",
        FLAT.set_index("id"),
    ),
    "long of numbers": fit(
        r"column 'time' rises within each 'id'.*\(X, by='id', order='time'\)",
        FLAT.assign(id=FLAT["id"].str[1:].astype(int)),
    ),
    "long of three levels": transform(
        LONG.set_index("pulse", append=True), ValueError, "3 levels.* Merge the levels"
    ),
    "long, time falls": transform(LONG[::-1], ValueError, "'p5' is not sorted by time"),
    "long, a time twice": transform(
        pd.concat([LONG[:1], LONG]), ValueError, "series 'p0' has more than one row"
    ),
    "long, no id": transform(
        LONG.rename({"p1": None}, level=0), ValueError, "has a null series"
    ),
    "text column": fit(
        "column 'name' has dtype .* drop the column",
        pd.DataFrame(np.eye(3)).assign(name=[*"abc"]),
        error=TypeError,
    ),
    "cells beside numbers": transform(
        pd.DataFrame({"age": [61.0], "x": [X[0]]}), ValueError, "column 'age' does not"
    ),
    "a cell without sequence": transform(
        pd.Series([X[0], nan], index=["p0", "p1"]),
        ValueError,
        r"sequence 1 \(id 'p1'\) is the float nan: .*1 of 2; .*X = X.dropna\(\)",
    ),
    "an empty cell": transform(
        pd.Series([X[0], X[0][:0]], index=["p0", "p1"]),
        ValueError,
        r"\(id 'p1'\) is em",
    ),
    "columns of other lengths": transform(
        pd.DataFrame({0: [UNIVARIATE[0]], 1: [UNIVARIATE[1]]}), ValueError, "has 3 time"
    ),
    "frames in two orders": fit(
        r"sequence 1 has the features \['b', 'a'\], but sequence 0 .*select them",
        [pd.DataFrame(X[0], columns=[*"ab"]), pd.DataFrame(X[1], columns=[*"ba"])],
    ),
    # y and weights
    "y too short": fit("inconsistent numbers of samples", y=[0, 1]),
    "y for each time step": fit("one for each time step.*groupby", y=np.ones(27)),
    "y in another order": fit(
        r"y has the ids of X in another order.* pass y.loc\[X.index\]",
        pd.Series(X, index=IDS),
        pd.Series(0, index=IDS[::-1]),
    ),
    "y of others": fit(
        "y has an entry for 'q', but no sequence of X has that id",
        pd.Series(X, index=IDS),
        pd.Series(0, index=[*IDS[:5], "q"]),
    ),
    "y a number": fit("Expected sequence or array-like", y=3, error=TypeError),
    "weights too short": fit(r"sample_weight.shape == \(2,\)", weight=[1, 1]),
    "weights below zero": fit("Negative values .*sample_weight", weight=[-1] + [1] * 5),
    "weights of NaN": fit("sample_weight contains NaN", weight=[nan] * 6),
    "weights of None": fit("sample_weight contains NaN", weight=[None] * 6),
    "weights all zero": fit("zero", weight=[0.0] * 6),
    "weights for each step": fit(
        "a number for each seq", weight=each(lambda x: x[:, 0])
    ),
    "weights in a column": fit("must be 1D", weight=np.ones((6, 1))),
    "weights of text": fit("weight has dtype <U1", weight=[*"abcdef"], error=TypeError),
    "weights of dates": fit(
        "sample_weight has dtype datetime64",
        weight=np.full(6, "2020", "M8[Y]"),
        error=TypeError,
    ),
    "weights in another order": fit(
        "sample_weight has the ids of X in another order",
        pd.Series(X, index=IDS),
        weight=pd.Series(1.0, index=IDS[::-1]),
    ),
    # embeddings
    "Z too narrow": inverse("Z has 3 components, but .* expecting 4", np.ones((2, 3))),
    "Z 1-D": inverse("Expected 2D array, got 1D array", np.ones(4)),
    "Z 3-D": inverse("dim 3", np.ones((2, 4, 1))),
    "Z of NaN": inverse("row 0 of Z has nan as component 0", np.full((1, 4), nan)),
    "Z is X": inverse("Z is not rectangular; pass vectors like those", X),
    "Z sparse": inverse("for Z, but dense", sparse.eye(4).tocsr(), error=TypeError),
    "Z of a wild length": inverse("over 1048576 time steps", [[0.0, 0, 0, 1e3]]),
    "Z in another order": (reordered, ValueError, "in another order than transform"),
    "lengths of others": (of_other_ids, ValueError, r"pass lengths.loc\[Z.index\]"),
    "lengths too few": inverse("each of 2 sequences", np.zeros((2, 4)), [3]),
    "lengths bool": inverse("bool", np.zeros((1, 4)), [True], TypeError),
    "lengths broken": inverse(r"lengths\[0\] is 2.5", np.zeros((1, 4)), [2.5]),
    "lengths below one": inverse(r"lengths\[0\] is 0", np.zeros((1, 4)), [0]),
    "lengths of NaN": inverse(r"lengths\[0\] is nan", np.zeros((1, 4)), [nan]),
    "lengths text": inverse("dtype <U1", np.zeros((1, 4)), ["3"], TypeError),
    # parameters and calls
    "a typo": (
        lambda ae: clone(ae).set_params(n_component=3),
        ValueError,
        "Invalid parameter 'n_component' .*Valid parameters are",
    ),
    "a typo in a search": (
        lambda ae: tree(epoch=[1, 2]).fit(X),
        ValueError,
        "Invalid parameter 'epoch'",
    ),
    "layers as first argument": (
        lambda ae: LSTMAutoencoderTransformer((64,)).fit(X),
        ValueError,
        r"'n_components' parameter .* Got \(64,\)",
    ),
    "half a component": fit("'n_components'.*Got 2.5", n_components=2.5),
    "a clone is not fitted": (
        lambda ae: clone(ae).transform(X),
        NotFittedError,
        "not fitted yet",
    ),
    "no forecast": (
        lambda ae: ae.forecast(X),
        AttributeError,
        "forecast_horizon is No",
    ),
    "no sample": (lambda ae: ae.sample(), AttributeError, "set kl_weight, and fit"),
}


def test_there_are_ninety_and_more():
    assert len(RIGHT) + len(WRONG) >= 150


@pytest.mark.parametrize("name", WRONG)
def test_an_error_that_helps(ae, name):
    call, error, message = WRONG[name]
    with pytest.raises(error, match=re.compile(message, re.DOTALL)):
        call(ae)


# -- objects that are shared --------------------------------------------------------


def test_what_is_passed_and_returned_is_not_shared(ae):
    given = copy.deepcopy(X)
    Z, back = ae.transform(given), ae.reconstruct(given)
    again = copy.deepcopy(ae)
    for x in [*given, Z, *back]:
        x[...] = 0  # written to, after the call
    again.set_params(epochs=1, n_components=2)
    assert_array_equal(ae.transform(X), again.transform(X))
    assert_same_sequences(ae.reconstruct(X), again.reconstruct(X))
    assert ae.n_components == 4
    assert Z.flags.writeable


def test_order_and_company_do_not_matter(ae):
    Z = ae.transform(X)
    assert_allclose(ae.transform(X[::-1])[::-1], Z, rtol=1e-4, atol=1e-5)
    alone = np.vstack([ae.transform([x]) for x in X])
    assert_allclose(alone, Z, rtol=1e-4, atol=1e-5)


# -- names of features --------------------------------------------------------------


def test_swapped_features_are_refused_wherever_names_are_known(plain_autoencoder):
    cells = to_sequences(FLAT, by="id", order="time")
    ae = plain_autoencoder(epochs=1, warm_start=True).fit(cells)
    assert ae.sequence_feature_names_in_.tolist() == ["pulse", "temp"]
    swapped = FLAT[["id", "time", "temp", "pulse"]]
    message = r"\['temp', 'pulse'\], but LSTM.*\['pulse', 'temp'\]; select them in that"
    for given in (
        to_sequences(swapped, by="id", order="time"),
        swapped.set_index(["id", "time"]),
        [x[["temp", "pulse"]] for _, x in LONG.groupby("id")],
    ):
        for use in ("transform", "reconstruct", "score", "score_samples", "fit"):
            with pytest.raises(ValueError, match=message):
                getattr(ae, use)(given)
    table = to_frame(ae.reconstruct(cells))
    assert table.columns.tolist() == ["id", "time", "pulse", "temp"]
    frames = [x for _, x in LONG.groupby("id")]
    assert_array_equal(ae.transform(frames), ae.transform(cells))
    assert clone(ae).fit(frames).reconstruct(frames)[0].columns.tolist() == [
        "pulse",
        "temp",
    ]
