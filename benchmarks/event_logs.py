"""``python -m benchmarks.event_logs``: how well it knows a real log, for its page.

The log is that of a package, which only has to be installed, without its dependencies:
``pip install --no-deps lifetimes``. It holds purchases of 2,357 customers of CDNOW by
day, numbers and amounts. Who buys again within the last 39 weeks is told by logistic
regression, cross-validated, from the purchases of the 39 weeks before.
"""

import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.decomposition import PCA

from benchmarks._page import write_tables
from benchmarks.events import auc
from sklearn_seqae import LSTMAutoencoderTransformer, SequenceAggregator

CUT = pd.Timestamp("1997-10-01")
N_OF_VECTOR = 16
EPOCHS = 10


def main() -> None:
    X, y = cdnow()
    ae = LSTMAutoencoderTransformer(time=True, epochs=EPOCHS, random_state=0)
    Z = PCA(N_OF_VECTOR, random_state=0).fit_transform(ae.fit_transform(X))
    aggregates = SequenceAggregator(time=True).fit_transform(X)
    found = {
        f"{N_OF_VECTOR} components of the embedding": auc(Z, y),
        "aggregates": auc(aggregates, y),
        "both": auc(Z, y, aggregates),
    }
    print(found, file=sys.stderr)
    title = "Area under the ROC curve, by who buys again"
    write_tables("event_logs_tables.txt", {title: pd.DataFrame([found]).round(3)})


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


def _file_of(package: str, name: str) -> Path:
    """Return a file of an installed package, which is not imported."""
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise SystemExit(f"install it first: pip install --no-deps {package}")
    return next(Path(spec.origin).parent.rglob(name))


if __name__ == "__main__":
    main()
