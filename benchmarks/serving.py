"""``python -m benchmarks.serving``: the example service, beside one with TensorFlow.

Both run the code of ``examples/service``; one has an ONNX file, the other the estimator
after `warm_up`. Clients in threads of this process send single sequences over HTTP on
this machine. Written to a file that the page "In production" includes.
"""

import http.client
import json
import pickle
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

# What only the parent needs is imported in its functions, as in without_tensorflow.

ROUNDS = 3
N_CLIENTS = 8
N_REQUESTS = 100  # of each client
LONGEST = 100  # time steps
N_FEATURES = 12
PATIENCE = 120  # seconds until a service answers


def main() -> None:
    import pandas as pd

    from benchmarks._page import write_tables
    from sklearn_seqae import LSTMAutoencoderTransformer, to_onnx
    from sklearn_seqae.datasets import load_japanese_vowels

    rounds: dict[str, list[dict[str, float]]] = {"estimator": [], "onnxruntime": []}
    with TemporaryDirectory() as name:
        folder = Path(name)
        estimator = LSTMAutoencoderTransformer(epochs=1, random_state=0)
        estimator.fit(load_japanese_vowels().X_train)
        (folder / "estimator").write_bytes(pickle.dumps(estimator))
        to_onnx(estimator, folder / "onnxruntime")
        for _ in range(ROUNDS):
            for kind, of_kind in rounds.items():
                of_kind.append(_round(kind, folder / kind))
                print(kind, of_kind[-1], file=sys.stderr, flush=True)
    table = pd.DataFrame({kind: pd.DataFrame(r).median() for kind, r in rounds.items()})
    cells = table.map("{:,.3g}".format).rename_axis("").reset_index()
    title = "The service in examples/service"
    write_tables("serving_table.txt", {title: cells}, _head())


def _head() -> str:
    from benchmarks import _machine

    return (
        f"{_machine.measured_with('benchmarks.serving')}: medians of {ROUNDS} services "
        f"of each kind, in turns. The clients take a share of the cores. {N_CLIENTS} "
        f"clients send {N_REQUESTS} sequences each, one a request, of 1 to {LONGEST} "
        f"time steps and {N_FEATURES} features."
    )


def _round(kind: str, path: Path) -> dict[str, float]:
    """Start a service; measure its first answer, and those under load."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    started = time.perf_counter()
    command = [sys.executable, "-m", "benchmarks.serving", kind, str(path), str(port)]
    with subprocess.Popen(command) as process:
        try:
            _wait_for(port)
            _client(port, 0, 1)
            first = time.perf_counter() - started
            before = time.perf_counter()
            with ThreadPoolExecutor(N_CLIENTS) as pool:
                jobs = [
                    pool.submit(_client, port, seed, N_REQUESTS)
                    for seed in range(N_CLIENTS)
                ]
                seconds = np.concatenate([job.result() for job in jobs])
            total = time.perf_counter() - before
        finally:
            process.terminate()
    return {
        "seconds to the first answer": first,
        "answers a second": len(seconds) / total,
        "ms an answer, median": 1e3 * float(np.median(seconds)),
        "ms an answer, 99 of 100": 1e3 * float(np.quantile(seconds, 0.99)),
    }


def _wait_for(port: int) -> None:
    for _ in range(100 * PATIENCE):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except ConnectionRefusedError:
            time.sleep(0.01)
    raise TimeoutError("the service does not answer")


def _client(port: int, seed: int, n: int) -> list[float]:
    """Send requests one after the other; return the seconds of each."""
    rng = np.random.default_rng(seed)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    seconds = []
    for length in rng.integers(1, LONGEST + 1, size=n):
        x = rng.normal(size=(length, N_FEATURES)).tolist()
        body = json.dumps({"sequences": [x]})
        before = time.perf_counter()
        connection.request("POST", "/embeddings", body)
        answer = connection.getresponse()
        content = answer.read()
        seconds.append(time.perf_counter() - before)
        if answer.status != 200:
            raise RuntimeError(f"the service answers {content!r}")
    connection.close()
    return seconds


# In the process -----------------------------------------------------------------------


def serve(kind: str, path: str, port: int) -> None:
    import uvicorn

    sys.path.insert(0, str(Path(__file__).parents[1] / "examples" / "service"))
    service: Any = __import__("service")
    if kind == "onnxruntime":
        app = service.from_file(path)
    else:
        estimator = pickle.loads(Path(path).read_bytes()).warm_up(LONGEST)
        steps = service.Steps(range(N_FEATURES))
        app = service.make_app(lambda X: [estimator.transform(X)], steps)
    uvicorn.run(app, port=port, log_level="warning")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        serve(sys.argv[1], sys.argv[2], int(sys.argv[3]))
    else:
        main()
