"""Recordings as they are read: their form, their gaps and their period."""

import numpy as np
import pandas as pd
import pytest
from helpers import objects
from numpy.testing import assert_array_equal

from sklearn_seqae import to_windows
from sklearn_seqae._containers.ragged import RaggedArray
from sklearn_seqae._outlier.recordings import dominant_period, read_recordings

HOURS = pd.date_range("2024-01-01", periods=12, freq="h")


def parts_of(X):
    of = read_recordings(X)
    return of.parts(of.axis, of.usual_step()).tolist()


def frame(index):
    return pd.DataFrame({"a": np.arange(len(index), dtype=float)}, index)


# Their form ---------------------------------------------------------------------------


@pytest.mark.parametrize("univariate", [True, False])
def test_one_recording_in_any_form(univariate):
    array = np.arange(8.0) if univariate else np.arange(16.0).reshape(8, 2)
    make = pd.Series if univariate else pd.DataFrame
    expected = array.reshape(8, -1)
    for X in (array, array.tolist(), make(array), make(array, HOURS[:8])):
        of = read_recordings(X)
        assert_array_equal(of.sequences.values, expected)
        assert of.sequences.offsets.tolist() == [0, 8]
        given = of.give(np.arange(8))
        if isinstance(X, pd.Series | pd.DataFrame):
            assert given.index.equals(X.index)
        else:
            assert_array_equal(given, np.arange(8))


def test_several_recordings():
    arrays = [np.arange(3.0), np.arange(5.0)]
    given = read_recordings(arrays).give(np.arange(8))
    assert given.index.tolist() == [(0, k) for k in range(3)] + [
        (1, k) for k in range(5)
    ]
    of_objects = read_recordings(objects(arrays)).give(np.arange(8))
    assert of_objects.index.equals(given.index)
    frames = [frame(HOURS[:3]), frame(HOURS[:5])]
    given = read_recordings(frames).give(np.arange(8))
    assert given.loc[1].index.equals(HOURS[:5])
    cells = pd.Series(arrays, index=["p", "q"])
    given = read_recordings(cells).give(np.arange(8))
    assert given.loc["q"].tolist() == [3, 4, 5, 6, 7]


def test_rows_of_several_may_stand_in_any_order(rng):
    long = pd.concat({"p": frame(HOURS[:3]), "q": frame(HOURS[:5])})
    mixed = long.iloc[[3, 0, 4, 5, 1, 6, 2, 7]]
    of = read_recordings(mixed)
    given = of.give(of.sequences.values[:, 0])
    assert given.index.equals(mixed.index)
    assert given.tolist() == mixed["a"].tolist()


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (frame(HOURS[[0, 2, 1]]), "series 'X' is not sorted by time: .* comes after"),
        (frame(HOURS[[0, 1, 1]]), "more than one row at time 2024-01-01 01:00:00"),
        (frame([0.0, np.nan, 2.0]), "row 1 of X has a null time"),
        (pd.concat({"p": frame(HOURS[[1, 0]])}), "series 'p' is not sorted by time"),
        ([frame(HOURS), frame(HOURS).rename(columns=str.upper)], r"\['A'\]"),
        (np.full(5, np.inf), "inf"),
        (np.full((5, 2), np.nan), "no observed value"),
        (np.zeros((0, 2)), "0 sample"),
        ([[1.0, 2.0], [3.0]], "inhomogeneous"),
    ],
)
def test_recordings_that_can_not_be_read(X, message):
    with pytest.raises(ValueError, match=message):
        read_recordings(X)


@pytest.mark.parametrize("X", [None, 3, {"a": [1.0]}, "abc"])
def test_what_is_no_recording(X):
    with pytest.raises((TypeError, ValueError), match=r"expected|Expected"):
        read_recordings(X)


# Their gaps ---------------------------------------------------------------------------


def test_a_gap_cuts_a_recording():
    assert parts_of(frame(HOURS)) == [0, 12]
    assert parts_of(frame(HOURS.delete([4, 5]))) == [0, 10]  # three hours
    late = HOURS[6:] + pd.Timedelta("5h")
    assert parts_of(frame(HOURS[:6].append(late))) == [0, 6, 12]
    seconds = np.r_[np.arange(6.0), np.arange(30.0, 36)]
    for times in (seconds, pd.to_timedelta(seconds, unit="s")):
        assert parts_of(frame(times)) == [0, 6, 12]
    with_zone = frame((HOURS[:6].append(late)).tz_localize("Europe/Berlin"))
    assert parts_of(with_zone) == [0, 6, 12]


def test_weekends_are_no_gaps():
    days = pd.bdate_range("2024-01-01", periods=60)
    assert parts_of(frame(days)) == [0, 60]
    assert parts_of(frame(days[:30].append(days[50:]))) == [0, 30, 40]


def test_times_at_random_are_no_gaps(rng):
    times = np.cumsum(rng.exponential(size=5000))
    assert len(parts_of(frame(times))) <= 3


def test_nothing_observed_for_long_is_a_gap():
    x = np.arange(20.0)
    x[3:8], x[10:16] = np.nan, np.nan  # five time steps, six
    assert parts_of(x) == [0, 10, 16, 20]
    beside = np.column_stack([x, np.ones(20)])
    assert parts_of(beside) == [0, 20]


def test_no_window_spans_a_gap():
    X = frame(HOURS.delete([2, 3, 4, 5, 6]))
    starts = to_windows(X, 3).index.get_level_values("start")
    assert starts.tolist() == [0, 2, 3, 4]


# Their period -------------------------------------------------------------------------


def wave(n, period, noise, rng, n_features=1):
    phase = 2 * np.pi * np.arange(n)[:, np.newaxis] / period + np.arange(n_features)
    return np.sin(phase) + 0.5 * np.sin(2 * phase) + rng.normal(0, noise, phase.shape)


@pytest.mark.parametrize("period", [7, 24, 100, 365])
@pytest.mark.parametrize("noise", [0.0, 0.5])
def test_the_period_of_a_wave(rng, period, noise):
    x = wave(30 * period, period, noise, rng) + 0.01 * np.arange(30 * period)[:, None]
    x[50:53] = np.nan
    found = dominant_period(RaggedArray(x, [0, 9 * period, 30 * period]))
    assert abs(found - period) <= max(1, 0.03 * period)


def test_features_that_do_not_repeat_do_not_count(rng):
    n = 3000
    x = np.column_stack([wave(n, 40, 0.2, rng, 3), rng.normal(size=n), np.full(n, 7.0)])
    assert abs(dominant_period(RaggedArray(x, [0, n])) - 40) <= 1


def test_nothing_repeats(rng):
    for x in (rng.normal(size=2000), np.ones(500), np.arange(50.0), np.ones(1)):
        assert dominant_period(RaggedArray(x[:, None], [0, len(x)])) is None
    codes = RaggedArray(np.ones((9, 1)), [0, 9], n_codes=1)
    assert dominant_period(codes) is None
