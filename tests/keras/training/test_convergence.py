"""A fit that learnt nothing: when it is an error, when a warning, and what is said."""

import warnings

import numpy as np
import pytest
from networks import plain_settings
from sklearn.exceptions import ConvergenceWarning

from sklearn_seqae._keras.training.settings import check_finite, warn_unless_learnt
from sklearn_seqae._patches.source.data import Baselines


def warned(loss, of_mean=2.0, of_zero=2.0, n_updates=1000, **settings):
    """Return the message, or None."""
    asked, baselines = plain_settings(**settings), Baselines(of_mean, of_zero)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warn_unless_learnt(asked, loss, baselines, 7, n_updates, "learning_rate=0.1")
    if not caught:
        return None
    (warning,) = caught
    assert warning.category is ConvergenceWarning
    return str(warning.message)


@pytest.mark.parametrize("loss", [0.0, 1.0, 1.9])
def test_a_loss_below_that_of_the_mean_is_no_reason_to_warn(loss):
    assert warned(loss) is None


@pytest.mark.parametrize(("loss", "advice"), [(2.0, "change"), (11_450.0, "lower")])
def test_a_loss_no_better_than_the_mean_is_warned_of(loss, advice):
    message = warned(loss)
    assert message.startswith(f"The loss is {loss:.4g} after 7 epochs;")
    assert "gives 2." in message
    assert f"{advice} learning_rate=0.1" in message


def test_a_fit_that_has_hardly_begun_is_warned_of_only_where_it_is_far_off():
    assert warned(2.1, n_updates=20) is None
    assert "lower learning_rate" in warned(9.0, n_updates=1)
    # An untrained network predicts about zero, which may be far from the mean
    assert warned(9.0, of_zero=8.0, n_updates=1) is None


def test_losses_that_pull_the_other_way_are_named():
    message = warned(2.0, kl_weight=5.0, sparsity_weight=0.1)
    assert "lower kl_weight=5.0, or lower sparsity_weight=0.1" in message
    assert "kl_weight" not in warned(2.0)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_is_an_error_with_the_setting_in_force(value):
    check_finite([np.zeros(3), np.ones((2, 2))], "rate", "tanh")
    bad = [np.zeros(3), np.array([[1.0, value]])]
    with pytest.raises(
        FloatingPointError, match=r"diverged.* Lower rate, or.* data\.$"
    ):
        check_finite(bad, "rate", "tanh")
    with pytest.raises(FloatingPointError, match=r"or use activation='tanh'\.$"):
        check_finite(bad, "rate", "relu")
