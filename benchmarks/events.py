"""``python -m benchmarks.events [N]``: how well it knows events, for its page.

N sessions of `make_events` (600 by default), of each kind. Classes are told by logistic
regression, cross-validated, from embeddings that knew no labels, from some principal
components of these, from counts of pages, and from components and frequencies of pages
side by side; the best is the posterior. Sessions held out are decoded from 32
components, beside principal components of one-hot pages and logarithms of waiting
times, padded and weighted in three ways; the next page is predicted beside a
first-order Markov chain.

``python -m benchmarks.events cost [N]``: seconds and peak memory of N sessions (100,000
by default) of 20 events, with two numbers and categories of 50 and 1,000.
"""

import resource
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import cross_val_predict
from sklearn.preprocessing import StandardScaler

from benchmarks._page import write_tables
from sklearn_seqae import (
    LSTMAutoencoderTransformer,
    SequenceAggregator,
    to_sequences,
)
from sklearn_seqae.datasets import make_events

N_SAMPLES = 400
N_COMPONENTS = 32
N_OF_VECTOR = 24  # principal components of an embedding that classify
WEIGHT = 2.0  # of standardised frequencies beside these
EPOCHS = 60
Scores = dict[str, float]


def main(n_samples: int = N_SAMPLES) -> None:
    classes = {kind: _classes(kind, n_samples) for kind in ("order", "counts")}
    train, test = (
        _indexed(*make_events(n_samples, random_state=seed)) for seed in (0, 1)
    )
    tables = {
        "Area under the ROC curve, by what classes differ in": pd.DataFrame(classes).T,
        f"Other sessions, decoded from {N_COMPONENTS} numbers": _decoded(train, test),
        "The last page of other sessions": _next_page(train, test),
    }
    write_tables(
        "events_tables.txt",
        {title: _with_names(table) for title, table in tables.items()},
    )


def _with_names(table: pd.DataFrame) -> pd.DataFrame:
    return table.round(3).rename_axis("").reset_index()


def _indexed(log: pd.DataFrame, y: Any = None) -> pd.DataFrame:
    return log.set_index(["session", "time"])


def _classes(kind: str, n_samples: int) -> Scores:
    difficulty = 0.5 if kind == "order" else 0.8
    log, y, posterior = make_events(
        n_samples,
        kind=kind,
        difficulty=difficulty,
        random_state=0,
        return_posterior=True,
    )
    X = _indexed(log)
    Z = LSTMAutoencoderTransformer(epochs=EPOCHS, random_state=0).fit_transform(X)
    few = PCA(N_OF_VECTOR, random_state=0).fit_transform(Z)
    counts = log.groupby(["session", "page"]).size().unstack(fill_value=0).to_numpy()
    pages = SequenceAggregator(time=False).fit_transform(X[["page"]])
    found = {
        "embedding": auc(Z, y),
        f"{N_OF_VECTOR} components of it": auc(few, y),
        "counts": auc(counts, y),
        "components and frequencies": auc(few, y, pages),
        "best": float(roc_auc_score(y, posterior)),
    }
    print(kind, found, file=sys.stderr)
    return found


def auc(
    vectors: NDArray[Any], y: NDArray[np.int64], beside: NDArray[Any] | None = None
) -> float:
    """Return the area under the ROC curve of logistic regression in five folds.

    Of standardised columns; those ``beside`` the vectors weigh more.
    """
    columns = StandardScaler().fit_transform(vectors)
    if beside is not None:
        weighted = WEIGHT * StandardScaler().fit_transform(beside)
        columns = np.hstack([columns, weighted])
    model = LogisticRegression(C=0.01, max_iter=1000)
    p = cross_val_predict(model, columns, y, cv=5, method="predict_proba")
    return float(roc_auc_score(y, p[:, 1]))


def _decoded(train: pd.DataFrame, test: pd.DataFrame) -> pd.DataFrame:
    """Share of the pages that are right, and median error of the waiting times."""
    ae = LSTMAutoencoderTransformer(N_COMPONENTS, epochs=EPOCHS, random_state=0)
    rebuilt = ae.fit(train[["page"]]).reconstruct(test[["page"]])
    waits = _waits(test)
    rows = {
        "marginal": (
            np.mean(test["page"] == train["page"].mode()[0]),
            np.nanmedian(np.abs(waits - np.nanmedian(_waits(train)))),
        ),
        **{
            f"principal components, waits times {weight:g}": _by_components(
                train, test, weight
            )
            for weight in (1, 0.5, 0.25)
        },
        "this package": (
            np.mean(rebuilt["page"].to_numpy() == test["page"].to_numpy()),
            np.nanmedian(np.abs(_waits(rebuilt) - waits)),
        ),
    }
    names = ["pages that are right", "median error of a wait, seconds"]
    found = pd.DataFrame(rows, index=names).T
    print(found, file=sys.stderr)
    return found


def _waits(log: pd.DataFrame) -> NDArray[np.float64]:
    when = log.reset_index()
    return when.groupby("session")["time"].diff().dt.total_seconds().to_numpy()


