"""N-grams of categories among the components of an estimator."""

import pickle
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from helpers import padded, page_log
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_seqae import LSTMAutoencoderTransformer, SequenceChunks, to_sequences

EXACT = ["ngrams", "category_means", "length"]
NGRAMS = "^page_|^ngram"
BOTH = f"{NGRAMS}|^x_(at|after)_page_"  # times differ between containers


@pytest.fixture(scope="module")
def log():
    return page_log()


@pytest.fixture(scope="module")
def fitted(log):
    return LSTMAutoencoderTransformer(
        hidden_layer_sizes=4, exact_components=EXACT, epochs=0, random_state=0
    ).fit(log)


def ngrams(estimator, X, names_like=NGRAMS):
    """Components that are n-grams, or have other names, by name."""
    Z, names = estimator.transform(X), estimator.get_feature_names_out()
    assert Z.shape[1] == len(names) == len(set(names))
    frame = pd.DataFrame(np.asarray(Z), columns=names)
    return frame.filter(regex=names_like)


def test_components_are_named_by_their_categories(fitted, log):
    found = ngrams(fitted, log)
    assert found.columns[:5].tolist() == [
        *("page_a", "page_b", "page_c"),
        *("page_a>a", "page_a>b"),
    ]
    assert found.shape[1] == 3 + 9 + 27
    pages = log["page"].groupby(level=0)
    pairs = [sum(pair == ("a", "b") for pair in pairwise(p)) for _, p in pages]
    expected = StandardScaler().fit_transform(np.log1p(pairs)[:, None])[:, 0]
    assert_allclose(found["page_a>b"], 0.2 * expected, atol=1e-5)


def test_containers_and_chunks_have_the_same_bits(fitted, log):
    expected = ngrams(fitted, log, BOTH)
    assert expected.shape[1] == 39 + 2 * 3
    frames = [x.reset_index(drop=True) for _, x in log.groupby(level=0)]
    chunks = SequenceChunks(lambda: iter([log.loc[:7], log.loc[8:]]))
    for X in (frames, chunks):
        again = LSTMAutoencoderTransformer(**fitted.get_params()).set_params(time=False)
        again.fit(X)
        assert_array_equal(ngrams(again, frames, BOTH), expected)
    assert_array_equal(ngrams(fitted, log.loc[[5]], BOTH)[:1], expected[5:6])


def test_new_categories_and_single_events(fitted, log):
    one = log.groupby(level=0).head(1)
    found = ngrams(fitted, one)
    none = ngrams(fitted, one.assign(page=["a", *["new"] * (len(one) - 1)]))
    assert_array_equal(found.filter(like=">").nunique(), 1)
    assert found.filter(regex="^page_.$").nunique().eq(2).all()
    assert_array_equal(none[1:].nunique(), 1)


def test_saved_and_loaded(fitted, log):
    loaded = pickle.loads(pickle.dumps(fitted))
    assert_array_equal(loaded.transform(log), fitted.transform(log))
    assert_array_equal(loaded.get_feature_names_out(), fitted.get_feature_names_out())


def test_the_keras_model_has_them(fitted, log):
    scaled = fitted._fitted.encode(log, "test").scaled
    Z = fitted.encoder_(padded(list(scaled), dtype=np.float32)).numpy()
    expected = np.asarray(fitted.transform(log))[:, : Z.shape[1]]  # without the start
    assert_allclose(Z, expected, atol=1e-5)


def test_vectors_decode_as_without_them(fitted, log):
    Z = fitted.transform(log)
    assert [len(x) for _, x in fitted.inverse_transform(Z).groupby(level=0)] == [
        len(x) for _, x in log.groupby(level=0)
    ]


def test_a_bottleneck_has_as_many_as_there_is_room(log):
    for n_components, n in ((32, 13), (22, 0), (200, 39)):
        found = LSTMAutoencoderTransformer(
            n_components, epochs=0, hidden_layer_sizes=4
        ).fit(log)
        assert ngrams(found, log).shape[1] == n
        assert found.n_components_ == n_components
    with pytest.raises(ValueError, match=r"'ngrams' \(.*which take 46 components"):
        LSTMAutoencoderTransformer(8, exact_components=EXACT).fit(log)


