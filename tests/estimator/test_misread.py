"""What the estimator reads otherwise than it was meant: said, without TensorFlow."""

import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal

from sklearn_seqae import LSTMAutoencoderTransformer, SequenceChunks, to_sequences
from sklearn_seqae._patches.source import read_source

RNG = np.random.default_rng(0)
X = [RNG.normal(size=(n, 2)) for n in RNG.integers(3, 9, size=12)]
ROWS = [
    (i, t + 0.5, page, number)
    for i in range(12)
    for t, (page, number) in enumerate(
        zip(RNG.choice([*"abc"], 9), RNG.integers(1, 4, 9), strict=True)
    )
]
LOG = pd.DataFrame(ROWS, columns=["id", "t", "page", "n"])
LOG["t"] += RNG.random(len(LOG)) / 2
TABLE = LOG.set_index(["id", "t"])


def fit(X, **parameters):
    """Return the schema that a fit learns."""
    known = LSTMAutoencoderTransformer(**parameters).get_params()
    return read_source(X, None, None, known, "L").schema


def encode(schema, X):
    return schema.encode(schema.read(X, "L"))


def text(numbers):
    return TABLE[["page"]].assign(value=numbers)


# ---- categories ----------------------------------------------------------------------


def test_numbers_are_text_at_prediction():
    schema = fit(TABLE[["n"]], categorical_features=["n"])
    with pytest.raises(TypeError, match=r"'n' holds text, but categories in fit, 1 f"):
        encode(schema, TABLE[["n"]].astype(str))
    encode(schema, TABLE[["n"]].astype(float))


def test_categories_that_are_numbers_are_text_at_prediction():
    schema = fit(TABLE[["n"]].astype("category"))
    with pytest.raises(TypeError, match=r"'n' holds text, but categories in fit, 1 f"):
        encode(schema, TABLE[["n"]].astype(str).astype("category"))


@pytest.mark.parametrize(
    "change",
    [str.upper, lambda s: s + " ", lambda s: f"page {s}", lambda s: f" {s}"],
    ids=["upper case", "trailing blanks", "renamed", "leading blanks"],
)
def test_every_category_is_unknown(change):
    schema = fit(TABLE[["page"]])
    strange = TABLE[["page"]].assign(page=TABLE["page"].map(change))
    message = rf"'page' has none of the categories in fit: .*'{change('a')}'.*'a', 'b'"
    with pytest.warns(UserWarning, match=message):
        encode(schema, strange)


@pytest.mark.parametrize(
    "pages",
    ["a", None, ["a", "new", "new"] * 36],
    ids=["one is known", "none is observed", "some are new"],
)
def test_categories_that_are_no_reason_for_an_alarm(pages):
    schema = fit(TABLE[["page", "n"]])
    encode(schema, TABLE[["page", "n"]].assign(page=pages))


@pytest.mark.parametrize(
    "numbers",
    [
        RNG.normal(size=108).round(4).astype(str),
        RNG.integers(60, 99, size=108).astype(str),
        [f"{v:.2f}".replace(".", ",") for v in RNG.normal(size=108)],
        [f" {v:.2e}" for v in RNG.normal(size=108)],
        [*(f"{v:.2f}" for v in RNG.normal(size=106)), "n/a", "?"],
        [f"{1e4 * v:,.2f}" for v in RNG.normal(size=108)],
        [f"{100 * v:.2f} %" for v in RNG.normal(size=108)],
        [f"${v:.2f}" for v in RNG.normal(size=108)],
    ],
    ids=[
        *("fractions", "whole", "commas", "powers and blanks", "a few words"),
        *("thousands", "per cent", "dollars"),
    ],
)
@pytest.mark.parametrize("dtype", ["str", object])
def test_numbers_as_text(numbers, dtype):
    with pytest.warns(
        UserWarning, match=r"'value' is text, of which .*astype\(float\)"
    ):
        fit(text(pd.array(numbers, dtype=dtype)))


def test_numbers_as_text_that_are_categories():
    codes = RNG.integers(100, 999, size=108).astype(str)
    fit(text(codes), categorical_features=["page", "value"])  # as the message says
    fit(text(pd.Categorical(codes)))
    fit(text(np.char.zfill(RNG.integers(99999, size=108).astype(str), 5)))
    fit(text(RNG.integers(10, size=108).astype(str)))
    fit(text([f"{v:.1f} mg" for v in RNG.normal(size=108)]))
    fit(text([f"10.0.{v % 9}.{v}" for v in range(108)]))  # of computers


def test_whole_numbers_come_back_as_integers():
    schema = fit(TABLE[["n"]], categorical_features=["n"])
    (found,) = schema.events.categories(1)
    assert [type(value) for value in found.array().tolist()] == [int] * 3
    halves = TABLE[["n"]] / 2
    (found,) = fit(halves, categorical_features=["n"]).events.categories(1)
    assert found.array().tolist() == [0.5, 1.0, 1.5]


# ---- times ---------------------------------------------------------------------------