def _padded(log: pd.DataFrame, pages: list[str], longest: int) -> NDArray[np.float64]:
    """Return one-hot pages and log waits of sessions, zeros at the end."""
    codes = pd.Categorical(log["page"], pages).codes
    steps = np.column_stack(
        [np.eye(len(pages))[codes], np.nan_to_num(np.log1p(_waits(log)))]
    )
    place = log.groupby(level=0).cumcount().to_numpy()
    session = log.index.get_level_values(0).to_numpy()
    padded = np.zeros((session.max() + 1, longest, steps.shape[1]))
    padded[session, place] = steps
    return padded


def _by_components(
    train: pd.DataFrame, test: pd.DataFrame, weight: float
) -> tuple[float, float]:
    pages = sorted(train["page"].unique())
    longest = max(log.groupby(level=0).size().max() for log in (train, test))
    known, new = (_padded(log, pages, longest) for log in (train, test))
    scale = np.append(np.ones(len(pages)), weight)
    pca = PCA(N_COMPONENTS).fit((scale * known).reshape(len(known), -1))
    flat = pca.inverse_transform(pca.transform((scale * new).reshape(len(new), -1)))
    place = test.groupby(level=0).cumcount().to_numpy()
    steps = (flat.reshape(new.shape) / scale)[test.index.get_level_values(0), place]
    best = np.array(pages)[steps[:, :-1].argmax(axis=1)]
    waits = np.expm1(np.maximum(steps[:, -1], 0))
    error = np.abs(waits - _waits(test))
    return float(np.mean(best == test["page"].to_numpy())), float(np.nanmedian(error))


def _next_page(train: pd.DataFrame, test: pd.DataFrame) -> pd.DataFrame:
    """Accuracy and log loss of the last page of sessions, from those before."""
    last = test.groupby(level=0).cumcount(ascending=False).to_numpy() == 0
    known, truth = test[~last][["page"]], test[last]["page"].to_numpy()
    ae = LSTMAutoencoderTransformer(
        N_COMPONENTS, forecast_horizon=1, epochs=EPOCHS, random_state=0
    ).fit(train[["page"]])
    (proba,) = ae.forecast_proba(known)
    (pages,) = ae.categories_
    before = known.groupby(level=0)["page"].last().to_numpy()
    rows = {
        "Markov chain": chain(train["page"], pages)[
            pd.Categorical(before, pages).codes
        ],
        "forecast_proba": np.array([p[0] for p in proba]),
    }
    place = pd.Categorical(truth, pages).codes
    found = pd.DataFrame({name: scores(p, place) for name, p in rows.items()}).T
    print(found, file=sys.stderr)
    return found


def chain(events: pd.Series, categories: Any) -> NDArray[np.float64]:
    """Return the probabilities of what follows each category, in a first-order chain.

    Parameters
    ----------
    events : Series
        Of categories, indexed by sequence and time.
    categories : array-like of shape (n_categories,)
    """
    codes, of = pd.Categorical(events, categories).codes, events.index.codes[0]
    follows = of[1:] == of[:-1]
    counts = np.ones((len(categories), len(categories)))  # Laplace's rule
    np.add.at(counts, (codes[:-1][follows], codes[1:][follows]), 1)
    return counts / counts.sum(axis=1, keepdims=True)


def scores(p: NDArray[Any], place: NDArray[Any]) -> Scores:
    """Return accuracy and log loss of probabilities, where ``place`` is right."""
    return {
        "accuracy": float(np.mean(p.argmax(axis=1) == place)),
        "log loss": float(-np.log(p[np.arange(len(p)), place]).mean()),
    }


# What many events cost ----------------------------------------------------------------


def cost(n_sessions: int = 100_000) -> None:
    """Print the seconds, and the peak memory so far, of reading, fit and embedding."""
    log = _many_events(n_sessions)
    X = _timed("read", lambda: to_sequences(log, by="session", order="time"))
    autoencoder = LSTMAutoencoderTransformer(random_state=0)
    _timed("fit", lambda: autoencoder.fit(X))
    _timed("embed", lambda: autoencoder.transform(X))


def _many_events(n_sessions: int, n_events: int = 20) -> pd.DataFrame:
    rng, n = np.random.default_rng(0), n_sessions * n_events
    drawn = {"page": rng.integers(50, size=n), "item": rng.zipf(1.3, n).clip(1, 1000)}
    return pd.DataFrame(
        {
            "session": np.arange(n_sessions).repeat(n_events),
            "time": rng.exponential(size=n).cumsum(),
            **{name: pd.Categorical(codes) for name, codes in drawn.items()},
            "a": rng.normal(size=n),
            "b": rng.normal(size=n),
        }
    )


def _timed(name: str, call: Callable[[], Any]) -> Any:
    started = time.perf_counter()
    found = call()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20  # KiB on Linux
    print(f"{name}: {time.perf_counter() - started:.1f} s, {peak:.1f} GiB", flush=True)
    return found


if __name__ == "__main__":
    if sys.argv[1:2] == ["cost"]:
        cost(*map(int, sys.argv[2:]))
    else:
        main(*map(int, sys.argv[1:]))
