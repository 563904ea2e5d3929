"""Random parameters on random data: fits that are saved, and loaded elsewhere.

``python tests/support/random_fits.py 1000`` writes and checks so many fits;
``tests/trust/test_files.py`` does the same. Each is a seed, so it can be made again.
XLA is off on both sides: nearly every fit has another architecture to compile.
"""

import pickle
import sys
import tempfile
import warnings
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
from files import DUMPS, LOADS
from helpers import long_frame, padded, run_python
from internals import xla
from sklearn.decomposition import PCA
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MaxAbsScaler,
    QuantileTransformer,
    StandardScaler,
)

from sklearn_seqae import LSTMAutoencoderTransformer

USUAL = 0.85  # probability that a parameter has its default
SCALERS = {
    "no deviation": StandardScaler(with_std=False),
    "largest": MaxAbsScaler(),
    "quantiles": QuantileTransformer(n_quantiles=5),
    "principal": make_pipeline(StandardScaler(), PCA(1)),
    "none of it": FunctionTransformer(),
}
PARAMETERS = {
    "n_components": [8, np.int64(9), 12],
    "hidden_layer_sizes": [(8,), np.array([8, 8])],
    "bidirectional": [False],
    "exact_components": [
        [],
        ["length"],
        ["instance_norm"],
        ["length", "instance_norm"],
        ["shape", "length"],
        ["texture", "instance_norm"],
    ],
    "encoder_inputs": [(), ("kernels",), ("differences",)],
    "patch_size": [1, 2, np.int64(3)],
    "pooling": ["last", ["mean", "attention"]],
    "activation": ["relu"],
    "decoder": ["unfold", "unfold", "reshape", "single_shot"],
    "decoder_layer_sizes": [8, [8, 9]],
    "scaler": ["minmax", "robust", None, *SCALERS],
    "max_categories": [2, None],
    "time": [True, False],
    "noise": [np.float64(0.1)],
    "mask_ratio": [0.0],
    "dropout": [0.2],
    "kl_weight": [1e-3],
    "contrastive_weight": [0.0],
    "sparsity_weight": [1e-3],
    "forecast_horizon": [1, np.int64(2), 3],
    "optimizer": ["sgd", "rmsprop"],
    "random_state": [np.int64(3), np.random.RandomState(3)],
}


def draw_estimator(rng):
    """Return an estimator, most of whose parameters are the defaults."""
    chosen = {"hidden_layer_sizes": 8, "epochs": 1, "random_state": 0}
    for name, values in PARAMETERS.items():
        if rng.random() > USUAL:
            chosen[name] = values[rng.integers(len(values))]
    if isinstance(chosen.get("scaler"), str):
        chosen["scaler"] = SCALERS.get(chosen["scaler"], chosen["scaler"])
    return LSTMAutoencoderTransformer(**chosen)


# -- data -----------------------------------------------------------------------------


def _static(X, rng):
    return [np.column_stack([x[:, :1], np.full(len(x), rng.normal())]) for x in X]


def _normalized(X, rng):
    for n, x in enumerate(X, 1):
        x[:, 0] *= n
        x[:, 1] = (x[:, 1] - x[:, 1].mean()) / (x[:, 1].std() or 1.0)
    return X


def _with_gaps(X, rng):
    for x in X:
        x[1:][rng.random(x[1:].shape) < 0.3] = np.nan
        x[-1] = np.where(np.isnan(x[-1]), 0.0, x[-1])
    return X


def _rows(X, rng):
    labels = (
        pd.timedelta_range("1s", periods=7),
        pd.period_range("2020", periods=7, freq="M"),
        pd.date_range("2020", periods=7, tz="Europe/Berlin"),
        pd.MultiIndex.from_product([["a"], range(7)]),
        list("abcdefg"),
    )
    frame = pd.DataFrame(rng.normal(size=(len(X), 7)))
    return frame.set_axis(labels[rng.integers(len(labels))], axis=1)


def _long(X, rng):
    return long_frame(X, range(len(X)), "ab")


def _events(X, rng):
    kinds = (
        ["home", "pay", "help"],
        ["home", None],
        pd.Categorical([3, 1, 2]),
        pd.Categorical([True, False]),
    )
    values = kinds[rng.integers(len(kinds))]
    frame = _long(X, rng).drop(columns="b")
    codes = rng.integers(len(values), size=len(frame))
    if isinstance(values, pd.Categorical):
        return frame.assign(page=values.take(codes))
    return frame.assign(page=np.array(values, object)[codes])


def _timed(X, rng):
    frame = _events(X, rng)
    times = np.cumsum(rng.exponential(size=len(frame)))
    if rng.random() < 0.5:
        times = pd.Timestamp("2020", tz="UTC") + pd.to_timedelta(times, unit="h")
    index = pd.MultiIndex.from_arrays([frame.index.get_level_values(0), times])
    return frame.set_axis(index)


def _records(X, rng):
    return [
        [{"amount": float(a), "page": str(rng.choice(["a", "b"]))} for a in x[:, 0]]
        for x in X
    ]


def _polars(X, rng):
    import polars as pl

    return pl.DataFrame(
        {name: [x[:, j].tolist() for x in X] for j, name in enumerate("ab")}
    )


