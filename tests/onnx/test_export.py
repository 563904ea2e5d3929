"""Files for onnxruntime, beside what the estimator itself computes."""

import json
import pickle
import sys

import numpy as np
import pytest
from helpers import run_python, some_slow
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.cluster import KMeans
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import (
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    VotingClassifier,
)
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, PowerTransformer, StandardScaler
from sklearn.svm import SVC, LinearSVC

from sklearn_seqae import to_onnx
from sklearn_seqae._network.pooling import POOLING

ort = pytest.importorskip("onnxruntime", reason="an option of ours")

TOLERANCE = 1e-5
EVERYTHING = {
    "n_components": None,
    "hidden_layer_sizes": (4, 3),
    "decoder_layer_sizes": (5, 4),
    "pooling": tuple(POOLING),
    "patch_size": 3,
    "encoder_inputs": ["differences", "kernels"],
    "exact_components": ["instance_norm", "length"],
    "contrastive_weight": 0.1,
    "decoder": "unfold",
}
VARIANTS = {
    "everything": EVERYTHING,
    "relu": {
        "activation": "relu",
        "pooling": ("mean", "max"),
        "patch_size": 2,
        "n_components": 9,
        "decoder": "reshape",
        "scaler": "robust",
        "bidirectional": False,
        "forecast_horizon": 2,
    },
    "variational": {
        "kl_weight": 0.1,
        "n_components": 17,
        "patch_size": 1,
        "decoder": "single_shot",
        "decoder_layer_sizes": (4, 5),
        "scaler": "minmax",
    },
    "units_without_length": {
        "n_components": 8,
        "exact_components": ["instance_norm"],
        "scaler": None,
    },
}


@pytest.fixture(scope="module")
def with_gaps(sequences):
    """The sequences with missing values; one lacks a feature."""
    rng = np.random.default_rng(1)
    X = [np.where(rng.random(x.shape) < 0.3, np.nan, x) for x in sequences]
    X[4][:, 0] = np.nan
    for x in X:
        x[0, 1] = 5.0  # something is observed
    return X


@pytest.fixture(scope="module")
def fitted(plain_autoencoder, with_gaps):
    """Return the estimator of a variant, fitted once."""
    made = {}

    def get(name):
        if name not in made:
            made[name] = plain_autoencoder(epochs=1, **VARIANTS[name]).fit(with_gaps)
        return made[name]

    return get


SLOW = {"defaults", *VARIANTS} - {"everything"}


@pytest.fixture(params=some_slow(["plain", "defaults", *VARIANTS], SLOW))
def autoencoder(request, fitted):
    known = {"plain": "fitted_plain", "defaults": "default_autoencoder"}
    if request.param in known:
        return request.getfixturevalue(known[request.param])
    return fitted(request.param)


def given(X):
    return {"values": np.concatenate(X), "lengths": np.array([len(x) for x in X])}


def run(session, X):
    return session.run(None, given(X))


# Embeddings ---------------------------------------------------------------------------


def test_embeddings_are_those_of_transform(autoencoder, session, with_gaps):
    """In any company, and alone."""
    expected = autoencoder.transform(with_gaps)
    encoder = session(autoencoder)
    (together,) = run(encoder, with_gaps)
    assert together.dtype == np.float32
    assert_allclose(together, expected, rtol=TOLERANCE, atol=TOLERANCE)
    alone = [run(encoder, [x])[0] for x in with_gaps[:6]]
    assert_allclose(np.concatenate(alone), together[:6], rtol=TOLERANCE, atol=TOLERANCE)


def test_longer_sequences_than_in_fit(fitted_plain, session, rng):
    X = [rng.normal(size=(n, 2)) for n in (300, 1, 70)]
    (found,) = run(session(fitted_plain), X)
    assert_allclose(found, fitted_plain.transform(X), rtol=TOLERANCE, atol=TOLERANCE)


def test_a_small_signal_on_a_large_offset_survives(plain_autoencoder, session, rng):
    X = [1e9 + rng.normal(size=(n, 2)) for n in (9, 16, 3)]
    autoencoder = plain_autoencoder(epochs=1, batch_size=8).fit(X)
    (found,) = run(session(autoencoder), X)
    assert_allclose(found, autoencoder.transform(X), rtol=TOLERANCE, atol=TOLERANCE)


