"""The service in the examples, as a client meets it: over HTTP, on this machine."""

import http.client
import json
import socket
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose
from serving import PATIENCE, ask, code, serving

from sklearn_seqae import to_onnx

for library in ("msgspec", "onnx", "onnxruntime", "starlette", "uvicorn"):
    pytest.importorskip(library, reason="an option of ours")


@pytest.fixture(scope="module")
def service(fitted_plain, tmp_path_factory):
    path = tmp_path_factory.mktemp("service") / "encoder.onnx"
    to_onnx(fitted_plain, path)
    with serving(path) as running:
        yield running


@pytest.fixture
def port(service):
    return service.port


def as_json(X):
    """Return a request, with null where a value is missing."""
    sequences = [
        [[None if np.isnan(v) else v for v in step] for step in x.tolist()] for x in X
    ]
    return json.dumps({"sequences": sequences})


@pytest.fixture
def connection(port):
    made = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    yield made
    made.close()


def test_embeddings_are_those_of_transform(connection, fitted_plain, sequences):
    X = [x.copy() for x in sequences]
    X[0][1, 0] = np.nan
    status, answer = ask(connection, as_json(X))
    assert status == 200
    expected = fitted_plain.transform(X)
    assert_allclose(answer["embeddings"], expected, rtol=1e-5, atol=1e-5)


def test_it_says_what_it_takes(connection):
    connection.request("GET", "/")
    assert json.loads(connection.getresponse().read()) == {
        "time_step": {"numbers": [0, 1], "text": [], "times": None},
        "answer": ["embeddings"],
    }


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("{", "truncated"),
        ("{}", "missing required field `sequences`"),
        ('{"sequences": []}', "sequences is empty"),
        ('{"sequences": [[]]}', "sequence 0 has 0 time steps"),
        (
            '{"sequences": [[[1, 2]], [[1, 2], [3]]]}',
            "of length 2 - at `$.sequences[1][1]`",
        ),
        (
            '{"sequences": [[[1, 2]], [[null, null]]]}',
            "sequence 1 has no observed value",
        ),
        ('{"sequences": [[["a", 2]]]}', "Expected `float | null`, got `str`"),
        ('{"sequences": [[[NaN, 2]]]}', "invalid character"),
        ('{"sequences": [[[1e300, 2]]]}', "in_the_range_of_float32"),
        ('{"sequences": [[[1%s, 2]]]}' % (400 * "0"), "Number out of range"),
        ('{"sequences": %s' % (90_000 * "["), "Expected `float | null`, got `array`"),
        ('{"%s": 1}' % (10_000 * "a"), "Object contains unknown field"),
    ],
)
def test_bad_input_is_refused_with_a_message(connection, body, message):
    status, answer = ask(connection, body)
    assert status == 400
    assert message in answer["error"]
    assert len(answer["error"]) < 500  # it does not send the request back


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            as_json([np.zeros((60_000, 2)), np.zeros((40_001, 2))]),
            "has 100001 time steps",
        ),
        (as_json(1001 * [np.zeros((1, 2))]), "1001 sequences; send at most 1000"),
        (as_json([np.zeros((1, 200_001))]), "at most 100000 in one"),
        ('{"sequences": %s' % (2**20 * "[0],"), "1048575 sequences and time steps; se"),
    ],
)
def test_what_is_too_much_is_refused_with_a_message(connection, body, message):
    status, answer = ask(connection, body.replace(" ", ""))
    assert status == 413
    assert message in answer["error"]


def test_a_feature_that_is_never_observed(connection, fitted_plain, sequences):
    X = [x.copy() for x in sequences[:2]]
    X[0][:, 1] = np.nan
    status, answer = ask(connection, as_json(X))
    assert status == 200
    expected = fitted_plain.transform(X)
    assert_allclose(answer["embeddings"], expected, rtol=1e-5, atol=1e-5)


def test_the_same_to_the_bit_alone_and_beside_a_long_one(connection, rng):
    X = [rng.normal(size=(n, 2)) for n in (5000, *20 * [1], 7)]
    _, together = ask(connection, as_json(X))
    alone = [ask(connection, as_json([x]))[1]["embeddings"][0] for x in X]
    assert together["embeddings"] == alone


def test_a_compressed_request_is_refused(connection):
    headers = {"Content-Encoding": "gzip"}
    connection.request("POST", "/embeddings", b"", headers)
    answer = connection.getresponse()
    assert answer.status == 415
    assert "send plain JSON" in json.loads(answer.read())["error"]


def begin(port, n_bytes):
    """Announce a request, and return the connection once the service waits for it."""
    made = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
    made.sendall(
        b"POST /embeddings HTTP/1.1\r\nHost: here\r\nExpect: 100-continue\r\n"
        b"Content-Length: %d\r\n\r\n" % n_bytes
    )
    return made, made.recv(2**12).decode()


def test_a_request_that_says_that_it_is_too_large_need_not_be_sent(port):
    made, answer = begin(port, 10**19)
    made.close()
    assert "413" in answer.partition("\r\n")[0]


def test_large_requests_at_once_are_few_and_keep_no_short_one_waiting(port, connection):
    large = [begin(port, 2**20) for _ in range(code().MAX_LARGE)]
    assert {answer.split()[1] for _, answer in large} == {"100"}
    made, answer = begin(port, 2**20)
    made.close()
    assert answer.split()[1] == "503"
    assert "retry-after: 1" in answer.lower()
    assert ask(connection, as_json([np.zeros((3, 2))]))[0] == 200
    for made, _ in large:  # these clients go
        made.close()
    for _ in range(20 * PATIENCE):  # until the service has noticed
        made, answer = begin(port, 2**20)
        made.close()
        if answer.split()[1] == "100":
            return
        time.sleep(0.05)
    raise TimeoutError("large requests are refused for ever")


def test_a_client_that_goes_in_the_middle(port, connection):
    for n_bytes in (100, 2**20):
        made, _ = begin(port, n_bytes)
        made.sendall(b'{"sequences": [[[1, ')
        made.close()
    assert ask(connection, as_json([np.zeros((3, 2))]))[0] == 200


@pytest.mark.skipif(sys.platform != "linux", reason="reads the peak in /proc")
def test_what_is_refused_takes_no_memory(service, connection):
    """16 MB of lists would be 600 MB of objects, and more of embeddings."""

    def peak():
        lines = Path(f"/proc/{service.pid}/status").read_text().splitlines()
        return next(int(x.split()[1]) for x in lines if x.startswith("VmHWM")) / 1024

    before = peak()
    for part in ("[0,0],", "[[0,0]],", "[],"):
        body = '{"sequences":[' + part * ((2**24 - 20) // len(part))
        assert ask(connection, body)[0] == 413
    assert peak() - before < 100


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
