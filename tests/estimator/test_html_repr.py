"""What a notebook shows of an estimator."""

import html
import sys

import numpy as np
import pandas as pd
import pytest
import sklearn
from helpers import long_frame
from sklearn import config_context
from sklearn.base import clone
from sklearn.compose import make_column_transformer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import RobustScaler, StandardScaler
from sklearn.utils import estimator_html_repr
from sklearn.utils.fixes import parse_version

from sklearn_seqae import LSTMAutoencoderTransformer, to_sequences

UNFITTED = "sequences of any length"
RESULT = "up to 16 time steps → 4 components"


def text(estimator):
    return html.unescape(estimator_html_repr(estimator))


@pytest.fixture(scope="module")
def long(sequences):
    return long_frame(sequences, range(24), ["speed <m/s>", "angle"])


@pytest.fixture(scope="module")
def column(long):
    return to_sequences(long.reset_index(), by="id", order="time")


def test_unfitted():
    diagram = text(LSTMAutoencoderTransformer(n_components=7))
    assert UNFITTED in diagram
    assert "LSTMAutoencoderTransformer" in diagram
    assert "n_components" in diagram


def test_fitted_on_a_list(fitted_plain):
    assert f"list; 2 features; {RESULT}" in text(fitted_plain)
    assert UNFITTED not in text(fitted_plain)
    assert UNFITTED in text(clone(fitted_plain))


def test_names_of_features(plain_autoencoder, long):
    autoencoder = plain_autoencoder().fit(long)
    expected = f"long DataFrame; 2 features: speed <m/s>, angle; {RESULT}"
    assert expected in text(autoencoder)
    assert "speed <m/s>" not in estimator_html_repr(autoencoder)  # it is escaped


def test_a_column_of_cells(plain_autoencoder, column):
    autoencoder = plain_autoencoder().fit(column.to_frame("path"))
    known = "2 features: speed <m/s>, angle"
    assert f"DataFrame of cells; {known}; {RESULT}" in text(autoencoder)
    autoencoder.fit(pd.DataFrame({"path": column}))  # which drops attrs
    assert f"DataFrame of cells; 2 features in path; {RESULT}" in text(autoencoder)
    autoencoder.fit(column)
    assert f"Series of cells; {known}; {RESULT}" in text(autoencoder)


def test_many_names(plain_autoencoder):
    columns = [f"channel {j}" for j in range(6)]
    index = pd.MultiIndex.from_product([range(8), range(5)])
    values = np.random.default_rng(0).normal(size=(40, 6))
    autoencoder = plain_autoencoder().fit(pd.DataFrame(values, index, columns))
    assert (
        "6 features: channel 0, channel 1, channel 2, channel 3, …; up to 5 "
        in text(autoencoder)
    )


def test_names_of_time_steps_are_no_features(plain_autoencoder):
    values = np.random.default_rng(0).normal(size=(8, 5))
    autoencoder = plain_autoencoder().fit(pd.DataFrame(values, columns=list("abcde")))
    assert "DataFrame of rows; 1 feature; up to 5 time steps → 4 comp" in text(
        autoencoder
    )


def test_in_a_pipeline(plain_autoencoder, sequences):
    pipeline = make_pipeline(plain_autoencoder(), StandardScaler())
    assert UNFITTED in text(pipeline)
    assert f"list; 2 features; {RESULT}" in text(pipeline.fit(sequences))


@pytest.mark.skipif(
    parse_version(sklearn.__version__) < parse_version("1.8"),
    reason="before 1.8, it shows the transformers that it was given, never fitted",
)
def test_in_a_column_transformer(plain_autoencoder, column):
    transformer = make_column_transformer(
        (plain_autoencoder(), ["path"]), (StandardScaler(), ["age"])
    )
    assert UNFITTED in text(transformer)
    transformer.fit(pd.DataFrame({"age": np.arange(24.0), "path": column}))
    assert f"2 features in path; {RESULT}" in text(transformer)


def test_with_a_scaler_of_its_own():
    diagram = text(LSTMAutoencoderTransformer(scaler=RobustScaler()))
    assert UNFITTED in diagram
    assert "RobustScaler()" in diagram


def test_as_a_notebook_asks_for_it(fitted_plain):
    assert RESULT in fitted_plain._repr_html_()
    assert RESULT in fitted_plain._repr_mimebundle_()["text/html"]
    with config_context(display="text"):
        assert "text/html" not in fitted_plain._repr_mimebundle_()


def test_showing_builds_no_keras_models(plain_autoencoder, sequences):
    autoencoder = plain_autoencoder().fit(sequences)
    estimator_html_repr(autoencoder)
    assert "_built" not in vars(autoencoder)


def test_showing_imports_no_tensorflow(before_tensorflow):
    loaded = before_tensorflow["loaded"]["showing"]
    assert {"tensorflow", "keras", "polars"}.isdisjoint(loaded)


def test_without_captions_in_scikit_learn(fitted_plain, monkeypatch):
    """Where they are is private; without them, the diagram is the plain one."""
    monkeypatch.setitem(sys.modules, "sklearn.utils._repr_html.estimator", None)
    monkeypatch.setitem(sys.modules, "sklearn.utils._estimator_html_repr", None)
    diagram = text(fitted_plain)
    assert "LSTMAutoencoderTransformer" in diagram
    assert RESULT not in diagram
