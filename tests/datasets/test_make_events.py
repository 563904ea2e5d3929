"""The generator of events: what classes differ in, and the best that can be done."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import stats
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_seqae.datasets import make_events


def counts_of(log):
    counts = log.groupby(["session", "page"]).size().unstack(fill_value=0)
    return counts.to_numpy(float)


def auc_of_counts(log, y):
    model = make_pipeline(StandardScaler(), LogisticRegression())
    p = cross_val_predict(model, counts_of(log), y, method="predict_proba")
    return roc_auc_score(y, p[:, 1])


def test_a_long_table():
    log, y = make_events(20, min_length=3, max_length=5, random_state=0)
    assert log.columns.tolist() == ["session", "time", "page", "amount"]
    assert log["page"].nunique() == 6
    lengths = log.groupby("session").size()
    assert set(lengths) <= {3, 4, 5}
    assert len(y) == len(lengths) == 20
    assert y.sum() == 10
    rises = log.groupby("session")["time"].diff().dropna() >= pd.Timedelta(0)
    assert rises.all()
    again, _ = make_events(20, min_length=3, max_length=5, random_state=0)
    pd.testing.assert_frame_equal(again, log)


def test_classes_that_differ_in_order_have_equal_counts_and_times():
    log, y, p = make_events(1500, random_state=0, return_posterior=True)
    of_row = y[log["session"]]
    table = pd.crosstab(of_row, log["page"])
    shares = table.div(table.sum(axis=1), axis=0)
    assert_allclose(shares.loc[0], shares.loc[1], atol=0.02)
    waits = log.groupby("session")["time"].diff().dt.total_seconds()
    by_class = [waits[of_row == k].dropna() for k in (0, 1)]
    assert stats.ks_2samp(*by_class).statistic < 0.03
    assert abs(auc_of_counts(log, y) - 0.5) < 0.05
    assert roc_auc_score(y, p) > 0.95


def test_classes_that_differ_in_counts():
    log, y, p = make_events(
        1500, kind="counts", difficulty=0.8, random_state=0, return_posterior=True
    )
    best = roc_auc_score(y, p)
    assert 0.75 < best < 0.95
    assert abs(auc_of_counts(log, y) - best) < 0.02


@pytest.mark.slow
def test_the_posterior_is_calibrated():
    """Of the sessions with a posterior of about p, a share p is of class 1."""
    *_, y, p = make_events(4000, difficulty=0.8, random_state=0, return_posterior=True)
    bins = np.digitize(p, [0.2, 0.4, 0.6, 0.8])
    found = [y[bins == b].mean() for b in range(5)]
    expected = [p[bins == b].mean() for b in range(5)]
    assert_allclose(found, expected, atol=0.06)


def test_equal_classes():
    _, _, p = make_events(50, difficulty=1, random_state=0, return_posterior=True)
    assert_array_equal(p, 0.5)


@pytest.mark.parametrize(
    "wrong", [{"kind": "both"}, {"difficulty": 2}, {"n_samples": 1}]
)
def test_parameters_are_checked(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        make_events(**{"n_samples": 10, **wrong})