USERS = pd.DataFrame({"age": np.arange(12)})
COLUMNS = {
    "frame": lambda S: pd.DataFrame({"x": S}),
    "join": lambda S: USERS.join(S.rename("x"))[["x"]],
    "assign": lambda S: USERS.assign(x=S)[["x"]],
    "assign, a Series": lambda S: USERS.assign(x=S)["x"],
    "concat": lambda S: pd.concat([USERS, S.rename("x")], axis=1)[["x"]],
    "merge": lambda S: USERS.merge(S.rename("x"), left_index=True, right_index=True)[
        "x"
    ],
    "a new Series": lambda S: pd.Series(S.tolist(), index=S.index),
    "a dict": lambda S: pd.Series(dict(S.items())),
    "a pickle": lambda S: pd.DataFrame(
        {"x": pd.Series(pickle.loads(pickle.dumps(S.tolist())))}
    ),
}


@pytest.mark.parametrize("name", COLUMNS)
@pytest.mark.parametrize("zone", [None, "Europe/Berlin"])
def test_times_stay_with_events_in_any_frame(name, zone):
    log = LOG
    if zone:
        log = LOG.assign(t=pd.to_datetime(LOG["t"], unit="h").dt.tz_localize(zone))
    S = to_sequences(log, by="id", order="t")
    expected, found = fit(S).events, fit(COLUMNS[name](S)).events
    assert expected.clock is not None
    assert found.clock == expected.clock
    assert (found.times.name, found.times.zone) == ("t", zone)
    assert found.n_codes == 1


@pytest.mark.parametrize("name", COLUMNS)
def test_sequences_of_numbers_keep_times_if_asked(name):
    S = to_sequences(LOG.drop(columns="page"), by="id", order="t", keep_times=True)
    schema = fit(COLUMNS[name](S), time=True)
    expected = fit(TABLE[["n"]], time=True).events
    assert schema.events.clock == expected.clock
    assert schema.container.feature_names == ("n",)


def test_the_error_names_the_way_to_keep_times():
    S = to_sequences(LOG.drop(columns="page"), by="id", order="t")
    with pytest.raises(ValueError, match=r"to_sequences\(.*keep_times=True\)"):
        fit(S, time=True)
    with pytest.raises(ValueError, match="keep_times is about times"):
        to_sequences(LOG, by="id", keep_times=True)


def test_times_that_are_kept_are_merged_as_others():
    log = pd.concat([LOG, LOG]).drop(columns="page")
    kept = to_sequences(log, by="id", order="t", duplicates="mean", keep_times=True)
    plain, times = to_sequences(
        log, by="id", order="t", duplicates="mean", return_times=True
    )
    for record, x, t in zip(kept, plain, times, strict=True):
        assert_array_equal(record["n"], x[:, 0])
        assert_array_equal(record["t"], t)


def test_events_beside_plain_columns_are_refused_with_the_way():
    S = to_sequences(LOG, by="id", order="t")
    with pytest.raises(ValueError, match="ColumnTransformer"):
        fit(USERS.join(S.rename("x")))


def test_an_endless_time_is_refused():
    log = LOG.assign(t=LOG["t"].where(LOG.index != 8, np.inf))  # the last of a series
    with pytest.raises(ValueError, match="has inf as its time, 't'"):
        fit(log.set_index(["id", "t"]))
    with pytest.raises(ValueError, match="row 8 of the frame has the time inf"):
        to_sequences(log, by="id", order="t")


# ---- chunks --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "make",
    [lambda: X, lambda: iter(X), lambda: (x for x in X), lambda: pd.Series(X)],
    ids=["a list", "an iterator", "a generator", "a Series"],
)
def test_chunks_that_are_sequences(make):
    with pytest.warns(UserWarning, match=r"each of the 12 chunks is one sequence"):
        fit(SequenceChunks(make))


def test_chunks_of_rows_and_of_lists_are_no_reason_for_an_alarm():
    fit(SequenceChunks(lambda: [X[:6], X[6:]]))
    fit(SequenceChunks(lambda: [RNG_ROWS[:20], RNG_ROWS[20:]]))


RNG_ROWS = RNG.normal(size=(40, 24))


# ---- scores --------------------------------------------------------------------------


@pytest.mark.slow
def test_scores_are_arrays_as_those_of_scikit_learn(plain_autoencoder):
    S = pd.Series(X, index=[f"p{i}" for i in range(12)])
    estimator = plain_autoencoder(epochs=1).set_output(transform="pandas").fit(S)
    scores = estimator.score_samples(S)
    assert type(scores) is np.ndarray
    assert pd.Series(scores, S.index).index.equals(estimator.transform(S).index)


def test_a_fit_warns_once_at_the_line_of_the_user():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        fit(np.pad(np.stack([x[:3] for x in X]), ((0, 0), (0, 1), (0, 0))))
        assert not caught  # all end alike
        fit(pd.concat([pd.Series(x[:, 0]) for x in X], axis=1))
    assert len(caught) == 1
    assert caught[0].filename == __file__
