"""What the Keras tutorials build can be built here, as the user guide's table says."""

import importlib.util
import re
import sys
from pathlib import Path

import numpy as np
import pytest

from sklearn_seqae import LSTMAutoencoderTransformer

ROOT = Path(__file__).parents[2]


def load(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = sys.modules[path.stem] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


keras_systems = load(ROOT / "docs" / "keras_systems.py")
SYSTEMS = keras_systems.SYSTEMS


@pytest.fixture(scope="module")
def lines():
    """The four sequences of the tutorial."""
    return [step * np.arange(1, n + 1) for step, n in [(1, 9), (1, 8), (2, 4), (3, 4)]]


@pytest.fixture(scope="module")
def of_one_length():
    """Sequences of ten steps and five features, as in the answer about 20 numbers."""
    return list(np.random.default_rng(0).normal(size=(12, 10, 5)))


def shape_of_network(model):
    """Name the layers of a model that have weights, or change a shape."""
    from keras import layers

    def name(layer):
        if isinstance(layer, layers.Bidirectional):
            return f"Bidirectional({name(layer.forward_layer)})"
        if isinstance(layer, layers.TimeDistributed):
            return f"TimeDistributed({name(layer.layer)})"
        size = next(
            getattr(layer, attribute)
            for attribute in ("units", "n", "target_shape")
            if hasattr(layer, attribute)
        )
        sizes = ", ".join(map(str, np.atleast_1d(size)))
        return f"{type(layer).__name__}({sizes})"

    shown = layers.Bidirectional | layers.TimeDistributed | layers.LSTM
    shown |= layers.LSTMCell | layers.Dense | layers.RepeatVector | layers.Reshape
    return [name(layer) for layer in model.layers if isinstance(layer, shown)]


@pytest.mark.trust
@pytest.mark.parametrize("system", SYSTEMS, ids=lambda system: system.ours)
def test_parameters_give_the_system(system, plain_autoencoder, lines, of_one_length):
    X = of_one_length if system.same_length else lines
    autoencoder = plain_autoencoder(
        **{"hidden_layer_sizes": 64, "patch_size": 1} | system.parameters
    )
    Z = autoencoder.fit_transform(X)
    assert np.isfinite(autoencoder.history_["loss"]).all()
    decoded = autoencoder.inverse_transform(Z, lengths=[len(x) for x in X])
    assert [x.shape for x in decoded] == [x.shape for x in X]
    encoder, decoder = autoencoder.encoder_, autoencoder.decoder_
    assert shape_of_network(encoder) + shape_of_network(decoder) == system.layers


def n_weights(layers, n_inputs):
    """Count the weights of layers by their names, as Keras has them.

    A vector is made of the last state of every layer.
    """
    found = states = 0
    for name in layers:
        *_, n_units = sizes = [int(size) for size in re.findall(r"\d+", name)]
        if "LSTM" in name:
            ways = 1 + name.startswith("Bidirectional")
            found += ways * 4 * n_units * (n_inputs + n_units + 1)
            n_inputs = ways * n_units
            states += n_inputs
            continue
        if "Dense" in name:
            n_read = states if name.startswith("Dense") else n_inputs
            found += n_units * (n_read + 1)
        if len(sizes) == 2 or "Dense" in name:  # or Reshape
            n_inputs = n_units
        states = 0
    return found


assert n_weights(["LSTM(2)"], 1) == 32  # as the tutorial's model.summary() says


@pytest.mark.slow
@pytest.mark.parametrize(
    "system",
    [system for system in SYSTEMS if "pooling" in system.parameters],
    ids=lambda system: system.ours,
)
def test_rows_name_all_that_adds_weights(system, lines, of_one_length):
    """With the defaults of all that they don't name."""
    X = of_one_length if system.same_length else lines
    autoencoder = LSTMAutoencoderTransformer(**system.parameters, epochs=1).fit(X)
    found = autoencoder.encoder_.count_params() + autoencoder.decoder_.count_params()
    assert found == n_weights(system.layers, X[0].shape[-1] if X[0].ndim > 1 else 1)
    assert autoencoder.history_.keys() == {"loss"}


def test_the_table_is_that_of_the_systems():
    assert keras_systems.TABLE.read_text(encoding="utf-8") == keras_systems.as_table()


def test_its_gallery_pages_exist():
    prefix, suffix = keras_systems.GALLERY.split("{}")
    for system in SYSTEMS:
        if system.see.startswith(prefix):
            page = system.see.removeprefix(prefix).removesuffix(suffix)
            assert (ROOT / "examples" / f"{page}.py").exists()