DATA = {
    "random": lambda X, rng: X,
    "a static column": _static,
    "normalized": _normalized,
    "constant": lambda X, rng: [np.column_stack([x[:, 0], x[:, 0] * 0]) for x in X],
    "all alike": lambda X, rng: [np.ones((5, 2))] * len(X),
    "gaps": _with_gaps,
    "float32": lambda X, rng: [x.astype(np.float32) for x in X],
    "integers": lambda X, rng: [np.round(9 * x).astype(int) for x in X],
    "one feature": lambda X, rng: [x[:, 0] for x in X],
    "one time step": lambda X, rng: [x[:1] for x in X],
    "of one length": lambda X, rng: [x[:2] for x in X],
    "large offsets": lambda X, rng: [1e6 + 1e-2 * x for x in X],
    "one long": lambda X, rng: [*X, rng.normal(size=(70, 2))],
    "padded": lambda X, rng: padded(X),
    "rows": _rows,
    "long table": _long,
    "events": _events,
    "events with times": _timed,
    "records": _records,
    "polars": _polars,
}


def draw_data(rng):
    """Return the name of a kind of data, and sequences of that kind."""
    X = [rng.normal(size=(n, 2)) for n in rng.integers(2, 13, size=rng.integers(3, 9))]
    kind = sorted(DATA)[rng.integers(len(DATA))]
    return kind, DATA[kind](X, rng)


def one_of(X, row):
    """Return a container with one sequence only."""
    if isinstance(X, pd.DataFrame) and X.index.nlevels > 1:
        ids = X.index.get_level_values(0)
        return X[ids == ids.unique()[row]]
    return X.iloc[[row]] if isinstance(X, pd.DataFrame) else X[row : row + 1]


def as_text(X):
    """Return all values of a container, to the bit; not the times in an index."""
    if isinstance(X, pd.DataFrame):
        X = X.to_numpy()
    elif hasattr(X, "to_dicts"):
        X = X.to_dicts()
    elif isinstance(X, list) and isinstance(X[0], np.ndarray):
        return repr([(x.dtype.str, x.tolist()) for x in X])
    return repr(X.tolist() if isinstance(X, np.ndarray) else X)


# -- fits -----------------------------------------------------------------------------


def used(fitted, X):
    """Return all that an estimator makes of sequences, each beside others and alone.

    Raises
    ------
    AssertionError
        If a sequence alone is something else.
    """
    uses = ["transform", *(["forecast"] if hasattr(fitted, "forecast") else [])]
    found = {}
    for use in uses:
        together = getattr(fitted, use)(X)
        found[use] = as_text(together)
        for row in (0, -1 % len(fitted.transform(X))):
            alone = getattr(fitted, use)(one_of(X, row))
            beside = one_of(together, row)
            assert as_text(alone) == as_text(beside), f"{use} of {row} alone"
    return found


def write(seed, folder):
    """Fit, save, and go on; return the kind of data, None if the fit was refused.

    Not every combination can be fitted. Those that can have to be saved, embed a
    sequence alike in any company, and go on with their own parameters.
    """
    rng = np.random.default_rng(seed)
    kind, X = draw_data(rng)
    estimator = draw_estimator(rng)
    weight = None
    if rng.random() < 0.2:
        weight = rng.integers(0, 3, size=len(X) if isinstance(X, list) else None)
    weight = weight if np.ndim(weight) else None
    try:
        fitted = estimator.fit(X, sample_weight=weight)
    except (TypeError, ValueError, FloatingPointError):
        return None
    given = {"X": X, "used": used(fitted, X)}
    (folder / f"{seed}.given").write_bytes(pickle.dumps(given))
    for way, dumps in DUMPS.items():
        (folder / f"{seed}.{way}").write_bytes(dumps(fitted))
    fitted.partial_fit(X, sample_weight=weight)
    return kind


def check(folder):
    """Load all files of a folder, and compare what they give; raise what differs."""
    for path in sorted(Path(folder).glob("*.given")):
        given = pickle.loads(path.read_bytes())
        for way, loads in LOADS.items():
            try:
                loaded = loads(path.with_suffix(f".{way}").read_bytes())
                assert used(loaded, given["X"]) == given["used"], "other values"
            except Exception as error:
                raise AssertionError(f"fit {path.stem}, {way}: {error}") from error


def write_and_check(seeds, folder):
    """Write the fits of some seeds, and check them in one fresh process.

    Returns
    -------
    n_of_kinds : Counter
        How many fits there were of each kind of data; of None, those refused.
    """
    n_of_kinds = Counter()
    for seed in seeds:
        try:
            with xla(False):
                n_of_kinds[write(seed, folder)] += 1
        except Exception as error:
            raise AssertionError(f"fit {seed}: {error}") from error
    run_python(Path(__file__), "--check", folder, flags=["-W", "ignore"])
    return n_of_kinds


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    if sys.argv[1] == "--check":
        with xla(False):
            check(sys.argv[2])
    else:
        first = int(sys.argv[2]) if len(sys.argv) > 2 else 0
        with tempfile.TemporaryDirectory() as there:
            print(write_and_check(range(first, first + int(sys.argv[1])), Path(there)))
