"""A real data set, from the start of Python to the embedding."""

from benchmarks import _cli, _flops
from benchmarks._task import MATMUL, Contestant, Measure, Row, Task
from benchmarks.ours import PLAIN
from sklearn_seqae import LSTMAutoencoderTransformer
from sklearn_seqae.datasets import load_japanese_vowels

WAYS = (
    ("Keras padded, tf.data", False, False),
    ("Keras padded, jit", False, True),
    ("Keras by length", True, False),
    ("Keras by length, jit", True, True),
)
NOTES = (
    "The 270 training sequences (12 features, 7 to 26 steps), 16 components of "
    "the last states, 100 epochs, from the start of the process, imports included, to "
    "the embedding. Peer: stock Keras with the same layers, epochs and batch size, the "
    "fastest of four ways to feed it.",
    "Of ours, importing scikit-learn, TensorFlow and Keras took 2.7 s (the peer imports"
    " the same), tracing and compiling 2.5 s, the 900 updates 1.3 s.",
)


def tasks(quick: bool) -> list[Task]:
    ours = LSTMAutoencoderTransformer(**PLAIN)
    (n_units,) = ours.hidden_layer_sizes
    epochs = 2 if quick else ours.epochs
    model = {
        "epochs": epochs,
        "batch_size": ours.batch_size,
        "n_units": n_units,
        "n_components": ours.n_components - 1,
    }
    job = "benchmarks.peers.keras_best:japanese_vowels"
    contestants = [
        Contestant(
            "ours", "benchmarks.ours:japanese_vowels", {"epochs": epochs}, fresh=True
        ),
        *(
            Contestant(name, job, {**model, "bucketed": b, "jit": jit}, True, "best")
            for name, b, jit in WAYS
        ),
        MATMUL,
    ]
    X, *_ = load_japanese_vowels(return_X_y=True)
    lengths = [len(x) for x in X]
    flops = epochs * _flops.epoch(lengths, 12, n_units, ours.n_components - 1)
    rows = [
        Row(
            "process start to embedding",
            "speedup",
            Measure("ours", "process"),
            tuple(Measure(name, "process") for name, *_ in WAYS),
            3,
            6,
            flops,
        )
    ]
    return [Task("japanese-vowels", "Japanese Vowels", contestants, rows, NOTES)]


if __name__ == "__main__":
    _cli.main(tasks)