def test_the_file_names_what_it_takes_and_gives(fitted_plain, session):
    encoder = session(fitted_plain)
    assert {i.name: (i.type, i.shape) for i in encoder.get_inputs()} == {
        "values": ("tensor(double)", ["n_timesteps", 2]),
        "lengths": ("tensor(int64)", ["n_samples"]),
    }
    assert {o.name: (o.type, o.shape) for o in encoder.get_outputs()} == {
        "embedding": ("tensor(float)", ["n_samples", 4])
    }


NAN = np.nan
GAP = np.array([[1, NAN], [NAN, NAN], [NAN, NAN], [NAN, NAN]])


@pytest.mark.parametrize(
    ("values", "lengths", "message"),
    [
        (np.zeros((5, 2)), [3, 1], "the_sum_of_lengths_is_the_number_of_rows"),
        (np.zeros((5, 2)), [3, 3], "the_sum_of_lengths_is_the_number_of_rows"),
        (np.zeros((5, 2)), [5, 0], "every_length_is_at_least_1"),
        (np.zeros((5, 2)), [6, -1], "every_length_is_at_least_1"),
        (np.full((5, 2), np.inf), [5], "every_value_is_finite_or_NaN"),
        (np.full((5, 2), np.nan), [5], "every_sequence_has_an_observed_value"),
        (GAP, [1, 2, 1], "every_sequence_has_an_observed_value"),
        (GAP, [3, 1], "every_sequence_has_an_observed_value"),
        (np.full((5, 2), 1e300), [5], "scaled_value_is_in_the_range_of_float32"),
    ],
)
def test_what_is_refused(fitted_plain, session, values, lengths, message):
    encoder = session(fitted_plain)
    with pytest.raises(Exception, match=message):
        encoder.run(None, {"values": values, "lengths": np.array(lengths)})


# Sequences ----------------------------------------------------------------------------


def test_decoded_are_the_sequences_of_inverse_transform(
    autoencoder, session, with_gaps
):
    Z = autoencoder.transform(with_gaps).astype(np.float32)
    expected = autoencoder.inverse_transform(Z)
    decoder = session(autoencoder, "decoder")
    values, lengths = decoder.run(["values", "lengths"], {"embedding": Z})
    assert values.dtype == np.float64
    assert_array_equal(lengths, [len(x) for x in expected])
    scale = np.concatenate(expected).std(axis=0)
    difference = (values - np.concatenate(expected)) / scale
    assert_allclose(difference, np.zeros_like(difference), atol=TOLERANCE)


def test_a_file_reads_what_the_other_writes(fitted_plain, session, sequences):
    encoder = session(fitted_plain)
    decoder = session(fitted_plain, "decoder")
    (Z,) = run(encoder, sequences)
    values, lengths = decoder.run(["values", "lengths"], {"embedding": Z})
    (again,) = encoder.run(None, {"values": values, "lengths": lengths})
    reconstructed = fitted_plain.transform(fitted_plain.reconstruct(sequences))
    assert_allclose(again, reconstructed, rtol=TOLERANCE, atol=TOLERANCE)


@pytest.mark.parametrize(
    ("name", "limit"), [("plain", 2**20), ("relu", 16), ("variational", 16)]
)
def test_a_length_that_can_not_be_decoded(fitted, fitted_plain, session, name, limit):
    """Beyond the limit of lengths, or of a decoder that has one."""
    autoencoder = fitted_plain if name == "plain" else fitted(name)
    decoder = session(autoencoder, "decoder")
    Z = np.zeros((2, autoencoder.n_components), np.float32)
    Z[1, -1] = 100.0
    with pytest.raises(Exception, match=f"sequence_of_over_{limit}_time_steps"):
        decoder.run(None, {"embedding": Z})


@pytest.mark.parametrize("name", ["plain", "units_without_length"])
@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_an_embedding_that_is_not_finite(fitted, fitted_plain, session, name, wrong):
    autoencoder = fitted_plain if name == "plain" else fitted(name)
    Z = np.zeros((2, autoencoder._n_features_out), np.float32)
    Z[1, 0] = wrong
    with pytest.raises(Exception, match="every_embedding_is_finite"):
        session(autoencoder, "decoder").run(None, {"embedding": Z})


# Pipelines ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def labels(sequences):
    return np.array(["falling", "rising", "neither"])[np.arange(len(sequences)) % 3]


@pytest.fixture(scope="module")
def classifier(plain_autoencoder, sequences, labels):
    pipeline = make_pipeline(
        plain_autoencoder(epochs=1), StandardScaler(), LogisticRegression()
    )
    return pipeline.fit(sequences, labels)


