"""``python -m benchmarks.cost``: what training costs, for the page of that name.

Ours alone, no peers: seconds of a warm epoch over the time steps in the data, against
units, layers and batch size; and what the first fit of a process costs on top. Written
to a file that the page includes.
"""

import statistics
import sys
from collections.abc import Sequence

from benchmarks import _data, _machine
from benchmarks._process import ROOT, Process
from benchmarks._report import list_table
from sklearn_seqae._batching import as_shards, plan_epoch, shard_shape, wasted_share

TABLES = ROOT / "docs" / "user_guide" / "cost_tables.txt"
DATA = {"n": 512, "shortest": 10, "longest": 200, "n_features": 3}
UNITS = (16, 32, 64, 128, 256)
LAYERS = (1, 2)
BATCHES = (8, 16, 32, 64, 128, 256)
FEATURES = (1, 3, 12, 50)
ROUNDS = 5


def main() -> None:
    n_steps = int(sum(_lengths(DATA)))
    parts = [
        _machine_line(n_steps),
        list_table(
            [
                ("units", *(f"{n} layer{'s' * (n > 1)}" for n in LAYERS)),
                *(
                    (units, *(_microseconds(hidden=[units] * n) for n in LAYERS))
                    for units in UNITS
                ),
            ],
            "µs a time step, by units and layers (batches of 32)",
        ),
        list_table(
            [
                ("batch_size", "µs", "steps wasted"),
                *((b, _microseconds(batch_size=b), _wasted(b)) for b in BATCHES),
            ],
            "µs a time step, by batch size (64 units)",
        ),
        list_table(
            [
                ("n_features", "µs"),
                *(
                    (n, _microseconds(data={**DATA, "n_features": n}, hidden=[64]))
                    for n in FEATURES
                ),
            ],
            "µs a time step, by features (64 units)",
        ),
        list_table(
            [
                ("layers of 64 units", "seconds"),
                *((n, _first_call([64] * n)) for n in LAYERS),
            ],
            "seconds of the first fit that the second does not take (1 epoch)",
        ),
    ]
    TABLES.write_text("\n\n".join(parts) + "\n")
    print(f"written to {TABLES.relative_to(ROOT)}")


def _lengths(data: dict[str, int]) -> list[int]:
    made = _data.log_uniform_lengths(data["n"], data["shortest"], data["longest"])
    return made.tolist()


def _microseconds(
    hidden: Sequence[int] = (64,),
    batch_size: int = 32,
    data: dict[str, int] = DATA,
) -> str:
    print(f"{list(hidden)} units, batches of {batch_size}, {data}", file=sys.stderr)
    job = {
        "data": data,
        "few": 1,
        "many": 6,
        "hidden_layer_sizes": list(hidden),
        "batch_size": batch_size,
        "patch_size": 1,
    }
    with Process("benchmarks.ours:warm_epoch", job) as process:
        seconds = [process.round()["seconds"] for _ in range(ROUNDS)]
    return f"{1e6 * statistics.median(seconds) / sum(_lengths(data)):.2f}"


def _wasted(batch_size: int) -> str:
    """Share of steps run beyond a sequence's end, empty rows of a shard included."""
    import joblib
    import numpy as np

    lengths = np.array(_lengths(DATA))
    batches = plan_epoch(lengths, batch_size, np.random.RandomState(0))
    shape = shard_shape(len(lengths), batch_size, joblib.cpu_count())
    return f"{100 * wasted_share(lengths, as_shards(batches, lengths, *shape)):.0f} %"


def _first_call(hidden: Sequence[int]) -> str:
    job = {
        "data": DATA,
        "epochs": 1,
        "hidden_layer_sizes": list(hidden),
        "patch_size": 1,
    }
    extra = []
    for _ in range(ROUNDS):
        with Process("benchmarks.ours:cold_fit", job) as process:
            measured = process.round()
        extra.append(measured["seconds"] - measured["second_fit"])
    return f"{statistics.median(extra):.1f}"


def _machine_line(n_steps: int) -> str:
    machine = _machine.describe()
    return (
        f"Measured with ``python -m benchmarks.cost`` on {machine['cores']} cores of "
        f"{machine['processor']}, TensorFlow {machine['tensorflow']}: medians of "
        f"{ROUNDS}, {DATA['n']} sequences of {DATA['n_features']} features, lengths "
        f"log-uniform in {DATA['shortest']}..{DATA['longest']}, {n_steps:,} time steps "
        "in all, ``patch_size=1``, a vector of 16 components of the last states, "
        "without crops (``contrastive_weight=0``)."
    )


if __name__ == "__main__":
    main()
