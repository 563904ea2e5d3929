"""Times of events: a feature and a component of the embedding, and back."""

import pickle
from io import BytesIO

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from pandas.testing import assert_frame_equal
from sklearn.model_selection import train_test_split

from sklearn_seqae import ParquetSequences, to_frame, to_sequences
from sklearn_seqae._containers.ragged import RaggedArray, offsets_from_lengths
from sklearn_seqae._sequences import clock
from sklearn_seqae._sequences.clock import Clock, ClockInChunks, WaitingTimes


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


def in_cells(X):
    """The sequences of an indexed table, by `to_sequences`."""
    options = {"by": "session", "order": "when", "duplicates": "keep"}
    return to_sequences(X.reset_index(), **options)


def in_rows(X):
    """The indexed table of sequences."""
    return to_frame(X).set_index([X.index.name or "id", "when"])


KINDS = ["numbers", "fractions", "durations", "dates", "dates in a zone"]


@pytest.fixture(scope="module")
def log(sequences, seconds):
    return with_times(sequences, as_kind(seconds, "dates"))


@pytest.fixture(scope="module")
def fitted(plain_autoencoder, log):
    return plain_autoencoder().fit(log)


def starts_of(X):
    return X.reset_index("when").groupby(level=0)["when"].first()


@pytest.mark.slow
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


def fit_clock(*chunk):
    clock = ClockInChunks()
    clock.update(*chunk)
    return clock.fitted()


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
    again, passed = clock.without_time(known)
    assert_allclose(passed, [0, 0, 4, 0, 0, 2])
    assert_array_equal(again.values, ragged.values)
    limits = -np.inf, np.inf
    starts = clock.decode(clock.encode(moments[offsets[:-1]]), limits)
    assert_allclose(starts, [10, 7, 100])


def test_a_weight_is_a_count():
    offsets, moments = offsets_from_lengths([2, 2]), np.array([0.0, 1, 10, 50])
    weighted = fit_clock(moments, offsets, np.array([1.0, 0.0]))
    assert weighted == Clock(1.0, 0.0, 1.0)


@pytest.mark.parametrize("n", [1, 7])
def test_a_clock_does_not_depend_on_chunks(seconds, sequences, n):
    offsets = offsets_from_lengths(list(map(len, sequences)))
    moments, ones = seconds.astype(float), np.ones(n)
    expected = fit_clock(moments, offsets, np.ones(len(sequences)))
    clock = ClockInChunks()
    for i in range(0, len(sequences), n):
        own = offsets[i : i + n + 1]
        part = moments[own[0] : own[-1]], own - own[0], ones[: len(own) - 1]
        if i % 2:
            clock.update(*part)
            continue
        other = ClockInChunks()
        other.update(*part)
        clock.merge(other)
    assert clock.fitted() == expected


def test_the_median_of_more_waiting_times_than_are_told_apart(monkeypatch):
    numbers = np.random.default_rng(0).lognormal(sigma=3, size=5000)
    monkeypatch.setattr(clock, "MOST", len(numbers))
    assert median_of(numbers) == np.median(numbers)
    assert median_of(numbers[1:]) == np.median(numbers[1:])
    monkeypatch.setattr(clock, "MOST", 1000)
    rounded = median_of(numbers)
    # a thousand over thirty powers of two: each is rounded by a sixtieth at most
    assert_allclose(rounded, np.median(numbers), rtol=1 / 60)
    assert rounded == median_of(numbers[::-1], 123) == median_of(np.sort(numbers), 40)
    whole = np.repeat(np.arange(1.0, 1000), 7)  # equal ones count as one
    assert median_of(whole, 500) == np.median(whole)


def median_of(numbers, n=10000):
    times = WaitingTimes()
    for i in range(0, len(numbers), n):
        part = WaitingTimes()
        (part if i % 2 else times).add(numbers[i : i + n])
        times.merge(part)
    return times.median()


@pytest.mark.slow
def test_a_regular_axis_adds_nothing(plain_autoencoder, sequences):
    steps = np.concatenate([5 + 3 * np.arange(len(x)) for x in sequences])
    X = with_times(sequences, steps)
    estimator = plain_autoencoder().fit(X)
    expected = plain_autoencoder(time=False).fit(X)
    assert_array_equal(estimator.transform(X), expected.transform(X))
    back = estimator.reconstruct(X)
    positions = np.concatenate([np.arange(len(x)) for x in sequences])
    assert_array_equal(back.index.get_level_values(1), positions)


