"""
========================================
From a table in Parquet to a classifier
========================================

Recordings mostly lie in a long table: one row for each time step, with columns that say
which recording it is of and when it was. :func:`~sklearn_seqae.to_sequences` cuts the
table into sequences, which scikit-learn can split, embed and classify.
"""

# %%
# A table
# -------
# Forty machines were recorded six times each, for 10 to 50 time steps. A recording
# shows one of three states: how fast the machine vibrates. Every machine has offsets of
# its own.

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
# It is written to Parquet and read again.

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
# One array for each recording, sorted by time. The index of the Series tells which
# recording of which machine it is.

from sklearn_seqae import to_sequences

series = ["machine", "recording"]
X = to_sequences(table, by=series, order="time", columns=["front", "rear"])
print(
    f"{len(table)} rows, {len(X)} sequences of {X.map(len).min()} to "
    f"{X.map(len).max()} time steps"
)
X.map(np.shape).head()

# %%
# Labels are those of recordings, not of rows. ``groupby`` has them in the same order.

y = table.groupby(series)["state"].first()
y.index.equals(X.index)

# %%
# Cross-validate
# --------------
# Is the state told right for machines that were never seen? All recordings of a machine
# are either trained on or tested on, and the autoencoder is trained anew in each fold.

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
print(f"Always the commonest state: {y.value_counts(normalize=True).max():.2f}")

# %%
# That is much better than guessing, though the folds differ.
#
# A pipeline is shown as a diagram, with what the autoencoder was given in it:

fitted = result["estimator"][0]
fitted

# %%
# The recordings of the machines that the first fold had left out, as the classifier saw
# them. It sees more components than can be drawn.

from sklearn_seqae.plotting import EmbeddingDisplay

tested = result["indices"]["test"][0]
display = EmbeddingDisplay.from_estimator(fitted[:-1], X.iloc[tested], y.iloc[tested])
_ = display.ax_.set_title(f"{len(tested)} recordings of machines never seen")
