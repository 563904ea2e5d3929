"""Every output meets every promise: one table. A new output is a new row.

On the true defaults, untrained, for promises do not depend on what was learnt. The
service has tests of its own, over HTTP.
"""

import pickle
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from sklearn_seqae import (
    LSTMAutoencoderOutlierDetector,
    LSTMAutoencoderTransformer,
    SequenceAggregator,
    WindowOutlierDetector,
    to_onnx,
    to_sequences,
)
from sklearn_seqae.datasets import make_events, make_sequences

CLOSE = {"rtol": 1e-5, "atol": 1e-5}


@dataclass
class Output:
    """A fitted estimator, what it is asked, and sequences that it has not seen."""

    fitted: Any
    X: Any
    use: Any  # from the fitted estimator and X to an array for each sequence

    def __call__(self, X, fitted=None):
        return [np.asarray(a, float) for a in self.use(fitted or self.fitted, X)]


def _taken(X, rows):
    return X.iloc[rows] if isinstance(X, pd.Series) else [X[i] for i in rows]


def _ticks(decoded):
    return [x["time"].astype("datetime64[us]").view("i8") for x in decoded]


def _by_recording(scores, X):
    return np.split(scores.to_numpy(), np.cumsum([len(x) for x in X])[:-1])


def _run(path, X):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # what is refused is raised as well
    session = onnxruntime.InferenceSession(path, options)
    lengths = np.array([len(x) for x in X])
    return session.run(None, {"values": np.concatenate(X), "lengths": lengths})[0]


def _sessions(seed):
    table, _ = make_events(n_samples=30, random_state=seed)
    return to_sequences(table, by="session", order="time", duplicates="keep")


@pytest.fixture(scope="module")
def fitted(tmp_path_factory):
    X = make_sequences(n_samples=30, random_state=0)[0]
    new = make_sequences(n_samples=7, random_state=1)[0]
    events, later = _sessions(0), _sessions(1).iloc[:7]
    t = np.arange(600) / 4
    noise = np.random.default_rng(0).normal(scale=0.1, size=(3, 600))
    usual, *recordings = (np.sin(t) + noise)[..., None]
    recordings = [recordings[0], recordings[1][:250], usual[:90]]

    untrained = LSTMAutoencoderTransformer(epochs=0, random_state=0)
    ahead = LSTMAutoencoderTransformer(epochs=0, forecast_horizon=2, random_state=0)
    of_numbers, of_events = untrained.fit(X), ahead.fit(events)
    detector = LSTMAutoencoderOutlierDetector(untrained, random_state=0).fit(X)
    windows = WindowOutlierDetector(
        LSTMAutoencoderOutlierDetector(untrained), random_state=0
    ).fit(usual)
    path = tmp_path_factory.mktemp("onnx") / "encoder.onnx"

    def of_file(estimator, X):
        to_onnx(estimator, path)
        return _run(path, X)

    def contributions(estimator, X):
        return [one.contributions for one in estimator.explain(X)]

    return {
        "embedding": Output(of_numbers, new, lambda e, X: e.transform(X)),
        "embedding of events": Output(of_events, later, lambda e, X: e.transform(X)),
        "score": Output(of_numbers, new, lambda e, X: e.score_samples(X)),
        "reconstruction": Output(of_numbers, new, lambda e, X: e.reconstruct(X)),
        "decoded time": Output(of_events, later, lambda e, X: _ticks(e.reconstruct(X))),
        "forecast": Output(
            of_events, later, lambda e, X: _ticks(e.forecast(X, n_timesteps=3))
        ),
        "aggregates": Output(
            SequenceAggregator().fit(events), later, lambda e, X: e.transform(X)
        ),
        "detector": Output(detector, new, lambda e, X: e.score_samples(X)),
        "explanation": Output(detector, new, contributions),
        "time steps": Output(
            windows,
            recordings,
            lambda e, X: _by_recording(e.score_samples(X), X),
        ),
        "explained time steps": Output(windows, recordings, contributions),
        "ONNX file": Output(of_numbers, new, of_file),
    }


ROWS = (
    "embedding",
    "embedding of events",
    "score",
    "reconstruction",
    "decoded time",
    "forecast",
    "aggregates",
    "detector",
    "explanation",
    "time steps",
    "explained time steps",
    "ONNX file",
)


@pytest.fixture(params=ROWS)
def output(request, fitted):
    return fitted[request.param]


def test_each_output_has_a_row(fitted):
    assert tuple(fitted) == ROWS


def test_alone_as_in_company(output):
    for i, expected in enumerate(output(output.X)):
        (alone,) = output(_taken(output.X, [i]))
        assert_allclose(alone, expected, **CLOSE)


def test_in_any_order(output):
    expected = output(output.X)
    order = np.random.default_rng(0).permutation(len(expected))
    for i, found in zip(order, output(_taken(output.X, order)), strict=True):
        assert_allclose(found, expected[i], **CLOSE)


def test_in_chunks(output):
    n = len(output.X)
    chunks = [_taken(output.X, range(i, min(i + 2, n))) for i in range(0, n, 2)]
    found = [one for chunk in chunks for one in output(chunk)]
    for one, expected in zip(found, output(output.X), strict=True):
        assert_allclose(one, expected, **CLOSE)


def test_the_bits_survive_a_file(output):
    loaded = pickle.loads(pickle.dumps(output.fitted))
    for found, expected in zip(output(output.X, loaded), output(output.X), strict=True):
        np.testing.assert_array_equal(found, expected)


def test_bad_input_is_named(output):
    """An infinite number, or a moment that is missing."""
    X = [x.copy() for x in output.X]
    names = X[1].dtype.names
    if names:
        X[1]["time"][0] = "NaT"
        X = pd.Series(X, output.X.index).__finalize__(output.X)
    else:
        X[1][0] = np.inf
    with pytest.raises(Exception, match=r"1\b|finite") as caught:
        output(X)
    assert (
        isinstance(caught.value, ValueError) or "onnx" in type(caught.value).__module__
    )