def test_a_pipeline_predicts_alike(classifier, session, sequences):
    model = session(classifier)
    found, probabilities = model.run(["label", "probabilities"], given(sequences))
    assert_array_equal(found, classifier.predict(sequences))
    expected = classifier.predict_proba(sequences)
    assert_allclose(probabilities, expected, atol=TOLERANCE)


def test_a_pipeline_without_a_classifier(fitted_plain, session, sequences):
    Z = fitted_plain.transform(sequences)
    scaler = StandardScaler().fit(Z)
    clusterer = KMeans(2, n_init=1, random_state=0).fit(scaler.transform(Z))
    steps = [("embed", fitted_plain), ("scale", scaler), ("cluster", clusterer)]
    (found,) = run(session(Pipeline(steps[:2])), sequences)
    assert_allclose(found, scaler.transform(Z), rtol=TOLERANCE, atol=TOLERANCE)
    pipeline = Pipeline(steps)
    label, _ = run(session(pipeline), sequences)
    assert_array_equal(label, pipeline.predict(sequences))


STEPS = {
    "histograms": [HistGradientBoostingClassifier(max_iter=3, min_samples_leaf=2)],
    "calibrated histograms": [
        CalibratedClassifierCV(
            HistGradientBoostingClassifier(max_iter=3, min_samples_leaf=2), cv=2
        )
    ],
    "forest": [RandomForestClassifier(3, random_state=0)],
    "boosting": [GradientBoostingClassifier(n_estimators=3, random_state=0)],
    "neighbours": [KNeighborsClassifier(3)],
    "kernels": [PCA(2), SVC()],
    "linear kernels": [LinearSVC(random_state=0)],
    "network": [MLPClassifier(8, solver="lbfgs", max_iter=500, random_state=0)],
    "nothing in between": ["passthrough", LogisticRegression()],
    "columns": [
        ColumnTransformer([("a", StandardScaler(), [0, 1])], remainder="passthrough"),
        LogisticRegression(),
    ],
    "voting": [
        VotingClassifier(
            [("a", LogisticRegression()), ("b", KNeighborsClassifier(3))],
            voting="soft",
            flatten_transform=False,
        )
    ],
    "search": [GridSearchCV(LogisticRegression(), {"C": [0.1, 1.0]}, cv=2)],
}


def behind(transformer, steps, sequences, target):
    """Return a pipeline of which only the steps behind the transformer are fitted."""
    rest = make_pipeline(*map(clone_step, steps))
    rest.fit(transformer.transform(sequences), target)
    return Pipeline([("embed", transformer), *rest.steps])


def clone_step(step):
    return step if isinstance(step, str) else clone(step)


@pytest.mark.filterwarnings("ignore:Attribute `prob._`:FutureWarning")  # skl2onnx's
@pytest.mark.parametrize("kind", STEPS)
def test_a_classifier_of_any_kind(kind, fitted_plain, session, sequences, labels):
    pipeline = behind(fitted_plain, STEPS[kind], sequences, labels)
    found, *_ = run(session(pipeline), sequences)
    assert_array_equal(found, pipeline.predict(sequences))


def test_a_regression_with_histograms(fitted_plain, session, sequences):
    target = np.arange(len(sequences)) % 5 + 1.0
    regressor = HistGradientBoostingRegressor(max_iter=3, min_samples_leaf=2)
    pipeline = behind(fitted_plain, [regressor], sequences, target)
    (found,) = run(session(pipeline), sequences)
    assert_allclose(found.ravel(), pipeline.predict(sequences), rtol=1e-5)


@pytest.mark.parametrize(
    ("step", "reason"),
    [
        (HistGradientBoostingRegressor(loss="poisson"), "the loss 'poisson'"),
        (DummyClassifier(), "shape calculator"),
        (FunctionTransformer(np.abs), "FunctionTransformer is not supported"),
    ],
)
def test_a_step_that_is_not_converted_is_named(
    step, reason, fitted_plain, sequences, tmp_path
):
    target = np.arange(len(sequences)) % 2
    steps = [StandardScaler(), step]
    pipeline = behind(fitted_plain, steps, sequences, target)
    name = pipeline.steps[-1][0]
    with pytest.raises(ValueError, match=f"can't convert the step '{name}'.*{reason}"):
        to_onnx(pipeline, tmp_path / "model.onnx")
    assert not (tmp_path / "model.onnx").exists()


