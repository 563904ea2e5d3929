"""
========================================
Sequences and plain columns in one table
========================================

One column of a table may hold a sequence in each cell, and other columns ordinary
numbers and categories. ``ColumnTransformer`` sends each column to its transformer.
``permutation_importance`` says which columns the classifier needs.
"""

# %%
# A table of patients
# -------------------
# Of 400 invented patients we know the age, the hospital, and the gait: a recording of
# 10 to 50 time steps and two features. Did a patient fall within a year? That is drawn
# at random. The probability depends on the age and on whether the gait is quick. The
# hospital has no influence.

import numpy as np
import pandas as pd

from sklearn_seqae.datasets import make_sequences

rng = np.random.default_rng(0)
gait, quick = make_sequences(n_samples=400, n_classes=2, noise=0.3, random_state=0)
X = pd.DataFrame(
    {
        "age": rng.integers(50, 90, size=400),
        "hospital": rng.choice(["north", "south", "west"], size=400),
        "gait": pd.Series(gait),
    }
)
log_odds = 4 * (quick - 0.5) + 0.1 * (X["age"] - 70)
y = np.where(rng.random(400) < 1 / (1 + np.exp(-log_odds)), "fell", "did not")
X.assign(gait=X["gait"].map(np.shape)).head()

# %%
# One classifier for all columns
# ------------------------------

from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from sklearn_seqae import LSTMAutoencoderTransformer

autoencoder = LSTMAutoencoderTransformer(n_components=8, epochs=60, random_state=0)
embed = make_pipeline(autoencoder, StandardScaler())
columns = make_column_transformer(
    (embed, ["gait"]), (StandardScaler(), ["age"]), (OneHotEncoder(), ["hospital"])
)
classifier = make_pipeline(columns, LogisticRegression())
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0, stratify=y)
classifier.fit(X_train, y_train)

# %%
# How good is that? The outcome is random, so nobody can always be right. The last line
# is the accuracy of someone who knows the probabilities.

static = make_column_transformer(
    (StandardScaler(), ["age"]), (OneHotEncoder(), ["hospital"])
)
without_gait = make_pipeline(static, LogisticRegression()).fit(X_train, y_train)
ideal = np.where(log_odds.loc[X_test.index] > 0, "fell", "did not")

print(f"All columns:      {classifier.score(X_test, y_test):.2f}")
print(f"Without the gait: {without_gait.score(X_test, y_test):.2f}")
print(f"Best possible:    {np.mean(ideal == y_test):.2f}")

# %%
# Which column matters?
# ---------------------
# Shuffle one column at a time, the gait as whole sequences, and measure the accuracy
# again.

import matplotlib.pyplot as plt
from sklearn.inspection import permutation_importance

importance = permutation_importance(
    classifier, X_test, y_test, n_repeats=20, random_state=0
)
pd.Series(importance.importances_mean, index=X.columns).round(3)

# %%
# The gait matters most, then the age. With a wrong hospital the classifier does no
# worse. Boxes show the middle half of 20 shuffles, whiskers their range.

order = np.argsort(importance.importances_mean)
fig, ax = plt.subplots(figsize=(5, 4), layout="constrained")
ax.boxplot(
    importance.importances[order].T,
    whis=(0, 100),
    medianprops={"color": "#0072B2", "linewidth": 2},
)
ax.set_xticks([1, 2, 3], X.columns[order])
ax.axhline(0, color="black", linestyle=":", linewidth=1)
_ = ax.set(title="Shuffling a column", ylabel="Accuracy lost")
