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
SAME_MODEL = {  # LSTM(2, relu), RepeatVector, LSTM(100, relu), Dense(1)
    "n_components": None,
    "hidden_layer_sizes": 2,
    "decoder_layer_sizes": 100,
    "pooling": "last",
    "activation": "relu",
    "bidirectional": False,
    "length_component": False,
    "patch_size": 1,
    "scaler": None,
    "noise": 0.0,
    "differences": False,
    "mask_ratio": 0.0,
    "contrastive_weight": 0.0,
    "learning_rate": 1e-3,
    "learning_rate_schedule": None,
}
LOSS_NOTES = (
    "The same model on both sides, by our parameters on ours, after 400 epochs; each "
    "round is another seed. The error is the mean over the values of the sequences "
    "that both were fitted to, without the padding that the tutorial's loss counts as "
    "well: the first three, as the tutorial's code sets one aside, and all four. With "
    "two relu units that the code is made of, some seeds start with both of them dead.",
)
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
        Task("tutorial", "The tutorial's example", contestants, _rows(epochs), NOTES),
        _loss(epochs),
    ]


def _loss(epochs: int) -> Task:
    peer = "benchmarks.peers.keras_tutorial:loss"
    contestants, rows = [], []
    for n, split, fitted_to in ((3, 0.1, "three sequences"), (4, 0.0, "all four")):
        ours, theirs = f"ours, {fitted_to}", f"tutorial's code, {fitted_to}"
        fit = {"epochs": epochs, "n_sequences": n}
        contestants += [
            Contestant(ours, "benchmarks.ours:tutorial_loss", {**SAME_MODEL, **fit}),
            Contestant(theirs, peer, {**fit, "validation_split": split}),
        ]
        measures = Measure(ours, "loss"), Measure(theirs, "loss")
        row = Row(fitted_to, "growth", measures[0], measures[1:], target=1.0, unit="")
        rows.append(row)
    title = "What the tutorial's model comes to"
    return Task("tutorial-loss", title, contestants, rows, LOSS_NOTES)


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
