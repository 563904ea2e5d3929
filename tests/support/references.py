"""What the network is compared with: the equations in NumPy, and stock Keras layers.

Both read one sequence at a time, unpadded, in the order of time, (T, F). They know no
engine, batch, buffer or mask. Decoders write the last step first.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from keras import losses

from sklearn_seqae._keras.network.keras_layers import KerasLayers
from sklearn_seqae._network.pooling import EPSILON
from sklearn_seqae._patches.heads.category import HIDDEN
from sklearn_seqae._patches.heads.head import NOISE

KINDS = ("kernel", "recurrent_kernel", "bias")


# -- how a layer is run ---------------------------------------------------------------


def lstm_by_numpy(x, kernel, recurrent_kernel, bias, activation="tanh"):
    """Return the states (T, U) of an LSTM layer over one sequence (T, F)."""
    act = np.tanh if activation == "tanh" else lambda z: np.maximum(z, 0)
    h = c = np.zeros(len(recurrent_kernel))
    states = []
    for x_t in x:
        i, f, k, o = np.split(x_t @ kernel + h @ recurrent_kernel + bias, 4)
        c = _sigmoid(f) * c + _sigmoid(i) * act(k)
        h = _sigmoid(o) * act(c)
        states.append(h)
    return np.array(states)


def _sigmoid(z):
    return 1 / (1 + np.exp(-z))


@dataclass(frozen=True)
class ByNumpy:
    """Runs layers by their equations, in float64.

    Attributes
    ----------
    architecture : Architecture
    weights : dict of str to ndarray
    masks : dict of str to ndarray of shape (D, F)
        Dropout: factors of inputs, by LSTM layer.
    """

    architecture: Any
    weights: dict
    masks: dict = field(default_factory=dict)

    def lstm(self, layer, x):
        factors = self.masks.get(layer.name, np.ones((2, 1)))
        found = []
        for d, direction in enumerate(layer.directions):
            own = [self.weights[f"{layer.name}/{direction}/{kind}"] for kind in KINDS]
            order = slice(None, None, -1 if d else 1)
            states = lstm_by_numpy(
                (x * factors[d])[order],
                *(w.astype(np.float64) for w in own),
                self.architecture.activation,
            )
            found.append(states[order])
        return np.concatenate(found, axis=1)

    def vectors(self, layer, codes):
        table = self.weights[f"{layer.name}/embeddings"].astype(np.float64)
        return np.vstack([np.zeros(layer.units), table])[codes]

    def cross_entropy(self, code, logits):
        return np.log(np.exp(logits).sum()) - logits[code - 1]

    def dense(self, layer, x):
        y = x @ self.weights[f"{layer.name}/kernel"].astype(np.float64)
        if layer.use_bias:
            y = y + self.weights[f"{layer.name}/bias"]
        return np.maximum(y, 0) if layer.activation == "relu" else y


class ByKeras:
    """Runs layers by calling those of Keras."""

    def __init__(self, architecture, weights):
        self.architecture, self._layers = architecture, KerasLayers(architecture)
        self._layers.set_weights(weights)

    def lstm(self, layer, x):
        states = self.dense(layer, x)
        return states if layer.return_sequences else states[None]

    def vectors(self, layer, codes):
        found = self._layers[layer.name](np.maximum(codes - 1, 0)).numpy()
        return np.where(codes[..., None] > 0, found, 0)

    def cross_entropy(self, code, logits):
        loss = losses.SparseCategoricalCrossentropy(from_logits=True)
        return float(loss(np.array([code - 1]), logits[None]))

    def dense(self, layer, x):
        return self._layers[layer.name](np.asarray(x, np.float32)[None]).numpy()[0]


# -- the network, by either -----------------------------------------------------------


def with_vectors(run, x, step):
    """Return steps (T, F), or one step, with vectors in place of codes."""
    if not step.columns:
        return x
    parts = [x[..., : step.n_numbers]]
    layers = run.architecture.category_layers
    for layer, column in zip(layers, step.column_parts, strict=True):
        vectors = run.vectors(layer, x[..., column.values].astype(int))
        parts.append(vectors.reshape(*x.shape[:-1], -1))
    return np.concatenate([*parts, x[..., step.width :]], axis=-1)


def pooled_states(run, x):
    """Return the pooled states of all encoder layers, one after the other."""
    architecture, pooled = run.architecture, []
    x = with_vectors(run, x, architecture.step)
    layers = zip(architecture.encoder_layers, architecture.pooling_layers, strict=True)
    for layer, queries in layers:
        x = run.lstm(layer, x)
        for kind in architecture.pooling:
            for d, states in enumerate(np.split(x, len(layer.directions), axis=1)):
                if kind == "last":
                    pooled.append(states[0] if d else states[-1])
                elif kind == "std":
                    pooled.append(np.sqrt(states.var(axis=0) + EPSILON))
                elif kind == "attention":
                    score = run.dense(queries[kind][d], states)[:, 0]
                    weight = np.exp(score - score.max())
                    pooled.append(weight @ states / weight.sum())
                else:
                    pooled.append(getattr(states, kind)(axis=0))
    return np.concatenate(pooled)


def embedding(run, pooled):
    layer = run.architecture.bottleneck_layer
    return pooled if layer is None else run.dense(layer, pooled)


def projection(run, pooled):
    for layer in run.architecture.projection_head:
        pooled = run.dense(layer, pooled)
    return pooled


def _written(run, spec, x):
    for layer in spec.lstm:
        x = run.lstm(layer, x)
    return run.dense(spec.output, x)


def _repeated(run, spec, vector, n_steps):
    return _written(run, spec, np.repeat(vector[None], n_steps, axis=0))


def _in_parts(run, spec, vector, n_steps):
    return _written(run, spec, vector.reshape(spec.n_parts, -1)[:n_steps])


def _at_once(run, spec, vector, n_steps):
    x = vector.reshape(spec.n_parts, -1)
    for layer in spec.lstm:
        x = run.lstm(layer, x)
    return run.dense(spec.output, x[-1]).reshape(spec.n_parts, -1)[:n_steps]


def _beside(steps, vector):
    """Return the step before each, from zeros on, and the vector."""
    before = np.concatenate([np.zeros((1, steps.shape[1])), steps])
    return np.column_stack([before, np.repeat(vector[None], len(before), axis=0)])


def _fed_back(run, spec, vector, n_steps):
    """All that was written so far is read again for each step."""
    read = np.zeros((0, spec.step.n_read))
    for _ in range(n_steps):
        written = _written(run, spec, _beside(read, vector))
        read = with_vectors(run, _most_likely(written, spec.step), spec.step)
    return written


def _most_likely(written, step):
    """Return steps, with codes in place of logits."""
    parts = [written[:, : step.n_numbers]]
    for column in step.column_parts:
        logits = written[:, column.written].reshape(len(written), step.n_timesteps, -1)
        parts.append(logits.argmax(axis=2) + 1)
    return np.concatenate(parts, axis=1)


_DECODED = {
    "repeat": _repeated,
    "reshape": _in_parts,
    "single_shot": _at_once,
    "unfold": _fed_back,
}


def decoded(run, vector, n_steps, spec=None):
    """Return steps (n_steps, F), by the decoder unless another spec is given."""
    spec = spec or run.architecture.decoder_spec
    return _DECODED[spec.kind](run, spec, vector, n_steps)


def decoded_in_training(run, vector, target, noise=None):
    """Return the same as `decoded`; decoders with teacher forcing read the target."""
    spec = run.architecture.decoder_spec
    if spec.kind != "unfold":
        return decoded(run, vector, len(target))
    told = target if noise is None else target + NOISE * noise
    if noise is not None and spec.step.columns:
        n = spec.step.n_numbers
        told[:, n:] = np.where(noise[:, n:] > HIDDEN, 0, target[:, n:])
    told = with_vectors(run, told, spec.step)
    return _written(run, spec, _beside(told[:-1], vector))


def changes(run, vector, recent):
    """Return the forecaster's steps, the first one first."""
    architecture = run.architecture
    read = np.concatenate([vector, with_vectors(run, recent, architecture.recent)])
    n_steps = architecture.n_forecast_steps
    return decoded(run, read, n_steps, architecture.forecaster_spec)


