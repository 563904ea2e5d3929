"""Categories in a fit: the vocabulary, the losses, what is decoded, what is refused."""

import pickle

import numpy as np
import pandas as pd
import pytest
import skops.io
from numpy.testing import assert_allclose, assert_array_equal
from pandas.testing import assert_frame_equal
from scipy.special import softmax
from scipy.stats import entropy
from sklearn.preprocessing import OneHotEncoder

from sklearn_seqae import LSTMAutoencoderTransformer
from sklearn_seqae._containers.readers import to_ragged
from sklearn_seqae._patches.steps import StepLayout, drawn, to_steps, to_timesteps
from sklearn_seqae._sequences.vocabulary import UNKNOWN, Column
from sklearn_seqae._sequences.vocabulary_in_chunks import VocabularyInChunks

PAGES = ["home", "search", "cart", "pay"]


def table(pages, **columns):
    """A long table of sequences of pages, and of further columns, stacked."""
    index = pd.MultiIndex.from_tuples(
        [(i, t) for i, x in enumerate(pages) for t in range(len(x))],
        names=["session", "time"],
    )
    stacked = pd.Series([page for x in pages for page in x], index, dtype=object)
    return pd.DataFrame({"page": stacked, **columns}, index=index)


@pytest.fixture(scope="module")
def log(sequences):
    """A long table: pages, a few missing, amounts, and whole numbers."""
    rng = np.random.default_rng(0)
    pages = [rng.choice(PAGES, len(x), p=[0.5, 0.3, 0.15, 0.05]) for x in sequences]
    frame = table(pages, amount=np.concatenate(sequences)[:, 0])
    frame.loc[rng.random(len(frame)) < 0.1, "page"] = None
    return frame.assign(floor=rng.integers(1, 4, len(frame)))


@pytest.fixture(scope="module")
def fitted(plain_autoencoder, log):
    return plain_autoencoder(epochs=3).fit(log[["page", "amount"]])


def learn(X, weight=None, **parameters):
    ragged, container = to_ragged(X)
    weight = np.ones(len(ragged)) if weight is None else np.asarray(weight, float)
    learner = learner_of(**parameters)
    learner.update(ragged, container, weight, "X")
    return learner.fitted(), ragged, container


def learner_of(max_categories=None):
    return VocabularyInChunks("from_dtype", max_categories)


# The vocabulary -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"max_categories": 3},
        {"max_categories": 2},
        {"max_categories": 6},
        {"max_categories": 7},
    ],
    ids=str,
)
def test_infrequent_ones_are_those_of_one_hot_encoder(parameters):
    rng = np.random.default_rng(0)
    pages = [rng.choice([*"abcdef"], 8, p=[0.4, 0.3, 0.1, 0.1, 0.05, 0.05])] * 3
    vocabulary, *_ = learn(table(pages), **parameters)
    (ours,) = vocabulary.features
    encoder = OneHotEncoder(**parameters).fit(np.concatenate(pages)[:, None])
    (expected,) = encoder.categories_
    assert list(ours.values) == list(expected)
    infrequent = getattr(encoder, "infrequent_categories_", [None])[0]
    assert {ours.values[i] for i in ours.infrequent} == set(
        () if infrequent is None else infrequent
    )
    frequent = [code for code in ours.codes if code != ours.infrequent_code]
    assert frequent == list(range(1, 1 + len(frequent)))
    assert (ours.infrequent_code == UNKNOWN) == (infrequent is None)


