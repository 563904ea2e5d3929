"""Sequences of categories and numbers: every container, by the same steps.

A kind is how to make it from pages and amounts, and how to read it again without the
package.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from helpers import objects
from numpy.testing import assert_array_equal
from sklearn.base import clone

from sklearn_seqae import to_frame, to_sequences

PAGES = np.array(["home", "search", "cart", "pay"], dtype=object)
NAMES = ["page", "amount"]


@dataclass(frozen=True)
class Event:
    """A sequence of events."""

    page: np.ndarray  # objects, None where one is missing
    amount: np.ndarray

    def __len__(self):
        return len(self.page)


@pytest.fixture(scope="module")
def events(sequences):
    rng = np.random.default_rng(0)
    found = []
    for x in sequences:
        page = PAGES[rng.integers(0, len(PAGES), len(x))]
        page[rng.random(len(x)) < 0.1] = None
        page[0] = "home"
        found.append(Event(page, x[:, 0]))
    return found


# How containers are made, and read ----------------------------------------------------


def long(events, dtype=object):
    index = pd.MultiIndex.from_tuples(
        [(i, t) for i, e in enumerate(events) for t in range(len(e))],
        names=["session", "time"],
    )
    page = pd.Series(np.concatenate([e.page for e in events]), index, dtype=object)
    amount = np.concatenate([e.amount for e in events])
    return pd.DataFrame({"page": page.astype(dtype), "amount": amount}, index=index)


def read_long(X):
    return [
        Event(g["page"].to_numpy(dtype=object), g["amount"].to_numpy())
        for _, g in X.groupby(level=0, sort=False)
    ]


def records(events):
    dtype = [("page", object), ("amount", float)]
    return [np.array(list(zip(e.page, e.amount, strict=True)), dtype) for e in events]


def dicts(events):
    return [
        [
            dict(zip(NAMES, row, strict=True))
            for row in zip(e.page, e.amount, strict=True)
        ]
        for e in events
    ]


def frames(events):
    return [pd.DataFrame({"page": e.page, "amount": e.amount}) for e in events]


def columns(events, wrap):
    return {
        "page": [wrap(e.page) for e in events],
        "amount": [wrap(e.amount) for e in events],
    }


def nested(events, wrap=np.asarray):
    cells = columns(events, wrap)
    return pd.DataFrame({name: objects(column) for name, column in cells.items()})


def polars():
    return pytest.importorskip("polars", reason="an option of ours")


def arrow():
    return pytest.importorskip("pyarrow", reason="an option of ours")


def polars_frame(events, dtype):
    pl = polars()
    cells = columns(events, np.ndarray.tolist)
    page = pl.Series("page", cells["page"], dtype=pl.List(pl.String))
    return pl.DataFrame(
        [page.cast(pl.List(dtype)), pl.Series("amount", cells["amount"])]
    )


def arrow_table(events, kind):
    pa = arrow()
    cells = columns(events, np.ndarray.tolist)
    flat = pa.array(np.concatenate(cells["page"]), pa.string())
    lengths = list(map(len, events))
    offsets = pa.array(np.append(0, np.cumsum(lengths)), pa.int32())
    if pa.types.is_dictionary(kind):
        flat = flat.dictionary_encode()
    page = pa.ListArray.from_arrays(offsets, flat.cast(kind))
    return pa.table({"page": page, "amount": cells["amount"]})


def of_cells(pages, amounts):
    return [
        Event(objects(list(page)), np.asarray(amount, float))
        for page, amount in zip(pages, amounts, strict=True)
    ]


@dataclass(frozen=True)
class Kind:
    make: Callable[[list[Event]], Any]
    read: Callable[[Any], list[Event]]
    dtypes: Callable[[Any], Any] = lambda X: type(X[0])


LONG = Kind(long, read_long, lambda X: X.dtypes.tolist())
NESTED = Kind(
    nested, lambda X: of_cells(X["page"], X["amount"]), lambda X: X.columns.tolist()
)
TUPLES = Kind(
    lambda s: [list(zip(e.page, e.amount, strict=True)) for e in s],
    lambda X: of_cells(*zip(*(tuple(zip(*x, strict=True)) for x in X), strict=True)),
    lambda X: type(X[0][0]),
)
FROM_RECORDS = Kind(
    records,
    lambda X: of_cells([x["page"] for x in X], [x["amount"] for x in X]),
    lambda X: X[0].dtype,
)
KINDS = {
    "long table": LONG,
    "long table of strings": replace(LONG, make=lambda s: long(s, "string")),
    "long table of a categorical": replace(
        LONG,
        make=lambda s: long(s, pd.CategoricalDtype([*PAGES[::-1], "never"], True)),
    ),
    "structured arrays": FROM_RECORDS,
    "Series of structured arrays": replace(
        FROM_RECORDS,
        make=lambda s: pd.Series(objects(records(s))),
        dtypes=lambda X: X.iloc[0].dtype,
    ),
    "to_sequences": replace(
        FROM_RECORDS,
        make=lambda s: to_sequences(
            long(s, "category").reset_index(), by="session", order="time"
        ),
        dtypes=lambda X: ([X[0].dtype[name] for name in NAMES], X.attrs["categories"]),
    ),
    "dicts": Kind(
        dicts,
        lambda X: of_cells(
            [[r["page"] for r in x] for x in X], [[r["amount"] for r in x] for x in X]
        ),
        lambda X: type(X[0][0]),
    ),
    "tuples": TUPLES,
    "frames": Kind(
        frames,
        lambda X: of_cells([x["page"] for x in X], [x["amount"] for x in X]),
        lambda X: X[0].dtypes.tolist(),
    ),
    "frames of polars": Kind(
        lambda s: [polars().from_pandas(x) for x in frames(s)],
        lambda X: of_cells([x["page"].to_list() for x in X], [x["amount"] for x in X]),
        lambda X: X[0].schema,
    ),
    "tables of Arrow": Kind(
        lambda s: [
            arrow().table({"page": arrow().array(e.page), "amount": e.amount})
            for e in s
        ],
        lambda X: of_cells(
            [x["page"].to_pylist() for x in X], [x["amount"].to_numpy() for x in X]
        ),
        lambda X: X[0].schema,
    ),
    "frame of columns": NESTED,
    "frame of Series": replace(
        NESTED,
        make=lambda s: nested(s, pd.Series),
        dtypes=lambda X: X["page"].iloc[0].dtype,
    ),
    "2-D object array": Kind(
        lambda s: nested(s).to_numpy(),
        lambda X: of_cells(*X.T),
        lambda X: type(X[0, 0]),
    ),
    **{
        f"polars {name}": Kind(
            lambda s, name=name: polars_frame(
                s,
                polars().Enum(PAGES[::-1].tolist())
                if name == "Enum"
                else getattr(polars(), name),
            ),
            lambda X: of_cells(*(X[name].to_list() for name in NAMES)),
            lambda X: X.schema,
        )
        for name in ("String", "Categorical", "Enum")
    },
    "Arrow strings": Kind(
        lambda s: arrow_table(s, arrow().string()),
        lambda X: of_cells(*(X[name].to_pylist() for name in NAMES)),
        lambda X: X.schema,
    ),
    "Arrow dictionaries": Kind(
        lambda s: arrow_table(s, arrow().dictionary(arrow().int32(), arrow().string())),
        lambda X: of_cells(*(X[name].to_pylist() for name in NAMES)),
        lambda X: X.schema,
    ),
}


# The tests ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def reference(plain_autoencoder, events):
    return plain_autoencoder(mask_ratio=0.3, epochs=3).fit(long(events))


def assert_same_events(found, expected):
    for ours, theirs in zip(found, expected, strict=True):
        assert_array_equal(ours.amount, theirs.amount)
        missing = pd.isna(theirs.page)
        assert_array_equal(pd.isna(ours.page), missing)
        assert_array_equal(ours.page[~missing], theirs.page[~missing])


@pytest.mark.parametrize("name", KINDS)
def test_the_same_embedding_and_the_same_kind_back(reference, events, name):
    kind = KINDS[name]
    X = kind.make(events)
    assert_same_events(kind.read(X), events)  # the test reads it right
    Z = reference.transform(long(events))
    estimator = clone(reference).fit(X)
    assert_array_equal(estimator.transform(X), Z)
    assert_array_equal(
        estimator.score_samples(X), reference.score_samples(long(events))
    )
    back = estimator.inverse_transform(Z)
    assert type(back) is type(X)
    assert kind.dtypes(back) == kind.dtypes(X)
    assert_same_events(kind.read(back), read_long(reference.inverse_transform(Z)))
    rebuilt = estimator.reconstruct(X)
    again = reference.transform(reference.reconstruct(long(events)))
    assert_array_equal(estimator.transform(rebuilt), again)


UNIVARIATE = {
    "lists": (lambda s: [x.tolist() for x in s], list),
    "arrays": (list, list),
    "text of a width": (lambda s: [np.array(x, str) for x in s], list),
    "long Series": (
        lambda s: long([Event(x, np.zeros(len(x))) for x in s])["page"],
        lambda X: [g.to_numpy() for _, g in X.groupby(level=0, sort=False)],
    ),
    "Series": (lambda s: pd.Series(objects(s)), list),
    "polars": (
        lambda s: polars().Series("page", [x.tolist() for x in s]),
        lambda X: X.to_list(),
    ),
    "Arrow": (
        lambda s: arrow().array([x.tolist() for x in s]),
        lambda X: X.to_pylist(),
    ),
    "awkward": (
        lambda s: pytest.importorskip("awkward").Array([x.tolist() for x in s]),
        lambda X: X.to_list(),
    ),
}


@pytest.mark.parametrize("name", UNIVARIATE)
def test_pages_alone(plain_autoencoder, events, name):
    pages = [np.where(pd.isna(e.page), "home", e.page) for e in events]
    make, read = UNIVARIATE[name]
    X = make(pages)
    expected = plain_autoencoder(epochs=1).fit([x.tolist() for x in pages])
    found = plain_autoencoder(epochs=1).fit(X)
    Z = expected.transform([x.tolist() for x in pages])
    assert_array_equal(found.transform(X), Z)
    back = found.inverse_transform(Z)
    assert type(back) is type(X)
    for ours, theirs in zip(read(back), expected.inverse_transform(Z), strict=True):
        assert list(ours) == list(theirs)


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow"])
def test_a_long_table_becomes_sequences_and_a_table_again(events, library):
    frame = long(events, "category").reset_index()
    if library == "polars":
        frame = polars().from_pandas(frame)
    elif library == "pyarrow":
        frame = arrow().Table.from_pandas(frame, preserve_index=False)
    X, times = to_sequences(frame, by="session", order="time", return_times=True)
    assert X.attrs["columns"] == NAMES
    assert set(X.attrs["categories"]["page"]["values"]) == set(PAGES)
    assert_same_events(FROM_RECORDS.read(X), events)
    again = to_frame(X, times=times, kind=library)
    assert list(getattr(again, "columns", ())) or again.num_columns == 4
    found = to_sequences(again, by="session", order="time")
    assert found.attrs["categories"] == X.attrs["categories"]
    for ours, theirs in zip(found, X, strict=True):
        assert_array_equal(ours, theirs)