def test_skl2onnx_knows_the_transformer_from_then_on(
    fitted, fitted_plain, classifier, sequences, tmp_path
):
    import skl2onnx
    from skl2onnx.common.data_types import DoubleTensorType, Int64TensorType

    to_onnx(classifier, tmp_path / "model.onnx")
    both = FeatureUnion([("a", fitted_plain), ("b", fitted("everything"))])
    types = [
        ("values", DoubleTensorType([None, 2])),
        ("lengths", Int64TensorType([None])),
    ]
    model = skl2onnx.convert_sklearn(both, initial_types=types, target_opset=18)
    (found,) = run(ort.InferenceSession(model.SerializeToString()), sequences)
    expected = both.transform(sequences)
    assert_allclose(found, expected, rtol=TOLERANCE, atol=TOLERANCE)


# What can not be written --------------------------------------------------------------


def test_a_scaler_that_does_more_than_shift_and_divide(
    plain_autoencoder, sequences, tmp_path
):
    path = tmp_path / "model.onnx"
    autoencoder = plain_autoencoder(epochs=1, scaler=PowerTransformer()).fit(sequences)
    for part in ("encoder", "decoder"):
        with pytest.raises(ValueError, match="PowerTransformer, which can't be"):
            to_onnx(autoencoder, path, part=part)
    pipeline = behind(autoencoder, [StandardScaler()], sequences, None)
    with pytest.raises(ValueError, match="PowerTransformer, which can't be"):
        to_onnx(pipeline, path)
    assert not path.exists()


@pytest.mark.parametrize(
    "estimator",
    [
        StandardScaler(),
        make_pipeline(FunctionTransformer(), StandardScaler()),
        StandardScaler,
    ],
)
def test_another_estimator(estimator, tmp_path):
    for part in ("encoder", "decoder"):
        with pytest.raises(TypeError, match="expected a LSTMAutoencoderTransformer"):
            to_onnx(estimator, tmp_path / "model.onnx", part=part)


def test_another_part(classifier, fitted_plain, tmp_path):
    with pytest.raises(TypeError, match="of which no decoder is written"):
        to_onnx(classifier, tmp_path / "model.onnx", part="decoder")
    with pytest.raises(ValueError, match="part is 'both'; expected one of encoder, de"):
        to_onnx(fitted_plain, tmp_path / "model.onnx", part="both")


def test_unfitted(plain_autoencoder, tmp_path):
    for part in ("encoder", "decoder"):
        with pytest.raises(NotFittedError):
            to_onnx(plain_autoencoder(), tmp_path / "model.onnx", part=part)
    with pytest.raises(NotFittedError):
        to_onnx(make_pipeline(plain_autoencoder()), tmp_path / "model.onnx")


@pytest.mark.parametrize("library", ["onnx", "skl2onnx"])
def test_a_library_that_is_not_installed(classifier, tmp_path, monkeypatch, library):
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(ImportError, match=f"install it with: pip install {library}"):
        to_onnx(classifier, tmp_path / "model.onnx")


# Other processes ----------------------------------------------------------------------

WRITE = """
import pickle, sys
from sklearn_seqae import to_onnx
folder = sys.argv[1]
with open(f"{folder}/pickle", "rb") as file:
    autoencoder = pickle.load(file)
to_onnx(autoencoder, f"{folder}/encoder.onnx")
to_onnx(autoencoder, f"{folder}/decoder.onnx", part="decoder")
"""
READ = """
import sys
import numpy as np
import onnxruntime
folder = sys.argv[1]
session = onnxruntime.InferenceSession(f"{folder}/encoder.onnx")
(Z,) = session.run(None, dict(np.load(f"{folder}/given.npz")))
np.save(f"{folder}/Z.npy", Z)
"""
FACTS = """
import json
modules = {"tensorflow", "keras", "sklearn", "sklearn_seqae", "onnx"} & set(sys.modules)
with open(f"{folder}/facts", "w") as file:
    json.dump(sorted(modules), file)
"""


@pytest.mark.slow
def test_neither_writing_nor_reading_needs_tensorflow(
    fitted_plain, sequences, tmp_path
):
    def modules_of(script):
        path = tmp_path / "script.py"
        path.write_text(script + FACTS)
        run_python(path, tmp_path)
        return json.loads((tmp_path / "facts").read_text())

    (tmp_path / "pickle").write_bytes(pickle.dumps(fitted_plain))
    assert modules_of(WRITE) == ["onnx", "sklearn", "sklearn_seqae"]
    np.savez(tmp_path / "given.npz", **given(sequences))
    assert modules_of(READ) == []
    found, expected = np.load(tmp_path / "Z.npy"), fitted_plain.transform(sequences)
    assert_allclose(found, expected, rtol=TOLERANCE, atol=TOLERANCE)
