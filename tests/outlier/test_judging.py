"""Thresholds: tails whose quantiles are known, and alarms that are counted."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import stats

from sklearn_seqae._outlier.judging import threshold_of_alarms

TAILS = {
    "exponential": stats.expon(),
    "normal": stats.norm(),
    "heavy": stats.genpareto(0.2),
    "bounded": stats.genpareto(-0.3),
}


def all_of(scores):
    return np.ones(len(scores), bool)


@pytest.mark.parametrize("tail", TAILS)
@pytest.mark.parametrize("risk", [1e-2, 1e-3, 1e-4])
def test_the_tail_of_a_distribution(tail, risk):
    """Rarer than any of 20,000 scores tell by counting, on average over samples."""
    found = []
    for seed in range(20):
        scores = -TAILS[tail].rvs(20_000, random_state=seed)
        n_alarms = risk * len(scores)
        found.append(threshold_of_alarms(scores, all_of(scores), 1, n_alarms))
    expected = -TAILS[tail].isf(risk)
    assert_allclose(np.mean(found), expected, rtol=0.05)
    assert np.std(found) < 0.12 * abs(expected)


def test_the_tail_is_that_of_scipys_fit():
    heights = stats.genpareto(0.1).rvs(50_000, random_state=0)
    level = np.quantile(heights, 0.98)
    over = heights[heights > level] - level
    shape, _, scale = stats.genpareto.fit(over, floc=0)
    expected = level + stats.genpareto.isf(5 / len(over), shape, scale=scale)
    found = threshold_of_alarms(-heights, all_of(heights), 1, 5)
    assert_allclose(found, -expected, rtol=0.03)


def test_a_run_of_high_scores_is_one_alarm(rng):
    """Faults of 50 time steps: as many alarms as peaks, not as time steps."""
    heights = rng.exponential(size=40_000)
    faults = np.arange(100, 40_000, 400)
    for start in faults:
        heights[start : start + 50] = 20 + rng.exponential(5) + rng.random(50)
    scores = -heights
    threshold = threshold_of_alarms(scores, all_of(scores), 100, 30)
    runs = np.flatnonzero(np.diff((scores < threshold).astype(int)) > 0) // 400
    assert 22 <= len(np.unique(runs)) <= 38


@pytest.mark.parametrize("per_day", [10, 1, 0.1])
def test_a_rate_of_alarms_is_kept_on_new_data(per_day):
    """100 days of 1440 scores: smooth noise, whose peaks depend on each other."""

    def days(n, seed):
        noise = np.random.default_rng(seed).normal(size=n * 1440 + 19)
        return -np.convolve(noise, np.ones(20) / 20**0.5, "valid")

    new, rates = days(400, 9), []
    for seed in range(5):
        known = days(20, seed)
        threshold = threshold_of_alarms(known, all_of(known), 20, 20 * per_day)
        rows = np.flatnonzero(new < threshold)
        rates.append((1 + (np.diff(rows) >= 20).sum()) / 400)
    assert per_day / 2 < np.median(rates) < 2 * per_day


def test_new_scores_count_where_there_are_enough(rng):
    trained, new = -rng.exponential(size=4000), -3 * rng.exponential(size=1000)
    scores = np.concatenate([trained, new, np.full(50, np.nan)])
    is_new = np.arange(len(scores)) >= 4000
    expected = threshold_of_alarms(new, all_of(new), 1, 1)
    n = len(scores) / is_new.sum()
    assert_allclose(threshold_of_alarms(scores, is_new, 1, n), expected, rtol=0.01)
    few = np.arange(len(scores)) >= 5045
    of_all = threshold_of_alarms(scores, all_of(scores), 1, n)
    assert threshold_of_alarms(scores, few, 1, n) == of_all


@pytest.mark.parametrize("scores", [-np.arange(5.0), np.zeros(200), -np.ones(1)])
def test_too_few_scores_have_the_least_as_threshold(scores):
    assert threshold_of_alarms(scores, all_of(scores), 10, 0.1) == scores.min()


def test_ten_peaks_tell_a_tail_and_nine_do_not():
    heights = np.zeros(1000)
    heights[::100] = np.arange(10) + 1.0
    assert threshold_of_alarms(-heights, all_of(heights), 5, 0.1) < -10
    heights[0] = 0
    assert threshold_of_alarms(-heights, all_of(heights), 5, 0.1) == -10


def test_what_is_at_a_level_is_no_peak():
    """Scores that are mostly alike have peaks above them only."""
    heights = np.zeros(1000)
    heights[50::50] = np.arange(19) % 7 + 1.0
    found = threshold_of_alarms(-heights, all_of(heights), 5, 19)
    assert found == 0  # as many alarms as peaks: the level itself