def test_there_and_back_and_what_is_unknown():
    vocabulary, ragged, container = learn(
        table([["b", "a", None, "a"], ["c", "c", "c"]]), max_categories=2
    )
    codes = vocabulary.encode(ragged, container)
    (feature,) = vocabulary.features
    most, other, missing = 1, 2, 3  # "a" and "b" are infrequent beside "c"
    assert feature.size == feature.missing_code == missing
    expected = [other, other, missing, other, most, most, most]
    assert_array_equal(codes.values[:, 0], expected)
    back = vocabulary.decode(codes, container)
    values = [*container.levels[0].values, None]
    found = [values[-1 if np.isnan(i) else int(i)] for i in back.values[:, 0]]
    assert found == ["a", "a", None, "a", "c", "c", "c"]
    unknown, levels = to_ragged(table([["x", "c", None]]))
    found = vocabulary.encode(unknown, levels).values[:, 0]
    assert_array_equal(found, [other, most, missing])
    vocabulary, *_ = learn(table([["b", "a", "a"]]))
    with pytest.warns(UserWarning, match=r"none of the categories in f.*'x', 'c'.*'a'"):
        found = vocabulary.encode(unknown, levels).values[:, 0]
    assert_array_equal(found, [UNKNOWN] * 3)


def test_weights_are_counts():
    pages = [["a", "b"], ["b", "c"], ["d", "d"]]
    weighted, *_ = learn(table(pages), weight=[2, 1, 0])
    repeated, *_ = learn(table([pages[0], pages[0], pages[1]]))
    assert weighted == repeated


@pytest.mark.parametrize("parameters", [{}, {"max_categories": 4}], ids=str)
def test_a_vocabulary_does_not_depend_on_chunks(parameters):
    rng = np.random.default_rng(0)
    pages = [rng.choice([*"abcdefgh"], 5, p=[0.3, *[0.1] * 7]) for _ in range(12)]
    pages[3] = [None] * 5
    X = table(pages, amount=1.0)
    expected, _, container = learn(X, **parameters)
    for n in (1, 5):
        learner, others = learner_of(**parameters), learner_of(**parameters)
        for i in range(0, 12, n):
            ragged, container_of_part = to_ragged(X.loc[i : i + n - 1])
            part = ragged, container_of_part, np.ones(len(ragged)), f"chunk {i}"
            learner.update(*part)
            alone = learner_of(**parameters)
            alone.update(*part)
            others.merge(alone)
        assert learner.fitted() == others.fitted() == expected
        assert learner.levels == others.levels == container.levels


def test_categoricals_of_other_categories_are_joined():
    def levels_of(*parts):
        learner = learner_of()
        for categories, ordered in parts:
            page = pd.Categorical(categories[:1] * 2, categories, ordered)
            given = to_ragged(table([[None] * 2]).assign(page=page))
            learner.update(*given, np.ones(1), "X")
        (levels,) = learner.levels
        assert levels.dtype == "category"
        return list(levels.values), levels.ordered

    low, other = ["low", "high"], ["high", "top"]
    assert levels_of((low, True), (low, True)) == (low, True)
    assert levels_of((low, True), (other, True)) == (["low", "high", "top"], False)
    assert levels_of((other, False), (low, False)) == (["high", "top", "low"], False)


def test_probabilities_of_categories_add_up():
    vocabulary, *_ = learn(
        table([["b", "a", None, "a", "a", "b", "d"], ["c"] * 9]), max_categories=3
    )
    (feature,) = vocabulary.features
    p = np.random.default_rng(0).dirichlet(np.ones(feature.size), 5)
    found = feature.probabilities(p)
    assert_allclose(found.sum(axis=1), 1)
    names = list(feature.array())
    assert names == ["a", "b", "c", "d", None]
    assert_allclose(found[:, names.index("c")], p[:, feature.codes[2] - 1])
    assert_allclose(found[:, names.index("b")], 2 * found[:, names.index("d")])


def test_a_step_and_its_time_steps_are_the_same_values():
    rng = np.random.default_rng(0)
    timesteps = rng.normal(size=(12, 5))
    for n_codes in (0, 2, 5):
        steps = to_steps(timesteps, 3, n_codes)
        assert_array_equal(to_timesteps(steps, 3, n_codes), timesteps)
    layout = StepLayout(9, 3, (Column("category", 4), Column("category", 7)))
    steps = to_steps(timesteps, 3, 2)
    assert steps.shape[1] == layout.width
    for j, column in enumerate(layout.column_parts, 3):
        assert_array_equal(steps[:, column.values].ravel(), timesteps[:, j])


