"""Searches of scikit-learn whose fits run in the workers of a cluster."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, HalvingGridSearchCV
from sklearn.pipeline import make_pipeline

pytest.importorskip("distributed", reason="the extra distributed is not installed")
joblib = pytest.importorskip("joblib")


@pytest.mark.parametrize("kind", [GridSearchCV, HalvingGridSearchCV])
def test_a_search_has_the_scores_of_one_process(
    client, plain_autoencoder, sequences, kind
):
    from clusters import count_programs, drop_all

    rates = {"lstmautoencodertransformer__learning_rate": [1e-4, 1e-3, 1e-2, 1e-1]}
    pipeline = make_pipeline(plain_autoencoder(), LogisticRegression())
    options = {} if kind is GridSearchCV else {"random_state": 0, "min_resources": 12}
    y = np.arange(len(sequences)) % 2
    search = kind(pipeline, rates, cv=2, **options)
    expected = search.fit(sequences, y).cv_results_
    client.run(drop_all)
    with client.as_current(), joblib.parallel_config("dask"):
        found = kind(pipeline, rates, cv=2, **options).fit(sequences, y).cv_results_
    scores = [name for name in expected if name.endswith("_score")]
    assert "split1_test_score" in scores
    for name in scores:
        assert_array_equal(found[name], expected[name], err_msg=name)
    # 8 fits or more of one architecture: each worker has one program
    assert set(client.run(count_programs).values()) == {1}
