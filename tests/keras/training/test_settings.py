"""The learning rate of each update: a schedule, or one that stands."""

import keras
import numpy as np
import pytest
from networks import plain_settings
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_seqae._keras.training.settings import LearningRates, warm_cosine

# The cosine -------------------------------------------------------------------------


@pytest.mark.parametrize("n_updates", [1, 2, 19, 20, 21, 1000])
def test_the_rate_rises_and_falls_within_bounds(n_updates):
    factor = warm_cosine(np.arange(n_updates), n_updates)
    assert ((factor > 0) & (factor <= 1)).all()
    top = int(np.argmax(factor))
    assert top <= max(1, round(0.05 * n_updates))
    assert (np.diff(factor[: top + 1]) > 0).all()
    assert (np.diff(factor[top:]) <= 0).all()


def test_it_goes_from_all_to_almost_nothing():
    factor = warm_cosine(np.arange(1000), 1000)
    assert factor[49] == 1
    assert factor[-1] == pytest.approx(0.01)
    assert factor[0] == pytest.approx(1 / 50)
    assert factor[524] == pytest.approx(0.505, abs=0.01)  # half way down


# Rates of one update after the other --------------------------------------------------


def rates_of(n_updates=100, n_earlier=0, **settings):
    return LearningRates(plain_settings(**settings), n_updates, n_earlier)


DECAY = keras.optimizers.schedules.ExponentialDecay(0.5, 10, 0.9)
COSINE = {"learning_rate": 0.5, "constant_rate": False}
SCHEDULES = {
    "cosine": (COSINE, lambda update: 0.5 * warm_cosine(update, 100)),
    "of Keras": ({"learning_rate": DECAY}, lambda update: 0.5 * 0.9 ** (update / 10)),
    "of Keras, not the cosine": (
        COSINE | {"learning_rate": DECAY},
        lambda update: 0.5 * 0.9 ** (update / 10),
    ),
}


@pytest.fixture(params=SCHEDULES)
def schedule(request):
    """Settings, and the rate of each update."""
    return SCHEDULES[request.param]


def test_a_schedule_gives_each_update_its_rate(schedule):
    settings, expected = schedule
    rates = rates_of(**settings)
    updates = np.arange(100)
    assert rates.next == pytest.approx(expected(updates)[0], rel=1e-6)
    found = [rates.of_next(n) for n in (1, 30, 0, 69)]  # however they are grouped
    assert_allclose(np.concatenate(found), expected(updates), rtol=1e-6)
    assert {array.dtype for array in found} == {np.dtype(np.float32)}


def test_after_some_updates_the_next_rate_is_known(schedule):
    settings, expected = schedule
    rates = rates_of(**settings)
    rates.of_next(42)
    assert rates.next == pytest.approx(expected(np.arange(100))[42], rel=1e-6)


def test_a_stopped_schedule_keeps_the_optimizers_rate(schedule):
    rates = rates_of(**schedule[0])
    rates.of_next(3)
    rates.stop()
    assert_array_equal(rates.of_next(5), 0)


def test_one_rate_is_set_once_and_stands():
    rates = rates_of(learning_rate=0.25)
    assert rates.next == 0.25
    assert_array_equal(rates.of_next(5), 0)


def test_an_optimizer_instance_has_its_own():
    rates = rates_of(optimizer=keras.optimizers.SGD(0.1), **COSINE)
    assert rates.next is None
    assert_array_equal(rates.of_next(5), 0)


def test_a_schedule_of_keras_counts_earlier_updates():
    rates = rates_of(n_earlier=30, learning_rate=DECAY)
    assert rates.next == pytest.approx(0.5 * 0.9**3, rel=1e-6)
    assert rates.of_next(11)[10] == pytest.approx(0.5 * 0.9**4, rel=1e-6)


def test_a_cosine_starts_anew_with_each_fit():
    expected = rates_of(**COSINE).of_next(100)
    assert_array_equal(rates_of(n_earlier=30, **COSINE).of_next(100), expected)


# The setting that decides, for messages -----------------------------------------------


OF_OPTIMIZER = "the learning rate of the optimizer, an instance of SGD "


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"learning_rate": 0.5}, "learning_rate=0.5"),
        (COSINE, "learning_rate=0.5"),
        (
            {"learning_rate": DECAY},
            "the rates of learning_rate, a schedule (ExponentialDecay)",
        ),
        ({"optimizer": keras.optimizers.SGD(1e4)}, OF_OPTIMIZER + "(10000)"),
        (
            {"optimizer": keras.optimizers.SGD(DECAY)},
            OF_OPTIMIZER + "(ExponentialDecay)",
        ),
    ],
)
def test_the_setting_that_decides_the_rate_is_named(settings, expected):
    assert rates_of(**settings).setting == expected


def test_a_callback_that_set_the_rate_is_named():
    rates = rates_of(**COSINE)
    rates.stop()
    assert rates.setting == "the learning rate that a callback sets"