# Which features are categories --------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize(
    "named",
    [["page", "floor"], [0, 2], np.array([True, False, True])],
    ids=["names", "numbers", "mask"],
)
def test_features_are_named_as_in_hist_gradient_boosting(plain_autoencoder, log, named):
    estimator = plain_autoencoder(epochs=1, categorical_features=named).fit(log)
    pages, amount, floors = estimator.categories_
    assert list(pages) == [*sorted(PAGES), None]
    assert amount is None
    assert list(floors) == [1, 2, 3]
    back = estimator.reconstruct(log)
    assert set(back["floor"]) <= {1, 2, 3}
    assert_array_equal(back.columns, log.columns)


@pytest.mark.parametrize(
    ("named", "error", "message"),
    [
        (None, TypeError, "column 'page' holds categories, '.*categorical_features is"),
        (["amount"], TypeError, "column 'page' holds categories, '.* name it there"),
        (["pages"], ValueError, "categorical_features has 'pages', but the features"),
        ([7], ValueError, "categorical_features has 7, but there are 3 features"),
        ([0.5], TypeError, r"categorical_features is \[0.5\]; expected 'from_dtype'"),
        ("page", ValueError, "'categorical_features' parameter .* must be"),
    ],
)
def test_features_that_are_named_wrongly(plain_autoencoder, log, named, error, message):
    estimator = plain_autoencoder(categorical_features=named)
    with pytest.raises(error, match=message):
        estimator.fit(log)


# Losses -------------------------------------------------------------------------------


def surprisals(proba, categories, pages):
    """Return -log of the probability of each page, one sequence after the other."""
    places = {category: i for i, category in enumerate(categories)}
    p = np.concatenate(proba)
    return -np.log([row[places[page]] for row, page in zip(p, pages, strict=True)])


@pytest.mark.slow
def test_losses_are_those_of_the_distributions(fitted, log):
    X = log[["page", "amount"]]
    pages = [None if pd.isna(page) else page for page in X["page"]]
    Z, lengths = fitted.transform(X), X.groupby(level=0).size()
    of_pages, of_amounts = fitted.inverse_transform_proba(Z, lengths)
    assert of_amounts is None
    assert_allclose(np.concatenate(of_pages).sum(axis=1), 1)
    counts = pd.Series(pages, dtype=object).value_counts(dropna=False)
    each = surprisals(of_pages, fitted.categories_[0], pages) / entropy(counts)
    losses = -fitted.score_features(X)
    assert_allclose(losses[0], each.mean(), rtol=1e-4)
    squares = (fitted.reconstruct(X)["amount"] - X["amount"]) ** 2
    squares /= fitted.scaler_.var_[0]
    assert_allclose(losses[1], squares.mean(), rtol=1e-4)
    starts = np.append(0, np.cumsum(lengths))[:-1]
    of_sequences = np.add.reduceat(each + squares.to_numpy(), starts) / (2 * lengths)
    assert_allclose(fitted.score_samples(X), -of_sequences, rtol=1e-4)
    assert_allclose(fitted.score(X), -of_sequences.mean(), rtol=1e-4)


def test_the_most_likely_category_comes_back(fitted, log):
    Z = fitted.transform(log[["page", "amount"]])
    lengths = np.full(len(Z), 7)
    proba, _ = fitted.inverse_transform_proba(Z, lengths)
    found = fitted.inverse_transform(Z, lengths)["page"]
    best = fitted.categories_[0][np.concatenate(proba).argmax(axis=1)]
    missing = pd.isna(best)
    assert_array_equal(found.isna(), missing)
    assert_array_equal(found[~missing], best[~missing])


