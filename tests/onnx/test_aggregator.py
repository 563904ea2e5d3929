"""Aggregates from a file, alone and beside embeddings, as scikit-learn has them."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from onnx_input import everything, pages_alone, run, tensors, times_alone
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from sklearn_seqae import SequenceAggregator, to_onnx

pytest.importorskip("skl2onnx", reason="an option of ours")
pytest.importorskip("onnxruntime", reason="an option of ours")

FLOAT32 = 2e-6  # rounding, of a sum of some numbers


def numbers(log):
    """Some of them missing, and all of one feature in one sequence."""
    rng = np.random.default_rng(0)
    X = [rng.normal(size=(n, 3)) * [1, 1e3, 1e-3] for n in (4, 1, 30, 7)]
    X = [np.where(rng.random(x.shape) < 0.3, np.nan, x) for x in X]
    for x in X:
        x[0, 0] = 5.0
    X[2][:, 1] = np.nan
    return X


def given_of(X):
    if isinstance(X, list) and isinstance(X[0], np.ndarray):
        return {"values": np.concatenate(X), "lengths": np.array([len(x) for x in X])}
    return tensors(X)


@pytest.mark.parametrize(
    ("kind", "parameters"),
    [
        (numbers, {}),
        (everything, {"categorical_features": ["page", "floor"]}),
        (everything, {"max_categories": 3, "time": False}),
        (everything, {"ngram_range": (1, 2), "max_categories": 3}),
        (pages_alone, {}),
        (pages_alone, {"ngram_range": (2, 3)}),
        (times_alone, {"time": True}),
    ],
)
def test_aggregates_are_those_of_transform(log, session, kind, parameters):
    """In any company, and alone."""
    X = kind(log)
    aggregator = SequenceAggregator(**parameters).fit(X)
    given, model = given_of(X), session(aggregator)
    if not any(i.name == "times" for i in model.get_inputs()):
        given.pop("times", None)
    expected = np.asarray(aggregator.transform(X))
    found = run(model, given)["aggregates"]
    assert found.dtype == np.float32
    assert_allclose(found, expected, rtol=FLOAT32, atol=FLOAT32)
    stops = np.cumsum(given["lengths"])
    for i, (n, stop) in enumerate(zip(given["lengths"], stops, strict=True)):
        own = {name: tensor[stop - n : stop] for name, tensor in given.items()}
        alone = run(model, own | {"lengths": np.array([n])})["aggregates"]
        assert_array_equal(alone[0], found[i])


@pytest.mark.parametrize(
    ("values", "lengths", "message"),
    [
        (np.full((5, 3), np.nan), [5], "every_sequence_has_an_observed_value"),
        (np.full((5, 3), np.inf), [5], "every_value_is_finite_or_NaN"),
        (np.zeros((5, 3)), [5, 0], "every_length_is_at_least_1"),
        (np.zeros((5, 3)), [4], "the_sum_of_lengths_is_the_number_of_rows"),
    ],
)
def test_what_is_refused(log, session, values, lengths, message):
    model = session(SequenceAggregator().fit(numbers(log)))
    with pytest.raises(Exception, match=message):
        model.run(None, {"values": values, "lengths": np.array(lengths)})


# Beside embeddings --------------------------------------------------------------------


@pytest.fixture(scope="module")
def embed(plain_autoencoder, log):
    parameters = {"categorical_features": ["page", "floor"], "n_components": 8}
    return plain_autoencoder(epochs=0, **parameters).fit(everything(log))


@pytest.fixture(scope="module")
def union(embed, log):
    """Branches that read the same sequences; one of them knows no times."""
    X = everything(log)
    scaler = StandardScaler().fit(embed.transform(X))
    branches = [
        ("embed", Pipeline([("embed", embed), ("scale", scaler)])),
        ("none", "drop"),
        ("aggregate", SequenceAggregator(time=False).fit(X)),
    ]
    return FeatureUnion(branches, transformer_weights={"aggregate": 0.5})


def test_a_union_is_that_of_scikit_learn(union, log, session):
    X = everything(log)
    (found,) = session(union).run(None, tensors(X))
    assert_allclose(found, union.transform(X), rtol=1e-5, atol=1e-5)


def test_a_classifier_behind_a_union(union, log, session):
    X = everything(log)
    vectors, y = union.transform(X), np.array(["a", "b"])[np.arange(24) % 2]
    rest = make_pipeline(StandardScaler(), LogisticRegression()).fit(vectors, y)
    pipeline = Pipeline([("union", union), *rest.steps])
    model = session(pipeline)
    assert {"values", "categories", "times"} == set(
        model.get_modelmeta().custom_metadata_map
    )
    assert {i.name for i in model.get_inputs()} == set(tensors(X))
    found = run(model, tensors(X))
    assert_array_equal(found["label"], rest.predict(vectors))
    expected = rest.predict_proba(vectors)
    assert_allclose(found["probabilities"], expected, atol=1e-5)
    assert found["probabilities"].dtype == np.float32
    assert_array_equal(pipeline.predict(X), found["label"])


def test_a_classifier_behind_aggregates(log, session):
    X = everything(log)
    pipeline = make_pipeline(SequenceAggregator(), LogisticRegression(max_iter=5_000))
    pipeline[0].set_params(time=False)
    pipeline.fit(X, np.arange(24) % 2)
    given = {name: x for name, x in tensors(X).items() if name != "times"}
    found = run(session(pipeline), given)["probabilities"]
    assert_allclose(found, pipeline.predict_proba(X), atol=1e-5)


def test_a_sequence_of_nothing_but_missing_values(union, log, session):
    given, model = tensors(everything(log)), session(union)
    n = given["lengths"][0]
    given["values"][:n], given["categories"][:n] = np.nan, ""
    with pytest.raises(Exception, match="every_sequence_has_an_observed_value"):
        run(model, given)


def test_branches_that_read_something_else(embed, log, tmp_path):
    """Of other sequences, or no sequences at all: no file is written."""
    path = tmp_path / "model.onnx"
    later = everything(log.assign(when=log["when"].astype("datetime64[ns]")))
    other = SequenceAggregator().fit(later)
    with pytest.raises(ValueError, match=r"datetime64\[ns\].* as times, but another"):
        to_onnx(FeatureUnion([("a", embed), ("b", other)]), path)
    for branch in ("passthrough", FunctionTransformer(), StandardScaler()):
        union = FeatureUnion([("a", embed), ("b", branch)])
        with pytest.raises(TypeError, match="of which no encoder is written"):
            to_onnx(union, path)
    with pytest.raises(TypeError, match="of which no encoder is written"):
        to_onnx(FeatureUnion([("a", "drop")]), path)
    with pytest.raises(TypeError, match="of which no decoder is written"):
        to_onnx(other, path, part="decoder")
    assert not path.exists()


def test_a_step_in_a_branch_that_is_not_converted_is_named(embed, log, tmp_path):
    vectors = pd.DataFrame(embed.transform(everything(log)))
    step = FunctionTransformer(np.abs).fit(vectors.to_numpy())
    branch = Pipeline([("embed", embed), ("absolute", step)])
    with pytest.raises(ValueError, match="can't convert the step 'absolute'"):
        to_onnx(FeatureUnion([("a", branch)]), tmp_path / "model.onnx")
