"""Aggregates of sequences, beside pandas' own; every container, by the same numbers."""

import pickle
from collections import Counter

import numpy as np
import pandas as pd
import pytest
import skops.io
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.utils.estimator_checks import parametrize_with_checks

from sklearn_seqae import SequenceAggregator, SequenceChunks, to_sequences
from sklearn_seqae.datasets import make_events


@parametrize_with_checks([SequenceAggregator()])
def test_as_it_comes(estimator, check):
    check(estimator)


@pytest.fixture(scope="module")
def log():
    """A long table with pages and amounts, of which some are missing."""
    log, _ = make_events(20, random_state=0)
    rng = np.random.default_rng(0)
    log.loc[rng.random(len(log)) < 0.1, "page"] = None
    log.loc[(rng.random(len(log)) < 0.2) | (log["session"] == 3), "amount"] = np.nan
    return log


@pytest.fixture(scope="module")
def found(log):
    aggregator = SequenceAggregator().set_output(transform="pandas")
    return aggregator.fit_transform(log.set_index(["session", "time"]))


def test_columns_are_those_of_pandas(log, found):
    by_session = log.groupby("session")
    assert_array_equal(found.index, by_session.size().index)
    assert_array_equal(found["n_timesteps"], by_session.size())
    passed = by_session["time"].agg(["min", "max"])
    duration = (passed["max"] - passed["min"]).dt.total_seconds()
    assert_allclose(found["duration"], duration, rtol=1e-8)  # ticks are float64
    amounts = by_session["amount"]
    for name in ("mean", "min", "max"):
        expected = amounts.agg(name).fillna(log["amount"].mean())
        assert_allclose(found[f"amount_{name}"], expected)
    assert_allclose(found["amount_sum"], amounts.sum())
    assert_allclose(found["amount_std"], amounts.std(ddof=0).fillna(0), atol=1e-12)
    shares = pd.crosstab(log["session"], log["page"].fillna("None"), normalize="index")
    for page in shares:
        assert_allclose(found[f"page_{page}"], shares[page])
    waits = by_session["time"].diff().dt.total_seconds()
    logs = np.log1p(waits / waits.median()).groupby(log["session"])
    assert_allclose(found["time_mean"], logs.mean())
    assert_allclose(found["time_max"], logs.max())
    assert found.shape[1] == 2 + 5 + 4 + shares.shape[1]


def test_containers_agree(log, found):
    sequences = to_sequences(log, by="session", order="time")
    of_cells = SequenceAggregator().set_output(transform="pandas")
    assert_array_equal(of_cells.fit_transform(sequences)[found.columns], found)
    records = [x[["page", "amount"]] for x in sequences]
    without_times = SequenceAggregator().fit(records)
    names = without_times.get_feature_names_out()
    assert_array_equal(names, [n for n in found if n[:4] not in ("time", "dura")])
    assert_array_equal(without_times.transform(records), found[names])


def test_infrequent_and_new_categories():
    train = [np.array(list("aaabbcd"), object), np.array(list("ab"), object)]
    aggregator = SequenceAggregator(max_categories=3).fit(train)
    names = ["n_timesteps", "x0_a", "x0_b", "x0_infrequent_sklearn"]
    assert_array_equal(aggregator.get_feature_names_out(), names)
    new = [np.array(list("aaxc"), object)]
    assert_array_equal(aggregator.transform(new), [[4, 0.5, 0, 0.5]])
    every = SequenceAggregator().fit(train)
    assert_array_equal(every.transform(new), [[4, 0.5, 0, 0.25, 0]])


def test_attributes_are_listed_without_times():
    """scikit-learn's ``dir``, and with it skl2onnx, reads every property."""
    aggregator = SequenceAggregator().fit([np.zeros((3, 2))])
    assert "transform" in dir(aggregator)


def test_numbers_alone_and_their_dtype():
    X = [np.array([[1.0, np.nan], [3.0, np.nan]], np.float32), np.ones((1, 2), "f4")]
    found = SequenceAggregator().fit_transform(X)
    assert found.dtype == np.float32
    assert_array_equal(
        found, [[2, 2, 1, 1, 3, 4, 1, 0, 1, 1, 0], [1, 1, 0, 1, 1, 1, 1, 0, 1, 1, 1]]
    )