def test_the_history_tells_the_loss_of_each_column(plain_autoencoder, log):
    X = log[["page", "amount"]]
    estimator = plain_autoencoder(epochs=2, early_stopping=True).fit(X)
    assert {"loss", "loss[page]", "loss[amount]", "val_loss"} <= set(estimator.history_)
    both = np.mean([estimator.history_[f"loss[{name}]"] for name in X], axis=0)
    assert_allclose(estimator.history_["loss"], both, rtol=1e-5)


@pytest.mark.slow
def test_categories_are_learnt():
    """A page that is the same at every step, one of four."""
    rng = np.random.default_rng(0)
    which = rng.integers(0, 4, 30)
    pages = [[PAGES[k]] * n for k, n in zip(which, rng.integers(2, 9, 30), strict=True)]
    X = table(pages)
    estimator = LSTMAutoencoderTransformer(
        n_components=6, hidden_layer_sizes=8, epochs=200, random_state=0
    ).fit(X)
    assert np.mean(estimator.reconstruct(X)["page"] == X["page"]) > 0.95
    assert estimator.score_features(X)[0] > -0.3


# All that a network can be ------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize(
    "parameters",
    [
        {"decoder": "reshape", "n_components": 33, "encoder_inputs": ["differences"]},
        {"decoder": "single_shot", "n_components": 19, "patch_size": 3},
        {
            "decoder": "unfold",
            "patch_size": 2,
            "contrastive_weight": 0.3,
            "dropout": 0.1,
            "activation": "relu",
        },
    ],
    ids=str,
)
def test_there_and_back(plain_autoencoder, log, parameters):
    X = log[["page", "amount"]]
    parameters = {"n_components": 8} | parameters
    estimator = plain_autoencoder(**parameters).fit(X)
    back = estimator.reconstruct(X)
    assert back["page"].dropna().isin(PAGES).all()
    assert np.isfinite(estimator.score_samples(X)).all()
    assert np.isfinite(estimator.history_["loss"]).all()


@pytest.fixture(scope="module")
def forecasters(plain_autoencoder, log):
    """Return a fitted one for each decoder."""
    parameters = {
        "n_components": 8,
        "forecast_horizon": 3,
        "patch_size": 2,
        "encoder_inputs": ["differences"],
        "exact_components": ["instance_norm", "length"],
        "time": False,
    }
    X = log[["page", "amount"]]
    return {
        decoder: plain_autoencoder(decoder=decoder, **parameters).fit(X)
        for decoder in ("repeat", "unfold")
    }


