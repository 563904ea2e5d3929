"""
=================
Cluster sequences
=================

Clusterers need vectors of one length, so cluster the embeddings. Here they come from
recordings of nine speakers. The clusterers do not know who speaks. We only use the
speakers afterwards, to see what the clusters are.
"""

# %%
# Embed
# -----
# All 640 recordings of :func:`~sklearn_seqae.datasets.load_japanese_vowels`.

import numpy as np
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_seqae import LSTMAutoencoderTransformer
from sklearn_seqae.datasets import load_japanese_vowels

data = load_japanese_vowels()
X = [*data.X_train, *data.X_test]
speaker = np.concatenate([data.y_train, data.y_test])

autoencoder = LSTMAutoencoderTransformer(epochs=60, random_state=0)
embed = make_pipeline(autoencoder, StandardScaler())
Z = embed.fit_transform(X)
Z.shape

# %%
# Cluster
# -------
# KMeans needs the number of clusters. HDBSCAN does not. It assigns no cluster to points
# outside of dense regions. The adjusted Rand index is 1 if clusters and speakers agree,
# and about 0 if they have nothing to do with each other.

from sklearn.cluster import HDBSCAN, KMeans
from sklearn.metrics import adjusted_rand_score

clusterers = {
    "KMeans": KMeans(9, n_init=10, random_state=0),
    "HDBSCAN": HDBSCAN(
        min_cluster_size=15, min_samples=3, cluster_selection_method="leaf", copy=True
    ),
}
clusters = {name: clusterer.fit_predict(Z) for name, clusterer in clusterers.items()}
for name, found in clusters.items():
    inside = found >= 0
    print(
        f"{name}: {found.max() + 1} clusters, of {inside.mean():.0%} of the recordings"
    )
    print(f"  adjusted Rand index: {adjusted_rand_score(speaker, found):.2f}")
    print(
        f"  within clusters: {adjusted_rand_score(speaker[inside], found[inside]):.2f}"
    )

# %%
# KMeans knows the number of clusters and finds most of the speakers. HDBSCAN's clusters
# are nearly pure, but many recordings are in none. The first of its two scores counts
# these as one more cluster. And HDBSCAN did not quite do without the speakers: we chose
# its settings by these scores. With scikit-learn's default way to select clusters, it
# merges several speakers:

coarse = HDBSCAN(min_cluster_size=15, min_samples=3, copy=True).fit_predict(Z)
inside = coarse >= 0
print(f"{coarse.max() + 1} clusters, of {inside.mean():.0%} of the recordings")
print(f"  within clusters: {adjusted_rand_score(speaker[inside], coarse[inside]):.2f}")

# %%
# A picture
# ---------
# The same points three times. Compare markers and colours within a panel only. Small
# grey dots are in no cluster. Points that overlap here may be apart in other
# components.

import matplotlib.pyplot as plt

from sklearn_seqae.plotting import EmbeddingDisplay

fig, axes = plt.subplots(1, 3, figsize=(10, 3.8), layout="constrained", sharey=True)
titles = ["Speakers", "KMeans", "HDBSCAN"]
for ax, title, found in zip(axes, titles, [speaker, *clusters.values()], strict=True):
    display = EmbeddingDisplay(Z=Z, y=found).plot(ax, scatter_kwargs={"s": 16})
    display.legend_.remove()
    ax.set_title(title)
    ax.label_outer()

# %%
# The middle of a cluster
# -----------------------
# A cluster centre can be decoded like any embedding. The result is a recording that
# nobody made: it shows what the recordings of the cluster have in common. Here are the
# first three centres, each beside the recording that lies closest.

from sklearn.metrics import pairwise_distances_argmin

from sklearn_seqae.plotting import ReconstructionDisplay

centres = clusterers["KMeans"].cluster_centers_[:3]
closest = pairwise_distances_argmin(centres, Z)
display = ReconstructionDisplay(
    original=[X[i] for i in closest],
    decoded=embed.inverse_transform(centres),
    feature_names=data.feature_names,
    sequence_names=[f"Cluster {k}" for k in range(3)],
    time_name="Frame",
)
_ = display.plot(features=[0, 1, 2])
