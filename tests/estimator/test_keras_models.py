"""`encoder_`, `decoder_`, `autoencoder_`: plain Keras models of the fitted weights."""

import functools

import numpy as np
import pandas as pd
import pytest
from helpers import keras_input, lstm_units, run_python, some_slow
from numpy.testing import assert_allclose, assert_array_equal


def run(model, X):
    return model(np.asarray(X, dtype=np.float32)).numpy()


# Keras's own, about NumPy 2
of_keras = pytest.mark.filterwarnings(
    "ignore:__array__ implementation:DeprecationWarning"
)

VARIANTS = {
    "plain": {},
    "stacked_one_way_in_patches": {
        "hidden_layer_sizes": (8, 4),
        "bidirectional": False,
        "patch_size": 3,
        "scaler": "robust",
    },
    "no_length": {"exact_components": (), "activation": "relu"},
    "pooled": {"pooling": ("mean", "attention"), "bidirectional": False},
    "every_pooling_without_head": {
        "n_components": None,
        "pooling": ("last", "mean", "max", "min", "std", "attention"),
        "hidden_layer_sizes": (8, 4),
        "encoder_inputs": ("differences", "kernels"),
        "patch_size": 3,
    },
}


@pytest.fixture(scope="module")
def fitted(plain_autoencoder, sequences):
    """Make a fitted estimator of `VARIANTS`."""
    return functools.cache(
        lambda name: plain_autoencoder(**VARIANTS[name]).fit(sequences)
    )


@pytest.fixture(params=some_slow(["defaults", *VARIANTS], {"defaults"}))
def autoencoder(request, fitted):
    if request.param == "defaults":
        return request.getfixturevalue("default_autoencoder")
    return fitted(request.param)


def test_they_are_keras_models_of_stock_layers(autoencoder):
    import keras

    for model in ("encoder_", "decoder_", "autoencoder_"):
        assert isinstance(getattr(autoencoder, model), keras.Model)
        layers = getattr(autoencoder, model)._flatten_layers(include_self=False)
        modules = {type(layer).__module__.split(".")[0] for layer in layers}
        assert modules == {"keras"}
        assert not any(isinstance(layer, keras.layers.Lambda) for layer in layers)


def test_the_decoder_mirrors_the_encoder(fitted):
    stacked = fitted("stacked_one_way_in_patches")
    assert lstm_units(stacked.decoder_) == [4, 8]


def test_the_encoder_embeds(autoencoder, sequences):
    X = keras_input(autoencoder, sequences)
    Z = autoencoder.encoder_.predict(X, verbose=0)
    assert_allclose(Z, autoencoder.transform(sequences), atol=1e-5)


def test_missing_values_are_filled_as_transform_fills_them(autoencoder, sequences, rng):
    gappy = [x.copy() for x in sequences[:4]]
    gappy[0][[0, 4, 5, -1], [0, 1, 1, 1]] = np.nan
    gappy[1][:, 0] = np.nan  # nothing to interpolate between
    for x in gappy[2:]:
        x[rng.random(x.shape) < 0.4] = np.nan
        x[-1] = 5.0  # else it would end before
    X = keras_input(autoencoder, gappy)
    assert np.isnan(X[0, 4, 1])
    Z = run(autoencoder.encoder_, X)
    assert_allclose(Z, autoencoder.transform(gappy), atol=1e-5)
    filled = [pd.DataFrame(x).interpolate(limit_direction="both") for x in gappy[2:]]
    plain = run(autoencoder.encoder_, keras_input(autoencoder, filled))
    # what a sequence's mean and scale are of, filled values are not
    if "instance_norm" not in autoencoder.exact_components_:
        assert_allclose(Z[2:], plain, atol=1e-5)


def test_the_decoder_decodes(autoencoder, sequences):
    Z = autoencoder.transform(sequences)
    decoded = run(autoencoder.decoder_, Z)
    expected = autoencoder.inverse_transform(Z)
    for padded, x in zip(decoded, expected, strict=True):
        own = autoencoder.scaler_.transform(x)
        assert_allclose(padded[: len(x)], own, atol=1e-4)
        if len(x) < autoencoder.max_length_:
            assert_array_equal(padded[len(x) :], 0)


