"""What `to_sequences` returns is an X that the estimator and scikit-learn take."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    StratifiedKFold,
    cross_val_predict,
    cross_validate,
    train_test_split,
)
from sklearn.pipeline import make_pipeline

from sklearn_seqae import to_frame, to_sequences


@pytest.fixture(scope="module")
def visits(sequences):
    """A shuffled long table of 24 visits of 8 patients, with a label for each visit."""
    frames = [
        pd.DataFrame(x, columns=["pulse", "weight"]).assign(
            patient=f"p{i % 8}",
            visit=i // 8,
            time=np.arange(len(x)),
            ill=(i + i // 8) % 2 == 0,
        )
        for i, x in enumerate(sequences)
    ]
    return pd.concat(frames).sample(frac=1, random_state=0, ignore_index=True)


@pytest.fixture(scope="module", name="X")
def series_of_visits(visits):
    return to_sequences(
        visits, by=["patient", "visit"], order="time", columns=["pulse", "weight"]
    )


@pytest.fixture(scope="module")
def y(visits):
    return visits.groupby(["patient", "visit"])["ill"].first()


def test_labels_by_groupby_line_up(X, y):
    assert X.index.equals(y.index)


def test_embedding_is_that_of_a_list_and_has_the_ids(X, plain_autoencoder):
    ae = plain_autoencoder().fit(X)
    expected = plain_autoencoder().fit(list(X)).transform(list(X))
    assert_array_equal(ae.transform(X), expected)
    Z = ae.set_output(transform="pandas").transform(X)
    assert Z.index.equals(X.index)
    assert_array_equal(Z, expected)


def test_splits_by_patient(X, y, plain_autoencoder):
    model = make_pipeline(plain_autoencoder(), LogisticRegression())
    patients = X.index.get_level_values("patient")
    scores = cross_validate(
        model,
        X,
        y,
        groups=patients,
        cv=GroupKFold(2),
        error_score="raise",
        return_indices=True,
    )
    for train, test in zip(*scores["indices"].values(), strict=True):
        assert set(patients[train]).isdisjoint(patients[test])
        assert set(patients[train]) | set(patients[test]) == set(patients)


def test_splits_by_label(X, y, plain_autoencoder):
    model = make_pipeline(plain_autoencoder(), LogisticRegression())
    cv = StratifiedKFold(2)
    assert (
        len(cross_validate(model, X, y, cv=cv, error_score="raise")["score_time"]) == 2
    )


def test_search(X, plain_autoencoder):
    grid = {"learning_rate": [1e-3, 1e-2]}
    search = GridSearchCV(plain_autoencoder(), grid, cv=2, error_score="raise").fit(X)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert search.transform(X).shape == (24, 4)


def test_predictions_by_cross_validation(X, y, plain_autoencoder):
    model = make_pipeline(plain_autoencoder(), LogisticRegression())
    assert cross_val_predict(model, X, y, cv=2).shape == (24,)


def test_train_and_test_keep_ids_and_names(X, y):
    parts = train_test_split(X, y, random_state=0)
    for part, labels in zip(parts[:2], parts[2:], strict=True):
        assert part.index.equals(labels.index)
        assert part.attrs == X.attrs


def test_labels_of_rows_instead_of_series_are_an_error(X, visits, plain_autoencoder):
    model = make_pipeline(plain_autoencoder(), LogisticRegression())
    with pytest.raises(ValueError, match=rf"\[24, {len(visits)}\]"):
        cross_validate(model, X, visits["ill"], cv=2)


def test_a_reconstruction_becomes_a_table_beside_the_one_given(
    visits, plain_autoencoder
):
    X, times = to_sequences(
        visits,
        by=["patient", "visit"],
        order="time",
        columns=["pulse", "weight"],
        return_times=True,
    )
    decoded = plain_autoencoder().fit(X).reconstruct(X)
    table = to_frame(decoded, ids=X.index, times=times, columns=X.attrs["columns"])
    assert table.columns.tolist() == ["patient", "visit", "time", "pulse", "weight"]
    both = visits.merge(table, on=["patient", "visit", "time"], validate="1:1")
    assert len(both) == len(visits)
    assert_array_equal(table["pulse"], np.concatenate(list(decoded))[:, 0])
