"""
===================================
The Keras tutorial, with us beside
===================================

Many meet LSTM autoencoders in a tutorial that pads four short sequences with zeros and
trains a Keras model on them. Here is the same, step by step, and beside each step what
it is with :class:`~sklearn_seqae.LSTMAutoencoderTransformer`.
"""

# %%
# The data
# --------
# Four rising lines of one feature, of different lengths and slopes. Ours takes the list
# as it is.

import numpy as np

X = [
    0.1 * np.arange(1, 10),
    0.1 * np.arange(1, 9),
    0.2 * np.arange(1, 5),
    0.3 * np.arange(1, 5),
]

# %%
# Normalise
# ---------
# Theirs makes a table of a column for each sequence, NaN where one has ended, and
# standardises the columns, which leaves NaN out. But then each *sequence* has mean 0
# and variance 1, and the third can't be told from the fourth any more:

import pandas as pd
from sklearn.preprocessing import StandardScaler

columns = pd.concat(map(pd.Series, X), axis=1)
by_sequence = StandardScaler().fit_transform(columns)
print(by_sequence[:4, [2, 3]].round(2))

# %%
# Ours has one scale for each *feature*, of all time steps of all sequences, when it is
# fitted. Slopes and levels stay. A table with NaN at the ends of its rows would do for
# it as well: ``columns.T`` is another way to write ``X``.
#
# Pad
# ---
# Theirs fills up with zeros, and so that it can learn at all, forgets about the
# normalised values. Nothing tells the zeros from values that were measured: they are
# read, and are to be written. Ours pads nothing.

padded = np.zeros((4, 9, 1), np.float32)
for row, x in zip(padded, X, strict=True):
    row[: len(x), 0] = x
share = np.mean(padded == 0)
print(f"{share:.0%} of what theirs learns to write is padding")

# %%
# Build and train
# ---------------
# Theirs is an LSTM of two units, whose last state is the vector; it is repeated for
# each step of a second LSTM. The last sequence is kept for validation. Four hundred
# epochs of one batch are 400 updates; twenty epochs of twenty such batches are the same
# 400, and spend less time between epochs.

import keras
from keras import layers


def train_theirs(seed, n_updates):
    keras.utils.set_random_seed(seed)
    sequence = keras.Input((9, 1))
    vector = layers.LSTM(2, activation="relu")(sequence)
    states = layers.RepeatVector(9)(vector)
    states = layers.LSTM(100, activation="relu", return_sequences=True)(states)
    model = keras.Model(sequence, layers.TimeDistributed(layers.Dense(1))(states))
    model.compile(optimizer="adam", loss="mse")
    copies = np.tile(padded[:3], (20, 1, 1))
    history = model.fit(
        copies,
        copies,
        batch_size=3,
        epochs=n_updates // 20,
        shuffle=False,
        validation_data=(padded[3:], padded[3:]),
        verbose=0,
    ).history
    return history, keras.Model(sequence, vector), model


for seed, n_updates in [(0, 40), (2, 400)]:
    history, encoder, model = train_theirs(seed, n_updates)
    vectors = encoder.predict(padded, verbose=0)
    dead = 2 - np.count_nonzero(vectors.any(axis=0))
    print(f"seed {seed}: loss {history['loss'][-1]:.4f}, dead units: {dead} of 2")

# %%
# A ``relu`` unit whose input is never positive is *dead*: it has no gradient, so it
# will never learn. With two units, that is often both, be it after few updates; then
# all sequences have the vector (0, 0), and one average is written for all. What follows
# is of the second seed.
#
# Ours, with a vector of two numbers as well. ``length_component=False`` gives both to
# the values; otherwise the last one would be the length. Like theirs, it reads values
# alone, no differences, and learns to reconstruct and nothing else: no steps are hidden
# from it, nor crops compared.

from sklearn_seqae import LSTMAutoencoderTransformer

autoencoder = LSTMAutoencoderTransformer(
    n_components=2,
    length_component=False,
    hidden_layer_sizes=32,
    pooling="last",
    differences=False,
    mask_ratio=0.0,
    contrastive_weight=0.0,
    epochs=400,
    learning_rate=0.003,
    random_state=0,
)
_ = autoencoder.fit(X)

# %%
# The losses. Theirs counts the zeros it writes right, and is in squared units of the
# data. Ours counts observed values only, and 1 is what predicting the mean would give.

import matplotlib.pyplot as plt

from sklearn_seqae.plotting import LossDisplay

fig, (left, right) = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
updates = np.arange(20, 401, 20)
left.plot(updates, history["loss"], color="#0072B2", label="training")
left.plot(updates, history["val_loss"], color="#D55E00", ls="--", label="validation")
left.set(
    title="Theirs",
    xlabel="Update",
    ylabel="Mean squared error (unit squared)",
    yscale="log",
)
left.legend(loc="lower left")
right.set_title("Ours")
_ = LossDisplay.from_estimator(autoencoder, log=True, ax=right)

# %%
# Reconstruct
# -----------
# The root mean squared error of each sequence, over its own time steps, in its own
# units. Theirs never saw the fourth in training.

decoded = autoencoder.inverse_transform(autoencoder.transform(X), [9, 8, 4, 4])
reconstructed = model.predict(padded, verbose=0)
theirs = [y[: len(x), 0] for x, y in zip(X, reconstructed, strict=True)]


def errors(reconstructed):
    return [
        np.sqrt(np.mean((x - y) ** 2)) for x, y in zip(X, reconstructed, strict=True)
    ]


pd.DataFrame(
    {"theirs": errors(theirs), "ours": errors(decoded)},
    index=pd.RangeIndex(1, 5, name="sequence"),
).round(3)

# %%
# Beyond the end of a sequence theirs writes what it takes for zero. Ours has no such
# steps: lengths were given here; with ``length_component=True`` they need not be.

from sklearn_seqae.plotting import ReconstructionDisplay

display = ReconstructionDisplay(
    original=X,
    decoded=decoded,
    sequence_names=[f"Sequence {i}" for i in range(1, 5)],
    feature_names=["Value (no unit)"],
)
_ = display.plot()

# %%
# The vectors
# -----------
# A point for each sequence, with its number.

from sklearn_seqae.plotting import EmbeddingDisplay

fig, (left, right) = plt.subplots(1, 2, figsize=(9, 3.8), layout="constrained")
left.set_title("Theirs: states of two relu units")
right.set_title("Ours: two components")
numbers = [1, 2, 3, 4]
_ = EmbeddingDisplay(Z=vectors, annotations=numbers).plot(left)
_ = EmbeddingDisplay.from_estimator(autoencoder, X, annotations=numbers, ax=right)

# %%
# The model
# ---------
# In a notebook the fitted estimator is shown as a diagram. The Keras models in it,
# their summaries and pictures are on a page of their own,
# :ref:`sphx_glr_auto_examples_plot_keras_models.py`.

autoencoder

# %%
# What else the tutorials build is in the table of :doc:`/user_guide/keras_tutorial`.