@pytest.mark.slow
def test_numbers_alone_have_time_if_asked(plain_autoencoder, sequences, seconds):
    rising = seconds + np.arange(len(seconds))
    X = with_times(sequences, rising, x=np.concatenate(sequences)[:, 0])[["x"]]
    plain = plain_autoencoder(epochs=1).fit(X)
    assert plain.score_features(X).shape == (1,)
    estimator = plain_autoencoder(epochs=1, time=True).fit(X)
    assert estimator.score_features(X).shape == (2,)
    assert_array_equal(starts_of(estimator.reconstruct(X)), starts_of(X))


@pytest.mark.slow
def test_forecasts_go_on_from_the_last_event(plain_autoencoder, log):
    estimator = plain_autoencoder(forecast_horizon=2, epochs=1).fit(log)
    last = log.reset_index("when").groupby(level=0)["when"].last()
    for n in (2, 3):
        ahead = estimator.forecast(log, n).reset_index("when").groupby(level=0)["when"]
        assert (ahead.first() >= last).all()
        assert (ahead.last() >= ahead.first()).all()


@pytest.mark.slow
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


@pytest.mark.slow
def test_keras_models_have_all_but_the_first_moment(plain_autoencoder, log, seconds):
    """They read the waits as a feature, of which the first is as long as the second."""
    estimator = plain_autoencoder(forecast_horizon=2).fit(log)
    codes = {page: code for code, page in enumerate(estimator.categories_[0], 1)}
    tables = [x.reset_index("when") for _, x in log.groupby(level=0)]
    waits = [x["when"].diff().dt.total_seconds() for x in tables]
    known = pd.concat(waits)
    unit = known[known > 0].median()
    padded = np.full((len(tables), estimator.max_length_, 2), np.nan, np.float32)
    for row, x, wait in zip(padded, tables, waits, strict=True):
        wait = np.log1p(wait.bfill().fillna(0) / unit).to_numpy()
        row[: len(x), :1] = estimator.scaler_.transform(wait[:, None])
        row[: len(x), 1] = x["page"].map(codes)
    Z = estimator.transform(log)
    found = estimator.encoder_.predict(padded, verbose=0)
    assert_allclose(found, Z[:, :-1], atol=1e-5)
    decoded = estimator.decoder_.predict(Z[:, :-1], verbose=0)
    expected = estimator.inverse_transform(Z)
    for row, (_, x) in zip(decoded, expected.groupby(level=0), strict=True):
        assert_array_equal(row[: len(x), 1], x["page"].map(codes))
    (_, first), *_ = estimator.inverse_transform(Z).groupby(level=0)
    wait = np.expm1(estimator.scaler_.inverse_transform(decoded[0, :, :1])[:, 0]) * unit
    passed = first.reset_index("when")["when"].diff().dt.total_seconds()[1:]
    assert_allclose(np.maximum(wait[1 : len(first)], 0), passed, rtol=1e-3, atol=1e-3)
    both = estimator.autoencoder_.predict(padded, verbose=0)
    assert_allclose(both, decoded, atol=1e-3)


def test_the_loss_of_time_is_told(fitted, log):
    assert "loss[when]" in fitted.history_
    assert fitted.score_features(log).shape == (2,)
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
        plain_autoencoder(n_components=1).fit(log)


# The sequences of to_sequences --------------------------------------------------------


@pytest.fixture(scope="module")
def cells(log):
    return in_cells(log)


@pytest.fixture(scope="module")
def fitted_to_cells(plain_autoencoder, cells):
    return plain_autoencoder(forecast_horizon=2).fit(cells)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["fractions", "durations", "dates in a zone"])
def test_sequences_have_the_times_of_the_table(
    plain_autoencoder, sequences, seconds, kind
):
    X = with_times(sequences, as_kind(seconds, kind))
    indexed = plain_autoencoder(forecast_horizon=2).fit(X)
    estimator = plain_autoencoder(forecast_horizon=2).fit(in_cells(X))
    assert_frame_equal(in_rows(in_cells(X)), X, check_index_type=False)
    Z = indexed.transform(X)
    assert_array_equal(estimator.transform(in_cells(X)), Z)
    assert_array_equal(estimator.transform(X), Z)
    assert_array_equal(indexed.transform(in_cells(X)), Z)
    for back, expected in (
        (estimator.reconstruct(in_cells(X)), indexed.reconstruct(X)),
        (estimator.inverse_transform(Z), indexed.inverse_transform(Z)),
        (estimator.forecast(in_cells(X)), indexed.forecast(X)),
    ):
        assert back.iloc[0].dtype == in_cells(X).iloc[0].dtype
        table = in_rows(back)
        assert table.index.dtypes["when"] == X.index.dtypes["when"]
        assert table.index.tolist() == expected.index.tolist()
        assert_array_equal(table["page"], expected["page"])


def through_parquet(X):
    pytest.importorskip("pyarrow", reason="an option of ours")
    file = BytesIO()
    to_frame(X).to_parquet(file)
    again = pd.read_parquet(file)
    return to_sequences(again, by="session", order="when", duplicates="keep")


