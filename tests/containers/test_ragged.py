import pickle

import numpy as np
import pytest
from helpers import assert_same_values
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from numpy.testing import assert_array_equal

from sklearn_seqae._containers.ragged import RaggedArray, locate, offsets_from_lengths
from sklearn_seqae.exceptions import InvalidSequenceError

quick = settings(deadline=None, max_examples=50)


@st.composite
def sequences(draw, min_size=1):
    """Sequences of one width, some of them without a time step."""
    n_features = draw(st.integers(1, 4))
    dtype = draw(st.sampled_from([np.float32, np.float64]))
    lengths = draw(st.lists(st.integers(0, 6), min_size=min_size, max_size=8))
    return [draw(npst.arrays(dtype, (length, n_features))) for length in lengths]


@st.composite
def sequences_and_indices(draw):
    arrays = draw(sequences())
    position = st.integers(-len(arrays), len(arrays) - 1)
    return arrays, draw(st.lists(position, max_size=10))


@quick
@given(sequences())
def test_iteration_gives_back_what_from_list_took(arrays):
    ragged = RaggedArray.from_list(arrays)
    assert_same_values(list(ragged), arrays)
    assert ragged.dtype == arrays[0].dtype
    assert_array_equal(ragged.lengths, [len(a) for a in arrays])
    assert ragged.n_timesteps == sum(map(len, arrays))
    assert ragged.n_features == arrays[0].shape[1]


@quick
@given(sequences_and_indices())
def test_take_selects_as_a_list_does(drawn):
    arrays, indices = drawn
    ragged = RaggedArray.from_list(arrays)
    expected = [arrays[i] for i in indices]
    assert_same_values(ragged.take(indices), expected)
    assert_same_values(ragged[indices], expected)
    assert_same_values(ragged[np.array(indices, dtype=np.int32)], expected)
    for i in indices:
        assert_array_equal(ragged[i], arrays[i])


@quick
@given(sequences(), st.data())
def test_slices_and_masks_select_as_a_list_does(arrays, data):
    ragged = RaggedArray.from_list(arrays)
    part = data.draw(st.slices(len(arrays)))
    assert_same_values(ragged[part], arrays[part])
    mask = data.draw(npst.arrays(bool, len(arrays)))
    expected = [a for a, keep in zip(arrays, mask, strict=True) if keep]
    assert_same_values(ragged[mask], expected)


@quick
@given(sequences())
def test_equality_is_of_lengths_and_values(arrays):
    ragged = RaggedArray.from_list(arrays)
    assert ragged == RaggedArray.from_list([a.copy() for a in arrays])
    assert ragged == ragged.with_values(ragged.values.astype(np.float64))
    assert ragged != RaggedArray.from_list([*arrays, arrays[0]])
    assert ragged != "a RaggedArray"


def test_equality_takes_nan_for_nan_and_sees_other_cuts():
    values = np.array([[1.0], [np.nan]])
    assert RaggedArray(values, [0, 2]) == RaggedArray(values, [0, 2])
    assert RaggedArray(values, [0, 2]) != RaggedArray(values, [0, 1, 2])
    assert RaggedArray(values, [0, 2]) != RaggedArray(values[::-1], [0, 2])


@quick
@given(sequences())
def test_locate_finds_the_sequence_of_every_row(arrays):
    ragged = RaggedArray.from_list(arrays)
    expected = [(i, t) for i, a in enumerate(arrays) for t in range(len(a))]
    found = [locate(ragged.offsets, row) for row in range(ragged.n_timesteps)]
    assert found == expected


def test_pickle_keeps_everything():
    ragged = RaggedArray.from_list([np.ones((2, 3), np.float32), np.zeros((1, 3))])
    assert pickle.loads(pickle.dumps(ragged)) == ragged


def test_sequences_and_contiguous_slices_are_views_that_cant_be_written_to():
    values = np.arange(10.0).reshape(5, 2)
    ragged = RaggedArray(values, [0, 2, 5])
    assert np.shares_memory(ragged.values, values)
    assert np.shares_memory(ragged[1], values)
    assert np.shares_memory(ragged[1:].values, values)
    with pytest.raises(ValueError, match="read-only"):
        ragged[0][:] = 0
    values[0] = 7  # the caller's own array stays the caller's own


def test_is_frozen_and_not_hashable():
    ragged = RaggedArray(np.ones((2, 1)), [0, 2])
    with pytest.raises(AttributeError):
        ragged.values = np.zeros((2, 1))
    with pytest.raises(TypeError, match="unhashable"):
        hash(ragged)


def test_values_become_contiguous():
    ragged = RaggedArray(np.asfortranarray(np.arange(6.0).reshape(3, 2)), [0, 3])
    assert ragged.values.flags.c_contiguous
    assert_array_equal(ragged[0], [[0, 1], [2, 3], [4, 5]])


def test_no_sequence_at_all_is_a_ragged_array_too():
    ragged = RaggedArray(np.empty((0, 3)), [0])
    assert len(ragged) == 0
    assert list(ragged) == []
    assert len(ragged.take([])) == 0
    assert len(ragged[:]) == 0


@pytest.mark.parametrize(
    ("dtypes", "expected"),
    [
        (["f2", "f4"], np.float32),
        (["f4", "f8"], np.float64),
        (["f4", "i2"], np.float64),
        (["?"], np.float64),
        (["u8"], np.float64),
        (["g"], np.float64),
    ],
)
def test_from_list_is_float32_only_if_all_of_it_was(dtypes, expected):
    ragged = RaggedArray.from_list([np.ones((1, 1), dtype) for dtype in dtypes])
    assert ragged.dtype == expected


@pytest.mark.parametrize(
    ("sequences", "message"),
    [
        ([np.ones((2, 2)), np.ones((2, 1))], "sequence 1 has 1 feature, but .* has 2"),
    ],
)
def test_from_list_refuses(sequences, message):
    with pytest.raises(InvalidSequenceError, match=message):
        RaggedArray.from_list(sequences)


@pytest.mark.parametrize(
    ("values", "offsets", "error", "message"),
    [
        (np.ones((2, 1), int), [0, 2], TypeError, "float32 or float64, not int"),
        (np.ones(2), [0, 2], ValueError, "values must be 2-D"),
        (np.ones((2, 1)), [0, 1], ValueError, "offsets must rise from 0"),
        (np.ones((2, 1)), [1, 2], ValueError, "offsets must rise from 0"),
        (np.ones((2, 1)), [0, 2, 1, 2], ValueError, "offsets must rise from 0"),
        (np.ones((0, 1)), [], ValueError, "n_sequences \\+ 1 entries"),
    ],
)
def test_constructor_refuses(values, offsets, error, message):
    with pytest.raises(error, match=message):
        RaggedArray(values, offsets)


@pytest.mark.parametrize("key", [2, -3, [0, 2], np.array([True]), [0.5]])
def test_wrong_indices_are_index_errors(key):
    ragged = RaggedArray(np.ones((3, 1)), [0, 1, 3])
    with pytest.raises(IndexError):
        ragged[key]


def test_offsets_from_lengths():
    assert_array_equal(offsets_from_lengths([2, 0, 3]), [0, 2, 2, 5])
    assert_array_equal(offsets_from_lengths([]), [0])


def test_repr_tells_the_sizes():
    assert repr(RaggedArray(np.ones((3, 2), np.float32), [0, 1, 3])) == (
        "RaggedArray(n_sequences=2, n_timesteps=3, n_features=2, dtype=float32)"
    )
