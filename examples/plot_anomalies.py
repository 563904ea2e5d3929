"""
======================
Find strange sequences
======================

An autoencoder learns to reconstruct what it has seen often. A sequence that it
reconstructs badly is unlike the training sequences. ``score_samples`` measures this: it
is the negative reconstruction error of each sequence.
"""

# %%
# Normal and strange
# ------------------
# The autoencoder is trained on 300 normal sequences only. 200 other sequences are for
# testing, and 40 of them are strange: for ten time steps, one of their two features is
# stuck or runs backwards.

import numpy as np

from sklearn_seqae.datasets import make_sequences

rng = np.random.default_rng(0)
X, _ = make_sequences(
    n_samples=500, n_classes=1, min_length=30, max_length=60, random_state=0
)
X_train, X_test = X[:300], X[300:]
strange = np.arange(len(X_test)) < 40
for x in X_test[:40]:
    feature, start = rng.integers(2), rng.integers(len(x) - 10)
    part = x[start : start + 10, feature]
    part[:] = part[0] if rng.random() < 0.5 else part[::-1].copy()

# %%
# Train and score
# ---------------
# The labels only serve to check how well the scores tell both kinds apart. The area
# under the ROC curve is the chance that a strange sequence has a lower score than a
# normal one: 0.5 is guessing, 1 is perfect.

from sklearn.metrics import roc_auc_score

from sklearn_seqae import LSTMAutoencoderTransformer

autoencoder = LSTMAutoencoderTransformer(epochs=80, random_state=0).fit(X_train)
scores = autoencoder.score_samples(X_test)
print(f"Area under the ROC curve: {roc_auc_score(strange, -scores):.2f}")

# %%
# The errors of both kinds overlap a little: a few normal sequences have large errors,
# too.

import matplotlib.pyplot as plt

errors = -scores
bins = np.geomspace(errors.min(), errors.max(), 25)
fig, ax = plt.subplots(figsize=(7, 3.5), layout="constrained")
ax.hist(errors[~strange], bins, color="#56B4E9", edgecolor="black", label="normal")
ax.hist(
    errors[strange],
    bins,
    color="#D55E00",
    alpha=0.7,
    edgecolor="black",
    hatch="///",
    label="strange",
)
ax.set(
    title="Errors of 200 sequences that were not trained on",
    xscale="log",
    xlabel="Mean squared error (scaled), the negative score",
    ylabel="Sequences",
)
_ = ax.legend()

# %%
# So a threshold has to weigh missed sequences against false alarms. This one allows
# false alarms for 5% of the normal sequences. (In practice, take the quantile from
# normal sequences of their own, neither trained on nor tested.)

threshold = np.quantile(errors[~strange], 0.95)
found = np.mean(errors[strange] > threshold)
print(f"{found:.0%} of the strange sequences have larger errors than {threshold:.2f}")

# %%
# The strangest
# -------------
# On the left the sequence with the lowest score, on the right the normal one with the
# median score. Each is shown as measured, and as reconstructed.

from sklearn_seqae.plotting import ReconstructionDisplay

strangest = np.argmin(scores)
normal = np.flatnonzero(~strange)
usual = normal[np.argsort(scores[normal])[len(normal) // 2]]
chosen = [X_test[strangest], X_test[usual]]
display = ReconstructionDisplay(
    original=chosen,
    decoded=autoencoder.reconstruct(chosen),
    sequence_names=["The strangest", "A usual one"],
)
_ = display.plot()
print(f"The strangest has something wrong with it: {strange[strangest]}")
