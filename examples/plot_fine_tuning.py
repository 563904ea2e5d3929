"""
=================================
Fine-tune the encoder with labels
=================================

Embeddings are learnt without labels. If you have labels, you can train the encoder
further to predict them, as the first part of an ordinary Keras classifier.
"""

# %%
# Learn without labels
# --------------------
# Recordings of nine speakers, and a linear classifier on their embeddings.

from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_seqae import LSTMAutoencoderTransformer
from sklearn_seqae.datasets import load_japanese_vowels

X_train, X_test, y_train, y_test = load_japanese_vowels(return_X_y=True)
autoencoder = LSTMAutoencoderTransformer(
    n_components=16, hidden_layer_sizes=32, epochs=60, random_state=0
)
linear = make_pipeline(autoencoder, StandardScaler(), LogisticRegression())
linear.fit(X_train, y_train)
print(f"Test accuracy on the embeddings: {linear.score(X_test, y_test):.3f}")

# %%
# What Keras reads
# ----------------
# ``encoder_`` reads scaled sequences, padded with NaN to the length of the longest
# training recording. A few test recordings are longer. We cut them at that length.

import numpy as np

n_timesteps, n_features = autoencoder.encoder_.input_shape[1:]


def scale_and_pad(X):
    padded = np.full((len(X), n_timesteps, n_features), np.nan, np.float32)
    for row, x in zip(padded, X, strict=True):
        x = x[:n_timesteps]
        row[: len(x)] = autoencoder.scaler_.transform(x)
    return padded


padded_train, padded_test = scale_and_pad(X_train), scale_and_pad(X_test)

# %%
# Train all of it
# ---------------
# The classifier is the encoder with two layers on top. These start as the scaler and
# the logistic regression above. So the classifier starts with their accuracy, and no
# untrained layer spoils the encoder.

import keras
from keras import layers

_, scaler, logistic = linear
scores = layers.Dense(9, name="scores")
outputs = scores(
    layers.Normalization(mean=scaler.mean_, variance=scaler.var_)(
        autoencoder.encoder_.output
    )
)
scores.set_weights([logistic.coef_.T, logistic.intercept_])
classifier = keras.Model(autoencoder.encoder_.input, outputs)
classifier.compile(
    optimizer=keras.optimizers.Adam(0.001),
    loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    metrics=["accuracy"],
)
before = classifier.evaluate(padded_test, y_test, verbose=0)[1]
keras.utils.set_random_seed(0)
history = classifier.fit(padded_train, y_train, epochs=15, verbose=0).history
after = classifier.evaluate(padded_test, y_test, verbose=0)[1]
print(f"Test accuracy before fine-tuning: {before:.3f}, after: {after:.3f}")

# %%
# The training loss shows when to stop. If you hold out validation data, Keras's
# ``EarlyStopping`` decides it for you.

import matplotlib.pyplot as plt

fig, ax = plt.subplots(figsize=(6, 3.6), layout="constrained")
ax.plot(range(1, 16), history["loss"], color="#0072B2", marker="o")
_ = ax.set(
    title="Fine-tuning", xlabel="Epoch", ylabel="Cross entropy (nats)", yscale="log"
)

# %%
# The estimator has not changed: its Keras models are copies. ``transform`` gives the
# same embeddings as before.

again = linear.score(X_test, y_test)
print(f"Test accuracy on the embeddings: {again:.3f}")
