"""Ours against ours: patches, decoders, longer and more sequences, memory."""

from typing import Any

from benchmarks import _data, _flops
from benchmarks._task import Contestant, Row, Task

Data = dict[str, int]
DECODERS = ("unfold", "reshape", "single_shot")


def _sequences(n: int, shortest: int, longest: int) -> Data:
    return {"n": n, "shortest": shortest, "longest": longest, "n_features": 3}


def _epoch(
    name: str, data: Data, n_units: int, many: int, **parameters: Any
) -> Contestant:
    """A warm epoch of ours, by a fit of one epoch and one of many."""
    sizes = {"n_components": 16, "hidden_layer_sizes": [n_units]}
    span = {"data": data, "few": 1, "many": many}
    return Contestant(name, "ours:warm_epoch", {**span, **sizes, **parameters})


def _patches() -> Task:
    data, patch = _sequences(256, 1000, 1000), round(1000 / 32)
    contestants = [
        _epoch("default", data, 64, many=21),
        _epoch("patch_size=1", data, 64, many=2, patch_size=1),
    ]
    steps = [-(-length // patch) for length in _data.lengths_of(data)]
    flops = _flops.epoch(steps, 3 * patch, 64, 16)
    row = Row("warm epoch", ("patch_size=1",), 8, flops=flops, ours="default")
    title = "1,000-step sequences, patches"
    return Task("patches", title, contestants, [row])


def _decoders() -> Task:
    data = _sequences(512, 10, 60)
    longest = max(_data.lengths_of(data))
    size = {"n_components": longest, "exact_components": (), "patch_size": 1}
    contestants = [
        _epoch(decoder, data, 64, many=11, decoder=decoder, **size)
        for decoder in ("repeat", *DECODERS)
    ]
    rows = [Row(d, ("repeat",), kind="growth", ours=d) for d in DECODERS]
    return Task("decoders", "Decoders", contestants, rows)


def _a_step(name: str, title: str, n_units: int, **both: tuple[Data, int]) -> Task:
    """The second of both against the first; with each go the epochs of a long fit."""
    contestants = [
        _epoch(label, data, n_units, many, patch_size=1)
        for label, (data, many) in both.items()
    ]
    lengths = [_data.lengths_of(data) for data, _ in both.values()]
    small, large = (sum(steps) / 1e6 for steps in lengths)
    flops = _flops.epoch(lengths[1], 3, n_units, 16) / large
    few, many = both
    work, each = f"a step at {many}, against {few}", (large, small)
    row = Row(work, (few,), 1.15, 1.0, flops, "growth", many, each, "µs")
    return Task(name, title, contestants, [row])


LONGER = _a_step(
    "longer",
    "Longer sequences: 1,280 x 100 steps and 128 x 1,000 steps, 64 units",
    64,
    **{
        "100 steps": (_sequences(1280, 100, 100), 7),
        "1,000 steps": (_sequences(128, 1000, 1000), 7),
    },
)
MORE = _a_step(
    "more",
    "More sequences: 1,000 and 20,000, lengths log-uniform in 10..200, 32 units",
    32,
    **{
        "1,000 sequences": (_sequences(1000, 10, 200), 21),
        "20,000 sequences": (_sequences(20_000, 10, 200), 2),
    },
)


def _memory() -> Task:
    few, many = 10, 60
    sizes = {"hidden_layer_sizes": [32], "patch_size": 1, "epochs": 3}
    parameters = {"data": _sequences(200, 10, 60), "checks": [few, many], **sizes}
    contestant = Contestant("ours", "ours:memory", parameters, fresh=True)
    work = f"resident memory after {many} fits, against after {few}"
    measures = {"ours": f"ours:after_{many}", "unit": "MiB"}
    row = Row(work, (f"ours:after_{few}",), 1.05, 1.0, kind="growth", **measures)
    return Task("memory", f"Memory of {many} fits", [contestant], [row])


TASKS = [_patches(), _decoders(), LONGER, MORE, _memory()]
