"""Frames with sequences among scikit-learn's own: by column, by series, by name."""

import numpy as np
import pandas as pd
import pytest
from helpers import long_frame, objects
from numpy.testing import assert_array_equal
from pandas.testing import assert_index_equal
from sklearn import config_context
from sklearn.cluster import KMeans
from sklearn.compose import ColumnTransformer, make_column_transformer
from sklearn.ensemble import BaggingClassifier, StackingClassifier
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import (
    GroupKFold,
    StratifiedGroupKFold,
    cross_val_predict,
    cross_val_score,
    cross_validate,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier

N_COMPONENTS = 4


@pytest.fixture(scope="module")
def frame(sequences):
    """A column of sequences between static ones."""
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "age": rng.normal(size=24),
            "path": objects(sequences),
            "site": rng.choice(["here", "there"], size=24),
        },
        index=[f"s{i:02}" for i in range(24)],
    )


@pytest.fixture(scope="module")
def labels(sequences):
    """Whether a sequence is longer than most: easily seen in the embedding."""
    return pd.Series([len(x) > 9 for x in sequences]).map({True: "long", False: "no"})


@pytest.fixture(scope="module")
def long(sequences):
    """The same sequences as a long table; series in no order of their ids."""
    ids = [f"s{i}" for i in range(24)][::-1]
    return long_frame(sequences, ids, ["x", "y"])


@pytest.fixture(scope="module")
def fitted_on_long(plain_autoencoder, long):
    return plain_autoencoder().fit(long)


@pytest.fixture
def classifier(plain_autoencoder):
    return make_pipeline(plain_autoencoder(), StandardScaler(), LogisticRegression())


# -- columns --------------------------------------------------------------------------


def test_column_transformer(plain_autoencoder, fitted_plain, frame, sequences):
    transformer = make_column_transformer(
        (plain_autoencoder(), ["path"]),
        (StandardScaler(), ["age"]),
        (OneHotEncoder(), ["site"]),
    )
    Z = transformer.fit_transform(frame)
    assert Z.shape == (24, N_COMPONENTS + 1 + 2)
    assert_array_equal(Z[:, :N_COMPONENTS], fitted_plain.transform(sequences))
    assert transformer.get_feature_names_out()[N_COMPONENTS - 1 :].tolist() == [
        "lstmautoencodertransformer__length",
        "standardscaler__age",
        "onehotencoder__site_here",
        "onehotencoder__site_there",
    ]
    assert_array_equal(transformer.transform(frame[::-1]), Z[::-1])


@pytest.mark.parametrize("column", ["path", ["path"], slice("path", "path"), 1, [1]])
def test_column_transformer_by_any_name(plain_autoencoder, fitted_plain, frame, column):
    transformer = ColumnTransformer([("path", plain_autoencoder(), column)])
    Z = transformer.set_output(transform="pandas").fit_transform(frame)
    assert_index_equal(Z.index, frame.index)
    assert_array_equal(Z.to_numpy(), fitted_plain.transform(frame["path"]))


def test_column_transformer_of_polars(plain_autoencoder, fitted_plain, sequences):
    pl = pytest.importorskip("polars", reason="an option of ours, and scikit-learn's")
    rows = {"path": [x.tolist() for x in sequences], "age": np.arange(24.0)}
    transformer = make_column_transformer(
        (plain_autoencoder(), ["path"]), (StandardScaler(), ["age"])
    )
    Z = transformer.set_output(transform="polars").fit_transform(pl.DataFrame(rows))
    assert isinstance(Z, pl.DataFrame)
    assert_array_equal(
        Z.to_numpy()[:, :N_COMPONENTS], fitted_plain.transform(sequences)
    )


def test_permutation_importance(plain_autoencoder, frame, labels):
    preprocess = make_column_transformer(
        (plain_autoencoder(epochs=5), ["path"]), (StandardScaler(), ["age"])
    )
    model = make_pipeline(preprocess, DecisionTreeClassifier(random_state=0))
    X = frame[["age", "path"]]
    model.fit(X, labels)
    result = permutation_importance(model, X, labels, n_repeats=5, random_state=0)
    # The length decides, a tree sees nothing but that.
    age, path = result.importances_mean
    assert path > 0.2
    assert age == 0


