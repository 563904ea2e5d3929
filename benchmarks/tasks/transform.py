"""Embeddings of 10,000 ragged sequences."""

from benchmarks import _cli, _data, _flops
from benchmarks._task import MATMUL, Contestant, Measure, Row, Task

UNITS, BATCH, COMPONENTS = 64, 256, 16
NOTES = (
    "10,000 sequences of 3 features, lengths log-uniform in 10..200, 64 units, warm. "
    "Ours takes a list of arrays: checking, scaling, batching and putting the rows "
    "back in order all count. In the first two rows the peers' padding and packing "
    "was done before, in the others it counts. Peers run batches of 256; PyTorch's "
    "are by length.",
)


def tasks(quick: bool) -> list[Task]:
    n, longest, units = (300, 12, 4) if quick else (10_000, 200, UNITS)
    data = {"n": n, "shortest": 10, "longest": longest, "n_features": 3}
    peer = {
        "data": data,
        "batch_size": BATCH,
        "n_units": units,
        "n_components": COMPONENTS - 1,
    }
    ours = {
        "data": data,
        "n_components": COMPONENTS,
        "hidden_layer_sizes": [units],
        "patch_size": 1,
    }
    keras, torch = "Keras predict, padded", "PyTorch packed"
    contestants = [
        Contestant("ours", "benchmarks.ours:transform", ours),
        Contestant(keras, "benchmarks.peers.keras_padded:transform", peer),
        Contestant(torch, "benchmarks.peers.torch_lstm:transform", peer),
        MATMUL,
    ]
    lengths = _data.log_uniform_lengths(n, 10, longest).tolist()
    flops = _flops.encoder_forward(lengths, 3, units)

    def row(work: str, peer: Measure, *goals: float) -> Row:
        return Row(work, "speedup", Measure("ours"), (peer,), *goals, flops=flops)

    rows = [
        row("against ``keras predict``", Measure(keras), 2, 3),
        row("against PyTorch", Measure(torch), 2, 3),
        row("against padding and predict", Measure(keras, "from_list")),
        row("against packing and PyTorch", Measure(torch, "from_list")),
    ]
    return [Task("transform", "Embedding 10,000 sequences", contestants, rows, NOTES)]


if __name__ == "__main__":
    _cli.main(tasks)
