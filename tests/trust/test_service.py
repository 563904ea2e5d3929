"""1,000 odd requests to the service of each kind of file: none harms it."""

import http.client
import json
import random
import re
import socket
from collections import Counter
from contextlib import closing

import numpy as np
import psutil
import pytest
from helpers import page_log
from serving import PATIENCE, serving
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from sklearn_seqae import LSTMAutoencoderOutlierDetector, to_onnx

for library in ("msgspec", "onnx", "onnxruntime", "starlette", "uvicorn"):
    pytest.importorskip(library, reason="an option of ours")

N_REQUESTS = 1_000
REFUSALS = {400, 404, 405, 413, 415}
SMALL = 2**14  # bytes that are sent before an answer can close the connection
GROWTH = 64  # MB that the memory may grow
VALUES = [
    *(b"null true 1e999 -1e308 1e-400 -0.0 NaN Infinity 9223372036854775808").split(),
    *(b'"x" "" "\\ud800" "\\u0000" [] {} [[]] 0x10 .5 1_000 \x00 \xff').split(b" "),
    b"9" * 400,
    b"[" * 2_000,
]
BODIES = [
    *(b"", b"{}", b"[]", b"null", b'{"sequences": 3}', b'{"sequences": [[]]}'),
    b'{"sequences": [[[null, null]]]}',
    b'{"sequences": ' + b"[" * 10**5,
    b'{"sequences": [[' + b"[1, 2]," * 120_000 + b"[1, 2]]]}",
    b'{"sequences": [' + b"[[1, 2]]," * 1_200 + b"[[1, 2]]]}",
]


def flipped(body, chance):
    found = bytearray(body)
    for _ in range(chance.randint(1, 8)):
        found[chance.randrange(len(found))] = chance.randrange(256)
    return bytes(found)


def cut(body, chance):
    start, stop = sorted(chance.sample(range(len(body)), 2))
    return body[:start] + body[start:stop] * chance.choice([0, 2, 50])


def with_odd_value(body, chance):
    value = chance.choice([*re.finditer(rb"-?\d[\d.e+-]*", body)])
    return body[: value.start()] + chance.choice(VALUES) + body[value.end() :]


def whole(body, chance):
    return chance.choice(BODIES)


def odd_request(path, body, chance):
    """A method, path, body and headers; most are those of a healthy request but one."""
    change = chance.choice([flipped, cut, with_odd_value, whole])
    body = change(body, chance)
    if len(body) > SMALL:
        return "POST", path, body, {}
    method = chance.choices(["POST", "GET", "DELETE"], [20, 1, 1])[0]
    path = chance.choices([path, "/", "/%00", "/x?a=1"], [20, 1, 1, 1])[0]
    coding = chance.choices(["identity", "gzip"], [20, 1])[0]
    return method, path, body, {"Content-Encoding": coding}


def answer(port, method, path, body, headers):
    """The status and the content of what a connection of its own is answered."""
    with closing(http.client.HTTPConnection("127.0.0.1", port, PATIENCE)) as client:
        client.request(method, path, body, headers)
        found = client.getresponse()
        return found.status, found.read()


def leave(port, path, body, chance):
    """A client that is gone before its request has arrived."""
    with socket.create_connection(("127.0.0.1", port)) as client:
        head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}"
        client.sendall(
            head.encode() + b"\r\n\r\n" + body[: chance.randrange(len(body))]
        )


@pytest.fixture(params=["transformer", "detector", "pipeline of events"])
def kind(request):
    return request.param


@pytest.fixture
def file(kind, plain_autoencoder, rng, tmp_path):
    """A file, the path that answers, and the sequences of a healthy request."""
    X = [rng.normal(size=(n, 2)) for n in (2, 5, 8, 3, 4, 6)]
    sent, autoencoder, path = [x.tolist() for x in X], plain_autoencoder(epochs=1), ""
    if kind == "transformer":
        model, path = autoencoder.fit(X), "/embeddings"
    elif kind == "detector":
        model = LSTMAutoencoderOutlierDetector(autoencoder).fit(X)
    else:
        log = page_log()
        log.index = log.index.set_levels(log.index.levels[1] ** 2 + 0.5, level=1)
        model = make_pipeline(autoencoder, LogisticRegression())
        model.fit(log, np.arange(20) % 2)
        rows = log.reset_index("time")[["x", "page", "time"]]
        sent = [g.to_numpy().tolist() for _, g in rows.groupby(level="id")][:4]
    to_onnx(model, tmp_path / "file.onnx")
    return tmp_path / "file.onnx", path or "/predictions", sent


def test_odd_requests_are_answered_and_harm_nothing(kind, file, report):
    file, path, sequences = file
    healthy = json.dumps({"sequences": sequences}).encode()
    chance, counts = random.Random(0), Counter()
    with serving(file) as running:
        port, memory = running.port, psutil.Process(running.pid).memory_info
        before = answer(port, "POST", path, healthy, {})
        assert before[0] == 200, before
        names, resident = json.loads(before[1]).keys(), memory().rss
        for _ in range(N_REQUESTS):
            if chance.random() < 0.05:
                leave(port, path, healthy, chance)
                continue
            status, content = answer(port, *odd_request(path, healthy, chance))
            counts[status] += 1
            if status == 200 and (found := json.loads(content)).keys() == names:
                assert all(np.isfinite(each).all() for each in found.values())
        assert answer(port, "POST", path, healthy, {}) == before
        grown = (memory().rss - resident) / 2**20
    assert counts.keys() <= REFUSALS | {200}
    assert counts[200] < counts.total() / 2
    assert grown < GROWTH
    report(f"odd requests to the service of a {kind}, by status", dict(counts))
    report(f"memory of the service of a {kind} after them, MB more", f"{grown:.0f}")
