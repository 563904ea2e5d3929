"""``python -m benchmarks.forecasting``: how well it forecasts, for its page.

Sums of two sines with periods, phases, amplitudes and lengths of their own, with and
without noise. The opponents are predicting no change and a ridge regression of the next
ten time steps on the last 40, its penalty chosen by cross-validation, fitted to every
window of the same training series. The table is written to a file that the page
includes.
"""

import sys

import numpy as np
import pandas as pd
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from sklearn.linear_model import RidgeCV

from benchmarks._page import write_tables
from benchmarks.ours import PLAIN
from sklearn_seqae import LSTMAutoencoderTransformer

N_TRAIN, N_TEST = 400, 400
WINDOW, HORIZON, FARTHEST = 40, 10, 30
AHEAD = (1, 5, 10, 30)
NOISE = (0.2, 0.0)
SEEDS = range(3)
TRAINING = {"epochs": 150, "learning_rate": 3e-3}
Series = list[NDArray[np.float64]]


def main() -> None:
    title = "Mean squared error, as a share of persistence's"
    rows = []
    for noise in NOISE:
        rounds = [_shares(noise, seed) for seed in SEEDS]
        for name in rounds[0]:
            cells = map(_cell, np.transpose([shares[name] for shares in rounds]))
            ahead = {f"{n} ahead": cell for n, cell in zip(AHEAD, cells, strict=True)}
            rows.append({"noise": noise, "": name, **ahead})
        write_tables("forecasting_table.txt", {title: pd.DataFrame(rows)})


def _shares(noise: float, seed: int) -> dict[str, NDArray[np.float64]]:
    """Error of each contestant, by how far ahead, as a share of persistence's."""
    train = _sines(N_TRAIN, noise, np.random.default_rng(seed))
    test = _sines(N_TEST, noise, np.random.default_rng(1000 + seed))
    known = [x[:-FARTHEST] for x in test]
    truth = np.array([x[-FARTHEST:] for x in test])
    window = np.array([x[-WINDOW:] for x in known])

    network = LSTMAutoencoderTransformer(
        forecast_horizon=HORIZON, random_state=seed, **(PLAIN | TRAINING)
    ).fit(train)
    forecasts = {
        "persistence": np.repeat(window[:, -1:], FARTHEST, axis=1),
        f"ridge, {WINDOW} steps": _slide(_ridge(train), window),
        f"forecast, the same {WINDOW} steps": network.forecast(list(window), FARTHEST),
        "forecast, the whole series": network.forecast(known, FARTHEST),
    }
    at = np.array(AHEAD) - 1
    error = {
        name: ((np.array(ahead) - truth) ** 2).mean(axis=0)[at]
        for name, ahead in forecasts.items()
    }
    shares = {name: e / error["persistence"] for name, e in error.items()}
    print(noise, seed, {n: s.round(3) for n, s in shares.items()}, file=sys.stderr)
    return shares


def _sines(n: int, noise: float, rng: np.random.Generator) -> Series:
    """Series of 70 to 110 time steps."""
    series = []
    for _ in range(n):
        t = np.arange(rng.integers(70, 111))[:, None]
        period, phase = rng.uniform(6, 40, 2), rng.random(2)
        waves = rng.uniform(0.5, 1.5, 2) * np.sin(2 * np.pi * (t / period + phase))
        series.append(waves.sum(axis=1) + noise * rng.normal(size=len(t)))
    return series


def _ridge(train: Series) -> RidgeCV:
    both = np.vstack([sliding_window_view(x, WINDOW + HORIZON) for x in train])
    return RidgeCV(np.logspace(-6, 3, 19)).fit(both[:, :WINDOW], both[:, WINDOW:])


def _slide(model: RidgeCV, window: NDArray[np.float64]) -> NDArray[np.float64]:
    """Predict a horizon at a time, as `forecast` does."""
    for _ in range(FARTHEST // HORIZON):
        window = np.hstack([window, model.predict(window[:, -WINDOW:])])
    return window[:, -FARTHEST:]


def _cell(shares: NDArray[np.float64]) -> str:
    if len(set(shares)) == 1:
        return f"{shares[0]:.2f}"
    return f"{shares.mean():.3f} ± {shares.std(ddof=1):.3f}"


if __name__ == "__main__":
    main()
