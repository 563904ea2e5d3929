import numpy as np
import pytest
import sklearn
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.decomposition import PCA
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MinMaxScaler,
    OneHotEncoder,
    QuantileTransformer,
    RobustScaler,
    StandardScaler,
)

from sklearn_seqae._containers.ragged import RaggedArray
from sklearn_seqae._sequences.scaling import fit_scaler, make_scaler, scale, unscale
from sklearn_seqae.exceptions import InvalidSequenceError

NAMES = ["standard", "minmax", "robust", None]


def ragged_of(*sequences):
    return RaggedArray.from_list(sequences)


def noise(*lengths, n_features=2, seed=0):
    rng = np.random.default_rng(seed)
    return ragged_of(*(rng.normal(size=(length, n_features)) for length in lengths))


def fitted(scaler, ragged, sample_weight=None):
    weight = np.ones(len(ragged)) if sample_weight is None else sample_weight
    return fit_scaler(make_scaler(scaler), ragged, weight)


# -- which scaler ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "expected"),
    [("standard", StandardScaler), ("minmax", MinMaxScaler), ("robust", RobustScaler)],
)
def test_a_name_makes_a_new_scaler(name, expected):
    assert type(make_scaler(name)) is expected
    assert make_scaler(name) is not make_scaler(name)


def test_none_stays_none():
    assert make_scaler(None) is None
    assert fitted(None, noise(3)) is None


def test_an_instance_is_cloned_and_never_fitted():
    mine = MinMaxScaler(feature_range=(-1, 1))
    scaler = fitted(mine, noise(3, 4))
    assert scaler is not mine
    assert scaler.feature_range == (-1, 1)
    assert not hasattr(mine, "scale_")


# -- there and back -------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
@settings(deadline=None, max_examples=40)
@given(
    npst.arrays(
        np.float64,
        st.tuples(st.integers(1, 20), st.integers(1, 3)),
        elements=st.one_of(st.just(np.nan), st.floats(-1e6, 1e6, width=32)),
    )
)
def test_unscale_undoes_scale(name, values):
    values[0] = np.nan_to_num(values[0])  # every feature is observed somewhere
    ragged = RaggedArray(values, [0, 1, len(values)])
    scaler = fitted(name, ragged)
    scaled = scale(scaler, ragged)
    assert scaled.dtype == np.float32
    assert_array_equal(np.isnan(scaled.values), np.isnan(values))
    back = unscale(scaler, scaled)
    assert back.dtype == np.float64
    spread = np.nanmax(np.abs(values)) + 1.0
    assert_allclose(back.values, values, rtol=0, atol=1e-6 * spread)


def test_statistics_are_of_all_time_steps_without_the_missing():
    ragged = ragged_of([[1.0], [np.nan]], [[2.0], [3.0], [6.0]])
    scaler = fitted("standard", ragged)
    assert_allclose(scaler.mean_, [3.0])
    assert_allclose(scaler.scale_, [np.std([1, 2, 3, 6])])
    expected = StandardScaler().fit_transform(ragged.values)
    assert_allclose(scale(scaler, ragged).values, expected, rtol=1e-6)


@pytest.mark.parametrize("options", [{}, {"with_mean": False}, {"with_std": False}])
def test_standard_scaler_is_that_of_scikit_learn(options):
    ragged = noise(5, 9)
    ours = fitted(StandardScaler(**options), ragged)
    theirs = StandardScaler(**options).fit(ragged.values)
    assert_allclose(ours.mean_, theirs.mean_, atol=1e-12)
    assert_allclose(
        ours.transform(ragged.values), theirs.transform(ragged.values), atol=1e-12
    )


def test_standard_scaler_that_does_nothing():
    ragged = noise(5)
    scaler = fitted(StandardScaler(with_mean=False, with_std=False), ragged)
    assert_allclose(scale(scaler, ragged).values, ragged.values, rtol=1e-6)


# -- what must survive ----------------------------------------------------------------


