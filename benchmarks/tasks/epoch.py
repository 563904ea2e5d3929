"""Ragged sequences, a warm epoch and 20 epochs from a cold start; long sequences."""

from typing import Any

from benchmarks import _data, _flops
from benchmarks._task import MATMUL, Contestant, Row, Task

EPOCHS = 20
DATA = {"n": 1024, "shortest": 10, "longest": 200, "n_features": 3}
LONG = {"n": 512, "shortest": 200, "longest": 200, "n_features": 3}
WAYS = {  # to feed stock Keras at its best
    "Keras by length": {"feed": "by length", "jit": False},
    "Keras by length, jit": {"feed": "by length", "jit": True},
    "Keras padded, tf.data": {"feed": "padded", "jit": False},
    "Keras padded, jit": {"feed": "padded", "jit": True},
}
BY_LENGTH = tuple(WAYS)[:2]
PADDED, TORCH, AEON = "Keras padded", "PyTorch packed", "aeon AEDRNN"


def _ours(n_units: int, batch_size: int = 32) -> dict[str, Any]:
    sizes = {"n_components": 16, "hidden_layer_sizes": [n_units]}
    return {**sizes, "batch_size": batch_size, "patch_size": 1}


def _rivals(
    job: str, peer: dict[str, Any], ways: tuple[str, ...], fresh: bool = False
) -> list[Contestant]:
    """Keras padded, Keras in several ways, and PyTorch."""
    keras, torch = f"peers.keras_autoencoder:{job}", f"peers.torch_lstm:{job}"
    return [
        Contestant(PADDED, keras, {**peer, "feed": "array"}, fresh),
        *(Contestant(n, keras, {**peer, **WAYS[n]}, fresh) for n in ways),
        Contestant(TORCH, torch, {**peer, "packed": True}, fresh),
    ]


def _warm(n_units: int) -> Task:
    span = {"data": DATA, "few": 1}
    model = {"n_units": n_units, "n_components": 15, "batch_size": 32}
    ours = {**span, "many": 16, **_ours(n_units)}
    aeon = {"data": DATA, "epochs": 4, **model}
    contestants = [
        Contestant("ours", "ours:warm_epoch", ours),
        *_rivals("warm_epoch", {**span, "many": 4, **model}, BY_LENGTH),
        Contestant(AEON, "peers.aeon_clusterer:warm_epoch", aeon),
    ]
    flops = _flops.epoch(_data.lengths_of(DATA), 3, n_units, 15)
    rows = [
        Row("warm epoch, against Keras as most write it", (PADDED,), 5, 8, flops),
        Row("warm epoch, against Keras at its best", BY_LENGTH, 1.5, 2.5, flops),
        Row("warm epoch, against PyTorch", (TORCH,), 3, 5, flops),
        Row("warm epoch, against aeon", (AEON,), flops=flops),
    ]
    title = f"An epoch of ragged sequences, {n_units} units"
    return Task(f"epoch-{n_units}", title, contestants, rows)


def _cold(n_units: int) -> Task:
    work = {"data": DATA, "epochs": EPOCHS}
    peer = {**work, "n_units": n_units, "n_components": 15, "batch_size": 32}
    ours = {**work, **_ours(n_units)}
    contestants = [
        Contestant("ours", "ours:cold_fit", ours, fresh=True),
        *_rivals("cold_fit", peer, tuple(WAYS), fresh=True),
    ]
    flops = EPOCHS * _flops.epoch(_data.lengths_of(DATA), 3, n_units, 15)
    rows = [
        Row("cold fit, against Keras as most write it", (PADDED,), 4, 8, flops),
        Row("cold fit, against Keras at its best", tuple(WAYS), 4, 8, flops),
        Row("cold fit, against PyTorch", (TORCH,), flops=flops),
    ]
    title = f"{EPOCHS} epochs from a cold start, {n_units} units"
    return Task(f"cold-{n_units}", title, contestants, rows)


def _long() -> Task:
    span = {"data": LONG, "few": 1, "many": 5}
    peer = {**span, "batch_size": 64, "n_units": 128, "n_components": 16}
    torch, names = "peers.torch_lstm:warm_epoch", (TORCH, "PyTorch plain")
    contestants = [
        Contestant("ours", "ours:warm_epoch", {**span, **_ours(128, 64)}),
        *(Contestant(name, torch, {**peer, "packed": name == TORCH}) for name in names),
    ]
    flops = _flops.epoch(_data.lengths_of(LONG), 3, 128, 16)
    matmul = _flops.MATMUL / flops  # so that a peer's seconds are those of our work
    rows = [
        Row("warm epoch", names, 1.1, 1.5, flops),
        Row("arithmetic", (MATMUL.name,), 0.5, 0.7, flops, per=(1, matmul)),
    ]
    title = "An epoch of long sequences, 128 units"
    return Task("epoch-128", title, contestants, rows)


TASKS = [_warm(32), _warm(64), _cold(32), _cold(64), _long()]
