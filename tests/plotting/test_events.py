"""EventsDisplay, by what it draws."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from pandas.testing import assert_series_equal
from sklearn.base import BaseEstimator
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from sklearn_seqae import to_sequences
from sklearn_seqae.plotting import EventsDisplay

HOURS = pd.to_datetime(["2024-01-01 10:00", "2024-01-01 11:00", "2024-01-02 10:00"])


class Lost(BaseEstimator):
    """Knows two pages, and forgets the second event of every session."""

    categories_ = (np.array(["home", "pay"], object), None)

    def __sklearn_is_fitted__(self):
        return True

    def fit(self, X, y=None):
        return self

    def reconstruct(self, X):
        if isinstance(X, pd.Series):
            fields = [("page", object), ("amount", float)]
            return X.map(lambda x: np.array([("home", 0.0)] * len(x), fields))
        return X.assign(page=["home"] * len(X))


@pytest.fixture
def log():
    index = pd.MultiIndex.from_arrays([[7, 7, 8], HOURS])
    return pd.DataFrame({"page": ["home", "pay", None], "amount": 0.0}, index=index)


def test_sessions_are_above_what_was_decoded(log):
    display = EventsDisplay.from_estimator(Lost(), log)
    assert list(display.points_) == ["home", "pay", "missing"]
    drawn = {name: p.get_offsets() for name, p in display.points_.items()}
    assert_allclose(drawn["pay"], [[3600, -0.2]])
    assert_allclose(drawn["missing"], [[0, 0.8]])
    assert_allclose(drawn["home"], [[0, -0.2], [0, 0.2], [3600, 0.2], [0, 1.2]])
    labels = [label.get_text() for label in display.ax_.get_yticklabels()]
    assert labels == ["7", "8"]
    assert display.ax_.yaxis_inverted()
    assert display.ax_.get_xlabel() == "Time since the first event (seconds)"


def test_sessions_of_to_sequences(log):
    table = log.rename_axis(["id", "when"]).reset_index()
    X = to_sequences(table, by="id", order="when")
    expected = EventsDisplay.from_estimator(Lost(), log)
    display = EventsDisplay.from_estimator(Lost(), X)
    assert display.labels == [7, 8]
    for name in ("times", "categories", "decoded_categories"):
        found, known = getattr(display, name), getattr(expected, name)
        for ours, theirs in zip(found, known, strict=True):
            assert_series_equal(
                pd.Series(ours), pd.Series(theirs).replace(np.nan, None)
            )
    assert [x.tolist() for x in display.decoded_times] == [[0, 1], [0]]
    assert len(EventsDisplay.from_estimator(Lost(), X, n_sessions=1).times) == 1


def test_as_many_sessions_as_asked_for(log):
    display = EventsDisplay.from_estimator(Lost(), log, n_sessions=1)
    assert len(display.times) == 1


@pytest.mark.parametrize(
    ("X", "feature", "error", "message"),
    [
        ([["home"]], None, TypeError, "X is a list; expected a DataFrame indexed by"),
        (None, "amount", ValueError, r"feature is 'amount'; .* of \['page'\]"),
    ],
)
def test_what_can_not_be_drawn(log, X, feature, error, message):
    with pytest.raises(error, match=message):
        EventsDisplay.from_estimator(Lost(), log if X is None else X, feature=feature)


def test_numbers_that_differ():
    given = {
        "times": [[0, 1]],
        "categories": [["a", "b"]],
        "decoded_times": [[0]],
        "decoded_categories": [["a", "b"]],
    }
    with pytest.raises(ValueError, match="session 0 has 1 times and 2 categories"):
        EventsDisplay(**given).plot()
    with pytest.raises(ValueError, match="there are 1 sessions, but 0 times"):
        EventsDisplay(**given | {"decoded_times": []}).plot()


def test_of_a_pipeline_the_step_is_shown(log):
    pipeline = make_pipeline(FunctionTransformer(), Lost())
    display = EventsDisplay.from_estimator(pipeline, log)
    expected = EventsDisplay.from_estimator(Lost(), log)
    assert display.decoded_categories[0].tolist() == ["home", "home"]
    assert display.labels == expected.labels
