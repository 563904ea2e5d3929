"""Long sequences: what reading several time steps at once saves."""

from benchmarks import _cli, _flops
from benchmarks._task import MATMUL, Contestant, Measure, Row, Task

UNITS, COMPONENTS = 64, 16
NOTES = (
    "256 sequences of 1,000 steps and 3 features, 64 units; a warm epoch by the "
    "difference of two fits. Ours against ours: the default ``patch_size`` against 1.",
)


def tasks(quick: bool) -> list[Task]:
    n, length, units = (8, 64, 4) if quick else (256, 1000, UNITS)
    parameters = {
        "data": {"n": n, "shortest": length, "longest": length, "n_features": 3},
        "few": 1,
        "n_components": COMPONENTS,
        "hidden_layer_sizes": [units],
    }
    job = "benchmarks.ours:warm_epoch"
    contestants = [
        Contestant("default", job, {**parameters, "many": 2 if quick else 21}),
        Contestant("patch_size=1", job, {**parameters, "many": 2, "patch_size": 1}),
        MATMUL,
    ]
    patch = max(1, round(length / 32))
    steps = _flops.patched([length] * n, patch)
    flops = _flops.epoch(steps, 3 * patch, units, COMPONENTS)
    single = (Measure("patch_size=1"),)
    rows = [Row("warm epoch", "speedup", Measure("default"), single, 8, None, flops)]
    title = "1,000-step sequences, patches"
    return [Task("patches", title, contestants, rows, NOTES)]


if __name__ == "__main__":
    _cli.main(tasks)
