"""What the tests of the Keras part share."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from sklearn_seqae._keras.architecture import Architecture, build_layers
from sklearn_seqae._keras.pooling import EPSILON

from sklearn_seqae._batching import to_patches
from sklearn_seqae._keras import inference, workspace
from sklearn_seqae._ragged import RaggedArray

# A script for a process of its own, not a module to look for doctests in
collect_ignore = ["fresh_process.py"]


@pytest.fixture(scope="session")
def make_architecture():
    """An architecture that compiles fast, but for what a test asks for."""

    def make(**changes):
        small = {
            "n_inputs": 2,
            "n_code": 3,
            "encoder_units": (4,),
            "decoder_units": (4,),
            "bidirectional": False,
            "activation": "tanh",
        }
        return Architecture(**(small | changes))

    return make


@pytest.fixture(scope="session")
def make_ragged():
    """Smooth random sequences of given lengths, some values missing."""

    def make(lengths, *, n_features=2, missing=0.0, seed=0):
        rng = np.random.default_rng(seed)
        sequences = []
        for n in lengths:
            walk = rng.normal(size=(n, n_features)).cumsum(axis=0) / np.sqrt(n)
            gaps = rng.random(walk.shape) < missing
            gaps[0] = False  # something is observed
            sequences.append(np.where(gaps, np.nan, walk).astype(np.float32))
        return RaggedArray.from_list(sequences)

    return make


@pytest.fixture(scope="session")
def make_patches(make_ragged):
    """The sequences of `make_ragged`, cut into patches."""

    def make(lengths, *, patch_size=1, **options):
        return to_patches(make_ragged(lengths, **options), patch_size)

    return make


def pool_by_numpy(architecture, of_layers, queries):
    """The vector of pooled states, from those of each layer, (T, D * U)."""
    pooled, left = [], list(queries)
    for states in of_layers:
        directions = np.split(states, architecture.n_directions, axis=1)
        for kind in architecture.pooling:
            for d, own in enumerate(directions):
                if kind == "last":
                    pooled.append(own[0] if d else own[-1])
                elif kind == "std":
                    pooled.append(np.sqrt(own.var(axis=0) + EPSILON))
                elif kind == "attention":
                    score = own @ left.pop(0)
                    weight = np.exp(score - score.max())
                    pooled.append(weight @ own / weight.sum())
                else:
                    pooled.append(getattr(own, kind)(axis=0))
    return np.concatenate(pooled)


def repeated(layers, code, n_steps):
    states = np.repeat(code[:, None], n_steps, axis=1)
    for layer in layers.decoder:
        states = layer(states)
    return layers.reconstruction(states).numpy()[0]


def in_parts(layers, code, n_steps):
    width = layers.decoder[0].cell.kernel.shape[0]
    states = code.reshape(1, -1, width)[:, :n_steps]
    for layer in layers.decoder:
        states = layer(states)
    return layers.reconstruction(states).numpy()[0]


def at_once(layers, code, n_steps):
    width = layers.decoder[0].cell.kernel.shape[0]
    states = code.reshape(1, -1, width)
    n_parts = states.shape[1]
    for layer in layers.decoder:
        states = layer(states)
    return layers.reconstruction(states).numpy().reshape(n_parts, -1)[:n_steps]


def fed_back(layers, code, n_steps):
    """By whole sequences: all that was written so far is read again for each step."""
    n_inputs = layers.reconstruction.layer.units
    written = np.zeros((0, n_inputs), np.float32)
    for _ in range(n_steps):
        before = np.concatenate([np.zeros((1, n_inputs), np.float32), written])
        vector = np.repeat(code, len(before), axis=0)
        states = np.concatenate([before, vector], axis=1)[None]
        for layer in layers.decoder:
            states = layer(states)
        written = layers.reconstruction(states).numpy()[0]
    return written


DECODED_BY_KERAS = {
    "repeat": repeated,
    "reshape": in_parts,
    "single_shot": at_once,
    "unfold": fed_back,
}


@pytest.fixture(scope="session")
def decode_by_keras():
    """Steps of one sequence from Keras's layers, the last step first."""
    return lambda kind, *arguments: DECODED_BY_KERAS[kind](*arguments)


