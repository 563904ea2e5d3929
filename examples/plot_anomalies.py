"""
======================
Find strange sequences
======================

``LSTMAutoencoderOutlierDetector`` learns what is usual from the embeddings,
reconstruction errors and statistics of sequences. It is an outlier detector in
scikit-learn's sense.
"""

# %%
# Normal and strange
# ------------------
# The detector is fitted on 300 normal sequences only. 200 other sequences are for
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
faults = []
for x in X_test[:40]:
    feature, start = rng.integers(2), rng.integers(len(x) - 10)
    faults.append((feature, start))
    part = x[start : start + 10, feature]
    part[:] = part[0] if rng.random() < 0.5 else part[::-1].copy()

# %%
# Train and score
# ---------------
# The labels only serve to check how well the scores tell both kinds apart. The area
# under the ROC curve is the chance that a strange sequence has a lower score than a
# normal one: 0.5 is guessing, 1 is perfect.

from sklearn.metrics import roc_auc_score

from sklearn_seqae import LSTMAutoencoderOutlierDetector

detector = LSTMAutoencoderOutlierDetector(random_state=0).fit(X_train)
scores = detector.score_samples(X_test)
print(f"Area under the ROC curve: {roc_auc_score(strange, -scores):.3f}")

# %%
# A sequence whose score is below ``offset_`` is an outlier. By default, this threshold
# is three standard deviations from what is usual. ``contamination`` sets another one: a
# quantile of the scores in ``fit``.

is_outlier = detector.predict(X_test) == -1
print(f"Found: {np.mean(is_outlier[strange]):.0%} of the strange sequences")
print(f"False alarms: {np.mean(is_outlier[~strange]):.0%} of the normal ones")

# %%
# The scores of the two kinds hardly overlap.

import matplotlib.pyplot as plt

deviations = np.maximum(-scores, 0.1)  # for an axis in logarithms
bins = np.geomspace(0.1, deviations.max(), 25)
fig, ax = plt.subplots(figsize=(7, 3.5), layout="constrained")
ax.hist(deviations[~strange], bins, color="#56B4E9", edgecolor="black", label="normal")
ax.hist(
    deviations[strange],
    bins,
    color="#D55E00",
    alpha=0.7,
    edgecolor="black",
    hatch="///",
    label="strange",
)
ax.axvline(-detector.offset_, color="black", linestyle="--", label="threshold")
ax.set(
    title="Scores of 200 sequences that were not in fit",
    xscale="log",
    xlabel="Standard deviations from what is usual, the negative score",
    ylabel="Sequences",
)
_ = ax.legend()

# %%
# Why
# ---
# ``explain`` says why a sequence has its score: how far each measure is above usual,
# and what each time step and feature contributes. Contributions add up to the score,
# negated.

why = detector.explain(X_test[:40])
strangest = min(why, key=lambda one: one.score)
print(strangest)
print(strangest.deviations.round(1).to_string())

# %%
# On top is the sequence with the lowest score, as it was and as would be usual, below
# it what each time step contributes. The stretch that contributes most is shaded,
# orange in the features that did it.

from sklearn_seqae.plotting import OutlierDisplay

_ = OutlierDisplay.from_estimator(
    detector, X_test, feature_names=["First feature", "Second feature"]
)

# %%
# We know where the faults are. How often does an explanation name the feature that is
# wrong, and a stretch that overlaps with the fault? The two features are tied to each
# other, so it is not always clear which of them is wrong.

found = [i for i in range(40) if is_outlier[i]]
named = [why[i].features[0] == faults[i][0] for i in found]
overlaps = [
    why[i].stretch.start < faults[i][1] + 10 and faults[i][1] < why[i].stretch.stop
    for i in found
]
print(f"Feature named: {np.mean(named):.0%} of the {len(found)} that were found")
print(f"Stretch named: {np.mean(overlaps):.0%}")
