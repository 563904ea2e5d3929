"""The tutorial's own example: four short sequences, 400 epochs."""

from benchmarks import _cli, _data, _flops
from benchmarks._task import MATMUL, Contestant, Measure, Row, Task

OURS = {
    "n_components": 2,
    "hidden_layer_sizes": [100],
    "activation": "relu",
    "bidirectional": False,
    "length_component": False,
    "patch_size": 1,
    "scaler": None,
}
NOTES = (
    "LSTM(2, relu) to LSTM(100, relu), four sequences of 4 to 9 steps, 400 epochs of "
    "one batch. Ours has 100 units in the encoder too and trains on all four "
    "sequences: more arithmetic than the tutorial's, which keeps one sequence for "
    "validation. The last rows leave its validation out.",
    "Whole process: from the start of Python to the end of the first fit, imports "
    "included.",
)


def tasks(quick: bool) -> list[Task]:
    epochs = 4 if quick else 400
    peer = "benchmarks.peers.keras_tutorial:two_fits"
    contestants = [
        Contestant(
            "ours", "benchmarks.ours:tutorial", {**OURS, "epochs": epochs}, fresh=True
        ),
        Contestant(
            "tutorial's code",
            peer,
            {"epochs": epochs, "validation_split": 0.1},
            fresh=True,
        ),
        Contestant(
            "without validation",
            peer,
            {"epochs": epochs, "validation_split": 0.0},
            fresh=True,
        ),
        MATMUL,
    ]
    return [
        Task("tutorial", "The tutorial's example", contestants, _rows(epochs), NOTES)
    ]


def _rows(epochs: int) -> list[Row]:
    lengths = [len(sequence) for sequence in _data.tutorial()]
    flops = epochs * _flops.epoch(lengths, 1, 100, 2, bidirectional=False)

    def row(work: str, measure: str, peer: str, *goals: float) -> Row:
        ours, theirs = Measure("ours", measure), Measure(peer, measure)
        return Row(work, "speedup", ours, (theirs,), *goals, flops=flops)

    return [
        row("first fit, cold", "seconds", "tutorial's code", 8, 15),
        row("second fit", "second_fit", "tutorial's code", 40, 100),
        row("whole process", "process", "tutorial's code"),
        row("first fit, its validation left out", "seconds", "without validation"),
        row("second fit, its validation left out", "second_fit", "without validation"),
    ]


if __name__ == "__main__":
    _cli.main(tasks)
