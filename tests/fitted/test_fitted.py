"""What a fit leaves, alone and after another one."""

import numpy as np
from numpy.testing import assert_array_equal

from sklearn_seqae._fitted.fitted import Fitted


def a_fit(history, max_length):
    n_iter = len(history["loss"])
    return Fitted(None, None, max_length, history, n_iter, None)


def test_a_history_goes_on_where_another_ended():
    before = a_fit({"loss": [1.0], "val_loss": [0.1]}, 9)
    found = a_fit({"loss": [3.0, 4.0], "kl_loss": [0.3, 0.4]}, 5).after(before)
    expected = {
        "loss": [1.0, 3.0, 4.0],
        "val_loss": [0.1, np.nan, np.nan],
        "kl_loss": [np.nan, 0.3, 0.4],
    }
    assert found.history.keys() == expected.keys()
    for name, values in expected.items():
        assert_array_equal(found.history[name], values)
    assert (found.n_iter, found.max_length) == (3, 9)


def test_a_first_fit_comes_after_none():
    fit = a_fit({"loss": [1.0]}, 5)
    assert fit.after(None) is fit
