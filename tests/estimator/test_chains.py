"""Forecasts of categories: a network beside a chain that counts."""

import pickle

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from pandas.testing import assert_frame_equal

PAGES = np.array([*"abcd"], object)


def visits(n=80, seed=0):
    """Pages that depend on the two before: the sum of both, but for noise."""
    rng, rows = np.random.default_rng(seed), []
    for session in range(n):
        codes = [rng.integers(4), rng.integers(4)]
        for _ in range(rng.integers(3, 12)):
            is_noise = rng.random() < 0.2
            codes.append(rng.integers(4) if is_noise else (codes[-1] + codes[-2]) % 4)
        rows += [(session, t, PAGES[code]) for t, code in enumerate(codes)]
    frame = pd.DataFrame(rows, columns=["session", "time", "page"])
    return frame.set_index(["session", "time"])


@pytest.fixture(scope="module")
def log():
    return visits()


@pytest.fixture(scope="module")
def fitted(plain_autoencoder, log):
    return plain_autoencoder(forecast_horizon=1, epochs=1).fit(log)


def proba(estimator, log):
    (found,) = estimator.forecast_proba(log)
    return np.concatenate(found)


def test_a_network_that_learnt_nothing_does_no_harm(fitted):
    last = visits(200, seed=1)
    ends = last.groupby(level=0).cumcount(ascending=False) == 0
    p, truth = proba(fitted, last[~ends]), last[ends]["page"].to_numpy()
    pairs = last[~ends].groupby(level=0)["page"].agg(lambda x: sum(map(ord, x[-2:])))
    known = PAGES[(pairs.to_numpy() - 2 * ord("a")) % 4]
    assert (PAGES[p.argmax(axis=1)] == known).mean() > 0.9
    assert (PAGES[p.argmax(axis=1)] == truth).mean() > 0.75  # 0.85 is possible
    assert_allclose(p.sum(axis=1), 1, atol=1e-6)


def test_forecasts_are_the_most_likely_pages_and_draws_follow_them(fitted, log):
    p = proba(fitted, log)
    ahead = fitted.forecast(log, 3)["page"].to_numpy().reshape(-1, 3)
    assert_array_equal(ahead[:, 0], PAGES[p.argmax(axis=1)])
    several = pd.concat([log.loc[[0]]] * 1000, keys=range(1000)).droplevel(1)
    drawn = fitted.sample_forecast(several, random_state=0)["page"]
    shares = drawn.value_counts(normalize=True).reindex(PAGES, fill_value=0)
    assert_allclose(shares, p[0], atol=0.05)
    assert_frame_equal(
        fitted.sample_forecast(log, 4, random_state=0),
        fitted.sample_forecast(log, 4, random_state=0),
    )


def test_a_forecast_depends_on_its_own_sequence(fitted, log):
    assert_array_equal(proba(fitted, log.loc[[7]]), proba(fitted, log)[7:8])


def test_it_is_saved(fitted, log):
    loaded = pickle.loads(pickle.dumps(fitted))
    assert_array_equal(proba(loaded, log), proba(fitted, log))


def test_unknown_pages_and_single_ones_are_forecast(fitted, log):
    first = log.groupby(level=0).head(1)
    assert np.isfinite(proba(fitted, first)).all()
    assert np.isfinite(
        proba(fitted, log.assign(page=["a", *["new"] * (len(log) - 1)]))
    ).all()


def test_counts_add_up_where_a_fit_goes_on(plain_autoencoder, log):
    together = plain_autoencoder(forecast_horizon=1, epochs=0).fit(log)
    in_parts = plain_autoencoder(forecast_horizon=1, epochs=0)
    for part in (log.loc[:39], log.loc[40:]):
        in_parts.partial_fit(part)
    (expected,), (found,) = (e._fitted.network.chains for e in (together, in_parts))
    assert_array_equal(found.counts, expected.counts)
    again = together.set_params(warm_start=True).fit(log)
    assert_array_equal(again._fitted.network.chains[0].counts, expected.counts)


def test_a_sequence_twice_counts_twice(plain_autoencoder, log):
    twice = pd.concat([log, log], keys=[0, 1])
    twice.index = pd.MultiIndex.from_arrays(
        [
            twice.index.get_level_values(0) * 80 + twice.index.get_level_values(1),
            twice.index.get_level_values(2),
        ],
        names=log.index.names,
    )
    one, two = (
        plain_autoencoder(forecast_horizon=1, epochs=0).fit(x)._fitted.network.chains[0]
        for x in (log, twice)
    )
    assert_allclose(two.counts, 2 * one.counts)


def test_of_weights_only_ratios_count(plain_autoencoder, log):
    quarter = np.full(log.index.get_level_values(0).nunique(), 0.25)
    found = [
        plain_autoencoder(forecast_horizon=1, epochs=0).fit(log, sample_weight=weight)
        for weight in (None, quarter)
    ]
    assert_array_equal(proba(found[0], log), proba(found[1], log))


def test_one_sequence_is_enough(plain_autoencoder, log):
    one = plain_autoencoder(forecast_horizon=1).fit(log.loc[[0]])
    assert np.isfinite(proba(one, log)).all()
    assert np.isfinite(one.history_["forecast_loss"]).all()


def test_pages_alone_are_forecast_over_several_steps(plain_autoencoder, log):
    X = [x["page"].tolist() for _, x in log.groupby(level=0)]
    found = plain_autoencoder(forecast_horizon=3, patch_size=2).fit(X)
    ahead = found.forecast(X, 4)
    assert {len(x) for x in ahead} == {4}
    (proba,) = found.forecast_proba(X)
    assert {p.shape for p in proba} == {(3, 4)}
    assert [x[0] for x in ahead] == [PAGES[p[0].argmax()] for p in proba]