@pytest.mark.slow
@pytest.mark.parametrize("decoder", ["repeat", "unfold"])
def test_keras_models(forecasters, log, decoder):
    """On scaled sequences, padded with NaN, with codes beside numbers."""
    estimator, X = forecasters[decoder], log[["page", "amount"]]
    sequences = [x for _, x in X.groupby(level=0)]
    longest = -(-max(map(len, sequences)) // 2) * 2
    codes = {page: code for code, page in enumerate([*sorted(PAGES), None], 1)}

    def codes_of(x):
        return [codes[None if pd.isna(page) else page] for page in x["page"]]

    padded = np.full((len(sequences), longest, 2), np.nan, np.float32)
    for row, x in zip(padded, sequences, strict=True):
        row[: len(x), :1] = estimator.scaler_.transform(x[["amount"]].to_numpy())
        row[: len(x), 1] = codes_of(x)
    Z = estimator.transform(X)
    assert_allclose(estimator.encoder_.predict(padded, verbose=0), Z, atol=1e-5)
    decoded = estimator.decoder_.predict(Z.astype(np.float32), verbose=0)
    expected = estimator.inverse_transform(Z)
    for row, (_, x) in zip(decoded, expected.groupby(level=0), strict=True):
        amounts = estimator.scaler_.transform(x[["amount"]].to_numpy())
        assert_allclose(row[: len(x), :1], amounts, atol=1e-4)
        assert_array_equal(row[: len(x), 1], codes_of(x))
    with pytest.raises(AttributeError, match="use forecast or forecast_proba"):
        estimator.forecaster_  # noqa: B018


@pytest.mark.slow
def test_forecasts(forecasters, log):
    estimator, X = forecasters["unfold"], log[["page", "amount"]]
    ahead = estimator.forecast(X)
    assert_array_equal(ahead.dtypes, X.dtypes)
    proba, none = estimator.forecast_proba(X)
    assert none is None
    assert {x.shape for x in proba} == {(3, len(PAGES) + 1)}
    best = estimator.categories_[0][np.concatenate(proba).argmax(axis=1)]
    missing = pd.isna(best)
    assert_array_equal(ahead["page"].isna(), missing)
    assert_array_equal(ahead["page"][~missing], best[~missing])
    assert len(estimator.forecast(X, 5)) == 5 * len(proba)

    may_follow = estimator.sample_forecast(X, random_state=0)
    assert_frame_equal(estimator.sample_forecast(X, random_state=0), may_follow)
    assert_array_equal(may_follow.dtypes, X.dtypes)
    assert_array_equal(may_follow["amount"], ahead["amount"])
    assert (may_follow["page"].fillna("") != ahead["page"].fillna("")).any()
    assert len(estimator.sample_forecast(X, 5, random_state=0)) == 5 * len(proba)


def test_categories_are_drawn_by_their_distributions():
    columns = Column("category", 3), Column("category", 2)
    step, rng = StepLayout(2, 2, columns), np.random.RandomState(0)
    written = rng.standard_normal(step.n_outputs).astype(np.float32)
    found = drawn(step, np.tile(written, (2, 10_000, 1)), rng).reshape(-1, step.width)
    assert_array_equal(np.unique(found[:, :2], axis=0), [written[:2]])
    numbers, logits = found[:, 2:], written[2:]
    for column, (start, size) in enumerate([(0, 3), (3, 3), (6, 2), (8, 2)]):
        share = np.bincount(numbers[:, column].astype(int), minlength=size + 1)[1:]
        expected = softmax(logits[start : start + size])
        assert_allclose(share / len(found), expected, atol=0.02)
    pairs = numbers[:, 0] * numbers[:, 1]  # independent of each other
    assert pairs.mean() == pytest.approx(
        numbers[:, 0].mean() * numbers[:, 1].mean(), rel=0.02
    )


@pytest.mark.slow
def test_samples(plain_autoencoder, log):
    X = log[["page", "amount"]]
    estimator = plain_autoencoder(kl_weight=0.1, max_categories=2).fit(X)
    new = estimator.sample(200, random_state=0)
    assert_frame_equal(estimator.sample(200, random_state=0), new)
    # The infrequent ones are drawn by their frequencies, not the most frequent alone
    assert set(new["page"].dropna()) == set(PAGES)


def test_saved_and_loaded(fitted, log):
    X = log[["page", "amount"]]
    trusted = ["sklearn_seqae._estimator.LSTMAutoencoderTransformer"]
    for loaded in (
        pickle.loads(pickle.dumps(fitted)),
        skops.io.loads(skops.io.dumps(fitted), trusted=trusted),
    ):
        assert_array_equal(loaded.transform(X), fitted.transform(X))
        assert_frame_equal(loaded.reconstruct(X), fitted.reconstruct(X))
        for ours, theirs in zip(loaded.categories_, fitted.categories_, strict=True):
            assert (ours is None) == (theirs is None)


def test_a_network_of_other_categories_is_refused(fitted):
    state = pickle.loads(pickle.dumps(fitted)).__getstate__()
    vocabulary = state["_fitted"]["schema"]["events"]["vocabulary"]
    vocabulary["features"] = vocabulary["features"][1:]
    with pytest.raises(ValueError, match="the checksum of _fitted is another"):
        LSTMAutoencoderTransformer().__setstate__(state)


def test_weight_two_is_the_sequence_twice(plain_autoencoder, log):
    X = log[["page", "amount"]]
    ids = X.index.unique(0)
    weight = np.where(ids < 4, 2, np.where(ids < 20, 1, 0))
    weighted = plain_autoencoder(epochs=1).fit(X, sample_weight=weight)
    again = pd.concat([X.loc[[i]] for i in ids[ids < 20]])
    twice = pd.concat({"a": again, "b": again.loc[:3]}).droplevel(0)
    parts = [*(again.loc[[i]] for i in range(20)), *(again.loc[[i]] for i in range(4))]
    twice = pd.concat(dict(enumerate(parts))).droplevel(1)
    repeated = plain_autoencoder(epochs=1).fit(twice)
    assert_array_equal(weighted.transform(X), repeated.transform(X))


def test_training_goes_on_with_the_vocabulary_that_it_has(plain_autoencoder, log):
    X = log[["page", "amount"]]
    estimator = plain_autoencoder().partial_fit(X)
    other = X.assign(page=X["page"].replace("pay", "refund"))
    before = estimator.categories_[0]
    estimator.partial_fit(other)
    assert_array_equal(estimator.categories_[0], before)
    assert np.isfinite(estimator.history_["loss[page]"]).tolist() == [True, True]


# What is odd, and what is refused -----------------------------------------------------


def test_one_category_costs_nothing(plain_autoencoder, log):
    X = log[["amount"]].assign(page="home")
    estimator = plain_autoencoder().fit(X)
    assert estimator.score_features(X)[1] > -1
    assert (estimator.reconstruct(X)["page"] == "home").all()


def test_unseen_categories_are_unusual_and_no_error(fitted, log):
    X = log[["page", "amount"]]
    strange = X.assign(page="nowhere")
    message = r"'page' has none of the categories in fit: it holds \['nowhere'\]"
    with pytest.warns(UserWarning, match=message):
        Z = fitted.transform(strange)
    assert np.isfinite(Z).all()
    with pytest.warns(UserWarning, match=message):
        scores = fitted.score_samples(strange)
    assert (scores < fitted.score_samples(X)).mean() > 0.9


@pytest.mark.slow
def test_more_categories_than_a_column_should_have(plain_autoencoder):
    pages = [[f"page {i}", "home"] for i in range(1200)]
    estimator = plain_autoencoder(epochs=1, batch_size=600)
    with pytest.warns(
        UserWarning, match="'page' has 1201 categories; the 999 most fre"
    ):
        estimator.fit(table(pages))
    assert len(estimator.infrequent_categories_[0]) == 1201 - 999
    assert len(estimator.categories_[0]) == 1201


def numbers(X):
    return X.assign(page=np.arange(len(X)))


def text(X):
    return X.assign(amount="much")


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (
            numbers,
            TypeError,
            "column 'page' holds numbers, but categories in fit, 'cart'",
        ),
        (text, TypeError, "column 'amount' holds categories, 'much' .* numbers in fit"),
        (
            lambda X: X.assign(page=[*X["page"][1:], 3]),
            TypeError,
            "column 'page' mixes kinds: it holds the str .* and the int 3",
        ),
        (lambda X: X[["amount", "page"]], ValueError, "X has the features"),
    ],
    ids=["numbers", "text", "both", "another order"],
)
def test_transform_refuses(fitted, log, change, error, message):
    with pytest.raises(error, match=message):
        fitted.transform(change(log[["page", "amount"]]))


def test_fit_refuses_a_column_that_is_missing_everywhere(plain_autoencoder, log):
    X = log[["page", "amount"]].assign(page=pd.Categorical([None] * len(log), PAGES))
    with pytest.raises(ValueError, match="'page' has no category in any of 24 sequen"):
        plain_autoencoder().fit(X)


def test_numbers_alone_have_no_distributions(fitted_plain):
    assert fitted_plain.categories_ == [None, None]
    assert not hasattr(fitted_plain, "inverse_transform_proba")
    with pytest.raises(AttributeError, match="all features in fit were numbers"):
        fitted_plain.inverse_transform_proba(np.zeros((1, 4)))
