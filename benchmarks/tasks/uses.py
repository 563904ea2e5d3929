"""Embedding many sequences, a grid search, and a real data set from start to end."""

from typing import Any

from benchmarks import _data, _flops
from benchmarks._task import Contestant, Row, Task
from benchmarks.ours import PLAIN
from benchmarks.tasks.epoch import WAYS
from sklearn_seqae import LSTMAutoencoderTransformer
from sklearn_seqae.datasets import load_japanese_vowels

MANY = {"n": 10_000, "shortest": 10, "longest": 200, "n_features": 3}
SHORT = {"n": 200, "shortest": 5, "longest": 30, "n_features": 3}


def _transform() -> Task:
    keras, torch = "Keras predict, padded", "PyTorch packed"
    sizes = {"n_components": 16, "hidden_layer_sizes": [64], "patch_size": 1}
    peer = {"data": MANY, "batch_size": 256, "n_units": 64, "n_components": 15}
    contestants = [
        Contestant("ours", "ours:transform", {"data": MANY, **sizes}),
        Contestant(keras, "peers.keras_autoencoder:transform", peer),
        Contestant(torch, "peers.torch_lstm:transform", peer),
    ]
    flops = _flops.encoder_forward(_data.lengths_of(MANY), 3, 64)
    rows = [
        Row("against ``keras predict``", (keras,), 2, 3, flops),
        Row("against PyTorch", (torch,), 2, 3, flops),
        Row("against padding and predict", (f"{keras}:from_list",), flops=flops),
        Row("against packing and PyTorch", (f"{torch}:from_list",), flops=flops),
    ]
    title = "Embedding 10,000 sequences"
    return Task("transform", title, contestants, rows)


def _grid_search() -> Task:
    common: dict[str, Any] = {"data": SHORT, "epochs": 20, "batch_size": 32}
    rates = {"learning_rate": [3e-4, 1e-3, 3e-3]}
    ours = {"n_components": [4, 8], "hidden_layer_sizes": [[16], [32]], **rates}
    peer = {"n_components": [3, 7], "n_units": [16, 32], **rates}
    parameters = {**common, "grid": ours, "patch_size": 1}
    theirs = {**common, "grid": peer}
    contestants = [
        Contestant("ours", "ours:grid_search", parameters, fresh=True),
        Contestant("SciKeras", "peers.scikeras_grid:grid_search", theirs, fresh=True),
    ]
    # Of the fits on two thirds, three times each; neither scoring nor the refit
    lengths, fits = _data.lengths_of(SHORT), len(rates["learning_rate"]) * 3 * 2 / 3
    flops = sum(
        fits * common["epochs"] * _flops.epoch(lengths, 3, n_units, n_components)
        for n_units in peer["n_units"]
        for n_components in peer["n_components"]
    )
    row = Row("12 candidates", ("SciKeras",), 6, 12, flops)
    return Task("grid-search", "A grid search", contestants, [row])


def _japanese_vowels() -> Task:
    plain = LSTMAutoencoderTransformer(**PLAIN)
    (n_units,), n_components = plain.hidden_layer_sizes, plain.n_components - 1
    epochs = {"epochs": plain.epochs}
    model = {"n_units": n_units, "n_components": n_components}
    peer = {**epochs, **model, "batch_size": plain.batch_size}
    job = "peers.keras_autoencoder:japanese_vowels"
    contestants = [
        Contestant("ours", "ours:japanese_vowels", epochs, fresh=True),
        *(Contestant(n, job, {**peer, **w}, True) for n, w in WAYS.items()),
    ]
    X, *_ = load_japanese_vowels(return_X_y=True)
    flops = plain.epochs * _flops.epoch([len(x) for x in X], 12, n_units, n_components)
    peers, ours = tuple(f"{name}:process" for name in WAYS), "ours:process"
    row = Row("process start to embedding", peers, 3, 6, flops, ours=ours)
    return Task("japanese-vowels", "Japanese Vowels", contestants, [row])


TASKS = [_transform(), _grid_search(), _japanese_vowels()]
