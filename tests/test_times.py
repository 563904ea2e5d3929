"""Times of events: a feature and a component of the embedding, and back."""

import pickle

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_seqae._clock import Clock, fit_clock
from sklearn_seqae._ragged import RaggedArray, offsets_from_lengths


def with_times(sequences, times, **columns):
    """A long table of pages, and of further columns, at some moments."""
    rng = np.random.default_rng(0)
    n = sum(map(len, sequences))
    ids = np.repeat(np.arange(len(sequences)), list(map(len, sequences)))
    index = pd.MultiIndex.from_arrays([ids, times], names=["session", "when"])
    page = rng.choice(["home", "cart", "pay"], n)
    return pd.DataFrame({"page": page, **columns}, index=index)


@pytest.fixture(scope="module")
def seconds(sequences):
    """Whole seconds that rise within each sequence, some of them equal."""
    rng = np.random.default_rng(0)
    found = []
    for x in sequences:
        passed = rng.geometric(0.01, len(x)) * (rng.random(len(x)) < 0.9)
        found.append(rng.integers(10**6) + np.cumsum(passed))
    return np.concatenate(found)


def as_kind(seconds, kind):
    if kind == "numbers":
        return pd.Index(seconds)
    if kind == "fractions":
        return pd.Index(seconds / 4)
    if kind == "durations":
        return pd.to_timedelta(seconds, unit="s")
    dates = pd.Timestamp("2024-03-01") + pd.to_timedelta(seconds, unit="s")
    return (
        dates if kind == "dates" else dates.tz_localize("UTC").tz_convert("Asia/Tokyo")
    )


KINDS = ["numbers", "fractions", "durations", "dates", "dates in a zone"]


@pytest.fixture(scope="module")
def log(sequences, seconds):
    return with_times(sequences, as_kind(seconds, "dates"))


@pytest.fixture(scope="module")
def fitted(plain_autoencoder, log):
    return plain_autoencoder().fit(log)


def starts_of(X):
    return X.reset_index("when").groupby(level=0)["when"].first()


@pytest.mark.parametrize("kind", KINDS)
def test_times_start_where_they_did_and_rise(
    plain_autoencoder, fitted, sequences, seconds, kind
):
    X = with_times(sequences, as_kind(seconds, kind))
    estimator = plain_autoencoder().fit(X)
    Z = estimator.transform(X)
    assert Z.shape[1] == 4
    assert_allclose([Z[:, -1].mean(), Z[:, -1].std()], [0, 1], atol=1e-7)
    for back in (estimator.reconstruct(X), estimator.inverse_transform(Z)):
        when, before = (x.index.get_level_values("when") for x in (back, X))
        assert when.dtype == before.dtype
        assert back.index.names == X.index.names
        for _, session in back.groupby(level=0):
            assert session.index.get_level_values(1).is_monotonic_increasing
        apart = (starts_of(back) - starts_of(X)).abs()
        assert (apart <= (pd.Timedelta("2us") if kind not in KINDS[:2] else 1e-6)).all()
    # Whatever they were, the same feature
    assert_allclose(
        Z, fitted.transform(with_times(sequences, as_kind(seconds, "dates"))), atol=1e-5
    )


def test_the_feature_is_the_log_of_the_time_since_the_event_before():
    offsets = offsets_from_lengths([3, 1, 2])
    moments = np.array([10.0, 10, 14, 7, 100, 102])
    clock = fit_clock(moments, offsets, np.ones(3))
    assert clock.unit == 3  # the median of 4 and 2: none is 0
    ragged = RaggedArray(np.zeros((6, 1)), offsets)
    found = clock.with_time(ragged, moments)
    expected = np.log([np.nan, 1, 1 + 4 / 3, np.nan, np.nan, 1 + 2 / 3])
    assert_allclose(found.values[:, 1], expected)
    known = found.with_values(np.nan_to_num(found.values, nan=50.0))
    again, when = clock.without_time(known, moments[offsets[:-1]])
    assert_allclose(when, moments)
    assert_array_equal(again.values, ragged.values)
    starts = clock.decode(clock.encode(moments[offsets[:-1]]))
    assert_allclose(starts, [10, 7, 100])


