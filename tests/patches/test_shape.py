"""Cosines of sequences, against SciPy's transform of one sequence at a time."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.fft import dct, idct

from sklearn_seqae._containers.ragged import RaggedArray
from sklearn_seqae._patches.shape import Shape, default_n_cosines

LENGTHS = st.lists(st.integers(1, 40), min_size=1, max_size=12)


def _sequences(lengths, n_features=2, seed=0):
    random = np.random.default_rng(seed)
    return [random.normal(size=(n, n_features)) for n in lengths]


def _all(half_cycles, n_features=2):
    n = len(half_cycles) * n_features
    return Shape(tuple(half_cycles), 0.0, (0.0,) * n, (1.0,) * n)


@given(LENGTHS)
def test_coefficients_are_those_of_scipy(lengths):
    X, k = _sequences(lengths), [1, 2, 3, 7, 12]
    found = _all(k).coefficients(RaggedArray.from_list(X))
    for x, of_x in zip(X, found, strict=True):
        whole = np.zeros((13, 2))
        theirs = dct(x, axis=0, norm="ortho") / np.sqrt(len(x))
        whole[: len(x)] = theirs[:13]
        np.testing.assert_allclose(of_x, whole[k].T, atol=1e-12)


@given(LENGTHS)
def test_only_the_coefficients_change(lengths):
    X, Y, k = _sequences(lengths), _sequences(lengths, seed=1), [1, 4, 9]
    shape = _all(k)
    wanted = shape.coefficients(RaggedArray.from_list(X))
    found = shape.with_coefficients(RaggedArray.from_list(Y), wanted)
    for x, y, z in zip(X, Y, found, strict=True):
        both = [dct(each, axis=0, norm="ortho") for each in (x, y)]
        own = [j for j in k if j < len(x)]
        both[1][own] = both[0][own]
        expected = idct(both[1], axis=0, norm="ortho")
        np.testing.assert_allclose(z, expected, atol=1e-12)


@given(LENGTHS, st.integers(0, 11))
def test_a_sequence_has_its_bits_whatever_its_companions(lengths, row):
    X, shape, row = _sequences(lengths), _all(range(1, 33)), row % len(lengths)
    together = RaggedArray.from_list(X)
    alone = RaggedArray.from_list([X[row]])
    coefficients = shape.coefficients(together)
    np.testing.assert_array_equal(shape.coefficients(alone)[0], coefficients[row])
    wanted = np.zeros_like(coefficients)
    whole = shape.with_coefficients(together, wanted)[row]
    one = shape.with_coefficients(alone, wanted[row : row + 1])[0]
    np.testing.assert_array_equal(one, whole)


def test_the_strongest_cosines_are_chosen():
    place = (np.arange(50) + 0.5) / 50
    waves = np.cos(np.pi * place * 17) + 0.5 * np.cos(np.pi * place * 4)
    noise = 0.01 * np.random.default_rng(0).normal(size=(6, 50))
    X = RaggedArray.from_list([(waves + each)[:, None] for each in noise])
    shape = Shape.fit(2, X, np.ones(6))
    assert shape.half_cycles == (4, 17)
    assert shape.left < 1e-3
    assert Shape.fit(1, X, np.ones(6)).left == pytest.approx(0.2, abs=1e-3)


def test_weight_counts_as_repetition():
    X = _sequences([9, 20, 31])
    weighted = Shape.fit(3, RaggedArray.from_list(X), np.array([1.0, 2.0, 1.0]))
    repeated = RaggedArray.from_list([X[0], X[1], X[1], X[2]])
    again = Shape.fit(3, repeated, np.ones(4))
    assert weighted.half_cycles == again.half_cycles
    np.testing.assert_allclose(weighted.spread, again.spread)


def test_components_go_there_and_back():
    X = RaggedArray.from_list(_sequences([12, 30, 7, 25]))
    shape = Shape.fit(5, X, np.ones(4))
    coefficients = shape.coefficients(X)
    components = shape.encode(coefficients)
    np.testing.assert_allclose(components.mean(axis=0), 0, atol=0.2)
    np.testing.assert_allclose(shape.decode(components), coefficients)
    assert np.isfinite(shape.decode(np.full_like(components, 1e300))).all()


def test_what_does_not_vary_has_no_shape():
    X = RaggedArray.from_list([np.zeros((5, 1)), np.zeros((8, 1))])
    assert Shape.fit(4, X, np.ones(2)) is None


@pytest.mark.parametrize(
    ("median", "n_features", "room", "expected"),
    [(300, 1, np.inf, 32), (15, 1, np.inf, 7), (300, 16, np.inf, 16), (300, 2, 9, 4)],
)
def test_how_many(median, n_features, room, expected):
    assert default_n_cosines(np.full(3, median), n_features, room) == expected
