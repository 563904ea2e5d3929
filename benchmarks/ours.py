"""Our side of every task. See `benchmarks.peers` for what a job is."""

import gc
import importlib
import itertools
import threading
from typing import Any

from benchmarks import _data
from benchmarks._timing import Round, epoch_by_difference, timed, timing
from sklearn_seqae import LSTMAutoencoderTransformer, to_sequences

# The model that the peers train as well: a Dense layer on the last states, one loss
PLAIN: dict[str, Any] = {
    "n_components": 16,
    "pooling": "last",
    "encoder_inputs": (),
    "contrastive_weight": 0.0,
    "mask_ratio": 0.0,
    "exact_components": ("length",),
    "epochs": 100,
    "learning_rate": 1e-3,
}
LIBRARIES = ("tensorflow", "keras", "scikeras.wrappers")  # that a fit imports


def warm_epoch(data: dict[str, Any], few: int, many: int, **estimator: Any) -> Round:
    """An epoch of a fit whose compiling was done by an earlier fit."""
    X = _data.make(**data)

    def fit(epochs: int) -> None:
        _estimator(epochs=epochs, **estimator).fit(X)

    return epoch_by_difference(fit, few, many)


def cold_fit(data: dict[str, Any], **estimator: Any) -> Round:
    """The first and the second fit of a process whose imports are done."""
    return _two_fits(_data.make(**data), estimator)


def tutorial(**estimator: Any) -> Round:
    """The same for the tutorial's four sequences."""
    return _two_fits(_data.tutorial(), estimator)


def tutorial_loss(n_sequences: int, **estimator: Any) -> Round:
    """The error on the first sequences, fitted to these; another seed each round."""
    X, seeds = _data.tutorial()[:n_sequences], itertools.count()

    def round_() -> dict[str, float]:
        seed = next(seeds)
        ae = LSTMAutoencoderTransformer(random_state=seed, **estimator).fit(X)
        return {"loss": _data.squared_error(ae.reconstruct(X), X)}

    return round_


def _two_fits(X: list[Any], estimator: dict[str, Any]) -> Round:
    import_everything()

    def fit() -> None:
        _estimator(**estimator).fit(X)

    return timing(seconds=fit, second_fit=fit)


def transform(data: dict[str, Any], **estimator: Any) -> Round:
    """Embeddings of a list of arrays, after a fit and a first transform."""
    X = _data.make(**data)
    ae = _estimator(epochs=1, **estimator).fit(X[:256])
    ae.transform(X)
    return timing(seconds=lambda: ae.transform(X))


def grid_search(
    data: dict[str, Any], grid: dict[str, list[Any]], **estimator: Any
) -> Round:
    """GridSearchCV, without labels, in one process; the first call of it."""
    from sklearn.model_selection import GridSearchCV

    import_everything()
    X, ae = _data.make(**data), _estimator(**estimator)
    search = GridSearchCV(ae, grid, cv=3, n_jobs=1, error_score="raise")
    return timing(seconds=lambda: search.fit(X))


def japanese_vowels(epochs: int) -> Round:
    """Load, fit and embed; importing TensorFlow is part of it."""
    from sklearn_seqae.datasets import load_japanese_vowels

    def work() -> None:
        X, *_ = load_japanese_vowels(return_X_y=True)
        _estimator(epochs=epochs).fit_transform(X)

    return timing(seconds=work)


def memory(data: dict[str, Any], checks: list[int], **estimator: Any) -> Round:
    """Resident memory in MiB after so many fits, each of new sequences."""
    import psutil

    process = psutil.Process()

    def round_() -> dict[str, float]:
        resident = {}
        for k in range(1, max(checks) + 1):
            _estimator(**estimator).fit(_data.make(seed=k, **data))
            if k in checks:
                gc.collect()
                resident[f"after_{k}"] = process.memory_info().rss / 2**20
        return resident

    return round_


def long_table(library: str, **size: int) -> Round:
    """Sequences of a long table in polars or pandas."""
    frame = _data.long_frame(library, **size)
    _cut(frame[:1000])
    return timing(seconds=lambda: _cut(frame))


def long_table_memory(library: str, **size: int) -> Round:
    """MiB that are resident at most while a table is cut, and MiB that it takes."""
    import psutil

    _cut(_data.long_frame(library, n_series=10, n_rows=1000))  # imports, and buffers
    process = psutil.Process()
    before = process.memory_info().rss
    frame = _data.long_frame(library, **size)

    def round_() -> dict[str, float]:
        resident, done = [process.memory_info().rss], threading.Event()

        def watch() -> None:
            while not done.wait(0.002):
                resident.append(process.memory_info().rss)

        watcher = threading.Thread(target=watch)
        watcher.start()
        seconds = timed(lambda: _cut(frame))
        done.set()
        watcher.join()
        n_bytes = 8 * frame.shape[0] * frame.shape[1]
        in_mib = {"peak": max(resident) - before, "frame": n_bytes}
        return {"seconds": seconds, **{k: v / 2**20 for k, v in in_mib.items()}}

    return round_


def _cut(frame: Any) -> Any:
    return to_sequences(frame, by="id", order="time")


def _estimator(**parameters: Any) -> LSTMAutoencoderTransformer:
    return LSTMAutoencoderTransformer(random_state=0, **(PLAIN | parameters))


def import_everything() -> None:
    """Load what a fit would load: the clock starts after the imports."""
    for name in LIBRARIES:
        importlib.import_module(name)
