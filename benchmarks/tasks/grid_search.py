"""GridSearchCV: 12 candidates, 3 folds, 200 short sequences."""

from typing import Any

from benchmarks import _cli, _data, _flops
from benchmarks._task import MATMUL, Contestant, Measure, Row, Task

RATES = [3e-4, 1e-3, 3e-3]
NOTES = (
    "200 sequences of 3 features, lengths log-uniform in 5..30; 2 layer sizes x 2 "
    "embedding sizes x 3 learning rates, 3 folds, 20 epochs, one process, cold, the "
    "refit included. Peer: SciKeras's KerasRegressor around the stock model, padded, "
    "Masking, masked loss.",
)


def tasks(quick: bool) -> list[Task]:
    n, epochs, units = (30, 2, [4]) if quick else (200, 20, [16, 32])
    components, rates = ([4], RATES[:1]) if quick else ([4, 8], RATES)
    data = {"n": n, "shortest": 5, "longest": 30, "n_features": 3}
    common: dict[str, Any] = {"data": data, "epochs": epochs, "batch_size": 32}
    ours = {
        "n_components": components,
        "hidden_layer_sizes": [[size] for size in units],
        "learning_rate": rates,
    }
    peer = {
        "n_components": [size - 1 for size in components],
        "n_units": units,
        "learning_rate": rates,
    }
    contestants = [
        Contestant(
            "ours",
            "benchmarks.ours:grid_search",
            {**common, "grid": ours, "patch_size": 1},
            fresh=True,
        ),
        Contestant(
            "SciKeras",
            "benchmarks.peers.scikeras_grid:grid_search",
            {**common, "grid": peer},
            fresh=True,
        ),
        MATMUL,
    ]
    flops = _training_flops(data, epochs, units, components, len(rates))
    scikeras = (Measure("SciKeras"),)
    rows = [
        Row("12 candidates", "speedup", Measure("ours"), scikeras, 6, 12, flops),
    ]
    return [Task("grid-search", "A grid search", contestants, rows, NOTES)]


def _training_flops(
    data: dict[str, int],
    epochs: int,
    units: list[int],
    components: list[int],
    n_rates: int,
) -> float:
    """Of the fits on two thirds, three times each; neither scoring nor the refit."""
    lengths = _data.log_uniform_lengths(data["n"], data["shortest"], data["longest"])
    folds = 3 * 2 / 3
    return sum(
        folds * epochs * n_rates * _flops.epoch(lengths.tolist(), 3, u, c - 1)
        for u in units
        for c in components
    )


if __name__ == "__main__":
    _cli.main(tasks)
