"""Scores of outliers from a file, beside those of the detector."""

import numpy as np
import pytest
from helpers import some_slow
from numpy.testing import assert_allclose, assert_array_equal
from onnx_input import everything, pages_alone, run, tensors
from sklearn.pipeline import make_pipeline

from sklearn_seqae import LSTMAutoencoderOutlierDetector, to_onnx

pytest.importorskip("onnxruntime", reason="an option of ours")

TOLERANCE = 1e-5


def with_gaps(sequences):
    """Missing values, a sequence without a feature, a dead one, a short one."""
    rng = np.random.default_rng(1)
    X = [np.where(rng.random(x.shape) < 0.2, np.nan, x) for x in sequences]
    for x in X:
        x[0, 1] = -300.0  # something is observed
    X[4][:, 0] = np.nan
    return [*X, np.repeat(sequences[0][:1], 9, axis=0), sequences[1][:1], X[2] + 400]


@pytest.fixture(scope="module")
def detector_of(plain_autoencoder):
    def fit(X, **parameters):
        estimator = plain_autoencoder(**({"epochs": 0} | parameters))
        return LSTMAutoencoderOutlierDetector(estimator, random_state=0).fit(X)

    return fit


def of_numbers(X):
    return {"values": np.concatenate(X), "lengths": np.array([len(x) for x in X])}


def check(detector, session, X, given):
    """Compare a file with the detector, for all sequences together and one by one."""
    scores, model = detector.score_samples(X), session(detector)
    found = run(model, given)
    assert found["label"].dtype == np.int64
    assert_array_equal(found["label"], detector.predict(X))
    assert_allclose(found["score_samples"], scores, rtol=TOLERANCE, atol=TOLERANCE)
    decision = detector.decision_function(X)
    assert_allclose(found["scores"], decision, rtol=TOLERANCE, atol=TOLERANCE)
    stops = np.cumsum(given["lengths"])
    for i, (n, stop) in enumerate(zip(given["lengths"], stops, strict=True)):
        own = {name: tensor[stop - n : stop] for name, tensor in given.items()}
        alone = run(model, own | {"lengths": np.array([n])})["score_samples"]
        assert_allclose(alone, scores[i : i + 1], rtol=TOLERANCE, atol=TOLERANCE)


KINDS = {
    "plain": {},
    "units": {
        "n_components": 8,
        "exact_components": ["instance_norm", "length"],
        "encoder_inputs": ["differences"],
        "patch_size": 3,
        "decoder": "unfold",
    },
    "no learning": {"n_components": 32, "exact_components": "auto", "scaler": "robust"},
}


@pytest.mark.parametrize("kind", some_slow(KINDS, {"no learning"}))
def test_scores_are_those_of_the_detector(detector_of, sequences, session, kind):
    detector = detector_of(sequences, **KINDS[kind])
    X = with_gaps(sequences)
    check(detector, session, X, of_numbers(X))


@pytest.mark.parametrize(
    ("kind", "parameters"),
    [
        (everything, {"categorical_features": ["page", "floor"], "n_components": 12}),
        (pages_alone, {"exact_components": ["ngrams", "length"], "n_components": 300}),
    ],
)
def test_scores_of_events(detector_of, log, session, kind, parameters):
    """Categories, their order, and none that are known."""
    X = kind(log)
    detector = detector_of(X, patch_size=2, **parameters)
    check(detector, session, X, tensors(X))
    changed = log.assign(page=log["page"].where(log.index % 3 > 0, "new"))
    X = kind(changed)
    check(detector, session, X, tensors(X))


def test_contamination_moves_scores_and_labels(plain_autoencoder, sequences, session):
    detector = LSTMAutoencoderOutlierDetector(
        plain_autoencoder(epochs=0), contamination=0.3, random_state=0
    ).fit(sequences)
    found = run(session(detector), of_numbers(sequences))
    assert 0 < np.mean(found["label"] == -1) < 0.5
    assert_array_equal(found["label"], detector.predict(sequences))
    difference = found["score_samples"] - found["scores"]
    assert_allclose(difference, detector.offset_, rtol=TOLERANCE)


def test_the_file_names_what_it_takes_and_gives(detector_of, sequences, session):
    model = session(detector_of(sequences))
    assert {i.name: (i.type, i.shape) for i in model.get_inputs()} == {
        "values": ("tensor(double)", ["n_timesteps", 2]),
        "lengths": ("tensor(int64)", ["n_samples"]),
    }
    assert {o.name: (o.type, o.shape) for o in model.get_outputs()} == {
        "label": ("tensor(int64)", ["n_samples"]),
        "scores": ("tensor(float)", ["n_samples"]),
        "score_samples": ("tensor(float)", ["n_samples"]),
    }
    assert model.get_modelmeta().custom_metadata_map == {"values": "[0, 1]"}


def test_what_is_refused(detector_of, sequences, session):
    """What the detector refuses, whichever output is asked for."""
    detector = detector_of(
        sequences, decoder="reshape", n_components=17, activation="relu"
    )
    model = session(detector)
    for X, message in [
        ([np.full((5, 2), np.nan)], "every_sequence_has_an_observed_value"),
        ([np.full((5, 2), np.inf)], "every_value_is_finite_or_NaN"),
        ([np.zeros((17, 2))], "every_sequence_has_at_most_16_time_steps"),
        ([np.full((16, 2), 1e37)], "every_embedding_and_error_is_in_the_range"),
        ([np.zeros((0, 2))], "every_length_is_at_least_1"),
    ]:
        beside = of_numbers([sequences[0], *X])
        for name in ("label", "scores", "score_samples"):
            with pytest.raises(Exception, match=message):
                model.run([name], beside)
        with pytest.raises(ValueError, match=r"sequence 1 |finite|infinity"):
            detector.score_samples([sequences[0], *X])


def test_a_detector_has_no_decoder_and_is_no_part(detector_of, sequences, tmp_path):
    path, detector = tmp_path / "model.onnx", detector_of(sequences)
    with pytest.raises(TypeError, match="of which no decoder is written"):
        to_onnx(detector, path, part="decoder")
    with pytest.raises(TypeError, match="of which no encoder is written"):
        to_onnx(make_pipeline(detector), path)
    assert not path.exists()