@pytest.mark.slow
def test_columns_of_noise_do_not_drown_order():
    rng = np.random.default_rng(0)
    y, rows = np.arange(400) % 2, []
    for session, label in enumerate(y):
        page, time = rng.integers(3), 0.0
        for _ in range(rng.integers(8, 25)):
            rows.append((session, time, "abc"[page], rng.normal()))
            time += rng.exponential()
            moves = rng.random() < 0.8
            page = (page + 1 + label) % 3 if moves else rng.integers(3)
    log = pd.DataFrame(rows, columns=["session", "time", "page", "amount"])
    X = to_sequences(log, by="session", order="time")

    def accuracy(**parameters):
        Z = LSTMAutoencoderTransformer(epochs=0, random_state=0, **parameters)
        classifier = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
        return cross_val_score(classifier, Z.fit_transform(X), y, cv=5).mean()

    assert accuracy() >= 0.99
    assert accuracy(n_components=32) >= 0.99
    assert accuracy(exact_components=["instance_norm", "length"]) < 0.9


def test_how_long_after_which_page_is_told():
    rng = np.random.default_rng(0)
    y, rows = np.arange(200) % 2, []
    for session, label in enumerate(y):
        pages = rng.choice(["home", "cart", "pay"], 16)
        long = pages == ["home", "cart"][label]
        times = np.cumsum(rng.exponential(np.where(long, 5.0, 1.0)))
        rows += [(session, *each) for each in zip([0, *times], pages, strict=False)]
    log = pd.DataFrame(rows, columns=["session", "time", "page"])
    X = to_sequences(log, by="session", order="time")

    def accuracy(exact):
        Z = LSTMAutoencoderTransformer(
            hidden_layer_sizes=16, exact_components=exact, epochs=0, random_state=0
        )
        classifier = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
        return cross_val_score(classifier, Z.fit_transform(X), y, cv=5).mean()

    assert accuracy(["category_means"]) > accuracy(["ngrams"]) + 0.1


def test_draws_follow_the_order_of_their_vector():
    rng = np.random.default_rng(0)
    rings = ["abcd", "dcba"]  # as frequent in either; only the order differs
    X = [
        list((rings[i % 2] * 9)[s : s + 20])
        for i, s in enumerate(rng.integers(4, size=40))
    ]
    ae = LSTMAutoencoderTransformer(hidden_layer_sizes=4, epochs=0, random_state=0)
    Z = ae.fit_transform(X)  # the network has learnt nothing
    centres = np.tile([Z[::2].mean(axis=0), Z[1::2].mean(axis=0)], (20, 1))
    for vectors in (Z, centres):
        drawn = [list(x) for x in ae.inverse_transform(vectors, random_state=0)]
        assert [len(x) for x in drawn] == [20] * len(vectors)
        right = [
            a + b in rings[i % 2] * 2
            for i, x in enumerate(drawn)
            for a, b in pairwise(x)
        ]
        assert np.mean(right) > 0.93

    def decoded(random_state):
        found = ae.inverse_transform(centres, random_state=random_state)
        return [list(x) for x in found]

    assert decoded(0) == drawn != decoded(1)
    generator = np.random.RandomState(0)
    assert decoded(generator) == drawn != decoded(generator)
    repeated = decoded(None)  # the most likely category at each time step
    assert all(a == b for a, b in pairwise(repeated[::2]))


def test_numbers_are_not_drawn(log):
    ae = LSTMAutoencoderTransformer(hidden_layer_sizes=4, epochs=0, random_state=0)
    Z = ae.fit_transform(log[["x"]])
    with pytest.raises(ValueError, match="all features in fit were numbers; leave it"):
        ae.inverse_transform(Z, random_state=0)
