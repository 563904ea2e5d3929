"""``python -m benchmarks.service``: answers of a process, for the page "In production".

Seconds from the start of a process to its first embedding, of an estimator loaded from
a file, beside a pipeline of NumPy and scikit-learn on the same sequences. Then the time
of single sequences of all lengths in turn, with and without `warm_up`. And the seconds
of a grid search in one process and in two. Written to a file that the page includes.
"""

import pickle
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.decomposition import PCA
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks import _machine
from benchmarks._page import write_tables
from benchmarks._worker import start
from sklearn_seqae.datasets import load_japanese_vowels

ROUNDS = 3
N_CALLS = 300
LONGEST = 100  # time steps of the sequences in single calls
Sequences = list[NDArray[np.float64]]


class Padded(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Sequences padded with zeros, or cut, to one length, as rows of a matrix."""

    def __init__(self, n_timesteps: int = 29) -> None:
        self.n_timesteps = n_timesteps

    def fit(self, X: Sequences, y: Any = None) -> "Padded":
        return self

    def transform(self, X: Sequences) -> NDArray[np.float64]:
        rows = np.zeros((len(X), self.n_timesteps, X[0].shape[1]))
        for row, x in zip(rows, X, strict=True):
            row[: len(x)] = x[: self.n_timesteps]
        return rows.reshape(len(X), -1)


def main() -> None:
    train = load_japanese_vowels().X_train
    with TemporaryDirectory() as folder:
        answers = {}
        for name, estimator in _contestants().items():
            path = Path(folder) / "fitted.pkl"
            path.write_bytes(pickle.dumps(estimator.fit(train)))
            for warm in (False, True):
                if warm and not hasattr(estimator, "warm_up"):
                    continue
                column = f"{name}, after warm_up" if warm else name
                answers[column] = _median_of(
                    "benchmarks.service:answers", path=str(path), warm=warm
                )
    searches = {
        f"n_jobs={n}": _median_of("benchmarks.service:search", n_jobs=n) for n in (1, 2)
    }
    tables = {
        "To the first embedding of a process, and a sequence afterwards": pd.DataFrame(
            answers
        ),
        "Grid search over 4 settings, 3 folds": pd.DataFrame(searches),
    }
    cells = {
        title: table.map("{:.2f}".format).rename_axis("").reset_index()
        for title, table in tables.items()
    }
    write_tables("service_tables.txt", cells, _measured_on())


def _contestants() -> dict[str, Any]:
    from benchmarks.service import Padded  # not of __main__, for other processes
    from sklearn_seqae import LSTMAutoencoderTransformer

    return {
        "ours": LSTMAutoencoderTransformer(epochs=1, random_state=0),
        "padding, scaler and PCA": make_pipeline(Padded(), StandardScaler(), PCA(32)),
    }


def _median_of(job: str, **parameters: Any) -> dict[str, float]:
    rounds = []
    for _ in range(ROUNDS):
        with start(job, parameters) as round_:
            measured = round_()
        del measured["seconds"]
        rounds.append({"seconds from the start": measured.pop("process"), **measured})
        print(job, parameters, measured, file=sys.stderr, flush=True)
    return {str(k): float(v) for k, v in pd.DataFrame(rounds).median().items()}


def _measured_on() -> str:
    return (
        f"{_machine.measured_with('benchmarks.service')}: medians of {ROUNDS} "
        f"processes. Defaults, fitted to Japanese Vowels; {N_CALLS} single "
        f"sequences of 1 to {LONGEST} time steps. The search is over layers of 16 and "
        "32 units and two learning rates, 10 epochs each."
    )


# In the process -----------------------------------------------------------------------


def answers(path: str, warm: bool) -> Callable[[], dict[str, float]]:
    """Load an estimator, embed a sequence; this is timed; then others one by one."""

    def round_() -> dict[str, float]:
        started = time.perf_counter()
        estimator = pickle.loads(Path(path).read_bytes())
        if warm:
            estimator.warm_up(LONGEST)
        rng = np.random.default_rng(0)
        n_features = 12
        estimator.transform([rng.normal(size=(20, n_features))])
        first = time.perf_counter() - started
        milliseconds = []
        for n in rng.integers(1, LONGEST + 1, size=N_CALLS):
            x = [rng.normal(size=(n, n_features))]
            before = time.perf_counter()
            estimator.transform(x)
            milliseconds.append(1e3 * (time.perf_counter() - before))
        return {
            "seconds": first,
            "ms a sequence, median": float(np.median(milliseconds)),
            "ms a sequence, slowest": float(np.max(milliseconds)),
        }

    return round_


def search(n_jobs: int) -> Callable[[], dict[str, float]]:
    """Search a small grid."""

    def round_() -> dict[str, float]:
        started = time.perf_counter()
        from sklearn.model_selection import GridSearchCV

        from sklearn_seqae import LSTMAutoencoderTransformer

        data = load_japanese_vowels()
        grid = {"hidden_layer_sizes": [16, 32], "learning_rate": [1e-3, 3e-3]}
        estimator = LSTMAutoencoderTransformer(epochs=10, random_state=0)
        GridSearchCV(estimator, grid, cv=3, n_jobs=n_jobs).fit(data.X_train)
        return {"seconds": time.perf_counter() - started}

    return round_


if __name__ == "__main__":
    main()
