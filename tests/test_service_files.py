"""What the service makes of a file: pipelines, events, detectors, what it refuses."""

import http.client
import json

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from serving import PATIENCE, ask, code, serving
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from sklearn_seqae import LSTMAutoencoderOutlierDetector, to_onnx, to_sequences

for library in ("msgspec", "onnx", "onnxruntime", "skl2onnx", "starlette", "uvicorn"):
    pytest.importorskip(library, reason="an option of ours")

COLUMNS = ["amount", "page", "when"]


@pytest.fixture(scope="module")
def log():
    """A table of dates, pages and amounts, with gaps."""
    rng = np.random.default_rng(0)
    session = np.repeat(np.arange(12), rng.integers(2, 9, size=12))
    n = len(session)
    frame = pd.DataFrame(
        {
            "session": session,
            "when": np.datetime64("2024-03-01", "us")
            + rng.integers(0, 10**6, n).cumsum().astype("m8[s]"),
            "page": rng.choice(["home", "søk, pay"], n).astype(object),
            "amount": rng.normal(size=n),
        }
    )
    frame.loc[rng.random(n) < 0.2, "page"] = None
    frame.loc[rng.random(n) < 0.2, "amount"] = np.nan
    frame.loc[frame["session"].diff() != 0, "amount"] = 1.0
    return frame


@pytest.fixture(scope="module")
def pipeline(plain_autoencoder, log):
    X = to_sequences(log, by="session", order="when")
    embed = plain_autoencoder(epochs=1, categorical_features=["page"], n_components=8)
    return make_pipeline(embed, LogisticRegression()).fit(X, np.arange(12) % 2)


@pytest.fixture(scope="module")
def connection(pipeline, tmp_path_factory):
    path = tmp_path_factory.mktemp("service") / "pipeline.onnx"
    to_onnx(pipeline, path)
    with serving(path) as running:
        made = http.client.HTTPConnection("127.0.0.1", running.port, timeout=PATIENCE)
        yield made
        made.close()


@pytest.fixture(scope="module")
def detector(plain_autoencoder, log):
    X = to_sequences(log, by="session", order="when")
    embed = plain_autoencoder(
        epochs=0,
        categorical_features=["page"],
        n_components=10,
        decoder="reshape",
        patch_size=1,
    )
    return LSTMAutoencoderOutlierDetector(embed, random_state=0).fit(X)


@pytest.fixture(scope="module")
def scoring(detector, tmp_path_factory):
    path = tmp_path_factory.mktemp("service") / "detector.onnx"
    to_onnx(detector, path)
    with serving(path) as running:
        made = http.client.HTTPConnection("127.0.0.1", running.port, timeout=PATIENCE)
        yield made
        made.close()


def as_json(log, **changes):
    when = log["when"].astype("datetime64[us]").astype("int64")
    table = log.assign(when=when)[["session", *COLUMNS]].astype(object)
    table = table.assign(**changes).where(lambda x: x.notna(), None)
    sequences = [x[COLUMNS].to_numpy().tolist() for _, x in table.groupby("session")]
    return json.dumps({"sequences": sequences})


def test_predictions_of_events_are_those_of_the_pipeline(connection, pipeline, log):
    X = to_sequences(log, by="session", order="when")
    status, answer = ask(connection, as_json(log), "/predictions")
    assert status == 200
    assert answer["label"] == pipeline.predict(X).tolist()
    assert_allclose(answer["probabilities"], pipeline.predict_proba(X), atol=1e-5)


def test_it_says_what_it_takes(connection):
    connection.request("GET", "/")
    assert json.loads(connection.getresponse().read()) == {
        "time_step": {
            "numbers": ["amount"],
            "text": ["page"],
            "times": {"name": "when", "dtype": "datetime64[us]", "time_zone": None},
        },
        "answer": ["label", "probabilities"],
    }


@pytest.mark.parametrize(
    ("step", "message"),
    [
        ([1.0, 2, 0], "Expected `str | null`, got `int` - at `$.sequences[0][0][1]`"),
        ([1.0, "home"], "Expected `array` of length 3 - at `$.sequences[0][0]`"),
        ([1.0, "home", None], "Expected `int`, got `null`"),
        ([1.0, "home", 0.5], "Expected `int`, got `float`"),
        ([1.0, "home", 2**63], "Expected `int`"),
        ([1.0, "home", -(2**63)], "every_time_is_finite"),
        ([None, None, 0], "sequence 0 has no observed value, only null; leave it out"),
        ([None, "", 0], "every_sequence_has_an_observed_value"),
    ],
)
def test_bad_input_is_refused_with_a_message(connection, step, message):
    body = json.dumps({"sequences": [[step]]})
    status, answer = ask(connection, body, "/predictions")
    assert status == 400
    assert message in answer["error"]


def test_scores_of_sessions_are_those_of_the_detector(scoring, detector, log):
    X = to_sequences(log, by="session", order="when")
    status, answer = ask(scoring, as_json(log), "/predictions")
    assert status == 200
    assert [*answer] == ["label", "scores", "score_samples"]
    assert answer["label"] == detector.predict(X).tolist()
    assert_allclose(answer["scores"], detector.decision_function(X), atol=1e-5)
    assert_allclose(answer["score_samples"], detector.score_samples(X), atol=1e-5)


@pytest.mark.parametrize(
    ("sequence", "message"),
    [
        ([[1.0, "home", 0]] * 17, "every_sequence_has_at_most_8_time_steps"),
        ([[None, "", 0]], "every_sequence_has_an_observed_value"),
        ([[1.0, "home", 5], [1.0, "home", 4]], "times_of_a_sequence_do_not_fall"),
        ([[1e300, "home", 0]], "every_scaled_value_is_in_the_range_of_float32"),
        ([], "sequence 0 has 0 time steps"),
    ],
)
def test_odd_sessions_are_not_scored_and_harm_none(scoring, log, sequence, message):
    before = ask(scoring, as_json(log), "/predictions")
    body = json.dumps({"sequences": [sequence]})
    status, answer = ask(scoring, body, "/predictions")
    assert status == 400
    assert message in answer["error"]
    assert ask(scoring, as_json(log), "/predictions") == before


def test_a_text_is_taken_as_a_whole(connection, log):
    """Beyond a zero, which ends a text in C."""
    bodies = [as_json(log[:9], page=page) for page in ("home", "home\0", "new")]
    first, second, third = (ask(connection, body, "/predictions") for body in bodies)
    assert first != second
    assert second == third


@pytest.mark.parametrize("part", ["decoder", "encoder without a note"])
def test_other_files_are_refused_at_the_start(fitted_plain, tmp_path, part):
    import onnx

    path = tmp_path / "other.onnx"
    to_onnx(fitted_plain, path, part=part.partition(" ")[0])
    if part != "decoder":
        model = onnx.load(path)
        del model.metadata_props[:]
        onnx.save(model, path)
    with pytest.raises(ValueError, match=r"other\.onnx reads .*; expected what to"):
        code().from_file(path)
