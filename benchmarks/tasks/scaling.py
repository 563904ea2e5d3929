"""Seconds a time step, for longer and for more sequences. Ours against ours."""

from benchmarks import _cli, _data, _flops
from benchmarks._task import MATMUL, Contestant, Measure, Row, Task

Data = dict[str, int]
COMPONENTS, FEATURES = 16, 3
NOTES = (
    "Ours against ours, one time step a patch: seconds of a warm epoch (by the "
    "difference of two fits) over the time steps in the data.",
)


def tasks(quick: bool) -> list[Task]:
    return [_longer(quick), _more(quick)]


def _longer(quick: bool) -> Task:
    if quick:
        short, long, units = _same_length(40, 8), _same_length(8, 40), 4
    else:
        short, long, units = _same_length(1280, 100), _same_length(128, 1000), 64
    return _task(
        "longer",
        "Longer sequences: 1,280 x 100 steps and 128 x 1,000 steps, 64 units",
        {"100 steps": (short, 7), "1,000 steps": (long, 7)},
        units,
    )


def _more(quick: bool) -> Task:
    few, many, units = (40, 80, 4) if quick else (1000, 20_000, 32)
    longest = 12 if quick else 200
    data = [
        {"n": n, "shortest": 10, "longest": longest, "n_features": FEATURES}
        for n in (few, many)
    ]
    return _task(
        "more",
        "More sequences: 1,000 and 20,000, lengths log-uniform in 10..200, 32 units",
        {"1,000 sequences": (data[0], 21), "20,000 sequences": (data[1], 2)},
        units,
    )


def _task(name: str, title: str, both: dict[str, tuple[Data, int]], units: int) -> Task:
    """The second of both against the first; with each go the epochs of a long fit."""
    contestants = [
        Contestant(
            label,
            "benchmarks.ours:warm_epoch",
            {
                "data": data,
                "few": 1,
                "many": many,
                "n_components": COMPONENTS,
                "hidden_layer_sizes": [units],
                "patch_size": 1,
            },
        )
        for label, (data, many) in both.items()
    ]
    lengths = [_lengths(data) for data, _ in both.values()]
    small, large = (
        Measure(label, per=sum(steps) / 1e6)
        for label, steps in zip(both, lengths, strict=True)
    )
    flops = _flops.epoch(lengths[1], FEATURES, units, COMPONENTS) / large.per
    labels = list(both)
    row = Row(
        f"a step at {labels[1]}, against {labels[0]}",
        "growth",
        large,
        (small,),
        1.15,
        1.0,
        flops,
        unit="µs",
    )
    return Task(name, title, [*contestants, MATMUL], [row], NOTES)


def _same_length(n: int, length: int) -> Data:
    return {"n": n, "shortest": length, "longest": length, "n_features": FEATURES}


def _lengths(data: Data) -> list[int]:
    return _data.log_uniform_lengths(
        data["n"], data["shortest"], data["longest"]
    ).tolist()


if __name__ == "__main__":
    _cli.main(tasks)
