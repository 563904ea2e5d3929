import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_seqae._containers.ragged import RaggedArray
from sklearn_seqae._sequences.missing import fill_missing

nan = np.nan


@st.composite
def gappy_sequences(draw):
    n_features = draw(st.integers(1, 3))
    dtype = draw(st.sampled_from([np.float32, np.float64]))
    number = st.one_of(st.just(nan), st.floats(-100, 100, width=32))
    lengths = draw(st.lists(st.integers(1, 8), min_size=1, max_size=5))
    return [
        draw(npst.arrays(dtype, (length, n_features), elements=number))
        for length in lengths
    ]


def interpolated(sequence):
    """Fill one sequence, feature by feature, with numpy.interp."""
    filled = sequence.astype(np.float64)
    time = np.arange(len(sequence))
    for column in filled.T:
        seen = ~np.isnan(column)
        column[:] = np.interp(time, time[seen], column[seen]) if seen.any() else 0.0
    return filled


@settings(deadline=None, max_examples=100)
@given(gappy_sequences())
def test_each_sequence_is_interpolated_over_its_own_time(sequences):
    ragged = RaggedArray.from_list(sequences)
    filled = fill_missing(ragged)
    assert filled.dtype == ragged.dtype
    assert_array_equal(filled.offsets, ragged.offsets)
    for found, sequence in zip(filled, sequences, strict=True):
        assert_allclose(found, interpolated(sequence), rtol=1e-5, atol=1e-5)
        seen = ~np.isnan(sequence)
        assert_array_equal(found[seen], sequence[seen])  # to the bit


def test_the_ends_repeat_the_nearest_value_exactly():
    sequence = np.array([[nan], [nan], [0.1], [nan], [0.7], [nan], [nan]])
    filled = fill_missing(RaggedArray.from_list([sequence]))
    assert_array_equal(filled[0][[0, 1, 5, 6], 0], [0.1, 0.1, 0.7, 0.7])


def test_neighbours_in_other_sequences_do_not_count():
    alone = RaggedArray.from_list([[[nan], [1.0], [nan]]])
    among = RaggedArray.from_list([[[9.0]], [[nan], [1.0], [nan]], [[nan]], [[7.0]]])
    assert_array_equal(fill_missing(among)[1], fill_missing(alone)[0])
    assert_array_equal(fill_missing(among)[2], [[0.0]])


def test_a_feature_that_no_sequence_observes_becomes_zero():
    ragged = RaggedArray.from_list([[[nan, 1.0]], [[nan, 2.0]]])
    assert_array_equal(fill_missing(ragged).values, [[0, 1], [0, 2]])


def test_extreme_values_do_not_overflow():
    top = np.finfo(np.float64).max
    filled = fill_missing(RaggedArray.from_list([[[-top], [nan], [top]]]))
    assert_array_equal(filled[0], [[-top], [0.0], [top]])


def test_without_nan_the_same_object_comes_back():
    ragged = RaggedArray.from_list([np.ones((3, 2))])
    assert fill_missing(ragged) is ragged


def test_the_argument_is_not_changed():
    values = np.array([[1.0], [nan]])
    fill_missing(RaggedArray(values, [0, 2]))
    assert_array_equal(values, [[1.0], [nan]])