def test_bagging(classifier, frame, labels):
    bagging = BaggingClassifier(classifier, n_estimators=2, random_state=0)
    X = frame[["path"]]
    assert bagging.fit(X, labels).score(X, labels) > 0.8
    assert list(bagging.feature_names_in_) == ["path"]
    assert bagging.predict_proba(X).shape == (24, 2)


def test_stacking(plain_autoencoder, classifier, frame, labels):
    by_age = make_column_transformer((StandardScaler(), ["age"]))
    by_path = make_column_transformer((classifier[0], ["path"]))
    stacking = StackingClassifier(
        [
            ("path", make_pipeline(by_path, StandardScaler(), LogisticRegression())),
            ("age", make_pipeline(by_age, LogisticRegression())),
        ],
        cv=2,
    )
    stacking.fit(frame, labels)
    assert stacking.score(frame, labels) > 0.8
    assert stacking.transform(frame).shape == (24, 2)


# -- ids ------------------------------------------------------------------------------


@pytest.mark.parametrize("use", ["transform", "fit_transform"])
def test_embeddings_carry_ids(plain_autoencoder, fitted_plain, long, sequences, use):
    autoencoder = plain_autoencoder().fit(long).set_output(transform="pandas")
    Z = getattr(autoencoder, use)(long)
    expected = pd.Index([f"s{i}" for i in range(24)][::-1], name="id")
    assert_index_equal(Z.index, expected)
    assert list(Z.columns) == list(autoencoder.get_feature_names_out())
    assert_array_equal(Z.to_numpy(), fitted_plain.transform(sequences))


def test_ids_go_with_their_series_through_a_pipeline(plain_autoencoder, long):
    pipeline = make_pipeline(plain_autoencoder(), StandardScaler())
    pipeline.set_output(transform="pandas")
    Z = pipeline.fit_transform(long)
    assert Z.index[0] == "s23"
    one = pipeline.transform(long.loc[["s7"]])
    pd.testing.assert_frame_equal(one, Z.loc[["s7"]])


def test_decoded_series_have_the_ids_of_their_embeddings(fitted_on_long, long):
    with config_context(transform_output="pandas"):
        Z = fitted_on_long.transform(long)
    back = fitted_on_long.inverse_transform(Z)
    assert_index_equal(back.index, long.index)
    assert_index_equal(back.columns, long.columns)
    some = fitted_on_long.inverse_transform(Z.iloc[[3, 1]])
    assert some.index.unique("id").tolist() == ["s20", "s22"]
    numbered = fitted_on_long.inverse_transform(Z.to_numpy())
    assert numbered.index.unique("id").tolist() == list(range(24))
    assert numbered.index.names == ["id", "time"]
    assert_array_equal(numbered.to_numpy(), back.to_numpy())


def test_reconstructed_series_have_the_ids_of_what_was_given(fitted_on_long, long):
    some = long.loc[["s9", "s4"]]
    assert_index_equal(fitted_on_long.reconstruct(some).index, some.index)
    listed = [group.to_numpy() for _, group in some.groupby(level=0, sort=False)]
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        back = fitted_on_long.reconstruct(listed)
    assert back.index.unique("id").tolist() == [0, 1]


def test_centres_of_clusters_are_numbered(fitted_on_long, long):
    kmeans = KMeans(2, n_init=1, random_state=0).fit(fitted_on_long.transform(long))
    centres = fitted_on_long.inverse_transform(kmeans.cluster_centers_)
    assert centres.index.unique("id").tolist() == [0, 1]
    assert centres.loc[1].index.tolist() == list(range(len(centres.loc[1])))


def test_the_index_of_cells_is_kept(plain_autoencoder, frame):
    autoencoder = plain_autoencoder().set_output(transform="pandas")
    Z = autoencoder.fit_transform(frame[["path"]])
    assert_index_equal(Z.index, frame.index)
    for back in (
        autoencoder.inverse_transform(Z),
        autoencoder.reconstruct(frame[["path"]]),
    ):
        assert_index_equal(back.index, frame.index)
        assert list(back.columns) == ["path"]


def test_what_a_fitted_estimator_keeps_does_not_grow_with_the_ids(
    plain_autoencoder, long, fitted_on_long
):
    import pickle

    renamed = long.rename(index=lambda name: f"{name:>1000}", level="id")
    kept = len(pickle.dumps(plain_autoencoder().fit(renamed)))
    assert kept == len(pickle.dumps(fitted_on_long))