def test_the_autoencoder_is_both(autoencoder, sequences):
    X = keras_input(autoencoder, sequences)
    Z = run(autoencoder.encoder_, X)
    expected = run(autoencoder.decoder_, Z)
    assert_allclose(run(autoencoder.autoencoder_, X), expected, atol=1e-5)


def test_they_share_their_weights(autoencoder):
    encoder, decoder = autoencoder.encoder_, autoencoder.decoder_
    own = {id(v) for model in (encoder, decoder) for v in model.trainable_variables}
    both = {id(v) for v in autoencoder.autoencoder_.trainable_variables}
    assert own == both
    assert autoencoder.encoder_ is encoder


def test_summary(autoencoder):
    lines = []
    autoencoder.autoencoder_.summary(print_fn=lines.append)
    assert "Total params" in "\n".join(lines)


def test_writing_to_them_does_not_change_the_estimator(plain_autoencoder, sequences):
    autoencoder = plain_autoencoder().fit(sequences)
    Z = autoencoder.transform(sequences)
    for variable in autoencoder.encoder_.trainable_variables:
        variable.assign(np.zeros(variable.shape))
    assert_array_equal(autoencoder.transform(sequences), Z)


def test_they_follow_the_next_fit(plain_autoencoder, sequences):
    autoencoder = plain_autoencoder().fit(sequences)
    before = autoencoder.encoder_
    autoencoder.partial_fit(sequences)
    after = autoencoder.encoder_
    assert after is not before
    X = keras_input(autoencoder, sequences)
    Z = autoencoder.transform(sequences)
    assert_allclose(run(after, X), Z, atol=1e-5)
    assert np.abs(run(before, X) - Z).max() > 1e-4


@of_keras
def test_saved_and_loaded_they_are_the_same(fitted, sequences, tmp_path):
    import keras

    autoencoder = fitted("every_pooling_without_head")
    X = keras_input(autoencoder, sequences)
    autoencoder.autoencoder_.save(tmp_path / "autoencoder.keras")
    loaded = keras.saving.load_model(tmp_path / "autoencoder.keras", safe_mode=True)
    assert_allclose(run(loaded, X), run(autoencoder.autoencoder_, X), atol=1e-5)


LOAD = """
import sys
from pathlib import Path

sys.modules["sklearn_seqae"] = None  # to import it is an error

import keras
import numpy as np

for folder in Path(sys.argv[1]).iterdir():
    X, Z = np.load(folder / "X.npy"), np.load(folder / "Z.npy")
    for name, inputs in [("encoder", X), ("decoder", Z), ("autoencoder", X)]:
        model = keras.saving.load_model(folder / f"{name}.keras", safe_mode=True)
        np.save(folder / f"{name}.npy", model(inputs).numpy())
"""


@pytest.fixture(scope="module")
def loaded(fitted, default_autoencoder, sequences, tmp_path_factory):
    """What the saved models give in a process that can't import this package."""
    root = tmp_path_factory.mktemp("models")
    fits = {"defaults": default_autoencoder} | {name: fitted(name) for name in VARIANTS}
    for variant, autoencoder in fits.items():
        folder = root / variant
        folder.mkdir()
        np.save(folder / "X.npy", keras_input(autoencoder, sequences))
        np.save(folder / "Z.npy", autoencoder.transform(sequences).astype(np.float32))
        for model in ("encoder", "decoder", "autoencoder"):
            getattr(autoencoder, f"{model}_").save(folder / f"{model}.keras")
    run_python(LOAD, root)
    return root


@pytest.mark.trust
@of_keras
def test_saved_they_need_keras_alone(loaded, autoencoder, sequences, request):
    Z = autoencoder.transform(sequences)
    decoded = run(autoencoder.decoder_, Z)
    both = run(autoencoder.autoencoder_, keras_input(autoencoder, sequences))
    expectations = {"encoder": Z, "decoder": decoded, "autoencoder": both}
    for model, expected in expectations.items():
        actual = np.load(loaded / request.node.callspec.id / f"{model}.npy")
        assert_allclose(actual, expected, atol=1e-5)
