"""``python -m benchmarks.explanations``: whether explanations name what is wrong.

A detector learns from windows of a recording as it should be. Then it explains windows
of what follows, each with one fault in one feature, or in two that are swapped. The
table has those that it finds. Parameters are defaults.
"""

import sys
import warnings
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks._page import write_tables
from benchmarks.recordings.generated import FAULTS, LENGTHS, SIGNALS
from sklearn_seqae import Explanation, LSTMAutoencoderOutlierDetector

N_TIMESTEPS, PERIOD, WINDOW = 40_000, 32, 128
APART = 101  # time steps between windows to learn from, no multiple of a period
N_CASES = 25  # of each signal and fault
MEANS = {"found": "found", "feature": "feature named", "stretch": "stretch named"}
MEANS |= {"chance": "by chance", "peak": "peak within"}


def main() -> None:
    warnings.simplefilter("ignore")
    rows = [
        {"features": n_features, "fault": fault, **case}
        for n_features in (1, 5)
        for signal in SIGNALS
        for fault, case in _cases(signal, n_features)
    ]
    table = pd.DataFrame(rows)
    shares = table.groupby(["fault", "features"])["found"].mean()
    of_found = table[table["found"]].groupby(["fault", "features"]).mean()
    shown = of_found.assign(found=shares).rename(columns=MEANS)
    cells = shown.map("{:.2f}".format).reset_index()
    print(cells.to_string(), file=sys.stderr)
    print(table[table["found"]].groupby("features").mean(numeric_only=True).round(3))
    write_tables("explanations_table.txt", {"Explanations of faults": cells})


def _cases(signal: str, n_features: int) -> Any:
    rng = np.random.default_rng([n_features, *signal.encode()])
    x = SIGNALS[signal](2 * N_TIMESTEPS, n_features, PERIOD, rng)
    X = [x[i : i + WINDOW] for i in range(0, N_TIMESTEPS - WINDOW, APART)]
    detector = LSTMAutoencoderOutlierDetector(random_state=0).fit(X)
    for fault in FAULTS:
        if n_features > 1 or fault != "swapped":
            planted = [_planted(x[N_TIMESTEPS:], fault, rng) for _ in range(N_CASES)]
            found = detector.explain([window for window, *_ in planted])
            for why, (_, features, at) in zip(found, planted, strict=True):
                yield fault, _judged(why, features, at, detector.offset_)


def _planted(
    x: NDArray[Any], fault: str, rng: np.random.Generator
) -> tuple[NDArray[Any], set[int], slice]:
    """Return a window with a fault, the features that it is in, and where it is."""
    first = int(rng.integers(PERIOD, len(x) - WINDOW - PERIOD))
    wide = x[first - PERIOD : first + WINDOW + PERIOD].copy()
    n = max(1, round(LENGTHS[fault](rng) * PERIOD))
    start = PERIOD + int(rng.integers(2, WINDOW - n - 2))
    at = slice(start, start + n)
    columns = rng.permutation(x.shape[1])[: 2 if fault == "swapped" else 1]
    scale = x.std(axis=0)[columns]
    wide[at, columns] = FAULTS[fault](wide[:, columns], at, scale, PERIOD, rng)[at]
    inside = slice(start - PERIOD, start - PERIOD + n)
    return wide[PERIOD:-PERIOD], set(columns.tolist()), inside


def _judged(
    why: Explanation, features: set[int], at: slice, offset: float
) -> dict[str, Any]:
    """Say what is right; by chance a stretch as long would overlap that often."""
    named, peak = why.stretch, why.contributions.to_numpy().sum(axis=1).argmax()
    length = named.stop - named.start
    starts = np.arange(WINDOW - length + 1)
    return {
        "found": why.score < offset,
        "feature": why.features[0] in features,
        "stretch": named.start < at.stop and at.start < named.stop,
        "chance": np.mean((starts < at.stop) & (at.start < starts + length)),
        "peak": at.start - 1 <= peak <= at.stop,
    }


if __name__ == "__main__":
    main()
