"""Real recordings that ship inside aeon and sktime; only their files are read.

The walk is real and labelled to have no faults, so faults are planted in it, as in the
UCR archive.
"""

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.recordings.generated import FAULTS, Recording, planted

N_SEEDS = 2  # faulty walks of each family


def recordings() -> Iterator[Recording]:
    """Those whose package is installed."""
    for package, name, pattern, n_train in [
        ("aeon", "UCR 135, pressure", "135_UCR_Anomaly_*_TEST.csv", 1200),
        ("sktime", "MIT-BIH, heart", "mitdb.csv", 3000),
        ("sktime", "Yahoo, traffic", "yahoo.csv", 400),
    ]:
        for table in _tables(package, pattern):
            values = table.drop(columns="timestamp", errors="ignore").to_numpy(float)
            x, labels = values[:, :-1], values[:, -1] > 0
            yield Recording(name, name, x[:n_train], x[n_train:], labels[n_train:])
    for table in _tables("aeon", "S06R02E0.csv"):
        x = table.drop(columns=["timestamp", "is_anomaly"]).to_numpy(float)
        for seed in range(N_SEEDS):
            for fault in FAULTS:
                rng = np.random.default_rng([seed, *fault.encode()])
                name = f"Daphnet, walk, {fault}, seed {seed}"
                # A stride takes about 70 time steps
                yield planted(name, fault, x, len(x) // 2, 70, rng)


def _tables(package: str, pattern: str) -> Iterator[pd.DataFrame]:
    """The first file of a package that fits; none where it is not installed."""
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        return
    paths = (Path(spec.origin).parent / "datasets" / "data").rglob(pattern)
    yield from (pd.read_csv(path) for path in sorted(paths)[:1])