@pytest.mark.parametrize("name", ["standard", "minmax", "robust"])
def test_a_small_signal_on_a_huge_offset_survives(name):
    # So many steps that StandardScaler alone takes the feature for a constant.
    signal = 1e-3 * np.sin(np.arange(100_000) / 7)
    ragged = RaggedArray((1e9 + signal)[:, np.newaxis], [0, 40_000, 100_000])
    scaler = fitted(name, ragged)
    scaled = scale(scaler, ragged).values[:, 0]
    assert 0.3 < scaled.std() < 1.1
    assert np.corrcoef(scaled, signal)[0, 1] > 0.999_999
    back = unscale(scaler, scale(scaler, ragged)).values
    assert_allclose(back, ragged.values, rtol=0, atol=3e-7)


@pytest.mark.parametrize("name", ["standard", "minmax", "robust"])
@pytest.mark.parametrize("constant", [0.0, 0.1, 1e9 + 0.1, -1e-30])
def test_a_constant_feature_survives(name, constant):
    values = np.column_stack([np.full(1000, constant), np.arange(1000.0)])
    ragged = RaggedArray(values, [0, 1000])
    scaler = fitted(name, ragged)
    scaled = scale(scaler, ragged)
    assert_allclose(scaled.values[:, 0], 0.0, atol=1e-6)
    assert_allclose(unscale(scaler, scaled).values[:, 0], constant, rtol=1e-15)


@pytest.mark.parametrize("name", NAMES)
def test_a_single_time_step_survives(name):
    ragged = ragged_of([[3.0, -4.0]])
    scaler = fitted(name, ragged)
    assert_array_equal(unscale(scaler, scale(scaler, ragged)).values, [[3.0, -4.0]])


def test_a_value_too_large_for_float32_survives_if_scaled():
    ragged = ragged_of([[1e100], [3e100]])
    assert_allclose(scale(fitted("standard", ragged), ragged).values, [[-1], [1]])


# -- what can't -----------------------------------------------------------------------


@pytest.mark.parametrize("name", ["standard", "minmax", "robust"])
def test_values_whose_spread_overflows_are_refused(name):
    ragged = ragged_of([[1.7e308], [-1.7e308]])
    with pytest.raises(ValueError, match=r"can't be fitted to values as large as 1.7e"):
        fitted(name, ragged)


@pytest.mark.parametrize("name", [None, "standard"])
def test_what_is_not_finite_in_float32_is_located(name):
    scaler = fitted(name, noise(3, 4))
    wild = ragged_of([[0.0, 0.0]], [[0.0, np.nan], [0.0, -1e300]])
    with pytest.raises(
        InvalidSequenceError,
        match=r"sequence 1 has a value that is -inf after .*step 1, feature 1\)",
    ):
        scale(scaler, wild)


def test_a_decoded_value_too_large_for_its_units_is_located():
    scaler = fitted("minmax", ragged_of([[0.0], [1e300]]))
    decoded = ragged_of([[1.0]], [[0.0], [np.nan], [1e10]])
    with pytest.raises(
        InvalidSequenceError, match="sequence 1 is not finite at time step 2 after"
    ):
        unscale(scaler, decoded)
    within = ragged_of([[1.0]], [[0.0], [np.nan]])  # what was missing may be so
    assert_allclose(unscale(scaler, within).values, [[1e300], [0], [np.nan]])


def test_nan_made_by_the_scaler_is_an_error():
    def root(values):
        with np.errstate(invalid="ignore"):
            return np.sqrt(values)

    scaler = fitted(FunctionTransformer(root), ragged_of([[1.0]]))
    assert np.isnan(scale(scaler, ragged_of([[np.nan], [4.0]])).values[0, 0])
    with pytest.raises(InvalidSequenceError, match=r"sequence 0 has .* nan after Func"):
        scale(scaler, ragged_of([[np.nan], [-4.0]]))


def test_nan_of_a_scaler_that_mixes_features_is_for_missing_values_of_its_step():
    difference = FunctionTransformer(
        lambda values: np.column_stack([values[:, 0], values[:, 1] - values[:, 2]])
    )
    X = ragged_of([[1.0, 2.0, 3.0], [1.0, np.nan, 3.0], [4.0, 5.0, 7.0]])
    found = scale(fitted(difference, X), X).values
    assert_array_equal(found, [[1, -1], [1, np.nan], [4, -2]])

    def spoil(values):
        return np.where(values[:, :1] == 4, np.nan, values[:, :2])

    spoiler = fitted(FunctionTransformer(spoil), X)
    with pytest.raises(InvalidSequenceError, match=r"nan after .*step 2, feature 0\)"):
        scale(spoiler, X)


