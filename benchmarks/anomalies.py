"""``python -m benchmarks.anomalies``: which faults are found, for the page of its name.

Detectors learn from sequences as they are. Then they score other sequences, as they are
and with one kind of fault. Opponents are isolation forests and a Mahalanobis distance,
on statistics or catch22 (by aeon, of the extra ``study``) of each feature. Parameters
are defaults. The detector was developed on seed 0, which is not among those here. The
tables are written to a file that the page includes.
"""

import sys
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.covariance import LedoitWolf
from sklearn.ensemble import IsolationForest
from sklearn.metrics import roc_auc_score

from benchmarks._page import write_tables
from benchmarks.representations.baselines import catch22, statistics
from sklearn_seqae import LSTMAutoencoderOutlierDetector, LSTMAutoencoderTransformer
from sklearn_seqae.datasets import load_japanese_vowels, make_sequences

N_TRAIN, N_TEST = 400, 240
SEEDS = (1, 2, 3)
UNTRAINED = {"epochs": 0}
BOTTLENECK = {"n_components": 16, "exact_components": ()}
ALARMS = "false alarms"
Sequence = NDArray[np.float64]
Sequences = list[Sequence]
Scores = NDArray[np.float64]
Vectors = Callable[[Sequences], Any]


class Contestant(NamedTuple):
    name: str
    score: Callable[[Sequences], Scores]  # the higher, the more usual
    threshold: float = np.nan


def main() -> None:
    tables = {}
    for data, draw in DATA.items():
        rounds = [_round(data, *draw(seed), seed) for seed in SEEDS]
        medians = np.median(rounds, axis=0)
        table = pd.DataFrame(medians, rounds[0].index, rounds[0].columns)
        cells = table.map("{:.2f}".format).replace("nan", "").reset_index(names="")
        tables[f"{data}: area under the ROC curve"] = cells
        write_tables("anomalies_tables.txt", tables)


def _round(data: str, train: Sequences, test: Sequences, seed: int) -> pd.DataFrame:
    """Areas by fault and contestant, and the share of usual sequences reported."""
    scale = np.concatenate(train).std(axis=0)
    faulty = {}
    for name, fault in FAULTS.items():
        rng = np.random.default_rng([seed, *name.encode()])
        faulty[name] = [fault(x, scale, rng) for x in test]
    columns = {}
    for one in _contestants(train, seed):
        usual = one.score(test)
        column = {name: _area(usual, one.score(X)) for name, X in faulty.items()}
        reported = np.mean(usual < one.threshold)
        column[ALARMS] = np.nan if np.isnan(one.threshold) else float(reported)
        columns[one.name] = column
        shown = {name: round(value, 3) for name, value in column.items()}
        print(data, seed, one.name, shown, file=sys.stderr, flush=True)
    return pd.DataFrame(columns)


def _area(usual: Scores, faulty: Scores) -> float:
    is_usual = np.repeat([1, 0], [len(usual), len(faulty)])
    return float(roc_auc_score(is_usual, np.concatenate([usual, faulty])))


# Contestants --------------------------------------------------------------------------


def _contestants(train: Sequences, seed: int) -> Iterator[Contestant]:
    """Fit one after the other."""
    for name, parameters in {"detector": {}, "untrained": UNTRAINED}.items():
        autoencoder = LSTMAutoencoderTransformer(**parameters)
        detector = LSTMAutoencoderOutlierDetector(autoencoder, random_state=seed)
        detector.fit(train)
        yield Contestant(name, detector.score_samples, detector.offset_)
        if not parameters:
            fitted = detector.estimator_
            yield Contestant("error", fitted.score_samples)
            yield _forest("forest, embeddings", fitted.transform, train, seed)
    narrow = LSTMAutoencoderTransformer(**BOTTLENECK, random_state=seed).fit(train)
    yield Contestant("error, bottleneck", narrow.score_samples)
    features = {"statistics": statistics}
    if find_spec("aeon") is not None:
        features["catch22"] = catch22
    for name, make in features.items():
        vectors = make().fit(train).transform
        yield _forest(f"forest, {name}", vectors, train, seed)
        yield _mahalanobis(f"Mahalanobis, {name}", vectors, train)


def _forest(name: str, vectors: Vectors, train: Sequences, seed: int) -> Contestant:
    forest = IsolationForest(random_state=seed).fit(vectors(train))
    return Contestant(name, lambda X: forest.score_samples(vectors(X)), forest.offset_)


def _mahalanobis(name: str, vectors: Vectors, train: Sequences) -> Contestant:
    covariance = LedoitWolf().fit(vectors(train))
    return Contestant(name, lambda X: -covariance.mahalanobis(vectors(X)))


