"""
==================================
Sessions of events: there and back
==================================

Visitors of a shop look at pages, at irregular distances. A log has a row for each
event: a session, a time, a page. We embed sessions without labels, tell two kinds of
visitors apart, and decode the embeddings into sessions again.
"""

# %%
# A log in Parquet
# ----------------
# :func:`~sklearn_seqae.datasets.make_events` draws sessions of two kinds of visitors.
# They differ in the order of the pages, and in which pages take them long. Neither how
# often they see a page nor how much time passes between two events tells them apart.

from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd

from sklearn_seqae.datasets import make_events

log, y, posterior = make_events(400, return_posterior=True, random_state=0)
with TemporaryDirectory() as folder:
    path = Path(folder) / "log.parquet"
    log.to_parquet(path)
    log = pd.read_parquet(path)
log.head(8)

# %%
# Vectors of sessions
# -------------------
# :func:`~sklearn_seqae.to_sequences` makes a Series of them, by session, with times.
# The page is a category, as its dtype says; the time since the event before becomes a
# feature.

from sklearn_seqae import LSTMAutoencoderTransformer, to_frame, to_sequences

X = to_sequences(log, by="session", order="time")
autoencoder = LSTMAutoencoderTransformer(random_state=0)
Z = autoencoder.fit_transform(X)
print(f"{len(log)} events of {len(Z)} sessions, vectors of {Z.shape[1]} numbers")

# %%
# Which visitor was it?
# ---------------------
# Classes differ in order and timing. So counts of pages know nothing. The best is what
# one could tell who knew the process that drew the sessions.

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler


def auc(vectors):
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=1000))
    p = cross_val_predict(model, vectors, y, cv=5, method="predict_proba")
    return roc_auc_score(y, p[:, 1])


counts = log.groupby(["session", "page"]).size().unstack(fill_value=0)
for name, area in {
    "counts of pages": auc(counts),
    "embedding": auc(Z),
    "both": auc(np.hstack([Z, counts])),
    "the best": roc_auc_score(y, posterior),
}.items():
    print(f"{name:15}  area under the ROC curve {area:.3f}")

# %%
# Sessions from vectors
# ---------------------
# Decoded sessions are a table again. They start when they did, and their times rise.

to_frame(autoencoder.inverse_transform(Z), ids=X.index).head(8)

# %%
# Below each session is what its vector knows of it.

from sklearn_seqae.plotting import EventsDisplay

EventsDisplay.from_estimator(autoencoder, X)

# %%
# Most likely pages are no likely session: the most frequent ones repeat. With a
# ``random_state``, pages are drawn, in an order that the counts in a vector allow.

drawn = autoencoder.inverse_transform(Z[:6], random_state=0)
EventsDisplay(
    times=[session["time"] for session in X[:6]],
    categories=[session["page"] for session in X[:6]],
    decoded_times=[session["time"] for session in drawn],
    decoded_categories=[session["page"] for session in drawn],
).plot()

# %%
# What the vectors know of each column, as a share of what predicting the usual would
# miss:

pd.Series(-autoencoder.score_features(X), index=["page", "amount", "time"]).round(2)

# %%
# The amount is noise, of which nothing can be known but by heart. For each event there
# is a distribution of the pages as well.

of_pages, _ = autoencoder.inverse_transform_proba(Z[:1])
pd.DataFrame(of_pages[0], columns=autoencoder.categories_[0]).round(2).head()
