"""Decoded moments: exact at their start, alone as in company, never out of range."""

import numpy as np
import pandas as pd
import pytest
from helpers import some_slow
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from pandas.testing import assert_frame_equal

from sklearn_seqae import SequenceAggregator, SequenceChunks, to_frame, to_sequences
from sklearn_seqae._containers.kinds import TimeAxis
from sklearn_seqae._containers.ragged import RaggedArray, cut, offsets_from_lengths
from sklearn_seqae._sequences.clock import Clock, ClockInChunks, moments_after

RANGES = {
    **{name: np.iinfo(name) for name in ("int8", "uint8", "int16", "uint32", "int64")},
    "uint64": np.iinfo("uint64"),
    "datetime64[ns]": np.iinfo("int64"),
    "timedelta64[s]": np.iinfo("int64"),
}
EVENTS = st.lists(
    st.lists(st.floats(-5, 80), min_size=1, max_size=9), min_size=1, max_size=6
)


def waits_of(events, clock):
    """What a loop over the events of one sequence finds, in Python's floats."""
    return [clock.unit * float(np.expm1(min(max(x, 0.0), 60.0))) for x in events]


@given(EVENTS, st.sampled_from(list(RANGES)), st.data(), st.booleans())
def test_moments_are_those_of_a_loop(events, name, data, ahead):
    """Integers of Python, event after event; and an error where they don't fit."""
    times, info = TimeAxis("when", name), RANGES[name]
    least = int(info.min) + (name[0] in "dt")
    ticks = st.integers(least, int(info.max))
    starts = [data.draw(ticks) for _ in events]
    clock = Clock(data.draw(st.floats(1e-3, 1e3)), 0.0, 1.0, 0)
    expected = []
    for start, own in zip(starts, events, strict=True):
        total, moments = 0.0, []
        for t, wait in enumerate(waits_of(own, clock)):
            total += wait if t or ahead else 0.0
            moments.append(start + round(total))
        expected.append(moments)
    offsets = offsets_from_lengths(list(map(len, events)))
    ragged = RaggedArray(np.concatenate(events)[:, None], offsets)
    _, passed = clock.without_time(ragged, ahead)
    arguments = np.array(starts, object), passed, offsets, times, "sequence {}".format
    wrong = [i for i, each in enumerate(expected) if each[-1] > info.max]
    if wrong:
        with pytest.raises(ValueError, match=rf"sequence {wrong[0]} has an event at "):
            moments_after(*arguments)
        return
    found = moments_after(*arguments)
    assert found.dtype == np.dtype(name)
    whole = found.view(np.int64) if name[0] in "dt" else found
    assert whole.tolist() == [n for each in expected for n in each]


def test_a_broken_clock_leaves_those_behind_it_alone():
    waits = np.log1p(np.array([0, 1e18, 3, 0, 0.1, 0.7]))
    ragged = RaggedArray(waits[:, None], offsets_from_lengths([3, 3]))
    _, passed = Clock(1.0, 0.0, 1.0).without_time(ragged)
    first, second = map(float, np.expm1(waits[4:]))
    assert passed[3:].tolist() == [0.0, first, first + second]


@given(
    st.lists(st.integers(-(2**49), 2**49), min_size=1, max_size=20),
    st.integers(-(2**62), 2**62),
)
def test_a_component_holds_a_start_to_the_tick(starts, origin):
    """Within 2**50 ticks of each other, wherever they are: 13 days of nanoseconds."""
    moments = np.array(starts) + origin
    clock = ClockInChunks()
    offsets = np.arange(len(starts) + 1)
    clock.update(moments, offsets, np.ones(len(starts)))
    clock.update(moments[:1] + np.array([0, 1, 5]), np.array([0, 3]), np.ones(1))
    fitted = clock.fitted()
    again = fitted.decode(fitted.encode(moments), TimeAxis("t", "int64").limits)
    assert again.tolist() == moments.tolist()


# With a network -----------------------------------------------------------------------