# -- names ----------------------------------------------------------------------------


def test_names_of_channels(fitted_on_long, long):
    assert fitted_on_long.n_features_in_ == 2
    assert list(fitted_on_long.feature_names_in_) == ["x", "y"]
    for use in ("transform", "reconstruct", "score_samples", "score", "partial_fit"):
        with pytest.raises(ValueError, match="select them in that order"):
            getattr(fitted_on_long, use)(long[["y", "x"]])
        with pytest.raises(ValueError, match=r"X has the features \['x'\], but"):
            getattr(fitted_on_long, use)(long[["x"]])


# -- one for each series --------------------------------------------------------------


def test_labels_and_weights_are_those_of_series(
    plain_autoencoder, classifier, long, labels
):
    assert classifier.fit(long, labels).score(long, labels) == 1.0
    n_rows = len(long)
    message = f"has {n_rows} entries, one for each time step, but X holds 24 sequences"
    for use in ("fit", "fit_transform", "partial_fit"):
        with pytest.raises(ValueError, match=f"y {message}"):
            getattr(plain_autoencoder(), use)(long, np.zeros(n_rows))
        with pytest.raises(ValueError, match=f"sample_weight {message}"):
            getattr(plain_autoencoder(), use)(long, sample_weight=np.ones(n_rows))
        with pytest.raises(ValueError, match=r"inconsistent numbers.*\[24, 23\]"):
            getattr(plain_autoencoder(), use)(long, np.zeros(23))
    with pytest.raises(ValueError, match=f"y {message}"):
        classifier.fit(long, np.zeros(n_rows))


def test_what_the_error_suggests(classifier, long, labels):
    per_row = pd.Series(labels.repeat(long.groupby(level=0, sort=False).size()))
    per_row.index = long.index
    y = per_row.groupby(level=0, sort=False).first()
    assert_array_equal(y, labels)
    assert classifier.fit(long, y).score(long, y) == 1.0


def test_cross_validation_of_a_long_table_with_labels_is_refused(
    classifier, long, labels
):
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        cross_validate(classifier, long, labels, cv=2)
    per_row = np.repeat(labels, long.groupby(level=0, sort=False).size())
    with pytest.raises(ValueError, match=r"y has .* but X holds .* sequences"):
        cross_validate(classifier, long, per_row, cv=2)


def test_cross_validation_of_a_column(classifier, frame, labels):
    X = frame["path"]
    for cv, groups in [
        (2, None),
        (GroupKFold(2), np.arange(24) // 3),
        (StratifiedGroupKFold(2), np.arange(24) // 3),
    ]:
        scores = cross_val_score(
            classifier, X, labels, groups=groups, cv=cv, error_score="raise"
        )
        assert scores.min() > 0.5
    assert cross_val_predict(classifier, frame[["path"]], labels, cv=2).shape == (24,)


def test_whole_series_of_a_long_table_in_cross_validation(plain_autoencoder, long):
    result = cross_validate(
        plain_autoencoder(),
        long,
        groups=long.index.get_level_values("id"),
        cv=GroupKFold(3),
        return_indices=True,
        return_estimator=True,
        error_score="raise",
    )
    tested = [long.iloc[test] for test in result["indices"]["test"]]
    assert sorted(i for part in tested for i in part.index.unique("id")) == sorted(
        long.index.unique("id")
    )
    for estimator, part, score in zip(
        result["estimator"], tested, result["test_score"], strict=True
    ):
        assert estimator.score(part) == score


def test_weights_by_metadata_routing(plain_autoencoder, long, labels):
    weight = np.arange(24) % 3
    with config_context(enable_metadata_routing=True):
        first = plain_autoencoder().set_fit_request(sample_weight=True)
        last = LogisticRegression().set_fit_request(sample_weight=False)
        pipeline = make_pipeline(first, last)
        pipeline.fit(long, labels, sample_weight=weight)
        with pytest.raises(ValueError, match=r"sample_weight has .* each time step"):
            pipeline.fit(long, labels, sample_weight=np.ones(len(long)))
    expected = plain_autoencoder().fit(long, sample_weight=weight)
    assert_array_equal(pipeline[0].transform(long), expected.transform(long))
