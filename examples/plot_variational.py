"""
===================================
New sequences, and steps in between
===================================

A variational autoencoder learns vectors that are spread like a normal distribution, so
that a vector drawn from it decodes to a sequence that might have been recorded.
"""

# %%
# Fit
# ---
# 270 recordings of nine speakers, 12 coefficients at each of 7 to 26 time steps. The
# weight of the divergence, ``kl_weight``, is somewhat above the mean squared error that
# is to be put up with, in scaled units: for vectors close to the normal distribution.

import numpy as np

from sklearn_seqae import LSTMAutoencoderTransformer
from sklearn_seqae.datasets import load_japanese_vowels

data = load_japanese_vowels()
X = data.X_train

autoencoder = LSTMAutoencoderTransformer(
    n_components=9,
    pooling=("mean", "max"),
    kl_weight=0.5,
    epochs=100,
    learning_rate=3e-3,
    learning_rate_schedule="cosine",
    random_state=0,
)
Z = autoencoder.fit_transform(X)
error, divergence = (autoencoder.history_[name][-1] for name in ("loss", "kl"))
print(f"mean squared error {error:.2f}, {divergence:.1f} nats per recording")
print("standard deviation of each component:", Z.std(axis=0).round(1))

# %%
# Draw
# ----
# Lengths are drawn with the rest. A feature's mean is about that of the recordings, its
# spread is less: what vectors don't tell, noise above all, is not drawn.

new = autoencoder.sample(300, random_state=0)
for name, sequences in (("recorded", X), ("drawn", new)):
    values, lengths = np.vstack(sequences), [len(x) for x in sequences]
    print(
        f"{name}: {np.mean(lengths):.1f} ± {np.std(lengths):.1f} time steps; "
        f"first coefficient {values[:, 0].mean():.2f} ± {values[:, 0].std():.2f}"
    )

# %%
# Three of those drawn, each beside the recording that is most like it by its vector:

import matplotlib.pyplot as plt
from sklearn.metrics import pairwise_distances_argmin

from sklearn_seqae.plotting import (
    EmbeddingDisplay,
    LatentTraversalDisplay,
    ReconstructionDisplay,
)

drawn = autoencoder.transform(new)
closest = pairwise_distances_argmin(drawn[:3], Z)
display = ReconstructionDisplay(
    original=[X[i] for i in closest],
    decoded=new[:3],
    feature_names=data.feature_names,
    sequence_names=[f"Drawn {k}" for k in range(1, 4)],
    time_name="Frame",
)
_ = display.plot(features=[0, 1, 2])

# %%
# Where they lie
# --------------
# The vectors of the recordings, and of what was drawn, encoded again: the same cloud,
# without gaps that would decode to nothing.

kind = np.repeat(["recorded", "drawn"], [len(Z), len(drawn)])
fig, ax = plt.subplots(figsize=(5.5, 4.5), layout="constrained")
display = EmbeddingDisplay(Z=np.vstack([Z, drawn]), y=kind)
_ = display.plot(ax, scatter_kwargs={"s": 14})

# %%
# A step at a time
# ----------------
# One component is moved through the range of the prior, the others stay at their mean.
# Every value on the way decodes to a sequence.

_ = LatentTraversalDisplay.from_estimator(
    autoencoder,
    X,
    component=0,
    values=np.linspace(-2, 2, 7),
    features=[0, 1, 2],
    feature_names=data.feature_names,
    time_name="Frame",
)