def test_a_weight_is_a_count():
    offsets, moments = offsets_from_lengths([2, 2]), np.array([0.0, 1, 10, 50])
    weighted = Clock.fit(moments, offsets, np.array([1.0, 0.0]))
    assert weighted == Clock(1.0, 0.0, 1.0)


def test_a_regular_axis_adds_nothing(plain_autoencoder, sequences):
    steps = np.concatenate([5 + 3 * np.arange(len(x)) for x in sequences])
    X = with_times(sequences, steps)
    estimator = plain_autoencoder().fit(X)
    expected = plain_autoencoder(time=False).fit(X)
    assert_array_equal(estimator.transform(X), expected.transform(X))
    back = estimator.reconstruct(X)
    positions = np.concatenate([np.arange(len(x)) for x in sequences])
    assert_array_equal(back.index.get_level_values(1), positions)


def test_numbers_alone_have_time_if_asked(plain_autoencoder, sequences, seconds):
    rising = seconds + np.arange(len(seconds))
    X = with_times(sequences, rising, x=np.concatenate(sequences)[:, 0])[["x"]]
    plain = plain_autoencoder(epochs=1).fit(X)
    assert plain.feature_losses(X).shape == (1,)
    estimator = plain_autoencoder(epochs=1, time=True).fit(X)
    assert estimator.feature_losses(X).shape == (2,)
    assert_array_equal(starts_of(estimator.reconstruct(X)), starts_of(X))


def test_forecasts_go_on_from_the_last_event(plain_autoencoder, log):
    estimator = plain_autoencoder(forecast_horizon=2, epochs=1).fit(log)
    last = log.reset_index("when").groupby(level=0)["when"].last()
    for n in (2, 3):
        ahead = estimator.forecast(log, n).reset_index("when").groupby(level=0)["when"]
        assert (ahead.first() >= last).all()
        assert (ahead.last() >= ahead.first()).all()


def test_samples_have_moments_like_those_in_fit(plain_autoencoder, log):
    estimator = plain_autoencoder(kl_weight=0.1, epochs=1).fit(log)
    starts = starts_of(estimator.sample(50, random_state=0))
    spread = starts_of(log).max() - starts_of(log).min()
    assert starts.between(
        starts_of(log).min() - spread, starts_of(log).max() + spread
    ).all()


def test_saved_and_loaded(fitted, log):
    loaded = pickle.loads(pickle.dumps(fitted))
    pd.testing.assert_frame_equal(loaded.reconstruct(log), fitted.reconstruct(log))


def test_the_loss_of_time_is_told(fitted, log):
    assert "loss[when]" in fitted.history_
    assert fitted.feature_losses(log).shape == (2,)
    (pages,) = fitted.inverse_transform_proba(fitted.transform(log))
    assert len(pages) == log.index.get_level_values(0).nunique()
    (names,) = fitted.categories_
    assert list(names) == ["cart", "home", "pay"]


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (
            lambda X: [X.loc[i].reset_index(drop=True) for i in range(3)],
            ValueError,
            "X has no times, but fit saw them",
        ),
        (
            lambda X: X.set_index(np.arange(len(X)), append=True).droplevel(1),
            TypeError,
            "the times of X are numbers, but those in fit were dates without a time z",
        ),
        (
            lambda X: X.tz_localize("UTC", level=1),
            TypeError,
            "the times of X are dates in a time zone, but those in fit were dates with",
        ),
        (lambda X: X[::-1], ValueError, "is not sorted by time"),
        (
            lambda X: X.set_index(
                X.index.get_level_values(1).where(np.arange(len(X)) > 0), append=True
            ).droplevel(1),
            ValueError,
            "row 0 of X has a null time",
        ),
    ],
    ids=["none", "numbers", "a zone", "falling", "NaT"],
)
def test_times_that_are_refused(fitted, log, change, error, message):
    with pytest.raises(error, match=message):
        fitted.transform(change(log))


def test_what_fit_refuses(plain_autoencoder, sequences, log):
    with pytest.raises(ValueError, match="time=True, but X has no times"):
        plain_autoencoder(time=True).fit(sequences)
    with pytest.raises(
        ValueError, match=r"time takes one component.*n_components is 1"
    ):
        plain_autoencoder(n_components=1, length_component=False).fit(log)
