"""
======================================
Three Keras models, one set of weights
======================================

``encoder_``, ``decoder_`` and ``autoencoder_`` of a fitted estimator are ordinary Keras
models. Look at them, save them, or use them where there is Keras but no scikit-learn.
"""

# %%
# A fitted estimator
# ------------------

from sklearn_seqae import LSTMAutoencoderTransformer
from sklearn_seqae.datasets import load_japanese_vowels

X_train, X_test, y_train, y_test = load_japanese_vowels(return_X_y=True)
autoencoder = LSTMAutoencoderTransformer(
    n_components=16, hidden_layer_sizes=32, epochs=30, random_state=0
)
_ = autoencoder.fit(X_train)

# %%
# The models
# ----------
# The estimator builds them from stock layers when you ask for them. Everything but the
# LSTM and Dense layers is grouped: the operations that find the ends of sequences, and
# those that pool states.

autoencoder.encoder_.summary(line_length=80)

# %%
# The decoder turns an embedding into a sequence as long as the longest in ``fit``. Time
# steps beyond the length that the embedding holds are zero.

autoencoder.decoder_.summary(line_length=80)

# %%
# The autoencoder is the encoder, then the decoder. All three share their weights:

both = {id(v) for v in autoencoder.encoder_.variables + autoencoder.decoder_.variables}
print(both == {id(v) for v in autoencoder.autoencoder_.variables})

# %%
# A picture, if Graphviz and pydot are installed. If not, the names of the layers.

import shutil
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

import keras
import matplotlib.pyplot as plt


def draw(models):
    _, axes = plt.subplots(1, len(models), figsize=(9, 5), layout="constrained")
    with TemporaryDirectory() as folder:
        for ax, model in zip(axes, models, strict=True):
            path = Path(folder) / f"{model.name}.png"
            keras.utils.plot_model(
                model, path, show_shapes=True, show_layer_names=True, dpi=150
            )
            ax.imshow(plt.imread(path), interpolation="antialiased")
            ax.set_title(f"{model.name}_")
            ax.axis("off")


if find_spec("pydot") and shutil.which("dot"):
    draw([autoencoder.encoder_, autoencoder.decoder_])
else:
    print([layer.name for layer in autoencoder.encoder_.layers])
    print([layer.name for layer in autoencoder.decoder_.layers])

# %%
# What goes in
# ------------
# You must do what ``transform`` does by itself: scale, and pad with NaN at the end to
# the length that the model reads. (The model takes no longer sequences. ``transform``
# takes any length.)

import numpy as np


def scale_and_pad(X):
    n_timesteps, n_features = autoencoder.encoder_.input_shape[1:]
    padded = np.full((len(X), n_timesteps, n_features), np.nan, np.float32)
    for row, x in zip(padded, X, strict=True):
        row[: len(x)] = autoencoder.scaler_.transform(x)
    return padded


X = [x for x in X_test if len(x) <= autoencoder.max_length_]
padded = scale_and_pad(X)
Z = autoencoder.encoder_.predict(padded, verbose=0)
difference = np.abs(Z - autoencoder.transform(X)).max()
print(f"{len(X)} recordings, {Z.shape[1]} components of up to {np.abs(Z).max():.1f}")
print(f"predict and transform differ by at most {difference:.0e}")

# %%
# Save and load
# -------------
# The file has Keras's own format. Loading it takes Keras and TensorFlow, but neither
# this package nor scikit-learn.

with TemporaryDirectory() as folder:
    path = Path(folder) / "encoder.keras"
    autoencoder.encoder_.save(path)
    print(f"{path.stat().st_size / 1024:.0f} KiB")
    loaded = keras.saving.load_model(path)
np.array_equal(loaded.predict(padded, verbose=0), Z)

# %%
# To save an estimator with its scaler and its decoder, pickle it instead
# (:doc:`/user_guide/pipelines`). You can also train a Keras model further:
# :ref:`sphx_glr_auto_examples_plot_fine_tuning.py`.