def weighted_error(steps, target, weight):
    return float((weight * (steps.astype(np.float64) - target) ** 2).sum())


def errors_by_feature(run, steps, target, weight):
    """Return squared errors, and cross-entropies of categories, summed by feature."""
    step = run.architecture.step
    n, p = step.n_numbers, step.n_timesteps
    squares = weight[:, :n] * (steps[:, :n].astype(np.float64) - target[:, :n]) ** 2
    found = list(squares.reshape(len(steps), p, -1).sum(axis=(0, 1)))
    for column in step.column_parts:
        logits = steps[:, column.written].reshape(len(steps), p, -1).astype(np.float64)
        codes = target[:, column.values].astype(int)
        own = weight[:, column.values]
        found.append(
            sum(
                own[place] * run.cross_entropy(codes[place], logits[place])
                for place in zip(*np.nonzero(own), strict=True)
            )
        )
    return np.array(found)


# -- many sequences -------------------------------------------------------------------


def own_values(patches):
    """Return the values of each sequence, (T, F)."""
    return [
        patches.values[start:stop]
        for start, stop in zip(patches.offsets[:-1], patches.offsets[1:], strict=True)
    ]


def embeddings(run, patches):
    return np.array(
        [embedding(run, pooled_states(run, x)) for x in own_values(patches)]
    )


def reconstruction(run, patches):
    """Return the steps of all sequences in the order of time, one after the other."""
    vectors = embeddings(run, patches)
    steps = [decoded(run, z, n) for z, n in zip(vectors, patches.lengths, strict=True)]
    return np.concatenate([x[::-1] for x in steps])


def squared_errors(run, patches):
    """Return the sum of squares over the observed values of each sequence."""
    width = patches.observed.shape[1]
    error = reconstruction(run, patches) - patches.values[:-1, :width]
    squares = np.where(patches.observed[:-1], error, 0).astype(np.float64) ** 2
    return np.add.reduceat(squares.sum(axis=1), patches.offsets[:-1])


def observed_counts(patches):
    return np.add.reduceat(patches.observed[:-1].sum(axis=1), patches.offsets[:-1])