def test_saved_and_loaded(log):
    X = log.set_index(["session", "time"])
    aggregator = SequenceAggregator().fit(X)
    trusted = ["sklearn_seqae._aggregator.SequenceAggregator"]
    for loaded in (
        pickle.loads(pickle.dumps(aggregator)),
        skops.io.loads(skops.io.dumps(aggregator), trusted=trusted),
    ):
        assert_array_equal(loaded.transform(X), aggregator.transform(X))


def test_what_it_does_not_take(log):
    X = log.set_index(["session", "time"])
    aggregator = SequenceAggregator().fit(X)
    with pytest.raises(ValueError, match="but SequenceAggregator was fitted with"):
        aggregator.transform(X.loc[[0]][["amount"]])
    with pytest.raises(TypeError, match="X is in chunks"):
        aggregator.transform(SequenceChunks(lambda: iter([X])))
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        SequenceAggregator().fit(X, y=np.zeros(3))


PAGES = ["home", "cart", "pay"]


@pytest.fixture(scope="module")
def sessions():
    rng = np.random.default_rng(0)
    return [rng.choice(PAGES, n, p=[0.5, 0.3, 0.2]).astype(object) for n in (9, 1, 30)]


def test_shares_of_ngrams(sessions):
    aggregator = SequenceAggregator(ngram_range=(1, 3)).fit(sessions)
    names = aggregator.get_feature_names_out().tolist()
    assert len(set(names)) == len(names)
    counters = [
        Counter(">".join(gram) for n in (1, 2, 3) for gram in _ngrams(x, n))
        for x in sessions
    ]
    assert {f"x0_{gram}" for gram in sum(counters, Counter())} == set(names[1:])
    found = aggregator.transform(sessions)
    for x, counter, row in zip(sessions, counters, found, strict=True):
        for name, share in zip(names[1:], row[1:], strict=True):
            gram = name.removeprefix("x0_")
            n = max(len(x) - gram.count(">"), 1)
            assert share == counter[gram] / n
    pairs = SequenceAggregator(ngram_range=(2, 2)).fit(sessions)
    these = [names.index(name) for name in pairs.get_feature_names_out()]
    assert_array_equal(pairs.transform(sessions), found[:, these])
    unigrams = SequenceAggregator().fit(sessions)
    these = [names.index(name) for name in unigrams.get_feature_names_out()]
    assert_array_equal(unigrams.transform(sessions), found[:, these])
    loaded = pickle.loads(pickle.dumps(aggregator))
    assert_array_equal(loaded.transform(sessions), found)


def _ngrams(x, n):
    return zip(*(x[i:] for i in range(n)), strict=False)


def test_the_most_frequent_ngrams_have_columns(sessions):
    aggregator = SequenceAggregator(ngram_range=(2, 2), max_categories=3)
    names = aggregator.fit(sessions).get_feature_names_out()[1:]
    counts = Counter(gram for x in sessions for gram in _ngrams(x, 2))
    least = sorted(counts.values())[-3]
    assert len(names) == 3
    assert all(counts[tuple(name[3:].split(">"))] >= least for name in names)


def test_ngrams_of_new_categories_count_for_nothing(sessions):
    aggregator = SequenceAggregator(ngram_range=(2, 2)).fit(sessions)
    names = aggregator.get_feature_names_out().tolist()
    (row,) = aggregator.transform([np.array(["home", "home", "new", "home"], object)])
    assert row[names.index("x0_home>home")] == 1 / 3
    assert row[1:].sum() == 1 / 3


@pytest.mark.parametrize("given", [(0, 1), (2, 1), (1,), (1, 2.0), ("a", "b")])
def test_a_range_of_ngrams_is_two_numbers(sessions, given):
    with pytest.raises(ValueError, match=r"ngram_range is .*min_n, max_n"):
        SequenceAggregator(ngram_range=given).fit(sessions)


def test_ngrams_of_too_many_events(sessions):
    with pytest.raises(ValueError, match="ngram_range has n-grams of 40 events"):
        SequenceAggregator(ngram_range=(1, 40)).fit(sessions)
