"""
=================================
Fine-tune the encoder with labels
=================================

The vectors are learned without labels. Where there are labels, the encoder can be
trained further to tell them, as the first part of an ordinary Keras classifier.
"""

# %%
# Recordings, few of them labelled
# --------------------------------
# Nine speakers. Of the 270 training recordings all are there, but who speaks is known
# for three of each speaker only.

import numpy as np

from sklearn_seqae.datasets import load_japanese_vowels

X_train, X_test, y_train, y_test = load_japanese_vowels(return_X_y=True)
rng = np.random.default_rng(0)
labelled = np.concatenate(
    [rng.choice(np.flatnonzero(y_train == k), 3, replace=False) for k in range(9)]
)
len(labelled)

# %%
# Learn without labels
# --------------------
# From all training recordings; then a linear classifier on the vectors of those with a
# label.

from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_seqae import LSTMAutoencoderTransformer

autoencoder = LSTMAutoencoderTransformer(
    n_components=16, hidden_layer_sizes=32, epochs=60, random_state=0
)
Z_train = autoencoder.fit_transform(X_train)
Z_test = autoencoder.transform(X_test)
linear = make_pipeline(StandardScaler(), LogisticRegression())
linear.fit(Z_train[labelled], y_train[labelled])
print(f"A linear classifier on the vectors: {linear.score(Z_test, y_test):.3f}")

# %%
# Go on with Keras
# ----------------
# ``encoder_`` reads scaled sequences, padded with NaN. It has room for the longest
# training recording; of the few test recordings that are longer, it gets the beginning.

n_timesteps, n_features = autoencoder.encoder_.input_shape[1:]


def scale_and_pad(X):
    padded = np.full((len(X), n_timesteps, n_features), np.nan, np.float32)
    for row, x in zip(padded, X, strict=True):
        x = x[:n_timesteps]
        row[: len(x)] = autoencoder.scaler_.transform(x)
    return padded


padded_train, padded_test = scale_and_pad(X_train), scale_and_pad(X_test)

# %%
# A classifier is the encoder with one layer on top. As it is trained, so are the
# encoder's weights; the estimator's own do not change.

import keras
from keras import layers


def fine_tune(encoder):
    keras.utils.set_random_seed(0)
    classifier = keras.Model(encoder.input, layers.Dense(9)(encoder.output))
    classifier.compile(
        optimizer=keras.optimizers.Adam(0.003),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    classifier.fit(
        padded_train[labelled], y_train[labelled], batch_size=9, epochs=40, verbose=0
    )
    return classifier.evaluate(padded_test, y_test, verbose=0)[1]


# %%
# The same network with weights that have learned nothing tells what the recordings
# without a label were worth.

fresh = keras.models.clone_model(autoencoder.encoder_)
print(f"From scratch: {fine_tune(fresh):.3f}")
print(f"Fine-tuned:   {fine_tune(autoencoder.encoder_):.3f}")
