"""
================================
The Keras tutorial, side by side
================================

Many people meet LSTM autoencoders in a tutorial that pads four short sequences with
zeros and trains a Keras model on them. This page follows the tutorial step by step. It
shows the tutorial's code ("theirs") and the same with
:class:`~sklearn_seqae.LSTMAutoencoderTransformer` ("ours").
"""

# %%
# The data
# --------
# Four rising lines with one feature. Lengths and slopes differ. Ours takes the list as
# it is.

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
# Theirs makes a table with one column per sequence, NaN beyond the end of a sequence.
# It standardises the columns and ignores NaN. But then each *sequence* has mean 0 and
# variance 1, and the third becomes equal to the fourth:

import pandas as pd
from sklearn.preprocessing import StandardScaler

columns = pd.concat(map(pd.Series, X), axis=1)
by_sequence = StandardScaler().fit_transform(columns)
print(by_sequence[:4, [2, 3]].round(2))

# %%
# Ours fits one scale per *feature*, over all time steps of all sequences. Slopes and
# levels stay. It also takes a table with NaN at the ends of its rows: ``columns.T`` is
# another way to write ``X``.
#
# Pad
# ---
# Theirs pads with zeros. It pads the original values, and never uses the normalised
# ones. Nothing tells the zeros from measured values. The model reads them and learns to
# write them. Ours pads nothing.

padded = np.zeros((4, 9, 1), np.float32)
for row, x in zip(padded, X, strict=True):
    row[: len(x), 0] = x
share = np.mean(padded == 0)
print(f"{share:.0%} of what theirs learns to write is padding")

# %%
# Build and train
# ---------------
# Theirs is an LSTM with two units. Its last state is the embedding. The embedding is
# repeated for each step of a second LSTM. The last sequence is held out for validation.
# The tutorial trains 400 epochs of one batch, which are 400 updates. We train 20 epochs
# of 20 such batches: the same 400 updates, with less time lost between epochs.

import keras
from keras import layers


def train_theirs(seed, n_updates):
    keras.utils.set_random_seed(seed)
    sequence = keras.Input((9, 1))
    embedding = layers.LSTM(2, activation="relu")(sequence)
    states = layers.RepeatVector(9)(embedding)
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
    return history, keras.Model(sequence, embedding), model


for seed, n_updates in [(0, 40), (2, 400)]:
    history, encoder, model = train_theirs(seed, n_updates)
    embeddings = encoder.predict(padded, verbose=0)
    dead = 2 - np.count_nonzero(embeddings.any(axis=0))
    print(f"seed {seed}: loss {history['loss'][-1]:.4f}, dead units: {dead} of 2")

# %%
# A ``relu`` unit whose input is never positive is *dead*: its gradient is zero, so it
# never learns again. With two units, often both die, sometimes after a few updates.
# Then all sequences have the embedding (0, 0), and the decoder writes the same average
# for all. We continue with the second seed.
#
# Ours has an embedding of two numbers as well. ``exact_components=()`` lets it learn
# both; otherwise the last one would be the length. Like theirs, it reads the values
# only, and only learns to reconstruct: no differences, no masking, no contrastive loss.

from sklearn_seqae import LSTMAutoencoderTransformer

autoencoder = LSTMAutoencoderTransformer(
    n_components=2,
    exact_components=(),
    hidden_layer_sizes=32,
    pooling="last",
    encoder_inputs=(),
    mask_ratio=0.0,
    contrastive_weight=0.0,
    epochs=400,
    learning_rate=0.003,
    random_state=0,
)
_ = autoencoder.fit(X)

# %%
# The losses. Theirs includes the padding, and has the squared unit of the data. Ours
# counts observed values only, in scaled units: predicting the mean would give 1.

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
# units. Theirs was not trained on the fourth.

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
# Theirs goes on writing beyond the end of a sequence, where it learnt to write zeros.
# Ours stops at the end. We passed the lengths here. With
# ``exact_components=("length",)`` you need not.

from sklearn_seqae.plotting import ReconstructionDisplay

display = ReconstructionDisplay(
    original=X,
    decoded=decoded,
    sequence_names=[f"Sequence {i}" for i in range(1, 5)],
    feature_names=["Value (no unit)"],
)
_ = display.plot()

# %%
# The embeddings
# --------------
# One point per sequence, with its number.

from sklearn_seqae.plotting import EmbeddingDisplay

fig, (left, right) = plt.subplots(1, 2, figsize=(9, 3.8), layout="constrained")
left.set_title("Theirs: states of two relu units")
right.set_title("Ours: two components")
numbers = [1, 2, 3, 4]
_ = EmbeddingDisplay(Z=embeddings, annotations=numbers).plot(left)
_ = EmbeddingDisplay.from_estimator(autoencoder, X, annotations=numbers, ax=right)

# %%
# The model
# ---------
# A notebook shows the fitted estimator as a diagram. For its Keras models, with their
# summaries and pictures, see :ref:`sphx_glr_auto_examples_plot_keras_models.py`.

autoencoder

# %%
# :doc:`/user_guide/keras_tutorial` has a table of other models from the tutorials.
