import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_seqae._patches.exact import MAX_LENGTH, LengthCode


def fitted(lengths, sample_weight=None):
    lengths = np.array(lengths)
    weight = np.ones(len(lengths)) if sample_weight is None else np.array(sample_weight)
    return LengthCode.fit(lengths, weight.astype(np.float64))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    "seen", [[7, 15, 29], [1, 100_000], [1000, 1001], [5, 5, 5, 6], [40]]
)
def test_every_length_comes_back_exactly(seen, dtype):
    """Lengths never seen as well, in the precision that an embedding has."""
    code = fitted(seen)
    lengths = np.arange(1, 100_001)
    back = code.decode(code.encode(lengths).astype(dtype))
    assert back.dtype == np.int64
    assert_array_equal(back, lengths)


def test_every_length_up_to_the_largest_comes_back_in_double_precision():
    code = fitted([7, 15, 29])
    lengths = np.arange(1, MAX_LENGTH + 1)
    assert_array_equal(code.decode(code.encode(lengths)), lengths)


@given(
    st.lists(st.integers(1, 5000), min_size=1, max_size=20),
    st.lists(st.integers(1, 100_000), min_size=1, max_size=20),
)
def test_any_lengths_after_any_fit(seen, lengths):
    code = fitted(seen)
    component = code.encode(np.array(lengths)).astype(np.float32)
    assert_array_equal(code.decode(component), lengths)


def test_the_component_is_standardized():
    lengths = np.array([7, 9, 15, 29, 20])
    component = fitted(lengths).encode(lengths)
    assert_allclose([component.mean(), component.std()], [0, 1], atol=1e-12)


def test_a_weight_of_two_is_a_sequence_given_twice():
    weighted = fitted([7, 15, 29], [2, 1, 3])
    repeated = fitted([7, 7, 15, 29, 29, 29])
    assert_allclose(
        [weighted.mean, weighted.scale], [repeated.mean, repeated.scale], rtol=1e-12
    )


@given(st.integers(1, 5000), st.lists(st.floats(0.1, 10), min_size=1, max_size=20))
def test_equal_lengths_do_not_blow_the_component_up(length, weight):
    """Rounding must not pass for a spread of lengths."""
    code = fitted([length] * len(weight), weight)
    component = code.encode(np.array([length, 2 * length]))
    assert_allclose(component, [0, np.log(2)], atol=1e-9)


@pytest.mark.parametrize("component", [-50.0, -1e30, -np.finfo(np.float64).max])
def test_a_decoded_length_is_at_least_one(component):
    assert fitted([7, 15, 29]).decode(np.array([component])).tolist() == [1]


@pytest.mark.parametrize("component", [50.0, 1e30, np.finfo(np.float64).max])
def test_a_wild_length_is_an_error_that_names_the_row(component):
    code = fitted([7, 15, 29])
    with pytest.raises(ValueError, match=r"row 2 of Z .* over 1048576 time steps"):
        code.decode(np.array([0.0, 1.0, component, component]))


def test_the_largest_length_is_allowed_and_one_more_is_not():
    code = fitted([7, 15, 29])
    component = code.encode(np.array([MAX_LENGTH, MAX_LENGTH + 1]))
    assert code.decode(component[:1]).tolist() == [MAX_LENGTH]
    with pytest.raises(ValueError, match="row 0 of Z"):
        code.decode(component[1:])


@pytest.mark.parametrize("seen", [[7, 15, 29], [1, 1000, 1001], [5, 5, 5, 6], [40]])
def test_lengths_drawn_are_between_those_seen(seen):
    code = fitted(seen)
    component = code.sample(2000, np.random.RandomState(0))
    lengths = code.decode(component)
    assert min(seen) <= lengths.min()
    assert lengths.max() <= max(seen)
    assert len(set(lengths)) > 1 or len(set(seen)) == 1
    again = code.sample(2000, np.random.RandomState(0))
    assert_array_equal(component, again)


def test_lengths_are_drawn_from_the_normal_distribution():
    """With limits far out, the component is a standard normal."""
    lengths = np.rint(np.exp(np.random.default_rng(0).normal(5, 0.2, 5000)))
    component = fitted(lengths.astype(int)).sample(5000, np.random.RandomState(0))
    assert_allclose(
        np.quantile(component, [0.1, 0.5, 0.9]), [-1.2816, 0, 1.2816], atol=0.06
    )
