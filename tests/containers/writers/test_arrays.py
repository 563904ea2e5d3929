import pickle

import numpy as np
import pandas as pd
import pytest
from helpers import assert_same_sequences, objects, padded
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from numpy.testing import assert_array_equal
from pandas.testing import assert_frame_equal

from sklearn_seqae._containers.ragged import RaggedArray
from sklearn_seqae._containers.readers import to_ragged
from sklearn_seqae._containers.writers import from_ragged

nan = np.nan
quick = settings(deadline=None, max_examples=50)


def there_and_back(X):
    ragged, container = to_ragged(X)
    return from_ragged(ragged, pickle.loads(pickle.dumps(container)))


@st.composite
def sequences(draw, n_features=None):
    width = draw(st.integers(1, 3)) if n_features is None else n_features
    dtype = draw(st.sampled_from([np.float32, np.float64]))
    lengths = draw(st.lists(st.integers(1, 5), min_size=1, max_size=6))
    numbers = st.integers(-9, 9)
    return [
        draw(npst.arrays(dtype, (length, width), elements=numbers))
        for length in lengths
    ]


@quick
@given(sequences())
def test_lists_tuples_and_object_arrays_come_back_as_they_were(X):
    assert_same_sequences(there_and_back(X), X)
    assert_same_sequences(there_and_back(tuple(X)), tuple(X))
    back = there_and_back(objects(X))
    assert back.dtype == object
    assert back.shape == (len(X),)
    assert_same_sequences(back, objects(X))


@quick
@given(sequences(n_features=1))
def test_univariate_sequences_come_back_1d(X):
    X = [x[:, 0] for x in X]
    assert_same_sequences(there_and_back(X), X)
    assert_same_sequences(there_and_back(objects(X)), objects(X))


@quick
@given(sequences(), st.integers(0, 3))
def test_3d_arrays_come_back_as_long_as_the_longest_sequence(X, extra):
    back = there_and_back(padded(X, extra=extra))
    assert_array_equal(back, padded(X))


@quick
@given(sequences(n_features=1), st.integers(0, 3))
def test_tables_come_back_as_wide_as_they_were(X, extra):
    table = padded(X, extra=extra)[:, :, 0]
    assert_array_equal(there_and_back(table), table)
    frame = pd.DataFrame(table)
    assert_frame_equal(there_and_back(frame), frame)


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", "i4", "?"])
@pytest.mark.parametrize("shape", [(2, 3), (2, 3, 1)])
def test_the_dtype_is_that_of_the_input_as_far_as_floats_go(dtype, shape):
    back = there_and_back(np.ones(shape, dtype))
    assert back.dtype == ("float32" if dtype in ("f2", "f4") else "float64")
    assert_array_equal(back, np.ones(shape))


def test_the_dtype_is_the_container_s_whatever_the_values_have():
    _, container = to_ragged([np.ones(2, np.float32)])
    (back,) = from_ragged(RaggedArray(np.ones((3, 1)), [0, 3]), container)
    assert back.dtype == np.float32


def test_other_lengths_than_those_of_the_input():
    shorter_and_longer = RaggedArray(np.arange(6.0)[:, np.newaxis], [0, 1, 6])
    _, container = to_ragged(np.ones((1, 3)))
    assert_array_equal(
        from_ragged(shorter_and_longer, container),
        [[0, nan, nan, nan, nan], [1, 2, 3, 4, 5]],
    )
    _, container = to_ragged(np.ones((1, 9)))
    assert from_ragged(shorter_and_longer, container).shape == (2, 9)


@pytest.mark.parametrize(
    ("columns", "wider"),
    [
        (None, [0, 1, 2, 3, 4]),
        ([1, 2, 3], [1, 2, 3, 4, 5]),
        ([2020, 2010, 2000], [2020, 2010, 2000, 2021, 2022]),
        (["a", "b", "c"], ["a", "b", "c", "3", "4"]),
        (["2", "3", "4"], ["2", "3", "4", "5", "6"]),
        (["a", 3, 0.5], ["a", 3, 0.5, 4, 5]),
    ],
)
def test_a_frame_that_has_to_be_wider_gets_further_columns(columns, wider):
    ragged, container = to_ragged(pd.DataFrame(np.eye(3), columns=columns))
    longer = RaggedArray(np.ones((5, 1)), [0, 5])
    assert from_ragged(longer, container).columns.tolist() == wider
    assert from_ragged(ragged, container).columns.tolist() == wider[:3]


@pytest.mark.parametrize(
    "columns",
    [
        pd.RangeIndex(3, name="time"),
        pd.Index([3, 2, 1], name="time"),
        pd.date_range("2020-01-01", periods=3, freq="D", name="day"),
        pd.MultiIndex.from_tuples([("a", 1), ("a", 2), ("b", 1)], names=["x", "y"]),
    ],
    ids=lambda columns: type(columns).__name__,
)
def test_columns_of_other_kinds_come_back(columns):
    frame = pd.DataFrame(np.eye(3), columns=columns)
    assert_frame_equal(there_and_back(frame), frame, check_freq=False)


@pytest.mark.parametrize(
    "X",
    [
        [np.ones((2, 1)), np.ones((1, 1))],
        (np.ones(2), np.ones(1)),
        np.ones((2, 2)),
        np.ones((2, 2, 2)),
    ],
    ids=["list", "tuple", "array_2d", "array_3d"],
)
def test_what_comes_back_is_the_user_s_to_write_to(X):
    ragged, container = to_ragged(X)
    before = ragged.values.copy()
    back = from_ragged(ragged, container)
    back[0][:] = 7.0
    assert_array_equal(back[1], np.ones_like(back[1]))
    assert_array_equal(ragged.values, before)


@pytest.mark.parametrize(
    "X",
    [
        [np.ones(2)],
        (np.ones(2),),
        np.ones((1, 2)),
        np.ones((1, 2, 1)),
        pd.DataFrame([1]),
    ],
)
def test_no_sequences_are_an_empty_container(X):
    _, container = to_ragged(X)
    back = from_ragged(RaggedArray(np.empty((0, 1)), [0]), container)
    assert type(back) is type(X)
    assert len(back) == 0


@pytest.mark.parametrize("make", [list, tuple, objects])
def test_frames_with_names_come_back_as_frames(make):
    X = [
        pd.DataFrame({"b": [1.0, nan], "a": [3.0, 4.0]}),
        pd.DataFrame({"b": [5.0], "a": 6.0}),
    ]
    back = there_and_back(make(X))
    assert type(back) is type(make(X))
    for found, expected in zip(back, X, strict=True):
        assert_frame_equal(found, expected)


def test_frames_of_other_libraries_come_back_as_theirs():
    pl = pytest.importorskip("polars", reason="an option of ours")
    pa = pytest.importorskip("pyarrow", reason="an option of ours")
    columns = {"b": [1.0, None], "a": [3.0, 4.0]}
    (back,) = there_and_back([pl.DataFrame(columns)])
    assert back.equals(pl.DataFrame(columns))
    (back,) = there_and_back([pa.table(columns)])
    assert back.equals(pa.table(columns))


def test_frames_without_common_names_come_back_as_arrays():
    frame = pd.DataFrame({"b": [1.0, 2.0], "a": [3.0, 4.0]})
    for X in ([frame, frame.to_numpy()], [frame.set_axis([0, 1], axis=1)]):
        for found in there_and_back(X):
            assert_array_equal(found, frame)
            assert isinstance(found, np.ndarray)
