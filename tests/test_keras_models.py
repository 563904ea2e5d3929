"""`encoder_`, `decoder_`, `autoencoder_`: plain Keras models of the fitted weights."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal


def as_input(autoencoder, sequences):
    """What a user of `encoder_` does: scale, pad with NaN to whole patches."""
    n = -(-autoencoder.max_length_ // autoencoder.patch_size_) * autoencoder.patch_size_
    X = np.full((len(sequences), n, 2), np.nan, dtype=np.float32)
    for row, x in zip(X, sequences, strict=True):
        row[: len(x)] = autoencoder.scaler_.transform(x)
    return X


def run(model, X):
    return model(np.asarray(X, dtype=np.float32)).numpy()


VARIANTS = {
    "default": {},
    "stacked_one_way_in_patches": {
        "hidden_layer_sizes": (8, 4),
        "bidirectional": False,
        "patch_size": 3,
        "scaler": "robust",
    },
    "no_length": {"length_component": False, "activation": "relu"},
}


@pytest.fixture(scope="module", params=VARIANTS)
def autoencoder(request, small_autoencoder, sequences):
    from sklearn_seqae._keras import inference, workspace

    # Without XLA, for time; the default is compared with XLA in the other tests.
    with pytest.MonkeyPatch.context() as patch:
        for module in (workspace, inference):
            patch.setattr(module, "xla_compiles", lambda: False)
        patch.setattr(workspace, "MAX_IDLE", 100)
        yield small_autoencoder(**VARIANTS[request.param]).fit(sequences)


def test_they_are_keras_models_of_stock_layers(autoencoder):
    import keras

    for model in ("encoder_", "decoder_", "autoencoder_"):
        assert isinstance(getattr(autoencoder, model), keras.Model)
    layers = autoencoder.encoder_._flatten_layers(include_self=False)
    assert all(type(layer).__module__.startswith("keras.") for layer in layers)


def test_the_encoder_embeds(autoencoder, sequences):
    Z = run(autoencoder.encoder_, as_input(autoencoder, sequences))
    assert_allclose(Z, autoencoder.transform(sequences), atol=1e-5)


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
    X = as_input(autoencoder, sequences)
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


def test_writing_to_them_does_not_change_the_estimator(small_autoencoder, sequences):
    autoencoder = small_autoencoder().fit(sequences)
    Z = autoencoder.transform(sequences)
    for variable in autoencoder.encoder_.trainable_variables:
        variable.assign(np.zeros(variable.shape))
    assert_array_equal(autoencoder.transform(sequences), Z)


def test_they_follow_the_next_fit(small_autoencoder, sequences):
    autoencoder = small_autoencoder().fit(sequences)
    before = autoencoder.encoder_
    autoencoder.partial_fit(sequences)
    after = autoencoder.encoder_
    assert after is not before
    X = as_input(autoencoder, sequences)
    Z = autoencoder.transform(sequences)
    assert_allclose(run(after, X), Z, atol=1e-5)
    assert np.abs(run(before, X) - Z).max() > 1e-4


LOAD = """
import sys
import keras
import numpy as np

folder = sys.argv[1]
X, Z = np.load(folder + "/X.npy"), np.load(folder + "/Z.npy")
encoder = keras.saving.load_model(folder + "/encoder.keras")
decoder = keras.saving.load_model(folder + "/decoder.keras")
autoencoder = keras.saving.load_model(folder + "/autoencoder.keras")
assert not any(name.startswith("sklearn_seqae") for name in sys.modules)
np.save(folder + "/embedded.npy", encoder(X).numpy())
np.save(folder + "/decoded.npy", decoder(Z).numpy())
np.save(folder + "/both.npy", autoencoder(X).numpy())
"""


# Keras's own, about NumPy 2
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_saved_they_need_keras_alone(fitted, sequences, run_python, tmp_path):
    X, Z = as_input(fitted, sequences), fitted.transform(sequences)
    np.save(tmp_path / "X.npy", X)
    np.save(tmp_path / "Z.npy", Z)
    for name in ("encoder", "decoder", "autoencoder"):
        getattr(fitted, f"{name}_").save(tmp_path / f"{name}.keras")
    run_python(LOAD, tmp_path)
    assert_allclose(np.load(tmp_path / "embedded.npy"), Z, atol=1e-5)
    decoded = run(fitted.decoder_, Z)
    assert_allclose(np.load(tmp_path / "decoded.npy"), decoded, atol=1e-5)
    assert_allclose(np.load(tmp_path / "both.npy"), decoded, atol=1e-4)
