"""Resident memory after many fits of one architecture."""

from benchmarks import _cli
from benchmarks._task import Contestant, Measure, Row, Task

NOTES = (
    "60 fits in one process, each of 200 new sequences (3 features, lengths "
    "log-uniform in 10..60), 32 units, 3 epochs.",
)


def tasks(quick: bool) -> list[Task]:
    few, many = (1, 3) if quick else (10, 60)
    parameters = {
        "data": {"n": 200, "shortest": 10, "longest": 60, "n_features": 3},
        "checks": [few, many],
        "hidden_layer_sizes": [4 if quick else 32],
        "patch_size": 1,
        "epochs": 1 if quick else 3,
    }
    job = "benchmarks.ours:memory"
    row = Row(
        f"resident memory after {many} fits, against after {few}",
        "growth",
        Measure("ours", f"after_{many}"),
        (Measure("ours", f"after_{few}"),),
        1.05,
        1.0,
        unit="MiB",
    )
    contestant = Contestant("ours", job, parameters, fresh=True)
    return [Task("memory", "Memory of 60 fits", [contestant], [row], NOTES)]


if __name__ == "__main__":
    _cli.main(tasks)