@pytest.mark.parametrize(
    "change",
    [
        lambda X: X[::-1],
        lambda X: X.iloc[[3, 1, 4]],
        lambda X: X[X.map(len) > 5],
        lambda X: train_test_split(X, random_state=0)[1],
        lambda X: pd.concat([X[5:], X[:5]]),
        lambda X: pickle.loads(pickle.dumps(X)),
        lambda X: X.map(np.copy),
        lambda X: X.to_frame("cells"),
        through_parquet,
    ],
    ids=[
        *("slice", "take", "mask", "split", "concat", "pickle", "copy", "frame"),
        "Parquet of to_frame",
    ],
)
def test_times_go_with_the_sequences(fitted_to_cells, cells, change):
    Z = pd.DataFrame(fitted_to_cells.transform(cells), index=cells.index)
    X = change(cells)
    assert_array_equal(fitted_to_cells.transform(X), Z.loc[X.index])
    expected = np.concatenate([x["when"] for x in cells[X.index]])
    assert_array_equal(to_frame(X)["when"], expected)


def test_times_of_parquet(fitted_to_cells, cells, log, tmp_path):
    pytest.importorskip("pyarrow", reason="an option of ours")
    log.reset_index().to_parquet(tmp_path / "log.parquet", row_group_size=50)
    chunks = ParquetSequences(
        tmp_path / "log.parquet",
        by="session",
        order="when",
        duplicates="keep",
        chunk_size=50,
    )
    expected = fitted_to_cells.transform(cells)
    assert_array_equal(fitted_to_cells.transform(chunks), expected)


def test_a_frame_of_cells_comes_back(plain_autoencoder, fitted_to_cells, cells):
    X = cells.to_frame("cells")
    back = plain_autoencoder(forecast_horizon=2).fit(X).reconstruct(X)
    assert back.columns.tolist() == ["cells"]
    assert_frame_equal(to_frame(back), to_frame(fitted_to_cells.reconstruct(cells)))


def test_times_are_ignored_if_asked(plain_autoencoder, cells, log):
    expected = plain_autoencoder(time=False).fit(log).transform(log)
    estimator = plain_autoencoder(time=False).fit(cells)
    assert_array_equal(estimator.transform(cells), expected)
    assert estimator.reconstruct(cells).iloc[0].dtype.names == ("page",)
    bare = cells.map(lambda x: x[["page"]])
    assert_array_equal(estimator.transform(bare), expected)


def without_time(X, i):
    """Sequences, of which one has no times."""
    cells = X.map(np.copy)
    cells.loc[i]["when"] = np.datetime64("NaT", "us")
    return cells


def as_type(X, dtype, only=None):
    fields = [("when", dtype), ("page", object)]
    kept = X.map(lambda x: x.astype(fields))
    return kept if only is None else kept.where(X.index == only, X)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (
            lambda X: X.map(lambda x: x[::-1]),
            ValueError,
            "id 0.* is not sorted by time",
        ),
        (
            lambda X: without_time(X, 2),
            ValueError,
            "id 2.* has a null time at time step 0",
        ),
        (
            lambda X: X.map(lambda x: x[["page"]]),
            ValueError,
            r"X has no times, but fit saw them.*X.attrs\['order'\]",
        ),
        (
            lambda X: X.map(lambda x: np.ones((len(x), 1))),
            TypeError,
            "'page' holds numbers, but categories in fit, 'cart' for example",
        ),
        (
            lambda X: X.where(X.index != 4, X.map(lambda x: x[["page"]])),
            ValueError,
            "id 4.* has no field 'when', where others have their times",
        ),
        (
            lambda X: as_type(X, "i8"),
            TypeError,
            "the times of X are numbers, but those in fit were dates without",
        ),
        (
            lambda X: as_type(X, "i8", only=3),
            TypeError,
            "id 3.* has times of dtype int64 in the field 'when', but .* datetime64",
        ),
        (lambda X: as_type(X, "U30"), TypeError, "dtype <U30.*expected numbers, dates"),
        (
            lambda X: in_cells(in_rows(X).tz_localize("UTC", level=1)),
            TypeError,
            "the times of X are dates in a time zone, but those in fit were dates wi",
        ),
        (
            list,
            TypeError,
            r"column 'when' has dtype datetime64.*X.attrs\['order'\] = 'when'",
        ),
    ],
    ids=[
        "falling",
        "NaT",
        "none",
        "no categories",
        "one without",
        "numbers",
        "mixed",
        "text",
        "a zone",
        "nobody says so",
    ],
)
def test_times_of_sequences_that_are_refused(
    fitted_to_cells, cells, change, error, message
):
    X = change(cells)
    with pytest.raises(error, match=message):
        fitted_to_cells.transform(X)