@pytest.fixture(scope="session")
def through_keras():
    """Codes and decoded steps from Keras's layers, one sequence at a time, unpadded."""

    def run(architecture, weights, patches):
        layers = build_layers(architecture)
        layers.set_weights(weights)
        codes, decoded = [], []
        for start, stop in zip(patches.offsets[:-1], patches.offsets[1:], strict=True):
            states, of_layers = patches.values[None, start:stop], []
            for layer in layers.encoder:
                states = layer(states)
                of_layers.append(states.numpy()[0])
            queries = [layer.kernel.numpy()[:, 0] for layer in layers.queries]
            code = pool_by_numpy(architecture, of_layers, queries)[None]
            if layers.embedding is not None:
                code = layers.embedding(code).numpy()
            codes.append(code[0])
            steps = DECODED_BY_KERAS[architecture.decoder](layers, code, stop - start)
            decoded.append(steps[::-1])
        return np.array(codes), np.concatenate(decoded)

    return run


@pytest.fixture(scope="session")
def lstm_by_numpy():
    """The equations of an LSTM layer over one sequence, (T, F) to (T, U)."""

    def run(x, kernel, recurrent_kernel, bias, activation="tanh"):
        act = np.tanh if activation == "tanh" else lambda z: np.maximum(z, 0)
        h = c = np.zeros(len(recurrent_kernel))
        states = []
        for x_t in x:
            z = x_t @ kernel + h @ recurrent_kernel + bias
            i, f, k, o = np.split(z, 4)
            c = sigmoid(f) * c + sigmoid(i) * act(k)
            h = sigmoid(o) * act(c)
            states.append(h)
        return np.array(states)

    def sigmoid(z):
        return 1 / (1 + np.exp(-z))

    return run


@pytest.fixture(scope="session")
def through_numpy(lstm_by_numpy):
    """Codes and decoded steps from the equations, one sequence at a time."""

    def one(architecture, weights, x):
        left = [w.astype(np.float64) for w in weights]

        def take(n):
            taken, left[:] = left[:n], left[n:]
            return taken

        states, of_layers, activation = x, [], architecture.activation
        for _ in architecture.encoder_units:
            forward = lstm_by_numpy(states, *take(3), activation)
            if architecture.bidirectional:
                backward = lstm_by_numpy(states[::-1], *take(3), activation)
                forward = np.concatenate([forward, backward[::-1]], axis=1)
            states = forward
            of_layers.append(states)
        queries = [query[:, 0] for query in take(len(architecture.query_sizes))]
        code = pool_by_numpy(architecture, of_layers, queries)
        if architecture.head:
            kernel, bias = take(2)
            code = code @ kernel + bias
        states = np.repeat(code[None], len(x), axis=0)
        for _ in architecture.decoder_units:
            states = lstm_by_numpy(states, *take(3), activation)
        kernel, bias = take(2)
        return code, (states @ kernel + bias)[::-1]

    def run(architecture, weights, patches):
        cuts = zip(patches.offsets[:-1], patches.offsets[1:], strict=True)
        results = [
            one(architecture, weights, patches.values[start:stop].astype(np.float64))
            for start, stop in cuts
        ]
        codes, steps = zip(*results, strict=True)
        return np.array(codes), np.concatenate(steps)

    return run


@pytest.fixture
def without_xla(monkeypatch):
    """As where XLA can't compile; it also spares the time to compile."""
    for module in (workspace, inference):
        monkeypatch.setattr(module, "xla_compiles", lambda: False)


@pytest.fixture(scope="session")
def fresh_process(tmp_path_factory):
    """What `fresh_process.py` found in a process of its own, and what it wrote."""
    dump = tmp_path_factory.mktemp("xla")
    environment = {k: v for k, v in os.environ.items() if not k.startswith("TF_")}
    environment["XLA_FLAGS"] = f"--xla_dump_to={dump} --xla_dump_hlo_as_text"
    script = Path(__file__).with_name("fresh_process.py")
    result = subprocess.run(
        [sys.executable, str(script), str(dump)],
        capture_output=True,
        text=True,
        env=environment,
    )
    assert result.returncode == 0, result.stderr
    return {"stderr": result.stderr, **json.loads(result.stdout)}