def test_a_scaler_without_inverse_says_so_when_it_is_needed():
    class OneWay(TransformerMixin, BaseEstimator):
        def fit(self, X, y=None):
            return self

        def transform(self, X):
            return X

    ragged = noise(3)
    scaler = fitted(OneWay(), ragged)
    scaled = scale(scaler, ragged)
    with pytest.raises(TypeError, match="OneWay has no inverse_transform"):
        unscale(scaler, scaled)
    with pytest.raises(TypeError, match="Pipeline has no inverse_transform"):
        unscale(make_pipeline(OneWay()).fit(ragged.values), scaled)


@pytest.mark.parametrize(
    ("scaler", "found"),
    [
        (FunctionTransformer(lambda values: values[:1]), r"shape \(1, 2\)"),
        (FunctionTransformer(lambda values: values[:, 0]), r"shape \(4,\)"),
        (OneHotEncoder(), "a sparse matrix"),
    ],
    ids=["fewer rows", "one dimension", "sparse"],
)
def test_a_scaler_must_return_a_dense_row_for_each_time_step(scaler, found):
    ragged = noise(1, 3)
    with pytest.raises(ValueError, match=f"returned {found}; .* with 4 rows"):
        scale(fitted(scaler, ragged), ragged)


def test_what_a_scaler_refuses_it_says_itself():
    with pytest.raises(ValueError, match="PCA does not accept missing values"):
        fitted(PCA(1), ragged_of([[1.0, np.nan], [2.0, 3.0]]))


# -- any transformer ------------------------------------------------------------------


def test_a_scaler_may_change_the_number_of_features():
    ragged = noise(5, 7, n_features=3)
    scaler = fitted(PCA(2), ragged)
    scaled = scale(scaler, ragged)
    assert scaled.n_features == 2
    assert_array_equal(scaled.offsets, ragged.offsets)
    expected = scaler.inverse_transform(scaler.transform(ragged.values))
    assert_allclose(unscale(scaler, scaled).values, expected, atol=1e-6)


def test_a_pipeline_serves_as_scaler():
    ragged = noise(30, 40)
    pipeline = make_pipeline(QuantileTransformer(n_quantiles=10), StandardScaler())
    scaler = fitted(pipeline, ragged)
    back = unscale(scaler, scale(scaler, ragged))
    assert_allclose(back.values, ragged.values, atol=1e-5)


def test_dataframe_output_does_not_matter():
    ragged = noise(3, 4)
    expected = scale(fitted("standard", ragged), ragged)
    with sklearn.config_context(transform_output="pandas"):
        scaler = fitted("standard", ragged)
        assert scale(scaler, ragged) == expected
        assert unscale(scaler, expected).values.shape == ragged.values.shape
    as_frame = StandardScaler().set_output(transform="pandas")
    assert scale(fitted(as_frame, ragged), ragged) == expected


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_values_are_not_changed_even_by_a_scaler_that_works_in_place(dtype):
    values = np.arange(6, dtype=dtype).reshape(3, 2)
    original = values.copy()
    ragged = RaggedArray(values, [0, 3])
    for scaler in (StandardScaler(copy=False), RobustScaler(copy=False)):
        scaler = fitted(scaler, ragged)
        unscale(scaler, scale(scaler, ragged))
        assert_array_equal(values, original)


# -- sample_weight --------------------------------------------------------------------


def test_a_weight_of_two_is_the_sequence_twice():
    first, second = noise(3, 5, seed=1)
    weighted = fitted("standard", ragged_of(first, second), np.array([2.0, 1.0]))
    repeated = fitted("standard", ragged_of(first, first, second))
    assert_allclose(weighted.mean_, repeated.mean_)
    assert_allclose(weighted.scale_, repeated.scale_)


def test_weights_count_observed_values_only():
    ragged = ragged_of([[1.0], [np.nan]], [[4.0]])
    scaler = fitted("standard", ragged, np.array([3.0, 1.0]))
    assert_allclose(scaler.mean_, [(3 * 1 + 4) / 4])


@pytest.mark.parametrize("name", NAMES)
def test_constant_and_missing_values_do_not_warn(name, recwarn):
    ragged = ragged_of([[1e9, 0.0], [1e9, np.nan]])
    scaler = fitted(name, ragged)
    unscale(scaler, scale(scaler, ragged))
    assert len(recwarn) == 0
