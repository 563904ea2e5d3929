"""Composition with scikit-learn."""

import numpy as np
import pandas as pd
import pytest
from helpers import assert_same_sequences, objects, padded
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.cluster import KMeans
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import (
    GridSearchCV,
    cross_val_predict,
    cross_val_score,
    cross_validate,
)
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from sklearn_seqae import LSTMAutoencoderTransformer


@pytest.fixture(scope="module")
def labels(sequences):
    """Whether a sequence is longer than most: easily seen in the embedding."""
    return np.array(["short", "long"])[np.array([len(x) > 9 for x in sequences]) * 1]


@pytest.fixture
def pipeline(plain_autoencoder):
    return make_pipeline(plain_autoencoder(), StandardScaler(), LogisticRegression())


def summary(X):
    return np.array([[len(x), x.mean()] for x in X])


# -- pipelines ----------------------------------------------------------------------


def test_pipeline(pipeline, sequences, labels):
    assert pipeline.fit(sequences, labels).score(sequences, labels) == 1.0
    assert set(pipeline.predict(sequences)) == {"short", "long"}
    assert pipeline.predict_proba(sequences).shape == (24, 2)


def test_embed_with_a_pipeline_and_decode(plain_autoencoder, sequences):
    pipeline = make_pipeline(plain_autoencoder(), StandardScaler())
    Z = pipeline.fit_transform(sequences)
    assert_allclose(Z.mean(axis=0), 0, atol=1e-6)
    expected = pipeline[0].reconstruct(sequences)
    for x, y in zip(pipeline.inverse_transform(Z), expected, strict=True):
        assert_allclose(x, y, rtol=1e-4)


def test_sample_weight_through_a_pipeline(plain_autoencoder, sequences, labels):
    weight = np.arange(24) % 3
    pipeline = make_pipeline(plain_autoencoder(), StandardScaler())
    pipeline.fit(sequences, lstmautoencodertransformer__sample_weight=weight)
    expected = plain_autoencoder().fit(sequences, sample_weight=weight)
    assert_array_equal(pipeline[0].transform(sequences), expected.transform(sequences))


def test_sample_weight_by_metadata_routing(plain_autoencoder, sequences, labels):
    from sklearn import config_context

    weight = np.arange(24) % 3
    with config_context(enable_metadata_routing=True):
        first = plain_autoencoder().set_fit_request(sample_weight=True)
        classifier = LogisticRegression().set_fit_request(sample_weight=False)
        pipeline = make_pipeline(first, classifier)
        pipeline.fit(sequences, labels, sample_weight=weight)
    expected = plain_autoencoder().fit(sequences, sample_weight=weight)
    assert_array_equal(pipeline[0].transform(sequences), expected.transform(sequences))


def test_feature_union(plain_autoencoder, fitted_plain, sequences, labels):
    union = FeatureUnion(
        [("ae", plain_autoencoder()), ("summary", FunctionTransformer(summary))]
    )
    Z = union.fit_transform(sequences)
    assert Z.shape == (24, 6)
    assert_array_equal(Z[:, :4], fitted_plain.transform(sequences))
    assert_array_equal(Z[:, 4:], summary(sequences))
    make_pipeline(union, LogisticRegression(max_iter=10_000)).fit(sequences, labels)


def test_clone(fitted_plain):
    copy = clone(fitted_plain)
    assert copy.get_params() == fitted_plain.get_params()
    assert vars(copy).keys() == copy.get_params().keys()


def test_parameters_of_a_nested_scaler(plain_autoencoder):
    autoencoder = plain_autoencoder(scaler=StandardScaler())
    autoencoder.set_params(scaler__with_mean=False)
    assert not autoencoder.scaler.with_mean
    assert not clone(autoencoder).get_params()["scaler__with_mean"]


# -- model selection ----------------------------------------------------------------


def test_cross_validation(pipeline, sequences, labels):
    scores = cross_val_score(pipeline, sequences, labels, cv=3)
    assert scores.shape == (3,)
    assert scores.min() > 0.7
    predicted = cross_val_predict(pipeline, sequences, labels, cv=3)
    assert np.mean(predicted == labels) == pytest.approx(scores.mean())


def test_cross_validation_of_the_embedding_alone(plain_autoencoder, sequences):
    result = cross_validate(
        plain_autoencoder(), sequences, cv=3, return_estimator=True, return_indices=True
    )
    assert np.all(result["test_score"] < 0)
    folds = zip(
        result["estimator"],
        result["test_score"],
        result["indices"]["test"],
        strict=True,
    )
    for autoencoder, score, test in folds:
        assert autoencoder.score([sequences[i] for i in test]) == score


def test_grid_search_without_labels(plain_autoencoder, sequences):
    search = GridSearchCV(
        plain_autoencoder(epochs=20),
        {"learning_rate": [1e-9, 0.01], "scaler": ["standard"]},
        cv=2,
    ).fit(sequences)
    assert search.best_params_["learning_rate"] == 0.01
    assert search.score(sequences) == search.best_estimator_.score(sequences)
    assert search.transform(sequences).shape == (24, 4)
    assert len(search.inverse_transform(search.transform(sequences))) == 24


