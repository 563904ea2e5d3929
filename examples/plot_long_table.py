"""
=======================================
From a table in Parquet to a classifier
=======================================

Most recordings are stored in a long table, with one row per time step. Columns hold the
id of the recording and the time. :func:`~sklearn_seqae.to_sequences` cuts the table
into sequences. scikit-learn can then split, embed and classify them.
"""

# %%
# A table
# -------
# Forty machines are recorded six times each, for 10 to 50 time steps. In a recording,
# the machine is in one of three states: it vibrates slowly, as usual or fast. Each
# machine has its own offsets.

import numpy as np

from sklearn_seqae import to_frame
from sklearn_seqae.datasets import make_sequences

rng = np.random.default_rng(0)
recordings, states = make_sequences(n_samples=240, random_state=0)
machine = np.repeat(np.arange(40), 6)
offsets = 0.3 * rng.normal(size=(40, 2))
table = to_frame(
    [x + offsets[i] for x, i in zip(recordings, machine, strict=True)],
    by="recording",
    order="time",
    columns=["front", "rear"],
)
table.insert(0, "machine", machine[table["recording"]])
table["state"] = np.array(["slow", "usual", "fast"])[states[table["recording"]]]
table = table.sample(frac=1, random_state=0, ignore_index=True)  # in no order
table

# %%
# Write it to Parquet and read it again.

from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd

with TemporaryDirectory() as folder:
    path = Path(folder) / "vibrations.parquet"
    table.to_parquet(path)
    table = pd.read_parquet(path)

# %%
# Sequences
# ---------
# One array per recording, sorted by time. The index of the Series holds the machine and
# the recording.

from sklearn_seqae import to_sequences

series = ["machine", "recording"]
X = to_sequences(table, by=series, order="time", columns=["front", "rear"])
print(
    f"{len(table)} rows, {len(X)} sequences of {X.map(len).min()} to "
    f"{X.map(len).max()} time steps"
)
X.map(np.shape).head()

# %%
# There is one label per recording, not per row. ``groupby`` gives them in the same
# order.

y = table.groupby(series)["state"].first()
y.index.equals(X.index)

# %%
# Cross-validate
# --------------
# Does the classifier recognise the state of machines that it has never seen? All
# recordings of a machine are either in the training set or in the test set. Each fold
# trains its own autoencoder.

from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_seqae import LSTMAutoencoderTransformer

classifier = make_pipeline(
    LSTMAutoencoderTransformer(epochs=60, random_state=0),
    StandardScaler(),
    LogisticRegression(),
)
result = cross_validate(
    classifier,
    X,
    y,
    groups=X.index.get_level_values("machine"),
    cv=GroupKFold(3),
    return_estimator=True,
    return_indices=True,
)
print("Accuracy of each fold:", result["test_score"].round(2))
print(f"Always the most frequent state: {y.value_counts(normalize=True).max():.2f}")

# %%
# That is much better than guessing: the states of unseen machines are easy to tell.
#
# A notebook shows a pipeline as a diagram. It includes what the autoencoder was fitted
# on:

fitted = result["estimator"][0]
fitted

# %%
# The embeddings of the machines that the first fold left out. The classifier reads all
# components. The picture shows a projection to two.

from sklearn_seqae.plotting import EmbeddingDisplay

tested = result["indices"]["test"][0]
display = EmbeddingDisplay.from_estimator(fitted[:-1], X.iloc[tested], y.iloc[tested])
_ = display.ax_.set_title(f"{len(tested)} recordings of unseen machines")
