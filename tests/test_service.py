"""The service in the examples, as a client meets it: over HTTP, on this machine."""

import http.client
import json
import runpy
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

from sklearn_seqae import to_onnx

for library in ("msgspec", "onnx", "onnxruntime", "starlette", "uvicorn"):
    pytest.importorskip(library, reason="an option of ours")

SERVICE = Path(__file__).parents[1] / "examples" / "service" / "service.py"
PATIENCE = 60  # seconds until it answers


@pytest.fixture(scope="module")
def port(fitted_plain, tmp_path_factory):
    """The port of a running service."""
    path = tmp_path_factory.mktemp("service") / "encoder.onnx"
    to_onnx(fitted_plain, path)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-W", "error", SERVICE, path, f"--port={port}"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            wait_for(port, process)
            yield port
        finally:
            process.terminate()
            _, said = process.communicate(timeout=PATIENCE)
    assert said == ""


def wait_for(port, process):
    for _ in range(20 * PATIENCE):
        assert process.poll() is None, process.stderr.read()
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except ConnectionRefusedError:
            time.sleep(0.05)
    raise TimeoutError("the service does not answer")


def ask(connection, body):
    connection.request("POST", "/embeddings", body)
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read())


def test_a_file_of_events_is_refused(tmp_path):
    from sklearn_seqae._onnx.graph import Graph

    graph, path = Graph(), tmp_path / "events.onnx"
    for name, dtype in {"values": float, "categories": object, "lengths": int}.items():
        tensor = graph.input(name, dtype, ["n_samples"])
    graph.output(tensor, "embedding", ["n_samples"])
    path.write_bytes(graph.model("encoder", "").SerializeToString())
    message = "events.onnx reads values, categories, lengths; expected values and leng"
    with pytest.raises(ValueError, match=message):
        runpy.run_path(str(SERVICE))["from_file"](path)


@pytest.fixture
def connection(port):
    made = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    yield made
    made.close()


def as_json(X):
    """Return a request, with null where a value is missing."""
    sequences = [
        [[None if np.isnan(v) else v for v in step] for step in x.tolist()] for x in X
    ]
    return json.dumps({"sequences": sequences})


def test_embeddings_are_those_of_transform(connection, fitted_plain, sequences):
    X = [x.copy() for x in sequences]
    X[0][1, 0] = np.nan
    status, answer = ask(connection, as_json(X))
    assert status == 200
    expected = fitted_plain.transform(X)
    assert_allclose(answer["embeddings"], expected, rtol=1e-5, atol=1e-5)


def test_it_says_what_it_takes(connection):
    connection.request("GET", "/")
    assert json.loads(connection.getresponse().read()) == {"n_features": 2}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("{", "truncated"),
        ("{}", "missing required field `sequences`"),
        ('{"sequences": []}', "sequences is empty"),
        ('{"sequences": [[]]}', "sequence 0 has 0 time steps"),
        ('{"sequences": [[[1, 2]], [[1, 2], [3]]]}', "1 features at time step 1"),
        ('{"sequences": [[["a", 2]]]}', "Expected `float | null`, got `str`"),
        ('{"sequences": [[[NaN, 2]]]}', "invalid character"),
        ('{"sequences": [[[1e300, 2]]]}', "in_the_range_of_float32"),
    ],
)
def test_bad_input_is_refused_with_a_message(connection, body, message):
    status, answer = ask(connection, body)
    assert status == 400
    assert message in answer["error"]


def test_a_large_request_is_refused(port):
    """While it is sent: so the client may see the answer, or a closed connection."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        status, answer = ask(connection, b" " * (2**24 + 1))
    except (BrokenPipeError, ConnectionResetError):
        return
    finally:
        connection.close()
    assert status == 413
    assert "bytes" in answer["error"]


def test_many_clients_at_once_each_get_their_own(port, fitted_plain, sequences):
    """Among them one whose sequences can't be embedded; no other suffers from it."""
    expected = fitted_plain.transform(sequences)

    def client(number):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        answers = []
        for n in range(20):
            i = (number + n) % len(sequences)
            X = [np.full((2, 2), 1e300)] if number == 0 else [sequences[i]]
            answers.append((i, *ask(connection, as_json(X))))
        connection.close()
        return answers

    with ThreadPoolExecutor(8) as pool:
        guilty, *others = pool.map(client, range(8))
    assert {status for _, status, _ in guilty} == {400}
    for i, status, answer in (a for answers in others for a in answers):
        assert status == 200
        assert_allclose(answer["embeddings"], expected[[i]], rtol=1e-5, atol=1e-5)