def log_of(when, lengths, zone=None):
    """A long table of three pages."""
    ids = np.repeat([f"p{i}" for i in range(len(lengths))], lengths)
    when = pd.Index(when)
    if zone is not None:
        when = when.tz_localize("UTC").tz_convert(zone)
    index = pd.MultiIndex.from_arrays([ids, when], names=["id", "when"])
    pages = np.random.default_rng(1).choice(["a", "b", "c"], len(ids))
    return pd.DataFrame({"page": pages}, index=index)


LENGTHS = np.random.default_rng(0).integers(3, 9, 12)
OFFSETS = offsets_from_lengths(LENGTHS)


def ticks_from(start, span, wait):
    """Ticks of sequences that start within a span, and rise."""
    rng = np.random.default_rng(0)
    passed = rng.integers(0, wait, LENGTHS.sum())
    starts = np.repeat(start + rng.integers(0, span, len(LENGTHS)), LENGTHS)
    total = np.concatenate([np.cumsum(own) for own in cut(passed, OFFSETS)])
    return starts + total


YEAR = 365 * 24 * 3600
PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}


def of_kind(dtype, zone):
    """A log of one dtype: two years of dates since 2023, of nanoseconds ten days."""
    dtype = np.dtype(dtype)
    if dtype.kind in "mM":
        unit = np.datetime_data(dtype)[0]
        second = PER_SECOND[unit]
        span = (10 * 24 * 3600 if unit == "ns" else 2 * YEAR) * second
        start = 1_700_000_000 * second + 1 if dtype.kind == "M" else 0
        return log_of(ticks_from(start, span, 100 * second).view(dtype), LENGTHS, zone)
    if dtype == np.uint64:
        ticks = ticks_from(0, 2**50, 2**30).astype(np.uint64) + np.uint64(2**63)
        return log_of(ticks, LENGTHS)
    most = min(int(np.iinfo(dtype).max), 2**50)
    return log_of(ticks_from(0, most // 4, most // 32).astype(dtype), LENGTHS)


KINDS = [
    *((name, None) for name in ("int8", "uint8", "int16", "int32", "int64", "uint64")),
    *((f"M8[{unit}]", None) for unit in PER_SECOND),
    *((f"m8[{unit}]", None) for unit in PER_SECOND),
    ("M8[ns]", "Asia/Tokyo"),
    ("M8[us]", "Europe/Oslo"),
]


def firsts(X):
    return X.index.get_level_values(1)[OFFSETS[:-1]]


@pytest.fixture(scope="module")
def fitted(plain_autoencoder):
    """Return a log of a kind, and an estimator of it, fitted once."""
    made = {}

    def get(kind):
        if kind not in made:
            X = of_kind(*kind)
            options = {"epochs": 1, "forecast_horizon": 2, "kl_weight": 0.1}
            made[kind] = X, plain_autoencoder(**options).fit(X)
        return made[kind]

    return get


@pytest.mark.parametrize(
    "kind", some_slow(KINDS, set(KINDS) - {("M8[ns]", None), ("uint8", None)})
)
def test_sequences_start_when_they_did_to_the_tick(fitted, kind):
    X, estimator = fitted(kind)
    Z = estimator.transform(X)
    for back in (estimator.reconstruct(X), estimator.inverse_transform(Z)):
        assert back.index.dtypes["when"] == X.index.dtypes["when"]
        assert_array_equal(firsts(back), firsts(X))
    # float32 rounds, but nothing falls out of the range of the dtype
    estimator.inverse_transform(Z.astype(np.float32))


def test_other_units_of_the_same_moments(fitted):
    """Coarser ones are exact, finer ones to a tick of those in fit."""
    X, estimator = fitted(("M8[ns]", None))
    seconds = X.index.get_level_values(1).floor("s")
    X = moved(X, seconds)
    Z = estimator.transform(X)
    for unit in ("s", "ms", "us"):
        coarser = moved(X, seconds.as_unit(unit))
        assert_array_equal(estimator.transform(coarser), Z)
        assert_array_equal(firsts(estimator.reconstruct(coarser)), firsts(X))
    X, estimator = fitted(("M8[us]", None))
    finer = moved(X, X.index.get_level_values(1).as_unit("ns"))
    assert_array_equal(firsts(estimator.reconstruct(finer)), firsts(X))


def test_durations_of_the_aggregator_are_exact():
    ticks = np.array([0, 1, 3, 0, 7]) + 1_700_000_000_000_000_000
    X = log_of(ticks.view("M8[ns]"), [3, 2])
    found = SequenceAggregator().set_output(transform="pandas").fit_transform(X)
    np.testing.assert_allclose(found["duration"], [3e-9, 7e-9], rtol=1e-12)


def moved(X, when):
    """The log at other moments."""
    ids = X.index.get_level_values(0)
    return X.set_index(pd.MultiIndex.from_arrays([ids, when], names=X.index.names))


def with_a_broken_clock(X):
    """The log behind a sequence that ends 1e18 ticks after it began."""
    when = X.index.get_level_values(1)
    broken = pd.Index(np.array([0, 1, 10**18]).astype(when.dtype))
    first = pd.DataFrame({"page": ["a", "b", "c"]}, pd.Index(["broken"] * 3))
    ids = [*first.index, *X.index.get_level_values(0)]
    index = pd.MultiIndex.from_arrays([ids, broken.append(when)], names=X.index.names)
    return pd.concat([first, X.droplevel(1)]).set_axis(index)


@pytest.mark.slow
@pytest.mark.xla
@pytest.mark.parametrize("dtype", ["int64", "float64", "M8[ns]"])
def test_times_alone_are_those_beside_a_broken_clock(plain_autoencoder, dtype):
    """To the bit, of those that are decoded and of forecasts."""
    X = of_kind("M8[ns]", None)
    ticks = X.index.get_level_values(1).astype("int64")
    fractions = ticks_from(0, 1000, 50) / 7
    X = moved(X, fractions if dtype == "float64" else ticks.astype(dtype))
    estimator = plain_autoencoder(epochs=1, forecast_horizon=2).fit(X)
    both = with_a_broken_clock(X)
    Z = estimator.transform(both)
    together = [
        (estimator.reconstruct(both), estimator.reconstruct),
        (
            estimator.inverse_transform(
                pd.DataFrame(Z, ["broken", *X.index.unique(0)])
            ),
            lambda x: estimator.inverse_transform(
                pd.DataFrame(estimator.transform(x), x.index.unique(0))
            ),
        ),
        (estimator.forecast(both, 40), lambda x: estimator.forecast(x, 40)),
    ]
    for found, decode in together:
        assert_frame_equal(found.loc[X.index.unique(0)], decode(X))
        for name in ("broken", "p0", "p7"):
            assert_frame_equal(found.loc[[name]], decode(both.loc[[name]]))


# Out of range -------------------------------------------------------------------------

OUT_OF_RANGE = {
    ("M8[ns]", None): (
        1e9,
        r"e\+2\d ns since 1970, which is out of the range of datetime64\[ns\].*: "
        r"1677-09-21T00:12:43\.145224193 to 2262-04-11T23:47:16\.854775807\. Pass an",
    ),
    ("M8[s]", None): (1e30, r"s since 1970, which .* datetime64\[s\]"),
    ("m8[us]", None): (-1e20, r"us, which .* timedelta64\[us\]"),
    ("uint8", None): (-9.0, r"at -\d+, which .* uint8, .*: 0 to 255\."),
    ("int16", None): (1e9, r"at \d+, which .* int16, .*: -32768 to 32767\."),
    ("uint64", None): (1e300, r"at 1\.0000e\+300, which .* 0 to 18446744073709551615"),
    ("M8[us]", "Europe/Oslo"): (-1e308, r"-1\.0000e\+300 us since 1970, which"),
}


@pytest.mark.parametrize(
    "kind", some_slow(OUT_OF_RANGE, OUT_OF_RANGE.keys() - {("M8[ns]", None)})
)
def test_a_vector_that_means_a_moment_out_of_range(fitted, kind):
    X, estimator = fitted(kind)
    component, message = OUT_OF_RANGE[kind]
    Z = pd.DataFrame(estimator.transform(X), index=X.index.unique(0))
    Z.iloc[3, -1] = component
    with pytest.raises(ValueError, match=r"sequence 3 \(id 'p3'\) .*" + message):
        estimator.inverse_transform(Z)
    with pytest.raises(ValueError, match="sequence 3 has an event at"):
        estimator.inverse_transform(Z.to_numpy())


@pytest.mark.slow
def test_forecasts_that_pass_the_end(fitted):
    X, estimator = fitted(("uint8", None))
    last = X.index.get_level_values(1).to_numpy().copy()
    last[OFFSETS[5] - 1] = 255
    late = moved(X, last)
    message = (
        r"sequence 4 \(id 'p4'\) has an event at \d+, which is out of the range of "
        r"uint8, .*: 0 to 255\. Decode fewer time steps, or fit on times of a wider"
    )
    with pytest.raises(ValueError, match=message):
        estimator.forecast(late, 1000)
    with pytest.raises(ValueError, match=message):
        estimator.sample_forecast(late, 1000, random_state=0)


def test_samples_of_unsigned_times_are_not_negative(fitted):
    _, estimator = fitted(("uint8", None))
    starts = [
        estimator.sample(random_state=seed).index[0][1].item() for seed in range(200)
    ]
    assert min(starts) == 0


def test_a_moment_that_the_unit_of_fit_does_not_hold(fitted):
    X, estimator = fitted(("M8[ns]", None))
    when = X.index.get_level_values(1).as_unit("us").to_numpy().copy()
    when[OFFSETS[4] - 1] = np.datetime64("9999-12-31", "us")
    X = moved(X, when)
    message = (
        r"sequence 3 has at time step \d+ the moment 2.*e\+20 ns since 1970, which is "
        r"out of the range of datetime64\[ns\]"
    )
    with pytest.raises(ValueError, match=message):
        estimator.transform(X)


def test_floats_that_overflow(plain_autoencoder):
    X = log_of((ticks_from(0, 1000, 50) / 4).astype(np.float32), LENGTHS)
    estimator = plain_autoencoder(epochs=1).fit(X)
    Z = estimator.transform(X)
    assert estimator.inverse_transform(Z).index.dtypes["when"] == np.float32
    Z[2, -1] = 1e38
    with pytest.raises(ValueError, match=r"sequence 2 .*float32.*3\.4028e\+38"):
        estimator.inverse_transform(Z)


@pytest.mark.parametrize("library", ["polars", "pyarrow"])
@pytest.mark.parametrize("unit", ["D", "us", "duration"])
def test_dates_and_durations_of_other_libraries(plain_autoencoder, library, unit):
    pytest.importorskip(library, reason="an option of ours")
    import pyarrow as pa

    ticks = ticks_from(20_000, 700, 9)
    when = {
        "D": pa.array(ticks.astype(np.int32)).cast(pa.date32()),
        "us": pa.array(ticks + 10**15).cast(pa.timestamp("us", "Asia/Tokyo")),
        "duration": pa.array(ticks).cast(pa.duration("ms")),
    }[unit]
    ids = np.repeat(np.arange(len(LENGTHS)), LENGTHS)
    page = np.random.default_rng(0).choice(["a", "b"], len(ids))
    table = pa.table({"id": ids, "when": when, "page": page})
    if library == "polars":
        import polars as pl

        table = pl.from_arrow(table)
    X = to_sequences(table, by="id", order="when", duplicates="keep")
    estimator = plain_autoencoder(epochs=1).fit(X)
    Z = estimator.transform(X)
    for back in (estimator.reconstruct(X), estimator.inverse_transform(Z)):
        for x, own in zip(back, X, strict=True):
            assert x["when"].dtype == own["when"].dtype
            assert x["when"][0] == own["when"][0]
        to_frame(back)
    Z[1, -1] = 1e300
    with pytest.raises(ValueError, match=r"sequence 1 has an event at .* out of the r"):
        estimator.inverse_transform(Z)


def test_chunks_of_wider_integers(plain_autoencoder):
    """The dtype has room for those of all chunks."""
    narrow = of_kind("uint8", None)
    wide = moved(narrow, narrow.index.get_level_values(1).astype("int32") + 10**6)
    chunks = SequenceChunks(lambda: iter((narrow, wide)))
    estimator = plain_autoencoder(epochs=1).fit(chunks)
    for X in (narrow, wide):
        assert_array_equal(firsts(estimator.reconstruct(X)), firsts(X))