# Faults -------------------------------------------------------------------------------
# Each takes a sequence, the standard deviation of each feature over all time steps, and
# a generator of random numbers.


def _spikes(x: Sequence, scale: Sequence, rng: np.random.Generator) -> Sequence:
    """Add five standard deviations to a value in one time step of twenty."""
    x = x.copy()
    n = max(1, round(len(x) / 20))
    steps = rng.choice(len(x), n, replace=False)
    features = rng.integers(x.shape[1], size=n)
    x[steps, features] += 5 * rng.choice([-1, 1], n) * scale[features]
    return x


def _stuck(x: Sequence, scale: Sequence, rng: np.random.Generator) -> Sequence:
    """Freeze from some moment between three and six tenths on."""
    start = int(len(x) * rng.uniform(0.3, 0.6))
    return np.concatenate([x[:start], np.repeat(x[[start]], len(x) - start, axis=0)])


def _dead(x: Sequence, scale: Sequence, rng: np.random.Generator) -> Sequence:
    """Keep to its own mean all the way."""
    return np.repeat(x.mean(axis=0, keepdims=True), len(x), axis=0)


def _noisy(x: Sequence, scale: Sequence, rng: np.random.Generator) -> Sequence:
    """Add noise of half a standard deviation."""
    return x + 0.5 * scale * rng.standard_normal(x.shape)


def _slow(x: Sequence, scale: Sequence, rng: np.random.Generator) -> Sequence:
    """Play at half the speed."""
    return _resampled(x, 2 * len(x))


def _fast(x: Sequence, scale: Sequence, rng: np.random.Generator) -> Sequence:
    """Play at twice the speed."""
    return _resampled(x, max(2, len(x) // 2))


def _cut(x: Sequence, scale: Sequence, rng: np.random.Generator) -> Sequence:
    """End in the middle."""
    return x[: max(2, len(x) // 2)]


def _reversed(x: Sequence, scale: Sequence, rng: np.random.Generator) -> Sequence:
    """Run backwards."""
    return x[::-1].copy()


def _swapped(x: Sequence, scale: Sequence, rng: np.random.Generator) -> Sequence:
    """Swap two features."""
    i, j = rng.choice(x.shape[1], 2, replace=False)
    x = x.copy()
    x[:, [i, j]] = x[:, [j, i]]
    return x


def _in_one_feature(fault: Callable[..., Sequence]) -> Callable[..., Sequence]:
    def in_one(x: Sequence, scale: Sequence, rng: np.random.Generator) -> Sequence:
        x, j = x.copy(), rng.integers(x.shape[1])
        x[:, [j]] = fault(x[:, [j]], scale[[j]], rng)
        return x

    return in_one


def _resampled(x: Sequence, n: int) -> Sequence:
    at = np.linspace(0, len(x) - 1, n)
    return np.column_stack([np.interp(at, np.arange(len(x)), row) for row in x.T])


FAULTS: dict[str, Callable[..., Sequence]] = {
    "spikes": _spikes,
    "stuck": _stuck,
    "dead": _dead,
    "noisy": _noisy,
    "slow": _slow,
    "fast": _fast,
    "cut short": _cut,
    "reversed": _reversed,
    "two features swapped": _swapped,
    "one feature dead": _in_one_feature(_dead),
    "one feature stuck": _in_one_feature(_stuck),
}


# Data ---------------------------------------------------------------------------------


def _vowels(seed: int) -> tuple[Sequences, Sequences]:
    """640 utterances of nine speakers: 12 features, 7 to 29 time steps."""
    data = load_japanese_vowels()
    return _split([*data.X_train, *data.X_test], seed)


def _oscillations(seed: int) -> tuple[Sequences, Sequences]:
    """One class of four features, 40 to 60 time steps, with noise."""
    X, y = make_sequences(
        n_samples=3 * (N_TRAIN + N_TEST),
        n_features=4,
        min_length=40,
        max_length=60,
        random_state=seed,
    )
    return _split([x for x, k in zip(X, y, strict=True) if k == 1], seed)


def _split(X: Sequences, seed: int) -> tuple[Sequences, Sequences]:
    order = np.random.default_rng(seed).permutation(len(X))
    shuffled = [X[i] for i in order]
    return shuffled[:N_TRAIN], shuffled[N_TRAIN : N_TRAIN + N_TEST]


DATA = {"Japanese vowels": _vowels, "Oscillations": _oscillations}


if __name__ == "__main__":
    main()
