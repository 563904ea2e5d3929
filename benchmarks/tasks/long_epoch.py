"""A larger layer on sequences of one length: where arithmetic rules."""

from benchmarks import _cli, _flops
from benchmarks._task import MATMUL, Contestant, Measure, Row, Task

UNITS, BATCH, COMPONENTS = 128, 64, 16
NOTES = (
    "512 sequences of 200 steps and 3 features, 128 units, batches of 64; a warm "
    "epoch by the difference of two fits. PyTorch: the faster of packed sequences and "
    "plain tensors, which one length allows.",
)


def tasks(quick: bool) -> list[Task]:
    n, length, units = (16, 8, 4) if quick else (512, 200, UNITS)
    data = {"n": n, "shortest": length, "longest": length, "n_features": 3}
    few, many = (1, 2) if quick else (1, 5)
    span = {"data": data, "few": few, "many": many, "batch_size": BATCH}
    peer = {**span, "n_units": units, "n_components": COMPONENTS}
    ours = {
        **span,
        "n_components": COMPONENTS,
        "hidden_layer_sizes": [units],
        "patch_size": 1,
    }
    torch = "benchmarks.peers.torch_lstm:warm_epoch"
    names = ("PyTorch packed", "PyTorch plain")
    contestants = [
        Contestant("ours", "benchmarks.ours:warm_epoch", ours),
        Contestant(names[0], torch, {**peer, "packed": True}, group="PyTorch"),
        Contestant(names[1], torch, {**peer, "packed": False}, group="PyTorch"),
        MATMUL,
    ]
    flops = _flops.epoch([length] * n, 3, units, COMPONENTS)
    peers = tuple(map(Measure, names))
    rows = [
        Row("warm epoch", "speedup", Measure("ours"), peers, 1.1, 1.5, flops),
        Row("arithmetic", "share", Measure("ours"), (), 0.5, 0.7, flops),
    ]
    title = "An epoch of long sequences, 128 units"
    return [Task("epoch-128", title, contestants, rows, NOTES)]


if __name__ == "__main__":
    _cli.main(tasks)
