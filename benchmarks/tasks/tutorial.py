"""The tutorial's own example: four short sequences, 400 epochs."""

from typing import Any

from benchmarks import _data, _flops
from benchmarks._task import Contestant, Row, Task
from benchmarks.ours import PLAIN

EPOCHS = 400
COMMON: dict[str, Any] = {
    "epochs": EPOCHS,
    "activation": "relu",
    "bidirectional": False,
    "exact_components": (),
    "patch_size": 1,
    "scaler": None,
}
OURS = {**COMMON, "n_components": 2, "hidden_layer_sizes": [100]}
SAME_MODEL = {  # LSTM(2, relu), RepeatVector, LSTM(100, relu), Dense(1)
    **PLAIN,
    **COMMON,
    "n_components": None,
    "hidden_layer_sizes": 2,
    "decoder_layer_sizes": 100,
}


def _theirs(name: str, job: str, split: float, **parameters: Any) -> Contestant:
    parameters |= {"epochs": EPOCHS, "validation_split": split}
    fresh = job == "two_fits"
    return Contestant(name, f"peers.keras_tutorial:{job}", parameters, fresh)


def _speed() -> Task:
    code, without = "tutorial's code", "without validation"
    lengths = [len(sequence) for sequence in _data.tutorial()]
    flops = EPOCHS * _flops.epoch(lengths, 1, 100, 2, bidirectional=False)

    def row(work: str, measure: str, peer: str, *goals: float) -> Row:
        peers = (f"{peer}:{measure}",)
        return Row(work, peers, *goals, flops=flops, ours=f"ours:{measure}")

    contestants = [
        Contestant("ours", "ours:tutorial", OURS, fresh=True),
        _theirs(code, "two_fits", 0.1),
        _theirs(without, "two_fits", 0.0),
    ]
    rows = [
        row("first fit, cold", "seconds", code, 8, 15),
        row("second fit", "second_fit", code, 40, 100),
        row("whole process", "process", code),
        row("first fit, its validation left out", "seconds", without),
        row("second fit, its validation left out", "second_fit", without),
    ]
    return Task("tutorial", "The tutorial's example", contestants, rows)


def _loss() -> Task:
    contestants, rows = [], []
    for n, split, fitted_to in ((3, 0.1, "three sequences"), (4, 0.0, "all four")):
        ours, theirs = f"ours, {fitted_to}", f"tutorial's code, {fitted_to}"
        contestants += [
            Contestant(ours, "ours:tutorial_loss", {**SAME_MODEL, "n_sequences": n}),
            _theirs(theirs, "loss", split, n_sequences=n),
        ]
        peers = (f"{theirs}:loss",)
        row = Row(fitted_to, peers, 1.0, kind="growth", ours=f"{ours}:loss", unit="")
        rows.append(row)
    title = "What the tutorial's model comes to"
    return Task("tutorial-loss", title, contestants, rows)


TASKS = [_speed(), _loss()]
