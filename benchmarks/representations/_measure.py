"""One design on one data set: the job of a process of its own, a seed each round."""

import importlib
import time
from collections.abc import Callable, Sequence
from typing import Any

from benchmarks.representations.datasets import Data, describe, load
from benchmarks.representations.designs import DESIGNS
from benchmarks.representations.protocols import OWN, PROTOCOLS

Record = dict[str, Any]  # plain JSON values


def job(dataset: str, design: str, seeds: Sequence[int]) -> Callable[[], Record]:
    """Prepare; the function that is returned measures the next seed.

    All seeds share a process and so what was compiled for the first of them, whose
    record says ``cold``.
    """
    data, chosen = load(dataset), DESIGNS[design]
    for module in chosen.imports:
        importlib.import_module(module)
    remaining = iter(seeds)

    def round_() -> Record:
        seed = next(remaining)
        record = measure(chosen.make(seed), data, seed)
        return {**record, "cold": seed == seeds[0], "data": describe(data)}

    return round_


def measure(estimator: Any, data: Data, seed: int) -> Record:
    """Fit on the training sequences, and see what that is good for on the others."""
    if hasattr(estimator, "transform"):
        return _measure_embedder(estimator, data, seed)
    return _measure_classifier(estimator, data)


def _measure_embedder(embedder: Any, data: Data, seed: int) -> Record:
    _, fit_seconds = _timed(embedder.fit, data.X_train)
    Z_train = embedder.transform(data.X_train)
    Z_test, transform_seconds = _timed(embedder.transform, data.X_test)
    record = {
        **{name: f(Z_train, Z_test, data, seed) for name, f in PROTOCOLS.items()},
        "fit_seconds": fit_seconds,
        "transform_seconds": transform_seconds,
        "n_components": Z_test.shape[1],
    }
    if hasattr(embedder, "score"):
        record["reconstruction_error"] = -float(embedder.score(data.X_test))
    if hasattr(embedder, "inverse_transform"):
        pairs = zip(data.X_test, embedder.inverse_transform(Z_test), strict=True)
        record["exact_lengths"] = sum(len(x) == len(z) for x, z in pairs)
    return record


def _measure_classifier(classifier: Any, data: Data) -> Record:
    _, fit_seconds = _timed(classifier.fit, data.X_train, data.y_train)
    classifier.predict(data.X_test[:2])  # compiles, as embedding X_train does above
    predicted, predict_seconds = _timed(classifier.predict, data.X_test)
    return {
        OWN: float((predicted == data.y_test).mean()),
        "fit_seconds": fit_seconds,
        "transform_seconds": predict_seconds,
    }


def _timed(work: Callable[..., Any], *arguments: Any) -> tuple[Any, float]:
    start = time.perf_counter()
    result = work(*arguments)
    return result, time.perf_counter() - start
