"""Units of single sequences: reversible instance normalization."""

import numpy as np
import pytest
from helpers import random_ragged
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_seqae._containers.ragged import RaggedArray
from sklearn_seqae._patches.exact import InstanceNorm, Units


def sequences_of_many_sizes(n=30, n_features=2, seed=0):
    rng = np.random.default_rng(seed)
    sizes = np.exp(rng.normal(0, 2, (n, 1, n_features)))
    levels = rng.normal(0, 3, (n, 1, n_features))
    return [
        level + size * rng.normal(size=(rng.integers(20, 40), n_features))
        for level, size in zip(levels, sizes, strict=True)
    ]


def fitted(sequences, weight=None):
    ragged = RaggedArray.from_list(sequences)
    weight = np.ones(len(ragged)) if weight is None else weight
    return InstanceNorm.fit(ragged, weight), ragged


def test_long_sequences_get_mean_zero_and_standard_deviation_one():
    norm, ragged = fitted(sequences_of_many_sizes())
    own = norm.normalize(ragged, norm.units(ragged))
    for x in own:
        assert_allclose(x.mean(axis=0), 0, atol=1e-5)
        assert_allclose(x.std(axis=0), 1, rtol=0.3)  # some are drawn to the typical


def test_units_are_moments_by_numpy_drawn_to_the_typical():
    X = sequences_of_many_sizes()
    norm, ragged = fitted(X)
    units = norm.units(ragged)
    for x, mean, scale in zip(X, *units, strict=True):
        n = len(x)
        assert_allclose(mean, x.mean(axis=0))
        logs = (1 - 1 / n) * np.log(x.std(axis=0)) + np.array(norm.log_typical) / n
        assert_allclose(scale, np.exp(logs))


@given(st.integers(1, 50), st.integers(1, 3), st.integers(0, 5))
def test_components_and_back(n, n_features, seed):
    norm, ragged = fitted(sequences_of_many_sizes(n + 1, n_features, seed))
    units = norm.units(ragged)
    components = norm.encode(units)
    assert components.shape == (n + 1, 2 * n_features)
    for found, expected in zip(norm.decode(components), units, strict=True):
        assert_allclose(found, expected, rtol=1e-6)


def test_values_and_back_with_exact_means():
    norm, ragged = fitted(sequences_of_many_sizes())
    units = norm.units(ragged)
    back = norm.denormalize(norm.normalize(ragged, units), units)
    for x, z in zip(ragged, back, strict=True):
        assert_allclose(z, x, rtol=1e-4, atol=1e-5 * np.abs(x).max())
    # Whatever a decoder writes, the level is that of the units
    noise = random_ragged(list(ragged.lengths), 2)
    for z, mean in zip(norm.denormalize(noise, units), units.mean, strict=True):
        assert_allclose(z.mean(axis=0), mean, rtol=1e-9, atol=1e-9)


def test_no_component_is_an_outlier():
    X = sequences_of_many_sizes()
    X += [np.full((30, 2), 5.0), np.zeros((1, 2)), np.full((9, 2), 1e4)]
    X += [np.random.default_rng(1).normal(size=(30, 2)) * 1e-20]
    norm, ragged = fitted(X)
    assert np.abs(norm.encode(norm.units(ragged))).max() < 7


def test_a_single_step_and_a_flat_sequence_have_units():
    X = [*sequences_of_many_sizes(), np.ones((1, 2)), np.ones((25, 2))]
    norm, ragged = fitted(X)
    units = norm.units(ragged)
    assert_allclose(units.scale[-2], np.exp(norm.log_typical))
    assert_array_equal(norm.normalize(ragged, units)[-1], 0)
    assert (units.scale > 0).all()


def test_missing_values_do_not_count():
    X = sequences_of_many_sizes()
    gaps = [x.copy() for x in X]
    gaps[0][3], gaps[1][:, 1] = np.nan, np.nan
    norm, ragged = fitted(gaps)
    units = norm.units(ragged)
    assert_allclose(units.mean[0], np.delete(X[0], 3, axis=0).mean(axis=0))
    assert units.mean[1, 1] == norm.typical[1]  # nothing is observed
    assert units.scale[1, 1] == pytest.approx(np.exp(norm.log_typical[1]))


def test_weights_are_counts():
    X = sequences_of_many_sizes(6)
    weighted, _ = fitted(X, np.array([2.0, 1, 1, 1, 1, 3]))
    repeated, _ = fitted([X[0], *X, X[5], X[5]])
    assert_allclose(weighted.typical, repeated.typical)
    assert_allclose(weighted.log_spread, repeated.log_spread)


def test_sequences_that_are_alike_have_no_components():
    X = [(x - x.mean(axis=0)) / x.std(axis=0) for x in sequences_of_many_sizes()]
    assert fitted(X)[0] is None
    X[0][:, 1] *= 3  # of one feature the scale differs
    norm, _ = fitted(X)
    assert (norm.has_mean, norm.has_scale) == ((False, False), (False, True))
    assert norm.n_components == 1


def test_wild_components_stay_finite():
    norm, _ = fitted(sequences_of_many_sizes())
    wild = norm.decode(np.array([[1e30, -1e30, 1e30, -1e30]]))
    assert all(np.isfinite(part).all() for part in wild)
    assert (wild.scale > 0).all()
    assert isinstance(wild, Units)


@pytest.mark.parametrize(("spread", "counts"), [(2e-2, True), (5e-3, False)])
def test_means_count_from_a_thousandth_of_the_values_on(spread, counts):
    """Of all values: of their means, and of what is within sequences."""
    waves = 10 * np.sin(np.arange(40) * np.pi / 5)[:, None]
    norm, _ = fitted([s * waves + shift * spread for s, shift in ((1, -1), (2, 1))])
    assert norm.has_mean == (counts,)
