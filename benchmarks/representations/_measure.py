"""One design on one data set with one seed: the job of a process of its own."""

import importlib
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.preprocessing import StandardScaler

from benchmarks.representations.datasets import Data, describe, load
from benchmarks.representations.designs import DESIGNS
from benchmarks.representations.protocols import OWN, PROTOCOLS

Record = dict[str, Any]  # plain JSON values


def job(
    dataset: str, design: str, seed: int, protocols: Sequence[str] = ()
) -> Callable[[], Record]:
    """Load data and modules; the function that is returned measures.

    With the names of ``protocols`` these alone.
    """
    data, chosen = load(dataset), DESIGNS[design]
    for module in chosen.imports:
        importlib.import_module(module)
    estimator = chosen.make(seed, len(data.X_train))
    asked = estimator, data, seed, protocols
    return lambda: {**measure(*asked), "data": describe(data)}


def measure(
    estimator: Any, data: Data, seed: int, protocols: Sequence[str] = ()
) -> Record:
    """Fit on the training sequences, and see what that is good for on the others.

    The first call of a process: seconds to fit include compiling. Seconds to embed do
    not.
    """
    embeds = hasattr(estimator, "transform")
    work = estimator.transform if embeds else estimator.predict
    start = time.perf_counter()
    estimator.fit(data.X_train, None if embeds else data.y_train)
    fitted = time.perf_counter()
    on_train = work(data.X_train if embeds else data.X_train[:2])
    again = time.perf_counter()
    on_test = work(data.X_test)
    done = time.perf_counter()
    record = {"fit_seconds": fitted - start, "transform_seconds": done - again}
    if not embeds:
        return record | {OWN: float((on_test == data.y_test).mean())}
    scores = {
        name: protocol(on_train, on_test, data, seed)
        for name, protocol in PROTOCOLS.items()
        if not protocols or name in protocols
    }
    if protocols:
        return scores
    record |= scores
    record["n_components"] = on_test.shape[1]
    if hasattr(estimator, "reconstruct"):
        pairs = zip(data.X_test, estimator.inverse_transform(on_test), strict=True)
        record["exact_lengths"] = float(np.mean([len(x) == len(z) for x, z in pairs]))
        record |= errors(data, estimator.reconstruct(data.X_test))
    return record


def errors(data: Data, reconstructed: Sequence[NDArray[Any]]) -> dict[str, float]:
    """Squared errors of the test sequences, in two units; each sequence counts alike.

    ``reconstruction_error`` is in units in which each feature of the training time
    steps has mean 0 and variance 1. ``relative_error`` is a share of each sequence's
    own variance in these units, over its features together. Sequences that do not vary
    have none and are left out.
    """
    scaler = StandardScaler().fit(np.concatenate(data.X_train))
    squares, variances = [], []
    for x, x_hat in zip(data.X_test, reconstructed, strict=True):
        x = scaler.transform(x)
        squares.append(np.nanmean((x - scaler.transform(x_hat)) ** 2))
        variances.append(np.nanmean((x - np.nanmean(x, axis=0)) ** 2))
    error, variance = np.array(squares), np.array(variances)
    varies = variance > 1e-12  # of constants, rounding leaves 1e-30
    relative = error[varies] / variance[varies]
    return {
        "reconstruction_error": float(error.mean()),
        "relative_error": float(relative.mean()),
    }
