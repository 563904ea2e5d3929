"""What decoders cost: a warm epoch of each beside that of ``"repeat"``."""

from benchmarks import _cli, _data
from benchmarks._task import Contestant, Measure, Row, Task

DECODERS = ("unfold", "reshape", "single_shot")
NOTES = (
    "512 sequences of 10 to 60 steps and 3 features, 64 units, vectors as long as the "
    "longest sequence (two of the decoders need that); a warm epoch by the difference "
    "of two fits. Ours against ours: each decoder against ``repeat``.",
)


def tasks(quick: bool) -> list[Task]:
    n, longest, units = (8, 16, 4) if quick else (512, 60, 64)
    data = {"n": n, "shortest": 10, "longest": longest, "n_features": 3}
    parameters = {
        "data": data,
        "few": 1,
        "many": 2 if quick else 11,
        "n_components": max(len(sequence) for sequence in _data.make(**data)),
        "length_component": False,
        "hidden_layer_sizes": [units],
        "patch_size": 1,
    }
    contestants = [
        Contestant(kind, "benchmarks.ours:warm_epoch", {**parameters, "decoder": kind})
        for kind in ("repeat", *DECODERS)
    ]
    repeat = (Measure("repeat"),)
    rows = [Row(kind, "growth", Measure(kind), repeat) for kind in DECODERS]
    return [Task("decoders", "Decoders", contestants, rows, NOTES)]


if __name__ == "__main__":
    _cli.main(tasks)
