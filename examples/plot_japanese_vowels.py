"""
======================================
Embed, classify and reconstruct speech
======================================

Nine speakers said the same two Japanese vowels. Each recording is a sequence of 7 to 29
frames with 12 numbers each. The task is to tell who spoke. Ordinary classifiers need
vectors of one length. :class:`~sklearn_seqae.LSTMAutoencoderTransformer` makes such
vectors, the embeddings, and can turn them back into recordings.
"""

# %%
# The data
# --------
# A list of arrays, one per recording. The recordings differ in length.

from sklearn_seqae.datasets import load_japanese_vowels

data = load_japanese_vowels()
X_train, y_train = data.X_train, data.y_train
X_test, y_test = data.X_test, data.y_test

[x.shape for x in X_train[:5]]

# %%
# Classify
# --------
# The transformer is an ordinary step of a pipeline. It never sees the labels.

from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_seqae import LSTMAutoencoderTransformer

autoencoder = LSTMAutoencoderTransformer(random_state=0)
classifier = make_pipeline(autoencoder, StandardScaler(), LogisticRegression())
classifier.fit(X_train, y_train)

print(f"Test accuracy: {classifier.score(X_test, y_test):.3f}")

# %%
# Embed
# -----
# Whatever its length, each recording becomes an embedding of the same size. Two
# principal components show that recordings of one speaker lie together.

import matplotlib.pyplot as plt
from sklearn.decomposition import PCA

Z = autoencoder.transform(X_test)
to_plane = make_pipeline(StandardScaler(), PCA(n_components=2))
plane = to_plane.fit_transform(Z)

# Okabe and Ito's colours can be told apart by colour-blind readers
colours = ["#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9"]
colours += ["#D55E00", "#999999", "#F0E442", "#000000"]
markers = "os^vD<>ph"
fig, ax = plt.subplots(figsize=(7, 5), layout="constrained")
for k, name in enumerate(data.target_names):
    ax.scatter(
        *plane[y_test == k].T,
        c=colours[k],
        marker=markers[k],
        edgecolors="black",
        linewidths=0.4,
        label=name,
    )
ax.set(
    title=f"Embedding of {len(Z)} test utterances, {Z.shape[1]} components",
    xlabel="1st principal component",
    ylabel="2nd principal component",
)
_ = ax.legend(title="Speaker", loc="center left", bbox_to_anchor=(1, 0.5))

# %%
# Reconstruct
# -----------
# ``inverse_transform`` needs only the embeddings: the length is one of the components.
# Every recording comes back at its own length and in its own units.

decoded = autoencoder.inverse_transform(Z)
same_lengths = [len(x) for x in decoded] == [len(x) for x in X_test]
print(f"All lengths right: {same_lengths}")

# %%
# One recording and what came back, for three of the twelve coefficients:

fig, ax = plt.subplots(figsize=(7, 4), layout="constrained")
for j, colour in enumerate(["#0072B2", "#D55E00", "#009E73"]):
    name = data.feature_names[j]
    ax.plot(X_test[0][:, j], color=colour, label=name)
    ax.plot(decoded[0][:, j], color=colour, linestyle="--", label=f"{name}, decoded")
ax.set(
    title=f"A test utterance of {len(X_test[0])} frames, decoded from {Z.shape[1]} "
    "numbers",
    xlabel="Frame (6.4 ms)",
    ylabel="Coefficient (no unit)",
)
_ = ax.legend(loc="center left", bbox_to_anchor=(1, 0.5))

# %%
# The loss
# --------
# The loss is a mean squared error in scaled units. Predicting the mean of each
# coefficient has an error of about 1.

fig, ax = plt.subplots(figsize=(6, 4), layout="constrained")
ax.semilogy(range(1, autoencoder.n_iter_ + 1), autoencoder.history_["loss"])
ax.set(title="Training loss", xlabel="Epoch", ylabel="Mean squared error (scaled)")
ax.grid(alpha=0.3, which="both")
