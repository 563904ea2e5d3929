"""
===================================
New sequences, and steps in between
===================================

A variational autoencoder learns embeddings that are spread like a normal distribution.
So a draw from that distribution decodes to a sequence that might have been recorded.
"""

# %%
# Fit
# ---
# 270 recordings of nine speakers, with 12 coefficients at each of 7 to 26 time steps.
# ``kl_weight`` is the weight of the divergence from the normal distribution. Here it is
# larger than the mean squared error that we accept, in scaled units. This brings the
# embeddings close to the normal distribution.

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
    random_state=0,
)
Z = autoencoder.fit_transform(X)
error, divergence = (autoencoder.history_[name][-1] for name in ("loss", "kl_loss"))
print(f"mean squared error {error:.2f}, {divergence:.1f} nats per recording")
print("standard deviation of each component:", Z.std(axis=0).round(1))

# %%
# Draw
# ----
# ``sample`` draws the lengths, too. The mean of a feature is close to that of the
# recordings. Its spread is smaller: ``sample`` does not draw what the embeddings do not
# hold, above all noise.

new = autoencoder.sample(300, random_state=0)
for name, sequences in (("recorded", X), ("drawn", new)):
    values, lengths = np.vstack(sequences), [len(x) for x in sequences]
    print(
        f"{name}: {np.mean(lengths):.1f} ± {np.std(lengths):.1f} time steps; "
        f"first coefficient {values[:, 0].mean():.2f} ± {values[:, 0].std():.2f}"
    )

# %%
# Three new sequences, each beside the recording with the nearest embedding:

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
# The embeddings of the recordings, and those of the new sequences after encoding them
# again. Both form the same cloud, without gaps that would decode to nothing.

kind = np.repeat(["recorded", "drawn"], [len(Z), len(drawn)])
fig, ax = plt.subplots(figsize=(5.5, 4.5), layout="constrained")
display = EmbeddingDisplay(Z=np.vstack([Z, drawn]), y=kind)
_ = display.plot(ax, scatter_kwargs={"s": 14})

# %%
# A step at a time
# ----------------
# Move one component through the range of the prior, and keep the others at their mean.
# Every value on the way decodes to a sequence.

_ = LatentTraversalDisplay.from_estimator(
    autoencoder,
    X,
    component=0,
    principal=False,
    values=np.linspace(-2, 2, 7),
    features=[0, 1, 2],
    feature_names=data.feature_names,
    time_name="Frame",
)
