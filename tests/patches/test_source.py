import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from sklearn_seqae import LSTMAutoencoderTransformer
from sklearn_seqae._containers.ragged import RaggedArray
from sklearn_seqae._patches.source import checked_weights
from sklearn_seqae._patches.source.source import (
    Facts,
    Trace,
    concatenate,
    joined,
    merge_repeated,
)
from sklearn_seqae.exceptions import InvalidSequenceError


def ragged_of(*sequences):
    return RaggedArray.from_list([np.array(s, np.float64)[:, None] for s in sequences])


def merged(ragged, sample_weight):
    distinct, weight = merge_repeated(ragged, checked_weights(ragged, sample_weight))
    return ragged.take(distinct), weight


def as_dict(ragged, weight):
    """Weight of each sequence, by its values."""
    return dict(zip((s.tobytes() for s in ragged), weight, strict=True))


# Few values and short sequences, so that equal ones turn up
SEQUENCES = st.lists(
    st.lists(st.sampled_from([0.0, 1.0, np.nan]), min_size=1, max_size=2),
    min_size=1,
    max_size=10,
)


@given(SEQUENCES, st.data())
def test_a_weight_of_two_is_a_sequence_given_twice(sequences, data):
    n = len(sequences)
    weight = data.draw(st.lists(st.integers(1, 3), min_size=n, max_size=n))
    repeated = [s for s, w in zip(sequences, weight, strict=True) for _ in range(w)]
    weighted, weights = merged(ragged_of(*sequences), weight)
    found, counts = merged(ragged_of(*repeated), None)
    assert weighted == found  # in the same order, too
    assert_array_equal(weights, counts)


@given(SEQUENCES, st.data())
def test_the_order_of_the_sequences_does_not_matter(sequences, data):
    order = data.draw(st.permutations(range(len(sequences))))
    weight = np.arange(1.0, len(sequences) + 1)
    found, weights = merged(ragged_of(*sequences), weight)
    shuffled, others = merged(ragged_of(*(sequences[i] for i in order)), weight[order])
    assert found == shuffled
    assert_array_equal(weights, others)


@given(SEQUENCES)
def test_each_distinct_sequence_once_with_its_whole_weight(sequences):
    ragged = ragged_of(*sequences)
    found, weight = merged(ragged, None)
    expected = {}
    for sequence in ragged:
        key = sequence.tobytes()
        expected[key] = expected.get(key, 0) + 1
    assert as_dict(found, weight) == expected
    assert weight.dtype == np.float64


def test_sequences_that_weigh_nothing_are_dropped():
    found, weight = merged(ragged_of([1], [2, 3], [1], [4]), [0, 2, 0, 1])
    expected = ragged_of([2, 3], [4])
    assert as_dict(found, weight) == as_dict(expected, [2, 1])


def test_sequences_that_weigh_next_to_nothing_are_dropped():
    found, weight = merged(ragged_of([1], [2, 3], [4]), [1e300, 1e-300, 1e290])
    assert as_dict(found, weight) == as_dict(ragged_of([1], [4]), [1e300, 1e290])


def test_equal_values_at_other_lengths_are_other_sequences():
    found, _ = merged(ragged_of([0, 0], [0], [0, 0, 0]), None)
    assert sorted(found.lengths) == [1, 2, 3]


@pytest.mark.parametrize(
    ("weight", "message"),
    [
        ([0, 0], "zero"),
        ([1, -1], "[Nn]egative"),
        ([1, np.nan], "NaN"),
        ([1, np.inf], "infinity"),
        ([1, 2, 3], "sample_weight"),
        ([[1], [2]], "1D"),
    ],
)
def test_weights_that_can_not_be_used(weight, message):
    with pytest.raises(ValueError, match=message):
        merged(ragged_of([1], [2]), weight)


def test_weights_that_add_up_to_infinity_are_an_error():
    with pytest.raises(ValueError, match="divide all weights"):
        merged(ragged_of([1], [1], [2]), [1e308, 1e308, 1])


def test_a_feature_that_no_sequence_observes():
    X = [np.array([[1.0, np.nan]]), np.array([[2.0, np.nan], [3.0, np.nan]])]
    message = "feature 1 has no observed value in any of 2 sequences"
    with pytest.raises(InvalidSequenceError, match=message):
        LSTMAutoencoderTransformer().fit(X)


def test_a_part_alone_is_put_together_as_it_is():
    ragged = ragged_of([1, 2], [3])
    assert concatenate([ragged]) == ragged


@pytest.mark.parametrize("changed", [{"digest": b"b"}, {"of_moments": b"b"}])
def test_the_digest_of_all_parts_is_of_values_and_of_moments(changed):
    trace = Trace(1, 2, b"a", b"a")
    other = trace._replace(**changed)
    first, second = (
        joined([Facts(np.array([2]), np.array([False]), of) for of in (trace, one)])
        for one in (trace, other)
    )
    assert first[2] != second[2]
