"""Callbacks of scikit-learn: a fit is a task, and each epoch a task in it."""

import pickle

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

pytest.importorskip("sklearn.callback", reason="scikit-learn has them from 1.9")


class Recorder:
    """Keeps what it is told. scikit-learn hands it to the estimators in a search."""

    max_propagation_depth = None

    def __init__(self, stops_at=None):
        self.stops_at, self.begun, self.ended, self.fitted = stops_at, [], [], []
        self.given, self.is_set_up = [], 0

    def setup(self, estimator, context):
        self.is_set_up += 1

    def teardown(self, estimator, context):
        self.is_set_up -= 1

    def on_fit_task_begin(self, estimator, context, *, X=None):
        self.begun.append((context.task_name, context.task_id, context.max_subtasks))

    def on_fit_task_end(
        self,
        estimator,
        context,
        *,
        X=None,
        y=None,
        metadata=None,
        fitted_estimator=None,
    ):
        self.ended.append((context.task_name, context.task_id))
        self.given.append((X, y, metadata))
        self.fitted.append(fitted_estimator)
        return context.task_name == "epoch" and context.task_id == self.stops_at


@pytest.fixture
def asked(plain_autoencoder):
    return plain_autoencoder(epochs=3)


def test_a_fit_is_a_task_with_epochs(asked, sequences):
    recorder, y = Recorder(), list(range(len(sequences)))
    weights = np.ones(len(sequences))
    asked.set_callbacks(recorder).fit(sequences, y, sample_weight=weights)
    assert recorder.begun == [("fit", 0, 3)] + [("epoch", n, 0) for n in range(3)]
    assert recorder.ended == [("epoch", n) for n in range(3)] + [("fit", 0)]
    assert recorder.is_set_up == 0
    for given_X, given_y, metadata in recorder.given:
        assert given_X is sequences
        assert given_y is y
        assert metadata["sample_weight"] is weights


def test_results_are_the_same_bits(asked, sequences):
    Z = clone(asked).fit_transform(sequences)
    assert_array_equal(asked.set_callbacks(Recorder()).fit_transform(sequences), Z)


def test_callbacks_get_a_fitted_estimator_of_each_epoch(asked, sequences):
    recorder = Recorder()
    asked.set_callbacks(recorder).fit(sequences)
    assert [each.n_iter_ for each in recorder.fitted] == [1, 2, 3, 3]
    for n, each in enumerate(recorder.fitted[:3], 1):
        assert each.history_["loss"] == asked.history_["loss"][:n]
    first, *_, last = (each.transform(sequences) for each in recorder.fitted)
    assert_array_equal(last, asked.transform(sequences))
    assert not np.array_equal(first, last)


def test_a_callback_ends_the_fit(asked, sequences):
    assert asked.set_callbacks(Recorder(stops_at=1)).fit(sequences).n_iter_ == 2


def test_a_search_shows_fits_and_epochs(asked, sequences):
    search = GridSearchCV(make_pipeline(asked), {"memory": [None]}, cv=2)
    recorder = Recorder()
    search.set_callbacks(recorder).fit(sequences)
    assert sum(name == "epoch" for name, *_ in recorder.begun) == 9  # two folds, refit
    assert recorder.is_set_up == 0
    assert not hasattr(search.best_estimator_[0], "_skl_callbacks")


def test_copies_keep_callbacks(asked, sequences):
    asked.set_callbacks(Recorder()).fit(sequences)
    loaded = pickle.loads(pickle.dumps(asked))
    assert isinstance(loaded._skl_callbacks[0], Recorder)
    assert_array_equal(loaded.transform(sequences), asked.transform(sequences))


def test_an_error_tears_down(asked, sequences):
    class Fails(Recorder):
        def on_fit_task_end(self, estimator, context):
            raise RuntimeError("of the callback")

    recorder = Fails()
    with pytest.raises(RuntimeError, match="of the callback"):
        asked.set_callbacks(recorder).fit(sequences)
    assert recorder.is_set_up == 0
    assert not hasattr(asked, "_fitted")


def test_partial_fit_calls_none(asked, sequences):
    recorder = Recorder()
    asked.set_callbacks(recorder).partial_fit(sequences)
    assert not recorder.begun
