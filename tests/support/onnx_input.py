"""What ONNX files read, made by hand of a log with gaps."""

import numpy as np
import pandas as pd

from sklearn_seqae import to_sequences


def everything(log):
    return to_sequences(log, by="session", order="when", duplicates="keep")


def pages_alone(log):
    return [x["page"].fillna("").tolist() for _, x in log.groupby("session")]


def times_alone(log):
    when = log["when"].astype("datetime64[s]").astype("int64") / 4 + np.arange(len(log))
    return log.assign(when=when).set_index(["session", "when"])[["amount"]]


def tensors(X):
    """What a file reads of sequences, made by hand."""
    if isinstance(X, list):
        pages = np.array([[page] for x in X for page in x], object)
        return {"categories": pages, "lengths": np.array(list(map(len, X)))}
    if isinstance(X, pd.DataFrame):
        when = X.index.get_level_values(1).to_numpy()
        lengths = X.groupby(level=0).size().to_numpy()
        return {"values": X.to_numpy(), "times": when, "lengths": lengths}
    whole = np.concatenate(X.tolist())
    pages = [["" if pd.isna(page) else page] for page in whole["page"]]
    return {
        "values": np.column_stack([whole["amount"], whole["floor"]]),
        "categories": np.array(pages, object),
        "times": whole["when"].astype("datetime64[us]").view("i8"),
        "lengths": np.array(list(map(len, X))),
    }


def run(session, given):
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, given), strict=True))
