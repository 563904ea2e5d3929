"""Ragged sequences, two sizes: a warm epoch, and 20 epochs from a cold start."""

from typing import Any

from benchmarks import _cli, _data, _flops
from benchmarks._task import MATMUL, Contestant, Measure, Row, Task

BATCH = 32
COMPONENTS = 16
DATA = {"n": 1024, "shortest": 10, "longest": 200, "n_features": 3}
TINY = {"n": 64, "shortest": 3, "longest": 12, "n_features": 3}
BEST = ("Keras by length", "Keras by length, jit")
COLD = ("Keras padded, tf.data", "Keras padded, jit", *BEST)

MODEL = (
    "1,024 sequences of 3 features, lengths log-uniform in 10..200; bidirectional "
    "encoder, repeat decoder, batches of 32, Adam, one time step a patch. Peers have "
    "one component less in place of the length component."
)
WARM = (
    "A warm epoch is a fit of many epochs less a fit of few, over the difference, in "
    "a process that has fitted before: ours, Keras and PyTorch alike; for aeon, which "
    "compiles in every fit, the median of the epochs after the first."
)
PEERS = (
    "Keras padded: one array of the longest length, Masking, sample weights that keep "
    "padding out of the loss, ``fit``. Keras at its best: batches by length from "
    "tf.data, the faster of with and without ``jit_compile``. PyTorch: packed "
    "sequences, batches by length, fused Adam. aeon: AEDRNNClusterer with one layer "
    "each way; GRUs, not LSTMs, and padding is read and learnt."
)


def tasks(quick: bool) -> list[Task]:
    sizes = (4,) if quick else (32, 64)
    data = TINY if quick else DATA
    return [
        *(_warm(n_units, data, quick) for n_units in sizes),
        *(_cold(n_units, data, 2 if quick else 20) for n_units in sizes),
    ]


def _ours(n_units: int) -> dict[str, Any]:
    return {
        "n_components": COMPONENTS,
        "hidden_layer_sizes": [n_units],
        "batch_size": BATCH,
        "patch_size": 1,
    }


def _model(n_units: int) -> dict[str, Any]:
    return {"n_units": n_units, "n_components": COMPONENTS - 1, "batch_size": BATCH}


def _best(job: str, parameters: dict[str, Any], fresh: bool) -> list[Contestant]:
    """Stock Keras fed with batches by length, with and without XLA."""
    job = f"benchmarks.peers.keras_best:{job}"
    return [
        Contestant(
            name, job, {**parameters, "bucketed": True, "jit": jit}, fresh, "best"
        )
        for name, jit in zip(BEST, (False, True), strict=True)
    ]


def _warm(n_units: int, data: dict[str, int], quick: bool) -> Task:
    few, many, many_of_ours = (1, 2, 3) if quick else (1, 4, 16)
    span = {"data": data, "few": few, "many": many}
    peer = {**span, **_model(n_units)}
    contestants = [
        Contestant(
            "ours",
            "benchmarks.ours:warm_epoch",
            {**span, **_ours(n_units), "many": many_of_ours},
        ),
        Contestant("Keras padded", "benchmarks.peers.keras_padded:warm_epoch", peer),
        *_best("warm_epoch", peer, fresh=False),
        Contestant(
            "PyTorch packed",
            "benchmarks.peers.torch_lstm:warm_epoch",
            {**peer, "packed": True},
        ),
        Contestant(
            "aeon AEDRNN",
            "benchmarks.peers.aeon_clusterer:warm_epoch",
            {"data": data, "epochs": many, **_model(n_units)},
        ),
        MATMUL,
    ]
    return Task(
        f"epoch-{n_units}",
        f"An epoch of ragged sequences, {n_units} units",
        contestants,
        _warm_rows(_epoch_flops(n_units, data)),
        (MODEL, WARM, PEERS),
    )


def _warm_rows(flops: float) -> list[Row]:
    def row(work: str, target: float | None, stretch: float | None, *names: str) -> Row:
        peers = tuple(Measure(name) for name in names)
        return Row(work, "speedup", Measure("ours"), peers, target, stretch, flops)

    return [
        row("warm epoch, against Keras as most write it", 5, 8, "Keras padded"),
        row("warm epoch, against Keras at its best", 1.5, 2.5, *BEST),
        row("warm epoch, against PyTorch", 3, 5, "PyTorch packed"),
        row("warm epoch, against aeon", None, None, "aeon AEDRNN"),
    ]


def _cold(n_units: int, data: dict[str, int], epochs: int) -> Task:
    work = {"data": data, "epochs": epochs}
    peer = {**work, **_model(n_units)}
    contestants = [
        Contestant(
            "ours", "benchmarks.ours:cold_fit", {**work, **_ours(n_units)}, fresh=True
        ),
        Contestant(
            "Keras padded", "benchmarks.peers.keras_padded:cold_fit", peer, fresh=True
        ),
        *_best("cold_fit", peer, fresh=True),
        *(
            Contestant(
                name,
                "benchmarks.peers.keras_best:cold_fit",
                {**peer, "bucketed": False, "jit": jit},
                True,
                "best",
            )
            for name, jit in zip(COLD[:2], (False, True), strict=True)
        ),
        Contestant(
            "PyTorch packed",
            "benchmarks.peers.torch_lstm:cold_fit",
            {**peer, "packed": True},
            fresh=True,
        ),
        MATMUL,
    ]
    flops = epochs * _epoch_flops(n_units, data)
    return Task(
        f"cold-{n_units}",
        f"{epochs} epochs from a cold start, {n_units} units",
        contestants,
        _cold_rows(flops),
        (
            MODEL,
            "The clock starts when the imports are done; building, tracing and "
            "compiling count: 2 to 3 s of ours.",
            PEERS,
        ),
    )


def _cold_rows(flops: float) -> list[Row]:
    keras = tuple(Measure(name) for name in COLD)
    torch = (Measure("PyTorch packed"),)
    ours = Measure("ours")
    padded = (Measure("Keras padded"),)

    def row(against: str, peers: tuple[Measure, ...], *goals: float) -> Row:
        return Row(
            f"cold fit, against {against}", "speedup", ours, peers, *goals, flops=flops
        )

    return [
        row("Keras as most write it", padded, 4, 8),
        row("Keras at its best", keras, 4, 8),
        row("PyTorch", torch),
    ]


def _epoch_flops(n_units: int, data: dict[str, int]) -> float:
    lengths = _data.log_uniform_lengths(data["n"], data["shortest"], data["longest"])
    return _flops.epoch(lengths.tolist(), data["n_features"], n_units, COMPONENTS - 1)


if __name__ == "__main__":
    _cli.main(tasks)
