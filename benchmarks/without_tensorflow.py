"""``python -m benchmarks.without_tensorflow``: an ONNX file beside the estimator.

Seconds from the start of a process to its first embedding, single sequences of all
lengths in turn, and 1,000 sequences in calls of 100 of about one length; the size of
each file, and the largest difference between the embeddings. Written to a file that the
page "In production" includes.
"""

import pickle
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

# What only the parent needs is imported in its functions: the imports of this module
# count as part of the start of each process.

ROUNDS = 3
N_SEQUENCES = 1000
N_SINGLE = 300
PER_CALL = 100
LONGEST = 100  # time steps
N_FEATURES = 12
Sequences = list[NDArray[np.float64]]
Embed = Callable[[Sequences], NDArray[Any]]


def main() -> None:
    import pandas as pd

    from benchmarks._page import write_tables
    from benchmarks._worker import start
    from sklearn_seqae import LSTMAutoencoderTransformer, to_onnx
    from sklearn_seqae.datasets import load_japanese_vowels

    columns = {}
    with TemporaryDirectory() as name:
        folder = Path(name)
        estimator = LSTMAutoencoderTransformer(epochs=1, random_state=0)
        estimator.fit(load_japanese_vowels().X_train)
        (folder / "estimator").write_bytes(pickle.dumps(estimator))
        to_onnx(estimator, folder / "onnxruntime")
        rounds: dict[str, list[dict[str, float]]] = {"estimator": [], "onnxruntime": []}
        for _ in range(ROUNDS):
            for kind, of_kind in rounds.items():
                job = "benchmarks.without_tensorflow:answers"
                with start(job, {"kind": kind, "folder": name}) as round_:
                    measured = round_()
                del measured["seconds"]
                first = {"seconds to the first embedding": measured.pop("process")}
                of_kind.append({**first, **measured})
                print(kind, of_kind[-1], file=sys.stderr, flush=True)
        for kind, of_kind in rounds.items():
            columns[kind] = pd.DataFrame(of_kind).median()
            columns[kind]["kB of the file"] = (folder / kind).stat().st_size / 1000
        Z = [np.load(folder / f"{kind}.npy") for kind in rounds]
    difference = float(np.abs(Z[0] - Z[1]).max())
    table = pd.DataFrame(columns).map(_figure)
    table = table.rename_axis("").reset_index()
    title = "The first embedding of a process, and those afterwards"
    write_tables("without_tensorflow_table.txt", {title: table}, _head(difference))


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.2g}"


def _head(difference: float) -> str:
    from benchmarks import _machine

    return (
        f"{_machine.measured_with('benchmarks.without_tensorflow')}: medians of "
        f"{ROUNDS} processes of each kind, in turns. Defaults, fitted to Japanese "
        f"Vowels; {N_SEQUENCES:,} sequences of 1 to {LONGEST} time steps and "
        f"{N_FEATURES} features. The embeddings differ by {difference:.1e} at most."
    )


# In the process -----------------------------------------------------------------------


def answers(kind: str, folder: str) -> Callable[[], dict[str, float]]:
    """Load a file and embed a sequence, which is timed, then others."""

    def round_() -> dict[str, float]:
        started = time.perf_counter()
        embed = _KINDS[kind](Path(folder) / kind)
        rng = np.random.default_rng(0)
        embed([rng.normal(size=(20, N_FEATURES))])
        first = time.perf_counter() - started
        lengths = np.sort(rng.integers(1, LONGEST + 1, size=N_SEQUENCES))
        X = [rng.normal(size=(n, N_FEATURES)) for n in lengths]
        calls = [X[n : n + PER_CALL] for n in range(0, len(X), PER_CALL)]
        Z = np.concatenate([embed(call) for call in calls])  # what compiles does so
        np.save(Path(folder) / f"{kind}.npy", Z)
        milliseconds = []
        for n in rng.permutation(N_SEQUENCES)[:N_SINGLE]:
            before = time.perf_counter()
            embed([X[n]])
            milliseconds.append(1e3 * (time.perf_counter() - before))
        before = time.perf_counter()
        for call in calls:
            embed(call)
        return {
            "seconds": first,
            "ms a sequence, median": float(np.median(milliseconds)),
            "ms a sequence, 99 of 100": float(np.quantile(milliseconds, 0.99)),
            f"sequences a second, {PER_CALL} a call": N_SEQUENCES
            / (time.perf_counter() - before),
        }

    return round_


def _estimator(path: Path) -> Embed:
    embed: Embed = pickle.loads(path.read_bytes()).transform
    return embed


def _onnxruntime(path: Path) -> Embed:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(path, options)

    def embed(X: Sequences) -> NDArray[Any]:
        lengths = np.array([len(x) for x in X])
        given = {"values": np.concatenate(X), "lengths": lengths}
        embedding: NDArray[Any] = session.run(None, given)[0]
        return embedding

    return embed


_KINDS = {"estimator": _estimator, "onnxruntime": _onnxruntime}

if __name__ == "__main__":
    main()
