"""``python -m benchmarks.cost``: what training costs, for the page of that name.

Ours alone, no peers: seconds of a warm epoch over the time steps in the data, against
units, layers and batch size; and what the first fit of a process costs on top. Written
to a file that the page includes.
"""

import sys
from typing import Any

import numpy as np
import pandas as pd

from benchmarks import _data, _machine
from benchmarks._page import write_tables
from benchmarks._worker import start
from sklearn_seqae._patches.batching import (
    as_shards,
    plan_epoch,
    shard_shape,
)

DATA = {"n": 512, "shortest": 10, "longest": 200, "n_features": 3}
UNITS = (16, 32, 64, 128, 256)
LAYERS = (1, 2)
BATCHES = (8, 16, 32, 64, 128, 256)
FEATURES = (1, 3, 12, 50)
ROUNDS = 5


def main() -> None:
    units: dict[str, Any] = {"units": UNITS}
    for n in LAYERS:
        times = [_microseconds(hidden_layer_sizes=[size] * n) for size in UNITS]
        units[f"{n} layer{'s' * (n > 1)}"] = times
    batches = {
        "batch_size": BATCHES,
        "µs": [_microseconds(batch_size=size) for size in BATCHES],
        "steps wasted": [_wasted(size) for size in BATCHES],
    }
    features = {
        "n_features": FEATURES,
        "µs": [_microseconds({**DATA, "n_features": n}) for n in FEATURES],
    }
    first = {
        "layers of 64 units": LAYERS,
        "seconds": [_first_call(hidden_layer_sizes=[64] * n) for n in LAYERS],
    }
    tables = {
        "µs a time step, by units and layers (batches of 32)": units,
        "µs a time step, by batch size (64 units)": batches,
        "µs a time step, by features (64 units)": features,
        "seconds of the first fit that the second does not take (1 epoch)": first,
    }
    frames = {title: pd.DataFrame(cells) for title, cells in tables.items()}
    write_tables("cost_tables.txt", frames, _measured_on())


def _microseconds(data: dict[str, int] = DATA, **estimator: Any) -> str:
    print(data, estimator, file=sys.stderr)
    sizes = {"hidden_layer_sizes": [64], "batch_size": 32, "patch_size": 1}
    job = {"data": data, "few": 1, "many": 6, **sizes, **estimator}
    with start("benchmarks.ours:warm_epoch", job) as round_:
        seconds = [round_()["seconds"] for _ in range(ROUNDS)]
    return f"{1e6 * np.median(seconds) / sum(_data.lengths_of(data)):.2f}"


def _wasted(batch_size: int) -> str:
    """Share of steps run beyond a sequence's end, empty rows of a shard included."""
    lengths = np.array(_data.lengths_of(DATA))
    batches = plan_epoch(lengths, batch_size, np.random.RandomState(0))
    shape = shard_shape(len(lengths), batch_size)
    shards = as_shards(batches, lengths, *shape)
    n_steps = np.where(shards >= 0, lengths[shards], 0)
    run = n_steps.max(axis=-1).sum() * shards.shape[-1]
    return f"{100 * (1 - n_steps.sum() / run):.0f} %"


def _first_call(**estimator: Any) -> str:
    job = {"data": DATA, "epochs": 1, "patch_size": 1, **estimator}
    extra = []
    for _ in range(ROUNDS):
        with start("benchmarks.ours:cold_fit", job) as round_:
            measured = round_()
        extra.append(measured["seconds"] - measured["second_fit"])
    return f"{np.median(extra):.1f}"


def _measured_on() -> str:
    n_steps = sum(_data.lengths_of(DATA))
    return (
        f"{_machine.measured_with('benchmarks.cost')}: medians of "
        f"{ROUNDS}, {DATA['n']} sequences of {DATA['n_features']} features, lengths "
        f"log-uniform in {DATA['shortest']}..{DATA['longest']}, {n_steps:,} time steps "
        "in all, ``patch_size=1``, a vector of 16 components of the last states, "
        "without crops (``contrastive_weight=0``)."
    )


if __name__ == "__main__":
    main()