@pytest.mark.trust
def test_grid_search_in_two_processes(pipeline, sequences, labels):
    grid = {"lstmautoencodertransformer__learning_rate": [0.001, 0.01]}
    search = GridSearchCV(pipeline, grid, cv=2, n_jobs=2, error_score="raise")
    search.fit(sequences, labels)
    alone = GridSearchCV(pipeline, grid, cv=2).fit(sequences, labels)
    assert search.predict(sequences).shape == (24,)
    for name in ("mean_test_score", "std_test_score"):
        assert_allclose(search.cv_results_[name], alone.cv_results_[name])


@pytest.mark.slow
def test_grid_search_in_two_threads(plain_autoencoder, sequences):
    import joblib

    grid = {"learning_rate": [0.001, 0.01]}
    alone = GridSearchCV(plain_autoencoder(), grid, cv=2).fit(sequences)
    with joblib.parallel_backend("threading", n_jobs=2):
        search = GridSearchCV(plain_autoencoder(), grid, cv=2).fit(sequences)
    assert_array_equal(
        search.cv_results_["mean_test_score"], alone.cv_results_["mean_test_score"]
    )


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["object array", "3-D array", "DataFrame"])
def test_cross_validation_over_any_container(plain_autoencoder, rng, kind):
    sequences = [rng.normal(size=n) for n in (8, 16) * 12]
    X = {
        "3-D array": padded(sequences)[:, :, np.newaxis],
        "DataFrame": pd.DataFrame(padded(sequences)),
        "object array": objects(sequences),
    }[kind]
    scores = cross_val_score(plain_autoencoder(), X, cv=2, error_score="raise")
    assert np.all(np.isfinite(scores))


# -- names and containers of the embedding ------------------------------------------


def test_feature_names(fitted_plain):
    expected = [*(f"lstmautoencodertransformer{k}" for k in range(3)), "length"]
    assert list(fitted_plain.get_feature_names_out()) == expected


def test_an_array_is_the_default(fitted_plain, sequences):
    assert type(fitted_plain.transform(sequences)) is np.ndarray


@pytest.mark.parametrize("use", ["transform", "fit_transform"])
def test_set_output_pandas(plain_autoencoder, fitted_plain, sequences, use):
    autoencoder = plain_autoencoder().fit(sequences).set_output(transform="pandas")
    Z = getattr(autoencoder, use)(sequences)
    assert list(Z.columns) == list(fitted_plain.get_feature_names_out())
    assert_array_equal(Z.to_numpy(), fitted_plain.transform(sequences))
    # What decodes and scores is not confused by it.
    assert_same_sequences(
        autoencoder.inverse_transform(Z), fitted_plain.reconstruct(sequences)
    )
    assert autoencoder.score(sequences) == fitted_plain.score(sequences)


def test_set_output_for_everything_in_a_process(
    plain_autoencoder, fitted_plain, sequences
):
    from sklearn import config_context

    with config_context(transform_output="pandas"):
        autoencoder = plain_autoencoder()
        Z = autoencoder.fit_transform(sequences)
        assert isinstance(Z, pd.DataFrame)
        assert autoencoder.score(sequences) == fitted_plain.score(sequences)
    assert_array_equal(Z.to_numpy(), fitted_plain.transform(sequences))


def test_set_output_keeps_the_index_of_a_dataframe(plain_autoencoder, rng):
    X = pd.DataFrame(rng.normal(size=(9, 5)), index=list("abcdefghi")).add_prefix("t")
    autoencoder = plain_autoencoder().set_output(transform="pandas")
    Z = autoencoder.fit_transform(X)
    assert list(Z.index) == list(X.index)
    assert list(autoencoder.feature_names_in_) == list(X.columns)


def test_set_output_polars(plain_autoencoder, fitted_plain, sequences):
    pl = pytest.importorskip("polars", reason="polars is an option of scikit-learn's")
    autoencoder = plain_autoencoder().fit(sequences).set_output(transform="polars")
    Z = autoencoder.transform(sequences)
    assert isinstance(Z, pl.DataFrame)
    assert Z.columns == list(fitted_plain.get_feature_names_out())
    assert_array_equal(Z.to_numpy(), fitted_plain.transform(sequences))


# -- clusters -----------------------------------------------------------------------


def test_centres_of_clusters_are_sequences(fitted_plain, sequences):
    kmeans = KMeans(3, n_init=1, random_state=0).fit(fitted_plain.transform(sequences))
    centres = fitted_plain.inverse_transform(kmeans.cluster_centers_)
    assert len(centres) == 3
    for label, centre in enumerate(centres):
        lengths = [len(sequences[i]) for i in np.flatnonzero(kmeans.labels_ == label)]
        assert min(lengths) <= len(centre) <= max(lengths)
        # The last component is the mean log-length, so this is the geometric mean.
        assert len(centre) == round(np.exp(np.mean(np.log(lengths))))
        assert centre.shape[1] == 2
        assert np.all(np.isfinite(centre))


# -- how it looks -------------------------------------------------------------------


def test_repr_shows_what_was_set(fitted_plain):
    assert repr(LSTMAutoencoderTransformer()) == "LSTMAutoencoderTransformer()"
    assert "n_components=4" in repr(fitted_plain)
